"""Dispatches beside a plain loop over listeners, and beside blinker, pyee and Django's signals.

Run: python bench/bench_events.py [--rounds 9]

The loop does the least that a dispatch does: it calls each listener of a list with the event, and
keeps the answers. All of a row are run in one process, in turns: times are the best of several
rounds, ratios the median of the rounds. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from securely.container import Container
from securely.events import Dispatcher

COUNT = 20_000

Operation = Callable[[], object]


@dataclass(frozen=True)
class Quiet:
    order: int


class Loud(Quiet):
    pass


class Listener:
    def handle(self, event: Loud) -> None: ...


def hear(event: Loud) -> None: ...


async def ahear(event: Loud) -> None: ...


def loop(listeners: list[Callable[..., object]], event: object) -> list[object]:
    answers = []
    for listener in listeners:
        answers.append(listener(event))  # noqa: PERF401  # the plain loop that we compare with
    return answers


async def aloop(listeners: list[Callable[..., Awaitable[object]]], event: object) -> list[object]:
    answers = []
    for listener in listeners:
        answers.append(await listener(event))  # noqa: PERF401  # as above
    return answers


class Taken:
    """What operations took, in nanoseconds per call: taken in turns, round by round."""

    def __init__(self, operations: list[Operation], rounds: int, count: int = COUNT) -> None:
        self.rounds: list[list[float]] = []
        for _ in range(rounds):
            taken: list[float] = []
            for operation in operations:
                began = time.perf_counter()
                for _ in range(count):
                    operation()
                taken.append((time.perf_counter() - began) / COUNT * 1e9)
            self.rounds.append(taken)

    def best(self, index: int) -> float:
        return min(taken[index] for taken in self.rounds)

    def ratio(self, index: int, to: int) -> float:
        """Return the median of the ratios of each round."""
        return median(taken[index] / taken[to] for taken in self.rounds)


def dispatcher(*listeners: object) -> Dispatcher:
    events = Dispatcher(Container())
    for listener in listeners:
        events.listen(Loud, listener)
    return events


def functions(count: int) -> list[Callable[..., object]]:
    return [lambda event: None for _ in range(count)]


def rows() -> list[tuple[str, Operation, Operation]]:
    """Return what is compared with a plain loop: a name, ours, and the loop."""
    quiet, loud = Quiet(5), Loud(5)
    one, built, ten = dispatcher(hear), dispatcher(Listener), functions(10)
    many = dispatcher(*ten)
    table = {Loud: [hear]}
    return [
        ("one function", lambda: one.dispatch(loud), lambda: loop([hear], loud)),
        ("ten functions", lambda: many.dispatch(loud), lambda: loop(ten, loud)),
        ("one class, built", lambda: built.dispatch(loud), lambda: loop([Listener().handle], loud)),
        ("one function, until", lambda: one.until(loud), lambda: loop([hear], loud)),
        ("nobody listens", lambda: one.dispatch(quiet), lambda: loop([], quiet)),
        ("has_listeners", lambda: one.has_listeners(Quiet), lambda: Quiet in table),
    ]


def arows() -> list[tuple[str, Operation, Operation]]:
    """Return the same for async listeners; each operation runs COUNT dispatches in one loop."""
    loud = Loud(5)
    one = dispatcher(ahear)

    async def ours() -> None:
        for _ in range(COUNT):
            await one.adispatch(loud)

    async def plain() -> None:
        for _ in range(COUNT):
            await aloop([ahear], loud)

    return [("one coroutine", lambda: asyncio.run(ours()), lambda: asyncio.run(plain()))]


def blinker(count: int) -> Operation:
    from blinker import Signal

    signal = Signal()
    kept = functions(count)
    for listener in kept:
        signal.connect(listener)
    loud = Loud(5)
    return lambda _=kept: signal.send(loud)  # blinker holds its listeners weakly


def pyee(count: int) -> Operation:
    from pyee.base import EventEmitter

    emitter = EventEmitter()
    for listener in functions(count):
        emitter.on("loud", listener)
    loud = Loud(5)
    return lambda: emitter.emit("loud", loud)


def django(count: int) -> Operation:
    from django.dispatch import Signal

    signal = Signal()
    kept: list[Any] = [lambda signal, sender, **named: None for _ in range(count)]
    for listener in kept:
        signal.connect(listener, weak=False)
    loud = Loud(5)
    return lambda: signal.send(Loud, event=loud)


def peers(count: int) -> list[tuple[str, Operation]]:
    found: list[tuple[str, Operation]] = []
    for name, make in (("blinker", blinker), ("pyee", pyee), ("Django's signals", django)):
        try:
            found.append((name, make(count)))
        except ImportError:
            print(f"({name} is not installed)")
    return found


def against(count: int, plain: Callable[[object], object], events: Dispatcher, rounds: int) -> None:
    """Print what the loop, ours and the peers take for so many listeners."""
    loud = Loud(5)
    others = peers(count)
    operations = [lambda: plain(loud), lambda: events.dispatch(loud)]
    taken = Taken([*operations, *(operation for _, operation in others)], rounds)
    print(f"\n{count} listener{'s' if count > 1 else ''}")
    for index, name in enumerate(["loop", "ours", *(name for name, _ in others)]):
        print(f"{name:<20} {taken.best(index):>6.0f} ns {taken.ratio(index, 0):>6.1f}x")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, best of {rounds} rounds of {COUNT:,}")
    print(f"{'':<20} {'ours':>9} {'loop':>9} {'ratio':>7}")
    for count, compared in ((COUNT, rows()), (1, arows())):
        for name, ours, plain in compared:
            taken = Taken([ours, plain], rounds, count)
            times = f"{taken.best(0):>6.0f} ns {taken.best(1):>6.0f} ns"
            print(f"{name:<20} {times} {taken.ratio(0, 1):>6.1f}x")
    for count in (1, 10):
        listeners = functions(count)
        against(count, partial(loop, listeners), dispatcher(*listeners), rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
