"""Jobs are typed by their constructors, and fakes by themselves; checked, never executed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from securely.facades import Queue
from securely.queue import Dispatched, Job, PendingDispatch
from securely.queue.fake import QueueFake


@dataclass
class SendInvoice(Job):
    number: int
    tries = 3
    backoff = (1, 5)

    def handle(self) -> None: ...


class Methods(Job):
    def __init__(self, a: str) -> None:
        self.a = a

    def tries(self) -> int:
        return 3

    def backoff(self) -> list[int]:
        return [1]

    def retry_until(self) -> str:
        return "5m"

    def timeout(self) -> int:
        return 3

    async def handle(self) -> None: ...


assert_type(SendInvoice.dispatch(7), Dispatched)
SendInvoice.dispatch("wrong")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the error is the test
SendInvoice.dispatch()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the error is the test
assert_type(SendInvoice.using(7), PendingDispatch[SendInvoice])
assert_type(SendInvoice.dispatch_if(True, 7), Dispatched | None)
SendInvoice.dispatch_if(True, "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the error is the test
assert_type(Methods.dispatch("x"), Dispatched)
fake = Queue.fake(SendInvoice)
assert_type(fake, QueueFake)
fake.assert_pushed(SendInvoice, lambda job: job.number == 7)
Queue.push("no job")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the error is the test


async def main() -> None:
    assert_type(await SendInvoice.adispatch(7), Dispatched)


class Own(Job):
    def __init__(self, tries: int) -> None:
        self.tries = tries
        self.queue = "x"

    def handle(self) -> None: ...
