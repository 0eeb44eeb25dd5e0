"""Power cuts: whatever of the log reached the disk, the store opens at a moment that there was.

A write-ahead log is appended to; what a power cut leaves of it is a beginning, whose last pages may
be torn. Each such beginning is opened afresh, and must show the store exactly as
it was after one of its commits: at least the last one that had been waited for.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random  # noqa: TID251  # seeded, and apart from what the product draws
from typing import Any, NamedTuple

import pytest

from securely.queue.contracts import BatchRecord, Delivery, Kind, Outcome
from securely.queue.drivers.sqlite import SqliteConnection
from securely.support import clock
from securely.testing.suites.queue import envelope
from securely.testing.suites.queue.base import ended

pytestmark = pytest.mark.integration

LOG_HEADER = 32
FRAME_HEADER = 24
# Every row of these, as far as it tells what became of a job or a batch.
CONTENT = (
    "SELECT uuid, state, token, attempts, unique_key, group_key, batch FROM jobs ORDER BY uuid",
    "SELECT uuid, batch, links FROM failed ORDER BY uuid",
    "SELECT id, total, done, failed, skipped, fired, finished_at FROM batches ORDER BY id",
    "SELECT batch, uuid FROM batch_failures ORDER BY uuid",
)


class Moment(NamedTuple):
    """The store after a commit: how long its log was, and what it held."""

    length: int
    content: list[Any]


def content(path: Path) -> list[Any]:
    database = sqlite3.connect(path)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [database.execute(sql).fetchall() for sql in CONTENT]
    finally:
        database.close()


class Life:
    """A store that is worked on by one who notes each moment."""

    def __init__(self, path: Path, random: Random) -> None:
        self.connection = SqliteConnection("sqlite", path)
        self.log = path / "jobs.db-wal"
        self.random = random
        self.seat = self.connection.join(["default"])
        self.connection._database.checkpoint()
        for database in (self.connection._database, self.seat._database):
            # The whole life stays in the log.
            database.connection().execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        self.held: list[Delivery] = []
        self.moments: list[Moment] = []
        self.batches = 0

    def note(self) -> None:
        reader = self.connection._database.connection()
        now = [reader.execute(sql).fetchall() for sql in CONTENT]
        self.moments.append(Moment(self.log.stat().st_size, now))

    def live(self, steps: int) -> None:
        self.note()
        for _ in range(steps):
            self.random.choice((self.push, self.bulk, self.batch, self.work, self.work))()
            self.note()

    def push(self) -> None:
        one = envelope(payload=b"x" * self.random.choice((10, 300, 5_000)))
        self.connection.push([one._replace(unique=self.random.choice((None, "k", "l")))])

    def bulk(self) -> None:
        self.connection.push(
            [envelope()._replace(group=self.random.choice((None, "g"))) for _ in range(5)]
        )

    def batch(self) -> None:
        id_ = f"b{self.batches}"
        self.batches += 1
        callbacks = {name: (envelope(name),) for name in ("catch", "finally")}
        record = BatchRecord(id_, callbacks=callbacks, allow_failures=True)
        members = [envelope()._replace(batch=id_, links=n % 2) for n in range(4)]
        self.connection.batches.create(record, members)

    def work(self) -> None:
        outcomes: list[Outcome] = []
        for held in self.held:
            kind = self.random.choice((Kind.DONE, Kind.DONE, Kind.FAIL, Kind.SKIP, Kind.RELEASE))
            links = [envelope()] * (kind is Kind.DONE and self.random.random() < 0.3)
            outcomes.append(ended(held, kind, *links, is_member=True))
        self.held = list(self.seat.turn(outcomes, self.random.randrange(6)).deliveries)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[[int, int], Life]]:
    lives: list[Life] = []

    def begin(seed: int, steps: int) -> Life:
        lives.append(Life(tmp_path / f"life-{len(lives)}", Random(seed)))
        lives[-1].live(steps)
        return lives[-1]

    yield begin
    for life in lives:
        life.seat.leave()
        life.connection.close()


def frame_ends(log: bytes) -> list[int]:
    """Return where each page of a log ends."""
    (page,) = struct.unpack_from(">I", log, 8)
    step = FRAME_HEADER + page
    return list(range(LOG_HEADER + step, len(log) + 1, step))


def check(life: Life, scratch: Path, log: bytes, whole: int) -> None:
    """Open the store with *log*, of which *whole* bytes are as they were written."""
    if scratch.exists():
        shutil.rmtree(scratch)
    scratch.mkdir()
    shutil.copy(life.connection.path / "jobs.db", scratch / "jobs.db")
    (scratch / "jobs.db-wal").write_bytes(log)

    found = content(scratch / "jobs.db")

    expected = [moment.content for moment in life.moments if moment.length <= whole][-1]
    assert found == expected, f"with {whole} bytes of the log"


def cut_everywhere(life: Life, scratch: Path) -> int:
    """Cut the log behind each of its pages, within each, and damage each; return how often."""
    log, random = life.log.read_bytes(), life.random
    ends = frame_ends(log)
    for before, end in itertools.pairwise([LOG_HEADER, *ends]):
        check(life, scratch, log[:end], end)
        check(life, scratch, log[: random.randrange(before + 1, end)], before)
        at = random.randrange(before, end)
        torn = log[:at] + bytes([log[at] ^ 0x55]) + log[at + 1 :]
        check(life, scratch, torn, before)
    return 3 * len(ends)


def test_power_cut_when_at_any_page_of_the_log_shows_a_moment_that_there_was(
    live: Callable[[int, int], Life], tmp_path: Path
) -> None:
    life = live(3, 25)

    images = cut_everywhere(life, tmp_path / "scratch")

    assert images > 200
    assert len({str(moment.content) for moment in life.moments}) > 15


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(6))
def test_power_cut_when_at_any_page_of_a_longer_log_shows_a_moment_that_there_was(
    live: Callable[[int, int], Life], tmp_path: Path, seed: int
) -> None:
    assert cut_everywhere(live(seed, 120), tmp_path / "scratch") > 1_000


def copy_at_random_moments(tmp_path: Path, *, images: int, seed: int) -> None:
    """Copy the files of a store under load while its processes are stopped, and look at each."""
    # Two processes push and work; what has been accepted is told on a pipe, before it is settled.
    random = Random(seed)
    path = tmp_path / "queue"
    script = f"""
