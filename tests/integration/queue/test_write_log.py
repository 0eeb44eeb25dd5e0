"""Power cuts, write by write: what a disk may hold at any moment, made of what was asked of it.

All writes to the store's files are recorded, and each flush. An image is what a cut at some moment
may leave: everything up to the last flush of each file, and of the writes after it any part, in
whole sectors. Each must open, and hold every job whose dispatch had returned.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random  # noqa: TID251  # seeded, and apart from what the product draws
from typing import NamedTuple

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SECTOR = 512
FILES = ("jobs.db", "jobs.db-wal")
CALL = re.compile(
    r'^\d+ +(\w+)\((\d+)<([^>]*)>(?:, "((?:\\x..)*)")?(?:, (\d+))?(?:, (\d+))?\) += \d+'
)

# Single pushes, bulks, batches and settlements with successors; its log is written back often.
SCRIPT = """
import os, sys
from securely.queue.contracts import BatchRecord, Envelope, Kind, Outcome
from securely.queue.drivers.sqlite import SqliteConnection
path, steps = sys.argv[1], int(sys.argv[2])
def job(uuid, queue, size=200, **more):
    return Envelope(uuid, uuid, queue, b"x" * size, **more)
connection = SqliteConnection("sqlite", path)
seat = connection.join(["work"])
for database in (connection._database, seat._database):
    database.connection().execute("PRAGMA wal_autocheckpoint = 40").fetchall()
connection._database.checkpoint()
os.write(1, b"begin 0\\n")
outcomes = []
for n in range(steps):
    connection.push([job(f"keep-{n}-{k}", "keep") for k in range(3)])
    os.write(1, b"keep %d\\n" % n)
    connection.push([job(f"work-{n}", "work", 3_000 if n % 5 == 0 else 50)])
    os.write(1, b"work %d\\n" % n)
    if n % 3 == 0:
        members = [job(f"member-{n}-{k}", "work", batch=f"b-{n}") for k in range(2)]
        connection.batches.create(BatchRecord(f"b-{n}"), members)
        os.write(1, b"batch %d\\n" % n)
    held = seat.turn(outcomes, 3).deliveries
    outcomes = [
        Outcome(
            one.id,
            one.token,
            Kind.DONE,
            successors=(job(one.name.replace("work", "next"), "keep"),) * ("work" in one.name),
            is_member=True,
        )
        for one in held
    ]
    if n % 6 == 0:
        seat.reap()
        connection._database.checkpoint()
