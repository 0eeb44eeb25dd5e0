"""Tasks are typed by their functions, batches and chains by what they give; never executed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from securely.facades import Bus
from securely.helpers import dispatch
from securely.queue import Batch, Dispatched, Job, PendingDispatch, task
from securely.queue.bus.fake import BusFake
from securely.queue.bus.pending import PendingBatch, PendingChain
from securely.queue.bus.task import Call


@dataclass
class Step(Job):
    number: int

    def handle(self) -> None: ...


@task
def bare(name: str, times: int = 1) -> str:
    return name * times


@task(queue="mail", tries=3, backoff=[1, 5])
async def greet(name: str) -> int:
    return len(name)


@task(tires=3)  # type: ignore[call-overload, untyped-decorator]  # pyright: ignore[reportCallIssue]  # the error is the test
def misspelt() -> None: ...


def plain(number: int) -> None: ...


assert_type(bare("a", times=2), str)
assert_type(bare.dispatch("a"), Dispatched)
assert_type(bare.using("a"), PendingDispatch[Call])
assert_type(greet.dispatch("a"), Dispatched)
bare.dispatch(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the error is the test
bare.dispatch()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the error is the test
greet.using("a", times=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the error is the test

assert_type(dispatch(Step(1)), Dispatched)
assert_type(dispatch(plain, 7), Dispatched)

assert_type(Bus.dispatch(Step(1)), Dispatched)
assert_type(Bus.dispatch(Step.using(1)), Dispatched)
assert_type(Bus.chain([Step(1), bare, greet.using("a")]), PendingChain)
assert_type(Bus.chain([Step(1)]).on_queue("a").catch(print).dispatch(), Dispatched)
assert_type(Bus.batch([Step(1), [Step(2)]]).name("a").then(print, Step(3)), PendingBatch)
assert_type(Bus.batch([Step(1)]).dispatch(), Batch)
assert_type(Bus.batch([Step(1)]).dispatch_if(True), Batch | None)
assert_type(Bus.find_batch("a"), Batch | None)

fake = Bus.fake()
assert_type(fake, BusFake)
fake.assert_dispatched(Step, lambda step: step.number == 7)
fake.assert_batched(lambda batch: batch.name == "a")


async def main() -> None:
    assert_type(await bare.adispatch("a"), Dispatched)
    assert_type(await Bus.batch([Step(1)]).adispatch(), Batch)
    assert_type(await Bus.adispatch(Step(1)), Dispatched)