import sys
from securely.queue.contracts import Envelope, Kind, Outcome
from securely.queue.drivers.sqlite import SqliteConnection
connection = SqliteConnection("sqlite", {str(path)!r})
seat = connection.join(["work"])
def keep(n, k): return Envelope(f"{{n}}-{{k}}", "keep", "keep", b"x" * 200)
for n in range(10**9):
    uuids = connection.push([keep(n, k) for k in range(3)])
    sys.stdout.write(" ".join(uuids) + "\\n")
    sys.stdout.flush()
    connection.push([Envelope(f"w-{{n}}", "work", "work", b"x" * 900)])
    held = seat.turn([], 4).deliveries
    seat.turn([Outcome(one.id, one.token, Kind.DONE) for one in held], 0)
"""
    worker = subprocess.Popen(  # the script above
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    accepted = worker.stdout.readline().split()
    descriptor = worker.stdout.fileno()
    os.set_blocking(descriptor, False)
    told = b""
    try:
        for _ in range(images):
            clock.sleep(random.uniform(0.0, 0.05))
            worker.send_signal(signal.SIGSTOP)
            _wait_until_stopped(worker.pid)
            while chunk := _read(descriptor):
                told += chunk
            whole, _, told = told.rpartition(b"\n")
            accepted += whole.decode().split()
            image = tmp_path / "image"
            image.mkdir()
            for name in ("jobs.db", "jobs.db-wal"):
                shutil.copy(path / name, image / name)
            worker.send_signal(signal.SIGCONT)

            database = sqlite3.connect(image / "jobs.db")
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            kept = {uuid for (uuid,) in database.execute("SELECT uuid FROM jobs")}
            database.close()
            assert [uuid for uuid in accepted if uuid not in kept] == []
            bulks = {uuid.partition("-")[0] for uuid in kept if not uuid.startswith("w-")}
            assert {f"{n}-{k}" for n in bulks for k in range(3)} <= kept, "half a transaction"
            shutil.rmtree(image)
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""


def _wait_until_stopped(pid: int) -> None:
    while "T" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
        clock.sleep(0.0005)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_copy_when_made_at_a_random_moment_has_all_that_was_accepted(tmp_path: Path) -> None:
    copy_at_random_moments(tmp_path, images=20, seed=5)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("seed", range(2))
def test_copies_when_made_at_many_moments_have_all_that_was_accepted(
    tmp_path: Path, seed: int
) -> None:
    copy_at_random_moments(tmp_path, images=100, seed=seed)
