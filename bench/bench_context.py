"""What the context costs: a payload, the run of a job and a line of the log, without it and with.

Run: python bench/bench_context.py [--rounds 41]

*before* is the same code to which no context was given: what there was before there was one. All
are run in turns in one process; a ratio is the median of the ratios taken round by round, and time
is that of the process. A payload is made by the codec alone, and a job does nothing: each is the
least that can be, so that a ratio is as large as it gets. A dispatch goes into a file of SQLite.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from securely.container import Container
from securely.context import Context
from securely.encryption import Encrypter, KeyRing
from securely.events import Dispatcher
from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.masking import Masker
from securely.log.options import LogOptions
from securely.queue import Job
from securely.queue.contracts import Delivery, Verdict
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.payload import Codec
from securely.support.paths import Paths

COUNT = 1_000
SECRET = "base64:c2VjcmV0LWtleS1vZi0zMi1ieXRlcw=="
# An empty context is not to be felt: so much is within what a machine wavers by. A job has to
# begin a unit of its own all the same, for what it may log and queue.
LIMITS = {"a dispatch": 1.05, "a payload": 1.05, "the run of a job": 1.25, "a line in a file": 1.05}
VALUES: dict[str, object] = {"order": 7, "shop": "north", "user": 12}

Case = tuple[str, Callable[[], object], AbstractContextManager[Any]]


class Nothing(Job):
    """Does nothing."""

    def __init__(self, order: int, name: str) -> None:
        self.order = order
        self.name = name

    def handle(self) -> None:
        """Do nothing."""


def log(folder: Path, context: Context | None) -> LogManager:
    """Make a log as an application has it."""
    channel = {"driver": "single", "path": str(folder / f"{id(context)}.log"), "level": "info"}
    options = LogOptions.parse({"default": "file", "channels": {"file": channel}}, key="log")
    hub = Hub(
        paths=Paths(folder),
        environment="local",
        events=Dispatcher(Container()),
        masker=Masker([SECRET]),
    )
    if context is not None:
        hub.extra = context.read
    return LogManager(options.default, options.channels, hub)


def states(context: Context) -> dict[str, AbstractContextManager[Any]]:
    """Return what a task may have, by name."""
    return {
        "empty": nullcontext(),
        "a trace": context.unit(),
        "three values": context.scope(data=VALUES),
        "and a hidden one": context.scope(data=VALUES, hidden={"tenant": "north"}),
    }


def cases(folder: Path) -> dict[str, list[Case]]:
    """Return the cases of each measurement, the one before first."""
    container = Container()
    events = Dispatcher(container)
    keys = KeyRing(b"k" * 32)
    context = Context(Encrypter(b"e" * 32).for_purpose)
    job = Nothing(7, "north")

    def writing(given: Context | None) -> Callable[[], object]:
        codec = Codec(keys.purpose("queue"), context=given)
        return lambda: codec.envelope(job, "default")

    def dispatching(given: Context | None) -> Callable[[], object]:
        codec = Codec(keys.purpose("queue"), context=given)
        store = SqliteConnection("sqlite", folder / f"queue-{id(codec)}", durability="relaxed")
        return lambda: store.push([codec.envelope(job, "default")])

    def running(given: Context | None, within: AbstractContextManager[Any]) -> Callable[[], object]:
        codec = Codec(keys.purpose("queue"), context=given)
        runner = JobRunner(container, codec, events, context=given)
        with within:
            payload = codec.envelope(job, "default").payload
        one = Delivery(1, 1, "default", "nothing", 1, 0, 0, 0, None, 3, payload, Verdict.RUN)
        return lambda: runner.run(one)

    def saying(given: Context | None) -> Callable[[], object]:
        made = log(folder, given)
        return lambda: made.info("order shipped", order=7, weight=1.5)

    found: dict[str, list[Case]] = {
        "a dispatch": [("before", dispatching(None), nullcontext())],
        "a payload": [("before", writing(None), nullcontext())],
        "the run of a job": [("before", running(None, nullcontext()), nullcontext())],
        "a line in a file": [("before", saying(None), nullcontext())],
    }
    for name in states(context):
        found["a dispatch"].append((name, dispatching(context), states(context)[name]))
        found["a payload"].append((name, writing(context), states(context)[name]))
        run = running(context, states(context)[name])
        found["the run of a job"].append((name, run, nullcontext()))
        if name != "and a hidden one":  # a line does not know of it
            found["a line in a file"].append((name, saying(context), states(context)[name]))
    return found


def timed(operation: Callable[[], object], within: AbstractContextManager[Any]) -> float:
    """Return nanoseconds of one operation."""
    with within:
        began = time.process_time_ns()
        for _ in range(COUNT):
            operation()
        return (time.process_time_ns() - began) / COUNT


def main() -> int:
    """Measure, print tables, and tell whether an empty context is felt."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=41)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {rounds} rounds of {COUNT}\n")
    is_felt = False
    with tempfile.TemporaryDirectory() as folder:
        for name, each in cases(Path(folder)).items():
            times: dict[str, list[float]] = {case: [] for case, _, _ in each}
            for number in range(rounds):
                for case, operation, within in each if number % 2 else reversed(each):
                    times[case].append(timed(operation, within))
            print(f"| {name} | microseconds | times before |\n|---|---|---|")
            for case, taken in times.items():
                ratio = statistics.median(
                    mine / theirs for mine, theirs in zip(taken, times["before"], strict=True)
                )
                print(f"| {case} | {statistics.median(taken) / 1000:.2f} | {ratio:.2f} |")
                is_felt = is_felt or (case == "empty" and ratio > LIMITS[name])
            print()
    if is_felt:
        print(f"An empty context costs more than it may: {LIMITS}")
    return int(is_felt)


if __name__ == "__main__":
    # Under its own name: a worker could not import a job from "__main__".
    import bench_context

    sys.exit(bench_context.main())
