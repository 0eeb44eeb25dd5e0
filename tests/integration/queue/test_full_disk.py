"""A disk that is full: who dispatches is told, who works waits, and goes on when there is room."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from securely.queue.exceptions import StoreFull

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="sets the limits of another process"),
]

# No file of the worker may grow over this; its log is smaller, the store's is larger.
LIMIT = 128 * 1024


@pytest.fixture
def full(shop: Any) -> Iterator[Any]:
    """A store whose log is over the limit, and stays so: somebody reads in it."""
    shop.connection.push([shop.envelope(_large()) for _ in range(60)])
    shop.connection.clear("default")
    reader = sqlite3.connect(shop.path / "queue" / "jobs.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM jobs").fetchall()
    assert (shop.path / "queue" / "jobs.db-wal").stat().st_size > LIMIT
    yield shop
    reader.close()


def _large() -> Any:
    import shop_jobs

    return shop_jobs.Work("x" * 4_000)


def limit(pid: int, size: int | None) -> None:
    import resource

    hard = resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def test_worker_when_the_disk_is_full_says_so_and_goes_on_when_there_is_room(
    full: Any, jobs: Any
) -> None:
    worker = full.start()
    full.push(jobs.Work("before"))
    full.wait_for(lambda: full.tags("end") == ["before"])
    full.wait_for(lambda: full.connection.counts("default").total == 0)
    full.wait_until_idle(worker)
    limit(worker.pid, LIMIT)

    full.push(*(jobs.Work(str(n)) for n in range(20)))
    full.wait_for(lambda: worker.has_said("no room"))
    full.let_pass(0.5)

    assert worker.process.poll() is None
    assert full.tags("start") == ["before"]
    counts = full.connection.counts("default")
    assert (counts.pending, counts.reserved) == (20, 0)
    limit(worker.pid, None)
    full.wait_for(lambda: len(full.tags("end")) == 21)
    full.wait_for(lambda: full.connection.counts("default").total == 0)
    assert len(full.tags("start")) == 21
    full.assert_nothing_is_left()


def test_worker_when_the_disk_is_full_while_it_works_settles_what_it_has_run_later(
    full: Any, jobs: Any
) -> None:
    over = full.path / "over"
    full.push(jobs.Until("0", str(over)), jobs.Work("1"), jobs.Work("2"))
    worker = full.start()
    full.wait_for(lambda: full.tags("start") == ["0"])
    limit(worker.pid, LIMIT)
    over.touch()

    full.wait_for(lambda: worker.has_said("no room"))
    full.wait_for(lambda: "0" in full.tags("end"))
    limit(worker.pid, None)

    full.wait_for(lambda: len(full.tags("end")) == 3)
    full.wait_for(lambda: full.connection.counts("default").total == 0)
    # It has kept the outcome meanwhile: nothing ran twice.
    assert sorted(full.tags("start")) == ["0", "1", "2"]
    full.assert_nothing_is_left()


@pytest.mark.slow  # it waits ten seconds for its store before it gives up
def test_worker_when_it_is_stopped_while_the_disk_is_full_leaves_its_jobs_to_others(
    full: Any, jobs: Any
) -> None:
    over = full.path / "over"
    full.push(jobs.Until("0", str(over)))
    worker = full.start()
    full.wait_for(lambda: full.tags("start") == ["0"])
    limit(worker.pid, LIMIT)
    over.touch()
    full.wait_for(lambda: worker.has_said("no room"))

    worker.process.terminate()
    worker.wait()
    full.work()

    # Its board says that it has ended well: the next worker settles it, and does not run it.
    assert full.tags("start") == ["0"]
    full.assert_nothing_is_left()


def test_dispatch_when_the_disk_is_full_raises_and_goes_on_when_there_is_room(
    full: Any, jobs: Any
) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit(os.getpid(), LIMIT)
    try:
        with pytest.raises(StoreFull, match="nothing was written"):
            full.push(jobs.Work("one"))
        with pytest.raises(StoreFull, match="nothing was written"):
            full.push(*(jobs.Work(str(n)) for n in range(9)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert full.connection.counts("default").total == 0
    full.push(jobs.Work("two"))
    full.work()
    assert full.tags("end") == ["two"]
    full.assert_nothing_is_left()