os.write(1, b"end 0\\n")
"""


class Call(NamedTuple):
    """What was asked of the system."""

    name: str
    file: str
    data: bytes
    number: int  # the offset of a write, the length of a cut


def calls_of(log: Path) -> Iterator[Call]:
    for line in log.read_text(encoding="ascii").splitlines():
        found = CALL.match(line)
        if found is None:
            continue
        name, _, path, text, first, second = found.groups()
        file = bytes.fromhex(path.replace("\\x", "")).decode().rpartition("/")[2]
        data = bytes.fromhex((text or "").replace("\\x", ""))
        yield Call(name, file, data, int((second if name == "pwrite64" else first) or 0))


def apply(content: bytearray, call: Call) -> None:
    if call.name == "ftruncate":
        del content[call.number :]
        content.extend(bytes(call.number - len(content)))
    else:
        content.extend(bytes(max(0, call.number - len(content))))
        content[call.number : call.number + len(call.data)] = call.data


class Disk:
    """Files, as far as they were flushed, and what was asked since."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.flushed = {name: bytearray() for name in FILES}
        self.since: dict[str, list[Call]] = {name: [] for name in FILES}

    def ask(self, call: Call) -> None:
        if call.name in {"fsync", "fdatasync"}:
            for done in self.since[call.file]:
                apply(self.flushed[call.file], done)
            self.since[call.file].clear()
        else:
            self.since[call.file].append(call)

    def flush(self) -> None:
        for name in FILES:
            self.ask(Call("fsync", name, b"", 0))

    def cut(self, directory: Path) -> None:
        """Write what may be left of the files into *directory*."""
        directory.mkdir()
        for name, flushed in self.flushed.items():
            content = bytearray(flushed)
            chance = self.random.choice((0.0, 0.5, 0.9, 1.0))
            for call in self.since[name]:
                if self.random.random() < chance:
                    apply(content, self._torn(call))
            (directory / name).write_bytes(content)

    def _torn(self, call: Call) -> Call:
        if call.name == "ftruncate" or self.random.random() < 0.8:
            return call
        kept = self.random.randrange(len(call.data) // SECTOR + 1) * SECTOR
        return call._replace(data=call.data[:kept])


def check(image: Path, accepted: dict[str, set[int]]) -> None:
    """Assert that the store opens, with all that was accepted, and no half of anything."""
    database = sqlite3.connect(image / "jobs.db")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        jobs = {uuid for (uuid,) in database.execute("SELECT uuid FROM jobs")}
        waiting = dict(database.execute("SELECT batch, count(*) FROM jobs GROUP BY batch"))
        batches = {
            row[0]: row[1:] for row in database.execute("SELECT id, total, done FROM batches")
        }
    finally:
        database.close()
    for n in accepted["keep"]:
        assert {f"keep-{n}-{k}" for k in range(3)} <= jobs
    bulks = {uuid.split("-")[1] for uuid in jobs if uuid.startswith("keep")}
    assert {f"keep-{n}-{k}" for n in bulks for k in range(3)} <= jobs, "half a bulk"
    for n in accepted["work"]:
        assert (f"work-{n}" in jobs) + (f"next-{n}" in jobs) == 1, "half a settlement"
    assert {f"b-{n}" for n in accepted["batch"]} <= set(batches)
    for id_, (total, done) in batches.items():
        assert total == done + waiting.get(id_, 0), "half a count"


def cut_the_power(tmp_path: Path, *, steps: int, images: int, seed: int) -> None:
    """Record *steps* of work, then cut the power at *images* of its moments."""
    log = tmp_path / "calls"
    traced = "trace=pwrite64,write,fdatasync,fsync,ftruncate"
    words = ["strace", "-f", "-y", "-xx", "-s", "100000", "-e", traced, "-o", str(log)]
    run = subprocess.run(  # the script above
        [*words, sys.executable, "-c", SCRIPT, str(tmp_path / "queue"), str(steps)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    calls = list(calls_of(log))
    random = Random(seed)
    disk = Disk(random)
    accepted: dict[str, set[int]] = defaultdict(set)
    left, made, has_begun = len(calls), 0, False
    for call in calls:
        left -= 1
        if call.name == "write" and call.file not in FILES:
            word, _, n = call.data.decode().strip().partition(" ")
            if word in {"begin", "end"}:
                has_begun = word == "begin"
                disk.flush()
            elif n:
                accepted[word].add(int(n))
        elif call.file in FILES:
            disk.ask(call)
        if has_begun and random.random() < (images - made) / (left + 1) * 1.3:
            disk.cut(tmp_path / "image")
            check(tmp_path / "image", accepted)
            shutil.rmtree(tmp_path / "image")
            made += 1
    assert made > images * 0.8
    assert len(accepted["keep"]) == steps


def can_trace() -> bool:
    if sys.platform != "linux" or shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode == 0  # noqa: S607


needs_strace = pytest.mark.skipif(not can_trace(), reason="needs strace, and leave to use it")


@needs_strace
def test_power_cut_when_at_any_write_loses_nothing_that_was_accepted(tmp_path: Path) -> None:
    cut_the_power(tmp_path, steps=25, images=150, seed=1)


@needs_strace
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_power_cut_when_at_any_of_many_writes_loses_nothing_that_was_accepted(
    tmp_path: Path, seed: int
) -> None:
    cut_the_power(tmp_path, steps=120, images=1_000, seed=seed)
