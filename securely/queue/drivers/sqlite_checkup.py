"""What may be wrong with a sqlite store: its directory, its disk, its log, what nobody works on."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from securely.queue.drivers.sqlite_files import is_free
from securely.queue.upkeep.checkup import Symptom
from securely.support.sqlite import Database

__all__ = ["examine"]

MIB: Final = 2**20  # bytes
# Below the first a busy queue fills the disk within hours, below the second a push may fail now.
FREE_BYTES_WARN: Final = 256 * MIB
FREE_BYTES_MIN: Final = 16 * MIB
# Written back at 4 MiB: what grows to sixteen times as much is held by a reader.
LOG_BYTES_MAX: Final = 64 * MIB
_HELD: Final = "SELECT printf('%x', worker), count(*) FROM jobs WHERE state = 1 GROUP BY worker"


def examine(path: Path, home: Path, database: Database) -> Iterator[Symptom]:
    """Look at the store in *path*, whose workers' files lie in *home*."""
    if not (path / "jobs.db").exists():
        yield Symptom("ok", f"nothing has been queued yet in {path}")
        return
    yield from _directory(path)
    yield _disk(path)
    yield _log(path)
    yield _held(home, database)


def _directory(path: Path) -> Iterator[Symptom]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Symptom("warn", f"{path} is open to others ({mode:04o})", f"Run: chmod 700 {path}")


def _disk(path: Path) -> Symptom:
    free = shutil.disk_usage(path).free
    seen = f"{free / MIB:,.0f} MiB free on the disk of {path}"
    remedy = "Free some space: `queue:prune-failed`, `queue:prune-batches`, old logs."
    if free < FREE_BYTES_WARN:
        return Symptom("error" if free < FREE_BYTES_MIN else "warn", seen, remedy)
    return Symptom("ok", seen)


def _log(path: Path) -> Symptom:
    log = path / "jobs.db-wal"
    size = log.stat().st_size if log.exists() else 0
    seen = f"its write-ahead log has {size / MIB:,.1f} MiB"
    if size > LOG_BYTES_MAX:
        remedy = "End what reads the file for long, such as a backup or an open shell."
        return Symptom("warn", seen, remedy)
    return Symptom("ok", seen)


def _held(home: Path, database: Database) -> Symptom:
    """Look for jobs that a dead worker holds while nobody lives who would take them over."""
    held = {worker: count for worker, count in database.query(_HELD) if worker is not None}
    dead = {worker: count for worker, count in held.items() if is_free(home / f"{worker}.lock")}
    lives = any(not is_free(lock) for lock in home.glob("*.lock") if lock.stem.isalnum())
    if dead and not lives:
        return Symptom(
            "warn",
            f"{sum(dead.values())} jobs are held by workers that have died, and none is there to "
            "take over",
            "Start a worker: python artisan.py queue:work; it takes them over at once.",
        )
    return Symptom("ok", f"{sum(held.values())} jobs are held by workers")
