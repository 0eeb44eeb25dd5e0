"""Securely's side: `python ours.py work|push|bulk|latency …`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass

from common import produce
from marks import mark

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue.contracts import Defaults, Workable
from securely.queue.crew.crew import Size
from securely.queue.crew.loading import Loaded, Place
from securely.queue.crew.orders import Orders
from securely.queue.crew.process import Launch
from securely.queue.crew.report import Report
from securely.queue.crew.worker import Worker
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.job import Job
from securely.queue.manager import Materials
from securely.queue.options import ArqOptions
from securely.queue.payload import Codec

CODEC = Codec(KeyRing(bytes(32)).purpose("queue"))


@dataclass
class Noop(Job):
    number: int

    def handle(self) -> None:
        mark(self.number)


@dataclass
class AsyncNoop(Job):
    number: int

    async def handle(self) -> None:
        mark(self.number)


@dataclass
class Wait(Job):
    number: int

    async def handle(self) -> None:
        await asyncio.sleep(0.001)
        mark(self.number)


@dataclass
class Compute(Job):
    number: int

    def handle(self) -> None:
        end = time.process_time() + 0.02
        while time.process_time() < end:
            pass
        mark(self.number)


KINDS = {"wait": Wait, "compute": Compute, "async": AsyncNoop}


def load(place: Place) -> Loaded:
    container = Container()
    events = Dispatcher(container)
    container.instance(Dispatcher, events)
    return Loaded(JobRunner(container, CODEC, events), lambda: None)


def connect() -> Workable:
    if server := os.environ.get("BENCH_REDIS"):
        from securely.queue.drivers.arq import ArqConnection

        # No records of results, as the peers are told.
        given = {"driver": "arq", "socket": server, "result_seconds": 0}
        given["path"] = os.environ["BENCH_DIR"]
        materials = Materials(codec=lambda: CODEC, runner=lambda: None)  # type: ignore[arg-type,return-value]  # nothing runs in the caller
        return ArqConnection.build("arq", ArqOptions.parse(given, "queue"), materials)
    # NORMAL for both sides, or FULL for both sides.
    durability = "strict" if os.environ["BENCH_SYNC"] == "FULL" else "relaxed"
    return SqliteConnection("sqlite", os.environ["BENCH_DIR"], durability=durability)


def work() -> None:
    size = Size(
        int(os.environ.get("BENCH_PROCESSES", "1")), int(os.environ.get("BENCH_CONCURRENCY", "1"))
    )
    orders = Orders(size=size, defaults=Defaults("sqlite"))
    launch = Launch(Place(os.environ["BENCH_DIR"]), loader="ours:load")
    Worker(connect(), orders, launch, Report(sys.stderr.write, is_quiet=True)).run()


if __name__ == "__main__":
    import ours  # the jobs' module, under the name that a worker imports

    if sys.argv[1] == "work":
        work()
    else:
        kind = ours.KINDS.get(os.environ.get("BENCH_JOB", ""), ours.Noop)
        connection = connect()
        produce(
            lambda number: connection.push([CODEC.envelope(kind(number), "default")]),
            lambda numbers: connection.push([CODEC.envelope(kind(n), "default") for n in numbers]),
        )
