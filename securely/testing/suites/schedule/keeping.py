"""KeepingSuite: what is kept, for how long, and what all are told."""

from __future__ import annotations

from securely.schedule.contracts import Ledger, Member, State, Verdict
from securely.support.clock import FrozenClock
from securely.testing.suites.schedule.base import DAY, NOON, MemberSuite, claim_of, ran, states

__all__ = ["KeepingSuite"]


class KeepingSuite(MemberSuite):
    """What is kept, for how long, and what all who look at the clock are told."""

    def test_history_is_newest_tick_first(self, ledger: Ledger, ann: Member) -> None:
        """Whenever it ran; of one task, or of all; as many as are wanted."""
        for at in (NOON, NOON + 120, NOON + 60):
            ran(ledger, ann, "one", at)
        ran(ledger, ann, "two", NOON + 90)
        found = [(run.task, run.at - NOON) for run in ledger.history()]
        assert found == [("one", 120), ("two", 90), ("one", 60), ("one", 0)]
        assert [run.at - NOON for run in ledger.history("one")] == [120, 60, 0]
        assert [run.at - NOON for run in ledger.history("one", 2)] == [120, 60]
        assert [run.at - NOON for run in ledger.history(limit=1)] == [120]
        assert ledger.history("none") == []

    def test_last_is_the_newest_run_that_was_not_skipped(self, ledger: Ledger, ann: Member) -> None:
        """One that runs counts, one that was settled as skipped does not."""
        ran(ledger, ann, "one", NOON)
        ann.skip(claim_of("one", NOON + 60), "paused")
        ran(ledger, ann, "one", NOON + 90, State.SKIPPED)
        ann.skip(claim_of("skipped"), "paused")
        ann.claim(claim_of("runs"))
        found = ledger.last(["one", "skipped", "runs", "none"])
        assert {task: (run.at, run.state) for task, run in found.items()} == {
            "one": (NOON, State.DONE),
            "runs": (NOON, State.RUNNING),
        }

    def test_prune_keeps_a_day_and_the_newest(
        self, ledger: Ledger, ann: Member, frozen: FrozenClock
    ) -> None:
        """What still runs is kept as well, and so is an older tick that ran within the day."""
        for number in range(3):
            ann.claim(claim_of("runs", NOON - number * DAY))
        ran(ledger, ann, "late", NOON - 9 * DAY)
        ran(ledger, ann, "late", NOON)
        for number in range(6):
            ran(ledger, ann, "one", NOON + number)
        ran(ledger, ann, "two", NOON)
        frozen.travel(DAY)
        assert ledger.prune(1) == 0
        ran(ledger, ann, "one", NOON + DAY)
        frozen.travel(10)
        assert ledger.prune(3) == 4  # seven but for three
        assert [run.at - NOON for run in ledger.history("one")] == [DAY, 5, 4]
        assert len(ledger.history("two")) == 1
        assert ledger.prune(1) == 2 + 1  # of "one", and what was late
        assert states(ledger, "runs") == ["running"] * 3
        assert [run.at for run in ledger.history("late")] == [NOON]

    def test_prune_when_it_was_only_skipped_since_then_keeps_the_last_run(
        self, ledger: Ledger, ann: Member, frozen: FrozenClock
    ) -> None:
        """So that people see when it last ran."""
        ran(ledger, ann, "one", NOON)
        for number in range(1, 4):
            ann.skip(claim_of("one", NOON + number), "paused")
        frozen.travel(2 * DAY)
        assert ledger.prune(1) == 2  # four, but for the newest and the run
        assert [run.at - NOON for run in ledger.history("one")] == [3, 0]
        assert ledger.last(["one"])["one"].at == NOON

    def test_seen_returns_until_when_tasks_were_looked_after(
        self, ann: Member, bob: Member
    ) -> None:
        """By whomever; those that never were are absent."""
        assert ann.seen(["one"], NOON) == {}
        assert bob.seen(["one", "two"], NOON + 5.5) == {"one": NOON}
        assert ann.seen(["one", "two"], NOON + 9) == {"one": NOON + 5.5, "two": NOON + 5.5}
        assert ann.seen([], NOON) == {}

    def test_seen_when_it_is_only_asked_for_then_nothing_is_noted(self, ann: Member) -> None:
        """Who catches up notes that only once it has: it may die between."""
        assert not ann.seen(["one"], 0.0).get("one")
        ann.seen(["one"], NOON)
        assert ann.seen(["one"], 0.0) == {"one": NOON}
        assert ann.seen(["one"], NOON + 1) == {"one": NOON}

    def test_seen_when_the_clock_goes_back_then_it_does_not(self, ann: Member) -> None:
        """But for one that was wrong by more than a day."""
        ann.seen(["one"], NOON)
        assert ann.seen(["one"], NOON - 600) == {"one": NOON}
        assert ann.seen(["one"], NOON + 1) == {"one": NOON}
        ann.seen(["one"], NOON + 30 * DAY)
        ann.seen(["one"], NOON + 2)
        assert ann.seen(["one"], NOON + 3) == {"one": NOON + 2}

    def test_pause_is_for_all_until_resumed(self, ledger: Ledger) -> None:
        """To pause twice is to pause once."""
        assert not ledger.is_paused()
        assert not ledger.resume()
        ledger.pause()
        ledger.pause()
        assert ledger.is_paused()
        assert ledger.resume()
        assert not ledger.is_paused()

    def test_interrupt_changes_what_interrupts_returns(self, ledger: Ledger) -> None:
        """Each time."""
        before = ledger.interrupts()
        ledger.interrupt()
        after = ledger.interrupts()
        ledger.interrupt()
        assert len({before, after, ledger.interrupts()}) == 3  # all differ

    def test_close_lets_a_later_use_open_it_again(self, ledger: Ledger) -> None:
        """Of who has joined before, too."""
        member = ledger.join()
        ledger.close()
        assert member.claim(claim_of()).verdict is Verdict.GRANTED
        ledger.close()
        assert states(ledger) == ["running"] or type(ledger).__name__ == "ArrayLedger"
        member.leave()
