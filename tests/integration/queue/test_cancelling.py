"""Jobs that are cancelled while they run: told to stop, and settled once."""

from __future__ import annotations

from typing import Any

import pytest

from securely.queue.contracts import BatchRecord, Cancellation
from securely.queue.job import Extras

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

HEARING_SECONDS = 30.0  # a worker looks once a second; the jobs take twice as long as this


def start(shop: Any, *jobs: Any, **size: Any) -> Any:
    """Start a worker for *jobs*, which are members of a batch with two links behind each."""
    extras = Extras(batch="b")
    made = [shop.codec.envelope(job, "default", extras=extras) for job in jobs]
    envelopes = [one._replace(links=2) for one in made]
    assert shop.connection.batches.create(BatchRecord("b", allow_failures=True), envelopes)
    worker = shop.start(orders={"stop_when_empty": True}, size=size, loader="shop_app:telling")
    shop.wait_for(lambda: len(shop.tags("start")) == len(jobs))
    return worker


def uuid_of(shop: Any, at: int = 0) -> str:
    uuids: list[str] = [job.uuid for job in shop.connection.jobs("default", "reserved")]
    return uuids[at]


def numbers(shop: Any) -> tuple[int, int, int, int]:
    found = shop.connection.batches.find("b")
    return found.total, found.done, found.failed, found.skipped


@pytest.mark.parametrize("kind", ["Endless", "AsyncEndless", "Sulky", "AsyncSulky"])
def test_cancel_when_it_runs_ends_it_and_nothing_else_follows(
    shop: Any, jobs: Any, kind: str
) -> None:
    worker = start(shop, getattr(jobs, kind)("e", "k"))
    shop.push(jobs.Work("after"))

    came_to = shop.connection.cancel(uuid_of(shop))
    took = shop.wait_for(lambda: shop.tags("JobCancelled") == ["e"])

    assert came_to is Cancellation.STOPPING
    assert took < HEARING_SECONDS
    assert worker.wait() == 0
    assert shop.tags("tidied") == ([] if "Sulky" in kind else ["e"])
    assert shop.tags("start", "end") == ["e", "after", "after"]
    assert [line["status"] for line in worker.jobs()] == ["cancelled", "done"]
    assert (worker.stopped()["cancelled"], worker.stopped()["processed"]) == (1, 2)
    assert shop.tags("failed:ValueError", "JobFailed", "JobReleasedAfterException") == []
    assert len({line.pid for line in shop.journal()}) == 1  # its process lives on
    assert numbers(shop) == (3, 0, 0, 3)
    assert shop.failed() == []
    assert shop.connection.push([shop.envelope(jobs.Endless("x", "k"), delay=60)])
    assert shop.connection.clear("default") == 1  # the key was free


def test_cancel_of_one_of_several_async_jobs_lets_the_others_go_on(shop: Any, jobs: Any) -> None:
    worker = start(
        shop,
        jobs.AsyncEndless("e"),
        jobs.AsyncWork("a", 2.0),
        jobs.AsyncWork("b", 2.0),
        concurrency=3,
    )

    shop.connection.cancel(uuid_of(shop))

    assert worker.wait() == 0
    assert shop.tags("tidied") == ["e"]
    assert sorted(shop.tags("end")) == ["a", "b"]
    assert sorted(line["status"] for line in worker.jobs()) == ["cancelled", "done", "done"]
    assert len({line.pid for line in shop.journal()}) == 1


@pytest.mark.parametrize("kind", ["Deaf", "AsyncDeaf"])
def test_cancel_when_it_goes_on_all_the_same_costs_its_process(
    shop: Any, jobs: Any, kind: str
) -> None:
    worker = start(shop, getattr(jobs, kind)("d"), overtime=0.3)
    shop.push(jobs.Work("after"))

    shop.connection.cancel(uuid_of(shop))

    assert worker.wait() == 0
    assert worker.has_said(f"shop_jobs.{kind} did not end in time")
    assert shop.tags("start", "end") == ["d", "after", "after"]
    assert [(line["status"], line["attempt"]) for line in worker.jobs()] == [
        ("cancelled", 1),
        ("done", 1),
    ]
    assert shop.tags("JobCancelled") == ["d"]  # told by the next process
    assert shop.tags("JobFailed") == []
    assert numbers(shop) == (3, 0, 0, 3)
    assert shop.failed() == []
    shop.assert_nothing_is_left()
