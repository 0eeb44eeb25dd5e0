"""ClaimSuite: who runs a tick, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from securely.schedule.contracts import Ending, Ledger, Member, Run, State, Verdict
from securely.support.clock import FrozenClock
from securely.testing.suites.schedule.base import (
    DAY,
    DONE,
    MINUTE,
    NOON,
    THREADS,
    MemberSuite,
    claim_of,
    ran,
)

__all__ = ["ClaimSuite"]

_TICKS: Final = 5  # how many are contended for

# What names may hold that a store may stumble over: accents, wide letters, what ends texts or keys.
_ODD: Final = "ä|b:c {d}\n\0 \U0001f642 %s *?[x]"


class ClaimSuite(MemberSuite):
    """Who runs a tick."""

    def test_claim_when_many_ask_at_once_then_one_is_granted_it(
        self, join: Callable[[], Member]
    ) -> None:
        """One grant per tick, whoever asks and however often."""
        members = [join() for _ in range(THREADS)]
        ticks = [NOON + MINUTE * number for number in range(_TICKS)]
        with ThreadPoolExecutor(THREADS) as pool:
            asked = [[pool.submit(one.claim, claim_of(at=at)) for one in members] for at in ticks]
            verdicts = [[each.result().verdict for each in of_tick] for of_tick in asked]
        for of_tick in verdicts:
            assert of_tick.count(Verdict.GRANTED) == 1
            assert of_tick.count(Verdict.TAKEN) == THREADS - 1

    def test_claim_of_another_task_tick_or_scope_is_another_one(self, ann: Member) -> None:
        """What differs in one of the three is not the same tick."""
        claims = [
            claim_of(),
            claim_of("other"),
            claim_of(at=NOON + 1),
            claim_of(scope="web-1"),
            claim_of(scope="web-2"),
            claim_of("report|1", scope=""),
            claim_of("report", scope="1"),
        ]
        assert {ann.claim(one).verdict for one in claims} == {Verdict.GRANTED}
        assert {ann.claim(one).verdict for one in claims} == {Verdict.TAKEN}

    def test_claim_when_taken_then_it_says_by_whom(self, ann: Member, bob: Member) -> None:
        """Where that is known; and nobody settles what is not his."""
        granted = ann.claim(claim_of())
        refused = bob.claim(claim_of())
        assert granted.token > 0
        assert (refused.verdict, refused.token) == (Verdict.TAKEN, 0)
        assert refused.holder is not None
        assert (refused.holder.member, refused.holder.host) == (ann.id, ann.host)
        assert not bob.settle(refused, DONE)

    def test_claim_when_the_clock_goes_back_then_a_tick_stays_taken(
        self, ledger: Ledger, ann: Member, bob: Member, frozen: FrozenClock
    ) -> None:
        """However far, and pruned or not."""
        ran(ledger, ann, "report", NOON)
        frozen.travel(DAY - MINUTE)
        ledger.prune(1)
        frozen.travel(-3 * DAY)
        assert bob.claim(claim_of()).verdict is Verdict.TAKEN
        assert bob.claim(claim_of(at=NOON - DAY)).verdict is Verdict.GRANTED

    def test_settle_keeps_what_came_of_a_run(
        self, ledger: Ledger, ann: Member, frozen: FrozenClock
    ) -> None:
        """All of it, once."""
        grant = ann.claim(claim_of(name="Report of sales", scope="web-1"))
        (running,) = ledger.history()
        assert (running.state, running.finished_at, running.seconds) == (State.RUNNING, None, None)
        frozen.travel(2.5)
        assert ann.settle(grant, Ending(State.FAILED, 3, "line 1\nline 2", "exit code 3"))
        assert not ann.settle(grant, DONE)
        (run,) = ledger.history()
        assert run == Run(
            "report",
            "Report of sales",
            NOON,
            "web-1",
            State.FAILED,
            grant.token,
            ann.id,
            ann.host,
            running.pid,
            float(NOON),
            NOON + 2.5,
            3,
            "line 1\nline 2",
            "exit code 3",
        )
        assert run.seconds == 2.5  # as far as the clock was moved

    def test_names_and_texts_may_hold_anything(self, ledger: Ledger, ann: Member) -> None:
        """Odd letters come back as they were; halves of letters as "?"."""
        claim = claim_of(_ODD, name=_ODD, lock=_ODD, scope=_ODD)
        grant = ann.claim(claim)
        assert list(ledger.holders([_ODD])) == [_ODD]
        assert ann.claim(claim).verdict is Verdict.TAKEN
        assert ann.settle(grant, Ending(State.DONE, output=_ODD + "\ud800", reason=_ODD))
        (run,) = ledger.history(_ODD)
        assert (run.task, run.name, run.scope, run.reason) == (_ODD, _ODD, _ODD, _ODD)
        assert run.output in {_ODD + "?", _ODD + "\ud800"}
        assert list(ledger.last([_ODD])) == [_ODD]
        assert ann.seen([_ODD], 1.0) == {}
        assert ann.seen([_ODD], 2.0) == {_ODD: 1.0}

    def test_skip_takes_a_tick_that_nobody_has(self, ledger: Ledger, ann: Member) -> None:
        """It is kept with its reason, and is no run."""
        assert ann.skip(claim_of(lock="report"), "the schedule is paused")
        assert not ann.skip(claim_of(), "again")
        assert ann.claim(claim_of()).verdict is Verdict.TAKEN
        (run,) = ledger.history()
        assert (run.state, run.reason) == (State.SKIPPED, "the schedule is paused")
        assert run.finished_at == NOON
        assert ledger.last(["report"]) == {}
        assert ledger.holders(["report"]) == {}
