"""LockSuite: runs that may not overlap."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from securely.schedule.contracts import Ledger, Member, State, Verdict
from securely.support.clock import FrozenClock
from securely.testing.suites.schedule.base import (
    DONE,
    MINUTE,
    NOON,
    THREADS,
    MemberSuite,
    claim_of,
    states,
)

__all__ = ["LockSuite"]


class LockSuite(MemberSuite):
    """Runs that may not overlap."""

    def test_claim_when_its_lock_is_held_then_skipped_and_says_by_whom(
        self, ledger: Ledger, ann: Member, bob: Member, frozen: FrozenClock
    ) -> None:
        """The tick is kept, so that nobody runs it when the lock is free again."""
        held = ann.claim(claim_of(lock="report"))
        frozen.travel(90)
        late = claim_of(at=NOON + MINUTE, lock="report")
        answer = bob.claim(late)
        assert (answer.verdict, answer.token) == (Verdict.OVERLAPS, 0)
        assert answer.holder is not None
        assert answer.holder.member == ann.id
        assert answer.holder.since == NOON
        skipped = ledger.history()[0]
        assert (skipped.at, skipped.state) == (NOON + MINUTE, State.SKIPPED)
        for told in ("1m 30s", str(answer.holder.pid), ann.host):
            assert told in skipped.reason
        assert ann.settle(held, DONE)
        assert bob.claim(late).verdict is Verdict.TAKEN
        assert bob.claim(claim_of(at=NOON + 120, lock="report")).verdict is Verdict.GRANTED

    def test_claim_when_it_holds_the_lock_itself_then_skipped(self, ann: Member) -> None:
        """A process overlaps with itself as with others; another lock is free."""
        assert ann.claim(claim_of(lock="report")).verdict is Verdict.GRANTED
        assert ann.claim(claim_of(at=NOON + 1, lock="report")).verdict is Verdict.OVERLAPS
        assert ann.claim(claim_of(at=NOON + 2, lock="other")).verdict is Verdict.GRANTED
        assert ann.claim(claim_of(at=NOON + 3)).verdict is Verdict.GRANTED

    def test_claim_when_many_ask_for_one_lock_then_one_has_it(
        self, ledger: Ledger, join: Callable[[], Member]
    ) -> None:
        """Ticks of different tasks, and one lock."""
        members = [join() for _ in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            asked = [
                pool.submit(one.claim, claim_of(f"task-{number}", lock="one"))
                for number, one in enumerate(members)
            ]
            verdicts = [each.result().verdict for each in asked]
        assert verdicts.count(Verdict.GRANTED) == 1
        assert verdicts.count(Verdict.OVERLAPS) == THREADS - 1
        assert sorted(states(ledger)) == ["running", *["skipped"] * (THREADS - 1)]

    def test_lock_of_who_has_died_counts_for_nothing(
        self, ledger: Ledger, ann: Member, bob: Member, kill: Callable[[Any], None]
    ) -> None:
        """Before anybody has reaped; and what is reaped later frees no lock of another."""
        ann.claim(claim_of(lock="report"))
        kill(ann)
        assert ledger.holders(["report"]) == {}
        next_one = claim_of(at=NOON + MINUTE, lock="report")
        assert bob.claim(next_one).verdict is Verdict.GRANTED
        assert [run.at for run in bob.reap()] == [NOON]
        assert ledger.holders(["report"])["report"].member == bob.id

    def test_lock_whose_time_is_over_is_free_and_stays_with_the_next(
        self, ledger: Ledger, ann: Member, bob: Member, frozen: FrozenClock
    ) -> None:
        """Though who had it lives: its late ending is kept, and frees nothing."""
        slow = ann.claim(claim_of(lock="report", lock_seconds=60.0))
        frozen.travel(59)
        assert bob.claim(claim_of(at=NOON + 1, lock="report")).verdict is Verdict.OVERLAPS
        frozen.travel(1)
        assert ledger.holders(["report"]) == {}
        assert bob.claim(claim_of(at=NOON + 2, lock="report")).verdict is Verdict.GRANTED
        assert ann.settle(slow, DONE)
        assert ledger.holders(["report"])["report"].member == bob.id

    def test_holders_and_free_tell_of_locks_that_are_held(
        self, ledger: Ledger, ann: Member, frozen: FrozenClock
    ) -> None:
        """Freed locks are free for all; who had them may still say how it ended."""
        frozen.travel(5)
        grant = ann.claim(claim_of(lock="one"))
        ann.claim(claim_of("other", lock="two"))
        found = ledger.holders(["one", "two", "none"])
        assert sorted(found) == ["one", "two"]
        assert (found["one"].member, found["one"].since) == (ann.id, NOON + 5)
        assert ledger.free(["one", "none"]) == 1
        assert sorted(ledger.holders(["one", "two"])) == ["two"]
        assert ann.claim(claim_of(at=NOON + 1, lock="one")).verdict is Verdict.GRANTED
        assert ann.settle(grant, DONE)
        assert sorted(ledger.holders(["one", "two"])) == ["one", "two"]
