"""Schedules beside their peers: what is due in a minute, and when it is due next.

Run: python bench/bench_schedule.py [--rounds 7] [--entries 1000] [--start]

One process, all in turns, medians of several rounds. A thousand expressions of the kinds that
schedules have are asked for what is due in a minute: ours by the timetable that `schedule:run` has,
and one by one; croniter by `croniter.match`, pycron by `pycron.is_now`, cronsim (which has no such
question) by the next time after the minute before. The next run is asked of each, from one instant,
what was parsed being kept where a peer can keep it. A peer that is not installed is left out.

The ten expressions of POOL are asked for too, drawn a thousand times. With `--start`, so is the
start of `schedule:run` with nothing due: a whole process beside a bare interpreter, the median of
the ratios taken round by round. What misses a limit ends the run with status 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from securely.schedule.cron import Cron, Timetable

ZONES = ("UTC", "Europe/Prague", "America/New_York")
AT = datetime(2026, 5, 15, 12, 30, tzinfo=UTC)
MINUTES = (
    60  # so many are asked for, one after the other, so that caches of one minute do not count
)

POOL = (
    *("* * * * *", "*/5 * * * *", "0 * * * *", "30 8 * * *", "0 0 * * 1-5", "15 3 1 * *"),
    *("0 9-17 * * 1,3,5", "0 0 29 2 *", "*/10 8-10 * * *", "30 8 23 11 *"),
)
# How many times as long as ours each peer takes at least, for what is due in a minute.
DUE_MIN = {"croniter.match": 100.0, "pycron.is_now": 1.0}
START_MAX = 12.0  # how many times as long as a bare interpreter `schedule:run` may take
ROUTES = """
from securely.facades import Schedule

Schedule.command("about").cron("0 0 29 2 *")
"""
ROOT = Path(__file__).resolve().parent.parent

Ask = Callable[[], object]


def expressions(count: int) -> list[str]:
    """Return *count* expressions as schedules have them: often, hourly, daily, weekly, monthly."""
    kinds = cycle(
        [
            lambda n: f"*/{n % 14 + 2} * * * *",
            lambda n: f"{n % 60} * * * *",
            lambda n: f"{n % 60} {n % 24} * * *",
            lambda n: f"{n % 60} {n % 24} * * 1-5",
            lambda n: f"*/15 {n % 12}-{n % 12 + 8} * * {n % 7}",
            lambda n: f"{n % 60} {n % 24} {n % 28 + 1} * *",
            lambda n: f"{n % 60} */{n % 6 + 2} * * *",
            lambda n: f"{n % 60},{(n + 7) % 60} 9,17 1,15 {n % 12 + 1} *",
            lambda _: "* * * * *",
            lambda n: f"0 {n % 24} * * {n % 6},6",
        ]
    )
    return [kind(number) for number, kind in zip(range(count), kinds, strict=False)]


def due(texts: list[str]) -> dict[str, tuple[int, Ask]]:
    """Return for each peer how often its minutes go into a round, and how they are asked for."""
    crons = [Cron.parse(text, UTC) for text in texts]
    zoned = [Cron.parse(text, ZoneInfo(ZONES[n % 3])) for n, text in enumerate(texts)]
    minute = int(AT.timestamp())
    table, mixed = Timetable(crons), Timetable(zoned)
    minutes = [minute + 60 * number for number in range(MINUTES)]
    found: dict[str, tuple[int, Ask]] = {
        "securely (timetable)": (MINUTES, lambda: [table.due(each) for each in minutes]),
        "securely (three zones)": (MINUTES, lambda: [mixed.due(each) for each in minutes]),
        "securely (one by one)": (1, lambda: [cron.is_due(minute) for cron in crons]),
    }
    expected = [index for index, cron in enumerate(crons) if cron.is_due(minute)]
    agree = {"securely": table.due(minute)}
    for name, make in {
        "croniter.match": _croniter,
        "pycron.is_now": _pycron,
        "cronsim": _cronsim,
    }.items():
        try:
            is_due = make()
        except ImportError:
            continue
        agree[name] = [index for index, text in enumerate(texts) if is_due(text)]
        found[name] = (1, lambda is_due=is_due: [is_due(text) for text in texts])
    for name, answer in agree.items():
        if answer != expected:
            print(f"{name} differs in {len(set(answer) ^ set(expected))} of {len(texts)}")
    return found


def _croniter() -> Callable[[str], bool]:
    from croniter import croniter

    return lambda text: bool(croniter.match(text, AT))


def _pycron() -> Callable[[str], bool]:
    import pycron

    return lambda text: bool(pycron.is_now(text, AT))


def _cronsim() -> Callable[[str], bool]:
    from cronsim import CronSim

    before = AT - timedelta(minutes=1)
    return lambda text: bool(next(CronSim(text, before)) == AT)


def following(texts: list[str]) -> dict[str, tuple[int, Ask]]:
    """Return how each peer is asked for the next run of every expression, in local time."""
    zone = ZoneInfo("Europe/Prague")
    crons = [Cron.parse(text, zone) for text in texts]
    after, local = AT.timestamp(), AT.astimezone(zone)
    found: dict[str, tuple[int, Ask]] = {
        "securely": (1, lambda: [cron.next(after) for cron in crons]),
        "securely (parsed anew)": (
            1,
            lambda: [Cron.parse(text, zone).next(after) for text in texts],
        ),
    }
    try:
        from croniter import croniter

        found["croniter"] = (1, lambda: [croniter(text, local).get_next(float) for text in texts])
    except ImportError:
        pass
    try:
        from cronsim import CronSim

        found["cronsim"] = (1, lambda: [next(CronSim(text, local)) for text in texts])
    except ImportError:
        pass
    return found


def medians(asks: dict[str, tuple[int, Ask]], rounds: int) -> dict[str, float]:
    """Return the median seconds for all entries once, all peers taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(rounds):
        for name, (count, ask) in asks.items():
            began = time.perf_counter()
            ask()
            times[name].append((time.perf_counter() - began) / count)
    return {name: median(each) for name, each in times.items()}


