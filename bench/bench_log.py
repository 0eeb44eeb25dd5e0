"""The log beside the standard library's: nanoseconds per message, and the ratio.

Run: python bench/bench_log.py [--rounds 9]

Both write the same facts to a file each, in one process, in turns, best of several rounds: shared
machines are noisy, so read the ratios. Ours masks, fills placeholders, writes fields as JSON and
looks whether the file was rotated; the peer is `logging` with a `WatchedFileHandler`, which looks
too, and its own formatter, fields as text.
"""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support.paths import Paths

COUNT = 5_000

Operation = Callable[[], object]


def ours(folder: Path, driver: str) -> LogManager:
    channel = {"driver": driver, "path": str(folder / "ours.log"), "level": "info"}
    options = LogOptions.parse({"default": "file", "channels": {"file": channel}}, key="log")
    return LogManager(options.default, options.channels, Hub(paths=Paths(folder)))


def peer(folder: Path) -> logging.Logger:
    handler = logging.handlers.WatchedFileHandler(folder / "peer.log")
    handler.setFormatter(logging.Formatter("[%(asctime)s] %(name)s.%(levelname)s: %(message)s"))
    logger = logging.getLogger("local")
    logger.propagate = False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return logger


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


def rows(folder: Path) -> list[tuple[str, Operation, Operation]]:
    """Return what is compared: a name, ours, and the peer."""
    single, daily, std = ours(folder, "single"), ours(folder, "daily"), peer(folder)
    order, user = 5, "ann"
    return [
        (
            "filtered",
            lambda: single.debug("order shipped", order=order, user=user),
            lambda: std.debug("order shipped %s %s", order, user),
        ),
        (
            "single, two fields",
            lambda: single.info("order shipped", order=order, user=user),
            lambda: std.info("order shipped %s %s", order, user),
        ),
        (
            "daily, two fields",
            lambda: daily.info("order shipped", order=order, user=user),
            lambda: std.info("order shipped %s %s", order, user),
        ),
        (
            "placeholder",
            lambda: single.info("order {order} shipped", order=order),
            lambda: std.info("order %s shipped", order),
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp())
    print(f"Python {platform.python_version()}, best of {rounds} rounds of {COUNT:,}")
    print(f"{'':<20} {'ours':>9} {'logging':>9} {'ratio':>7}")
    try:
        for name, mine, theirs in rows(folder):
            a, b = best([mine, theirs], rounds)
            print(f"{name:<20} {a:>6.0f} ns {b:>6.0f} ns {a / b:>6.1f}x")
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
