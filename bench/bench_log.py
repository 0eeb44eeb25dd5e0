"""The log beside structlog and the standard library's: nanoseconds per message, and ratios.

Run: python bench/bench_log.py [--rounds 25]

All write the same facts: the date, the level, a message and three fields as JSON, one write per
line, into a file each, in one process, in turns. Ours masks by name and by value, fills
placeholders, and looks whether the file was rotated; there is a dispatcher, a known secret and a
context, as in an application. A ratio is the median of the ratios taken round by round; time is
that of the process, since a line waits for no disk and others may use the machine.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from securely.container import Container
from securely.events import Dispatcher
from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.masking import Masker
from securely.log.options import LogOptions
from securely.support.paths import Paths

COUNT = 4_000
SECRETS = ["base64:c2VjcmV0LWtleS1vZi0zMi1ieXRlcw==", "c2VjcmV0LWtleS1vZi0zMi1ieXRlcw=="]

Operation = Callable[[], object]
Row = tuple[str, Operation, dict[str, tuple[Operation, float]]]


def ours(folder: Path, driver: str, **settings: object) -> LogManager:
    """Make a log as an application has it."""
    path = str(folder / f"ours-{driver}.log")
    channel = {"driver": driver, "path": path, "level": "info", **settings}
    options = LogOptions.parse({"default": "file", "channels": {"file": channel}}, key="log")
    events = Dispatcher(Container())
    hub = Hub(paths=Paths(folder), environment="local", events=events, masker=Masker(SECRETS))
    hub.extra = dict
    return LogManager(options.default, options.channels, hub)


class WithFields(logging.Formatter):
    """Fields as JSON behind the message, as ours has them."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {json.dumps(vars(record)['fields'])}"


class AsJson(logging.Formatter):
    """An object per line with the same keys as ours."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        entry = {
            "message": record.getMessage(),
            "context": vars(record)["fields"],
            "level": record.levelno,
            "level_name": record.levelname,
            "channel": "local",
            "datetime": moment.isoformat(timespec="microseconds"),
            "extra": {},
        }
        return json.dumps(entry, ensure_ascii=False)


LINE = WithFields("[%(asctime)s] local.%(levelname)s: %(message)s", "%Y-%m-%d %H:%M:%S")


def standard(folder: Path, name: str, formatter: logging.Formatter) -> logging.Logger:
    handler = logging.FileHandler(folder / f"logging-{name}.log")
    handler.setFormatter(formatter)
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return logger


def struct(folder: Path) -> Any:
    """Make structlog's fast one, as its page on performance has it."""
    file = (folder / "structlog.log").open("w")  # closed with the process
    return structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    ).bind()


def rows(folder: Path) -> list[Row]:
    """Return what is compared: a name, ours, and the peers with their limits (times ours)."""
    single, daily, as_json = ours(folder, "single"), ours(folder, "daily"), ours(folder, "json")
    std, slog = standard(folder, "line", LINE), struct(folder)
    std_json = standard(folder, "json", AsJson())
    said = "user logged in"

    def std_line() -> None:
        std.info(said, extra={"fields": {"user_id": 7, "ip": "127.0.0.1", "ms": 12.5}})

    def std_object() -> None:
        std_json.info(said, extra={"fields": {"user_id": 7, "ip": "127.0.0.1", "ms": 12.5}})

    def std_debug() -> None:
        std.debug(said, extra={"fields": {"user_id": 7, "ip": "127.0.0.1", "ms": 12.5}})

    def slog_line() -> None:
        slog.info(said, user_id=7, ip="127.0.0.1", ms=12.5)

    def slog_debug() -> None:
        slog.debug(said, user_id=7, ip="127.0.0.1", ms=12.5)

    peers: dict[str, tuple[Operation, float]] = {
        "structlog": (slog_line, 2.0),
        "logging": (std_line, 3.0),
    }
    return [
        ("single", lambda: single.info(said, user_id=7, ip="127.0.0.1", ms=12.5), peers),
        ("daily", lambda: daily.info(said, user_id=7, ip="127.0.0.1", ms=12.5), peers),
        (
            "json",
            lambda: as_json.info(said, user_id=7, ip="127.0.0.1", ms=12.5),
            {"structlog": (slog_line, 2.0), "logging": (std_object, 3.0)},
        ),
        (
            "filtered",
            lambda: single.debug(said, user_id=7, ip="127.0.0.1", ms=12.5),
            # At most 1.5 times the standard library's.
            {"structlog": (slog_debug, 0.0), "logging": (std_debug, 1 / 1.5)},
        ),
    ]


def timed(operation: Operation) -> float:
    """Return nanoseconds per call."""
    began = time.process_time()
    for _ in range(COUNT):
        operation()
    return (time.process_time() - began) / COUNT * 1e9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp())
    versions = f"Python {platform.python_version()}, structlog {structlog.__version__}"
    print(f"{versions}, medians of {rounds} rounds of {COUNT:,}")
    peer = f"{'times ours':>11}"
    print(f"{'':<10} {'ours':>9} {'structlog':>10} {peer} {'logging':>9} {peer}")
    missed = 0
    try:
        for name, mine, peers in rows(folder):
            taken = [
                [timed(mine), *(timed(peer) for peer, _ in peers.values())] for _ in range(rounds)
            ]
            cells = [f"{statistics.median(each[0] for each in taken):>6.0f} ns"]
            for place, (_, limit) in enumerate(peers.values(), start=1):
                ratio = statistics.median(each[place] / each[0] for each in taken)
                missed += ratio < limit
                cells.append(f"{statistics.median(each[place] for each in taken):>7.0f} ns")
                cells.append(f"{ratio:>7.2f}{'  <' if ratio < limit else '   '}")
            print(f"{name:<10} {'  '.join(cells)}")
    finally:
        shutil.rmtree(folder)
    if missed:
        print(f"{missed} limits are missed (<).")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
