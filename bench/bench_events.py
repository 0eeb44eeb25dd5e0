"""The dispatcher beside a plain loop over functions: nanoseconds per event, and the ratio.

Run: python bench/bench_events.py [--rounds 9]

Each row compares a dispatch with the least that could do the same, in one process, in turns, best
of several rounds: shared machines are noisy, so read the ratios.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

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


def plain(listeners: dict[type, list[Callable[..., object]]], event: object) -> list[object]:
    return [listener(event) for listener in listeners.get(type(event), ())]


def best(operations: list[Operation], rounds: int) -> list[float]:
    """Return nanoseconds per call of each operation, the best of *rounds*, taken in turns."""
    times = [float("inf")] * len(operations)
    for _ in range(rounds):
        for index, operation in enumerate(operations):
            began = time.perf_counter()
            for _ in range(COUNT):
                operation()
            times[index] = min(times[index], (time.perf_counter() - began) / COUNT * 1e9)
    return times


def rows() -> list[tuple[str, Operation, Operation]]:
    """Return what is compared: a name, ours, and the plain form."""
    quiet, loud = Quiet(5), Loud(5)
    one, ten, built = (Dispatcher(Container()) for _ in range(3))
    one.listen(Loud, hear)
    for _ in range(10):
        ten.listen(Loud, lambda event: None)
    built.listen(Loud, Listener)
    functions = {Loud: [hear]}
    many = {Loud: [lambda event: None for _ in range(10)]}
    return [
        ("nobody listens", lambda: one.dispatch(quiet), lambda: plain(functions, quiet)),
        ("has_listeners", lambda: one.has_listeners(Quiet), lambda: Quiet in functions),
        ("one function", lambda: one.dispatch(loud), lambda: plain(functions, loud)),
        ("ten functions", lambda: ten.dispatch(loud), lambda: plain(many, loud)),
        ("one class, built", lambda: built.dispatch(loud), lambda: Listener().handle(loud)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, best of {rounds} rounds of {COUNT:,}")
    print(f"{'':<18} {'ours':>9} {'plain':>9} {'ratio':>7}")
    for name, ours, peer in rows():
        mine, theirs = best([ours, peer], rounds)
        print(f"{name:<18} {mine:>6.0f} ns {theirs:>6.0f} ns {mine / theirs:>6.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
