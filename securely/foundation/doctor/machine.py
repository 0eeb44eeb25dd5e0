"""Checks of the machine: Python, packages, the clock, SQLite."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from importlib import metadata, util
from pathlib import Path
from typing import Final

from securely.foundation.application import Application
from securely.foundation.doctor.finding import Finding
from securely.support import clock
from securely.support.requirements import REQUIREMENTS
from securely.support.sqlite import Database, DatabaseError

__all__ = ["packages", "python", "sqlite", "wall_clock"]

PYTHON_MIN: Final = (3, 11)
# UPSERT and RETURNING, which the queue needs.
SQLITE_MIN: Final = (3, 35, 0)
SKEW_SECONDS_MAX: Final = 2.0
# When this was written; a clock before it has lost its battery.
YEAR_SECONDS_MIN: Final = 1_735_689_600  # 2025-01-01


def python() -> Finding:
    """Look at the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        wanted = ".".join(map(str, PYTHON_MIN))
        return Finding.error(f"Python {version}", f"Use Python {wanted} or later.")
    return Finding.ok(f"Python {version} ({sys.executable})")


def packages() -> Iterable[Finding]:
    """Look whether what Securely stands on can be imported, in versions that it can use."""
    wanted = _ranges()
    count = 0
    for module, name in REQUIREMENTS.items():
        if util.find_spec(module) is None:
            yield Finding.error(f"{name} is not installed", f'Run: pip install "{name}"', name=name)
            continue
        version, least = metadata.version(name), wanted.get(name, "")
        if least and _numbers(version) < _numbers(least):
            yield Finding.error(
                f"{name} {version} is installed", f'Run: pip install "{name}>={least}"', name=name
            )
            continue
        count += 1
    yield Finding.ok(f"{count} of {len(REQUIREMENTS)} can be used")


def wall_clock(app: Application) -> Iterable[Finding]:
    """Look whether the clock is set, runs forwards, and agrees with that of the file system."""
    now, before = clock.timestamp(), clock.monotonic()
    if now < YEAR_SECONDS_MIN:
        yield Finding.error(f"it is {clock.now():%Y-%m-%d} here", "Set the clock of this machine.")
        return
    folder = app.paths.storage if app.paths.storage.is_dir() else Path(tempfile.gettempdir())
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            skew = os.fstat(probe.fileno()).st_mtime - now
    except OSError as error:
        yield Finding.warn(f"{folder}: {error.strerror}", "See what is said of storage.")
        return
    if abs(skew) > SKEW_SECONDS_MAX:
        yield Finding.error(
            f"the file system of {folder} is {skew:+.1f} seconds off",
            "Synchronise the clocks of this machine and of the file server, with NTP.",
        )
    elif clock.monotonic() < before:
        yield Finding.error("the monotonic clock runs backwards", "Restart this machine.")
    else:
        yield Finding.ok(f"{clock.now():%Y-%m-%d %H:%M:%S} UTC, as the file system has it")


def sqlite(app: Application) -> Finding:
    """Look whether SQLite is recent, and can keep a file with a write-ahead log in storage."""
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < SQLITE_MIN:
        wanted = ".".join(map(str, SQLITE_MIN))
        return Finding.error(
            f"SQLite {version}", f"Use a Python that was built with SQLite {wanted} or later."
        )
    if not app.paths.storage.is_dir():
        return Finding.warn(f"SQLite {version}, not tried", "See what is said of storage.")
    try:
        with tempfile.TemporaryDirectory(dir=app.paths.storage, prefix=".doctor-") as folder:
            mode = _journal_mode(Path(folder) / "probe.db")
    except (OSError, DatabaseError) as error:
        return Finding.error(str(error), "Move storage to a local disk that can be written to.")
    if mode != "wal":
        return Finding.error(
            f'SQLite {version} keeps the journal "{mode}" in {app.paths.storage}',
            "Move storage to a local disk.",
        )
    return Finding.ok(f"SQLite {version}, with a write-ahead log")


def _journal_mode(file: Path) -> str:
    def first(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE probe (value TEXT)")

    database = Database(file, migrations=[first], busy_seconds=1.0)
    try:
        with database.transaction() as connection:
            connection.execute("INSERT INTO probe VALUES ('written')")
        return str(database.query("PRAGMA journal_mode")[0][0])
    finally:
        database.close()


def _ranges() -> dict[str, str]:
    """Return the least version of each package, as our own distribution asks for it."""
    try:
        lines = metadata.requires("securely") or []
    except metadata.PackageNotFoundError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        if "extra ==" in line:
            continue
        name, _, rest = line.partition(">=")
        found[name.strip().partition("<")[0].lower()] = rest.split(",")[0].split(";")[0].strip()
    return found


def _numbers(version: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
