"""DispatchSuite: ticks whose run is the dispatch of a job."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from securely.queue.events import JobQueued
from securely.queue.exceptions import QueueError, QueueUnavailable
from securely.queue.job import Placement
from securely.queue.manager import QueueManager
from securely.schedule.contracts import Ledger, Member, State, Verdict
from securely.testing.suites.schedule.base import (
    DONE,
    NOON,
    THREADS,
    Killed,
    MemberSuite,
    Report,
    UniqueReport,
    Unwritable,
    claim_of,
    states,
)

__all__ = ["DispatchSuite"]


def _is_down(*_: object) -> None:
    raise QueueUnavailable("other", "it is down")


class DispatchSuite(MemberSuite):
    """Ticks whose run is the dispatch of a job."""

    def test_claim_with_accepts_the_job_of_a_tick_once(
        self, ledger: Ledger, queues: QueueManager, ann: Member, bob: Member
    ) -> None:
        """The tick is done, and whoever comes later has nothing to do."""
        grant = ann.claim_with(claim_of(lock="report"), Report(), Placement())
        late = bob.claim_with(claim_of(lock="report"), Report(), Placement())
        assert (grant.verdict, late.verdict) == (Verdict.GRANTED, Verdict.TAKEN)
        assert grant.dispatched is not None
        assert not grant.dispatched.skipped
        assert (late.dispatched, queues.size()) == (None, 1)
        (run,) = ledger.history()
        assert (run.state, run.reason, run.finished_at) == (State.DONE, "", NOON)
        assert ledger.holders(["report"]) == {}
        assert not ann.settle(grant, DONE)

    def test_claim_with_when_many_ask_at_once_then_one_job_is_there(
        self, queues: QueueManager, join: Callable[[], Member]
    ) -> None:
        """One job per tick, on this store and on another one."""
        members = [join() for _ in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            for at, placement in enumerate((Placement(), Placement(connection="other"))):
                claim = claim_of(at=NOON + at)
                asked = [pool.submit(one.claim_with, claim, Report(), placement) for one in members]
                verdicts = [each.result().verdict for each in asked]
                assert verdicts.count(Verdict.GRANTED) == 1
        assert (queues.size(), queues.connection("other").size()) == (1, 1)

    def test_claim_with_tells_of_the_job_once(
        self, queues: QueueManager, ann: Member, bob: Member
    ) -> None:
        """As a dispatch does."""
        told: list[JobQueued] = []
        queues._events.listen(JobQueued, told.append)  # pyright: ignore[reportPrivateUsage]
        grant = ann.claim_with(claim_of(), Report(), Placement())
        bob.claim_with(claim_of(), Report(), Placement())
        assert grant.dispatched is not None
        assert [event.id for event in told] == [grant.dispatched.id]

    def test_claim_with_when_the_lock_is_held_then_no_job(
        self, ledger: Ledger, queues: QueueManager, ann: Member, bob: Member
    ) -> None:
        """The tick is skipped, as that of any task."""
        ann.claim(claim_of("slow", lock="report"))
        answer = bob.claim_with(claim_of(lock="report"), Report(), Placement())
        assert (answer.verdict, queues.size()) == (Verdict.OVERLAPS, 0)
        assert states(ledger, "report") == ["skipped"]

    @pytest.mark.parametrize("connection", [None, "other"])
    def test_claim_with_when_the_key_of_its_job_is_taken_then_done_with_a_reason(
        self, ledger: Ledger, ann: Member, connection: str | None
    ) -> None:
        """The job that stands for it is among the answer."""
        placement = Placement(connection=connection)
        first = ann.claim_with(claim_of(), UniqueReport(), placement)
        second = ann.claim_with(claim_of(at=NOON + 1), UniqueReport(), placement)
        assert first.dispatched is not None
        assert second.dispatched is not None
        assert second.verdict is Verdict.GRANTED
        assert second.dispatched == first.dispatched._replace(skipped=True)
        run = ledger.history()[0]
        assert run.state is State.DONE
        assert first.dispatched.id in run.reason

    @pytest.mark.parametrize("connection", [None, "other"])
    def test_claim_with_when_the_job_cannot_be_queued_then_the_tick_is_free(
        self,
        ledger: Ledger,
        queues: QueueManager,
        ann: Member,
        monkeypatch: pytest.MonkeyPatch,
        connection: str | None,
    ) -> None:
        """Be it the job's fault, or that of another store."""
        with pytest.raises(QueueError):
            ann.claim_with(claim_of(), Unwritable(object()), Placement(connection=connection))
        if connection is not None:
            monkeypatch.setattr(queues.connection(connection).driver, "push", _is_down)
            with pytest.raises(QueueUnavailable):
                ann.claim_with(claim_of(), Report(), Placement(connection=connection))
        assert ledger.history() == []
        assert ann.claim(claim_of(lock="report")).verdict is Verdict.GRANTED

    def test_claim_with_instead_of_a_run_of_ones_own_ends_it(
        self,
        ledger: Ledger,
        queues: QueueManager,
        ann: Member,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """For who has something to do before the dispatch; one that fails changes nothing."""
        claim = claim_of(lock="report")
        grant = ann.claim(claim)
        again = claim._replace(instead=grant.token)
        for placement in (Placement(), Placement(connection="other")):
            with pytest.raises(QueueError):
                ann.claim_with(again, Unwritable(object()), placement)
            assert states(ledger) == ["running"]
        monkeypatch.setattr(queues.connection("other").driver, "push", _is_down)
        with pytest.raises(QueueUnavailable):
            ann.claim_with(again, Report(), Placement(connection="other"))
        assert [run.token for run in ledger.history()] == [grant.token]
        assert list(ledger.holders(["report"])) == ["report"]
        assert ann.claim_with(again, Report(), Placement()).verdict is Verdict.GRANTED
        assert (states(ledger), queues.size()) == (["done"], 1)
        assert ledger.holders(["report"]) == {}
        assert ann.claim_with(again, Report(), Placement()).verdict is Verdict.TAKEN
        assert queues.size() == 1

    def test_claim_with_instead_of_a_lost_run_accepts_the_job_once(
        self,
        ledger: Ledger,
        queues: QueueManager,
        ann: Member,
        bob: Member,
        kill: Callable[[Any], None],
    ) -> None:
        """What was lost before the dispatch is made good in one step."""
        ann.claim(claim_of())
        kill(ann)
        (lost,) = bob.reap()
        again = claim_of(instead=lost.token)
        assert bob.claim_with(again, Report(), Placement()).verdict is Verdict.GRANTED
        assert bob.claim_with(again, Report(), Placement()).verdict is Verdict.TAKEN
        assert (states(ledger), queues.size()) == (["done"], 1)

    @pytest.mark.parametrize("is_pushed", [False, True])
    def test_claim_with_when_killed_between_two_stores_then_handed_over_again(
        self,
        ledger: Ledger,
        queues: QueueManager,
        ann: Member,
        bob: Member,
        kill: Callable[[Any], None],
        monkeypatch: pytest.MonkeyPatch,
        is_pushed: bool,
    ) -> None:
        """There is one job in the end, whether it had been pushed or not."""

        def die(*_: object) -> None:
            raise Killed

        other = Placement(connection="other")
        with monkeypatch.context() as patched:
            patched.setattr(type(ann), "settle", die)
            if not is_pushed:
                patched.setattr(queues.connection("other").driver, "push", die)
            with pytest.raises(Killed):
                ann.claim_with(claim_of(), Report(), other)
        kill(ann)
        (lost,) = bob.reap()
        again = bob.claim_with(claim_of(instead=lost.token), Report(), other)
        assert again.verdict is Verdict.GRANTED
        assert again.dispatched is not None
        assert queues.connection("other").size() == 1
        assert states(ledger) == ["done"]