def shown(title: str, times: dict[str, float]) -> None:
    """Print a table, the first line being what the others are compared with."""
    first: Any = next(iter(times.values()))
    print(f"\n{title:44} {'ms':>10} {'times ours':>11}")
    for name, seconds in times.items():
        print(f"{name:44} {seconds * 1e3:10.4f} {seconds / first:11.1f}")


def missed(times: dict[str, float]) -> bool:
    """Tell of each limit that the slower of our timetables does not keep."""
    ours = max(
        seconds
        for name, seconds in times.items()
        if "one by one" not in name and "securely" in name
    )
    found = False
    for name, least in DUE_MIN.items():
        if name in times and times[name] < ours * least:
            print(f"MISSED: {name} takes {times[name] / ours:.1f} times as long; at least {least}")
            found = True
    return found


def application(folder: Path) -> None:
    """Make an application like the one here whose only task is due in no minute that is near."""
    for name in "artisan.py", "bootstrap/app.py":
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "routes").mkdir()
    (folder / "routes" / "console.py").write_text(ROUTES, encoding="utf-8")
    for name in "app", "config":
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def start(rounds: int) -> bool:
    """Measure `schedule:run` with nothing due; return whether it misses its limit."""
    with tempfile.TemporaryDirectory() as folder:
        application(Path(folder))
        words = [str(Path(folder) / "artisan.py"), "schedule:run"]
        _seconds(words, folder)  # writes byte code, the manifest and the proof
        bare: list[float] = []
        ours: list[float] = []
        for _ in range(rounds):
            bare.append(_seconds(["-c", "pass"], folder))
            ours.append(_seconds(words, folder))
    ratio = median(a / b for a, b in zip(ours, bare, strict=True))
    print(f"\nschedule:run, nothing due: {median(ours) * 1e3:.1f} ms, {ratio:.2f} times bare")
    print(f"limit {START_MAX}")
    return ratio > START_MAX


def _seconds(words: list[str], folder: str) -> float:
    # Byte code is kept, as it is wherever the command is run each minute.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--entries", type=int, default=1_000)
    parser.add_argument("--start", action="store_true", help="measure `schedule:run` as well")
    options = parser.parse_args()
    drawn = random.Random(1).choices(POOL, k=options.entries)
    texts = expressions(options.entries)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    is_missed = False
    for name, entries in ("mixed", texts), ("pool", drawn):
        times = medians(due(entries), options.rounds)
        shown(f"what is due of {len(entries):,} ({name}), a minute", times)
        is_missed |= missed(times)
        times = medians(following(entries), options.rounds)
        shown(f"the next run of {len(entries):,} ({name}), Prague", times)
    if options.start:
        is_missed |= start(max(options.rounds, 15))
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
