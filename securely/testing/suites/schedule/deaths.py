"""DeathSuite: what becomes of runs whose process is gone, and who may go on with them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from securely.schedule.contracts import Grant, Ledger, Member, State, Verdict
from securely.support.clock import FrozenClock
from securely.testing.suites.schedule.base import (
    DONE,
    NOON,
    THREADS,
    MemberSuite,
    claim_of,
    ran,
    states,
)

__all__ = ["DeathSuite"]


class DeathSuite(MemberSuite):
    """What becomes of runs whose process is gone, and who may go on with them."""

    def test_reap_returns_each_run_of_the_dead_once(
        self,
        ledger: Ledger,
        ann: Member,
        bob: Member,
        kill: Callable[[Any], None],
        frozen: FrozenClock,
    ) -> None:
        """Those of the living, and what had ended, stay as they are."""
        ran(ledger, ann, "ended", NOON)
        lost = ann.claim(claim_of("lost"))
        bob.claim(claim_of("lives"))
        assert bob.reap() == []
        frozen.travel(7)
        kill(ann)
        (run,) = bob.reap()
        assert (run.task, run.state, run.token) == ("lost", State.LOST, lost.token)
        assert (run.member, run.finished_at) == (ann.id, NOON + 7)
        assert str(run.pid) in run.reason
        assert run.host in run.reason
        assert bob.reap() == []
        assert sorted((one.task, one.state.value) for one in ledger.history()) == [
            ("ended", "done"),
            ("lives", "running"),
            ("lost", "lost"),
        ]

    def test_settle_when_it_was_reaped_then_refused(
        self, ledger: Ledger, ann: Member, bob: Member, kill: Callable[[Any], None]
    ) -> None:
        """Who was taken for dead, and was not, changes nothing any more."""
        grant = ann.claim(claim_of())
        kill(ann)
        assert len(bob.reap()) == 1
        assert not ann.settle(grant, DONE)
        assert states(ledger) == ["lost"]

    def test_leave_loses_what_is_held(self, ledger: Ledger, ann: Member, bob: Member) -> None:
        """Locks are free, and the run is for others to reap."""
        ann.claim(claim_of(lock="report"))
        ann.leave()
        assert ledger.holders(["report"]) == {}
        assert [run.state for run in bob.reap()] == [State.LOST]

    def test_adopt_takes_over_run_and_lock(
        self, ledger: Ledger, ann: Member, bob: Member, kill: Callable[[Any], None]
    ) -> None:
        """From then on it is the other's, whatever becomes of the first one."""
        claim = claim_of(lock="report")
        first = ann.claim(claim)
        second = bob.adopt(claim, first.token)
        assert second is not None
        assert second.verdict is Verdict.GRANTED
        assert second.token not in {0, first.token}
        assert bob.adopt(claim, first.token) is None
        assert not ann.settle(first, DONE)
        kill(ann)
        assert bob.reap() == []
        assert ledger.holders(["report"])["report"] == (bob.id, bob.host, *_pid(ledger), NOON)
        assert bob.settle(second, DONE)
        assert ledger.holders(["report"]) == {}
        assert [(run.member, run.state) for run in ledger.history()] == [(bob.id, State.DONE)]

    def test_adopt_when_it_is_over_or_lost_then_too_late(
        self, ann: Member, bob: Member, kill: Callable[[Any], None]
    ) -> None:
        """Nor is anything adopted that never was."""
        ended = ann.claim(claim_of("ended"))
        lost = ann.claim(claim_of("lost"))
        assert ann.settle(ended, DONE)
        kill(ann)
        bob.reap()
        assert bob.adopt(claim_of("ended"), ended.token) is None
        assert bob.adopt(claim_of("lost"), lost.token) is None
        assert bob.adopt(claim_of("none"), 1) is None

    def test_adopt_when_another_has_the_lock_by_now_then_too_late(
        self, ann: Member, bob: Member, join: Callable[[], Member], frozen: FrozenClock
    ) -> None:
        """Where nobody has it, it is taken anew."""
        claim = claim_of(lock="report", lock_seconds=60.0)
        slow = ann.claim(claim)
        frozen.travel(60)
        next_one = bob.claim(claim_of(at=NOON + 60, lock="report", lock_seconds=60.0))
        child = join()
        assert child.adopt(claim, slow.token) is None
        assert bob.settle(next_one, DONE)
        assert child.adopt(claim, slow.token) is not None
        assert bob.claim(claim_of(at=NOON + 61, lock="report")).verdict is Verdict.OVERLAPS

    def test_claim_instead_of_a_lost_run_is_granted_once(
        self,
        ledger: Ledger,
        ann: Member,
        bob: Member,
        join: Callable[[], Member],
        kill: Callable[[Any], None],
    ) -> None:
        """In its place, with its lock; what the lost one says is stale."""
        claim = claim_of(lock="report")
        first = ann.claim(claim)
        kill(ann)
        (lost,) = bob.reap()
        again = claim._replace(instead=lost.token)
        second = bob.claim(again)
        assert second.verdict is Verdict.GRANTED
        assert second.token not in {0, first.token}
        assert join().claim(again).verdict is Verdict.TAKEN
        assert bob.claim(claim).verdict is Verdict.TAKEN
        assert ledger.holders(["report"])["report"].member == bob.id
        assert states(ledger) == ["running"]
        assert not ann.settle(first, DONE)
        assert bob.settle(second, DONE)
        assert states(ledger) == ["done"]

    def test_claim_instead_when_another_holds_the_lock_then_it_stays_lost(
        self, ledger: Ledger, ann: Member, bob: Member, kill: Callable[[Any], None]
    ) -> None:
        """That the next tick runs meanwhile is no reason to forget that this one was lost."""
        claim = claim_of(lock="report")
        ann.claim(claim)
        kill(ann)
        (lost,) = bob.reap()
        bob.claim(claim_of(at=NOON + 1, lock="report"))
        assert bob.claim(claim._replace(instead=lost.token)).verdict is Verdict.OVERLAPS
        assert states(ledger) == ["running", "lost"]

    def test_claim_instead_of_a_run_of_ones_own_keeps_it(
        self, ledger: Ledger, ann: Member, bob: Member
    ) -> None:
        """One of another who lives, one that has ended and one that never was are refused."""
        claim = claim_of(lock="report")
        grant = ann.claim(claim)
        again = claim._replace(instead=grant.token)
        assert ann.claim(again).verdict is Verdict.GRANTED
        assert bob.claim(again).verdict is Verdict.TAKEN
        assert ann.claim(claim._replace(instead=grant.token + 1)).verdict is Verdict.TAKEN
        assert ann.claim(claim_of("none", instead=grant.token)).verdict is Verdict.TAKEN
        (run,) = ledger.history()
        assert ann.settle(Grant(Verdict.GRANTED, claim, run.token), DONE)
        assert ann.claim(claim._replace(instead=run.token)).verdict is Verdict.TAKEN
        assert ledger.holders(["report"]) == {}

    def test_lead_is_one_until_it_dies_or_leaves(
        self, join: Callable[[], Member], kill: Callable[[Any], None]
    ) -> None:
        """Then it is another one that asks."""
        first, second, third = join(), join(), join()
        assert [first.lead(), second.lead(), first.lead()] == [True, False, True]
        kill(first)
        assert [third.lead(), second.lead(), third.lead()] == [True, False, True]
        third.leave()
        assert second.lead()

    def test_lead_when_many_ask_at_once_then_one_does(self, join: Callable[[], Member]) -> None:
        """Threads of one process are as good as processes."""
        members = [join() for _ in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            asked = [pool.submit(one.lead) for one in members]
            assert [each.result() for each in asked].count(True) == 1


def _pid(ledger: Ledger) -> tuple[int]:
    return (ledger.history()[0].pid,)
