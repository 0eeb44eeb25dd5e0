"""Loop: looks at the clock, and hands what is due to the lanes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Final, Protocol

from securely.schedule.contracts import Ending, Ledger, Member, State
from securely.schedule.exceptions import LedgerUnavailable
from securely.schedule.options import ScheduleOptions
from securely.schedule.task import Task
from securely.schedule.ticking.clockwork import MINUTE, Clockwork, Missed, Tick
from securely.schedule.ticking.lanes import LANES_MAX, Lanes
from securely.support import clock
from securely.support.durations import in_words

__all__ = ["Loop", "Runs", "Stop", "Tells"]

# A tick is a whole second: so little before an end, all ticks are looked at but the end itself.
_JUST: Final = 0.001

# It wakes at least so often: to see that the clock was set, and whether it is to stop.
LOOK_SECONDS: Final = 1.0

# A clock is set back by at most an hour without anybody wanting its ticks again.
SET_BACK_SECONDS: Final = 2 * 3_600.0

# For children that were told to end to do so, and their runs to be settled.
GIVE_UP_SECONDS: Final = 3.0

# Between tries while the ledger refuses.
TROUBLE_SECONDS: Final = 1.0

# How often the runs of the dead are looked for, and old ones forgotten.
CARE_SECONDS: Final = 60.0
PRUNE_SECONDS: Final = 3_600.0


class Stop(Enum):
    """Why a loop has ended."""

    ASKED = "asked"  # a signal, or `stop()`
    INTERRUPTED = "interrupted"  # `schedule:interrupt`
    RENEWED = "renewed"  # the settings have changed
    OVER = "over"  # the minute is


class Runs(Protocol):
    """Runs ticks: the runner, as the loop sees it."""

    def run(self, task: Task, at: int) -> Ending | None:
        """Run *task* for its tick, and return how it ended; None where it was not ours."""
        ...

    def skip(self, task: Task, at: int, reason: str) -> bool:
        """Note that a tick does not run; False when somebody has it."""
        ...

    def reap(self) -> int:
        """Care for the runs of the dead; return how many there were."""
        ...


class Tells(Protocol):
    """Where the loop tells what happens."""

    def ended(self, task: Task, at: int, ending: Ending, seconds: float | None = None) -> None:
        """Tell how a run ended, and after how many seconds; or why a tick was skipped."""
        ...

    def trouble(self, text: str) -> None:
        """Tell of something that keeps all tasks from running; "" when it is over."""
        ...

    def waiting(self, names: Sequence[str]) -> None:
        """Tell what still runs, and is waited for before the end."""
        ...


class Loop:
    """Looks at the clock until it is told to stop.

    Args:
        tasks: In the order of their definition.
        runner: Runs them.
        ledger: Asked whether to stop.
        member: This process.
        tells: Where it tells what happens.
        options: How late a tick may be run, and how many runs are kept.
        end: The wall time at which it is over; before that, too, once nothing more is due before.
            None for a loop that goes on.

    Attributes:
        leading: Set where it is only to look on while another process of this machine leads: its
            place among those who may lead. It leaves that as soon as it stops, and not only when
            what runs has ended.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        runner: Runs,
        ledger: Ledger,
        member: Member,
        tells: Tells,
        options: ScheduleOptions,
        *,
        end: float | None = None,
    ) -> None:
        self._clockwork = Clockwork(
            tasks, options.grace_seconds, member.host, begins_with_minute=end is not None
        )
        self._runner = runner
        self._ledger = ledger
        self._member = member
        self._tells = tells
        self._runs_max = options.history_max
        self.leading: Member | None = None
        self._end = end
        self._lanes = Lanes(self._run, self._give_up)
        # An Event would wait for itself where a signal comes while it is asked.
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._is_stopping = False
        self._is_asked = False  # to stop, and not to begin anew
        self._given_up_at: float | None = None
        self._since: float | None = None
        self._is_standing_by = False
        self._stood_by_since: float | None = None
        self._started: set[tuple[str, int]] = set()
        self._open: dict[tuple[str, int], Tick] = {}  # started, and not ended yet, or refused
        self._interrupts: int | None = None
        self._care_at = 0.0
        self._prune_at = 0.0
        self._is_troubled = False
        self._telling = threading.Lock()

    def stop(self) -> None:
        """End the loop once what runs has ended; from a signal's handler, too."""
        self._is_asked = True
        self._begin_stop()

    def renew(self) -> None:
        """End the loop once what runs has ended, for this process to begin anew.

        A process that is to stop, before or after, does not.
        """
        self._begin_stop()

    def _begin_stop(self) -> None:
        self._is_stopping = True
        self._lanes.close()
        self._bell.put(None)

    def give_up(self) -> None:
        """Wait a few seconds more for what runs, and no longer; from a signal's handler, too.

        A function that does not end is left behind: its thread dies with the process.
        """
        self._given_up_at = clock.monotonic() + GIVE_UP_SECONDS

    def work(self) -> Stop:
        """Look at the clock until there is a reason to stop, and then wait for what runs."""
        reason: Stop | None = None
        while reason is None:
            try:
                reason = self.step()
            except LedgerUnavailable as error:
                self._be_troubled(str(error))
                self._wait(TROUBLE_SECONDS)
            if reason is not None:
                self.finish()
            if reason is Stop.OVER and self._has_refused and not self._is_at_end():
                reason = None  # the ledger has refused after the last look
                self._wait(TROUBLE_SECONDS)
        return Stop.ASKED if self._is_asked else reason

    def step(self) -> Stop | None:
        """Look once, start what is due, and wait for the next time to look.

        Raises:
            LedgerUnavailable: The store of the runs cannot be used; what was not started is, when
                it is looked again.
        """
        if self._is_stopping:
            return Stop.ASKED if self._is_asked else Stop.RENEWED
        if self._end is not None and self._is_at_end():
            return self._look_back(self._end)
        if self._is_interrupted():
            return Stop.INTERRUPTED
        now = clock.timestamp()
        if self.leading is None or self.leading.lead():
            self.look(now)
        else:
            self.stand_by(now)
        if not self._has_refused:
            self._be_troubled("")
        now = clock.timestamp()
        if self._end is not None and not self._clockwork.is_awaited(now, self._end):
            return Stop.OVER
        self._wait(max(0.0, min(LOOK_SECONDS, self._clockwork.next_at(now) - now)))
        return None

    def look(self, now: float) -> None:
        """Start what is due at *now*, and was not started before.

        Raises:
            LedgerUnavailable: As :meth:`step`.
        """
        found = self._clockwork.look(
            self._since,
            now,
            self._member.seen,
            stood_by_since=self._stood_by_since if self._is_standing_by else None,
        )
        if self._since is None or self._since // MINUTE != now // MINUTE:
            self._forget(now)
        for missed in found.missed:
            self._skip(missed, now)
        for tick in self._new([*self._once_more(now), *found.single]):
            self._lanes.put([tick])
        if ordered := self._new(found.ordered):
            self._lanes.put(ordered)
        # Not of a task of which a tick waits here: when this process dies, it was not looked after.
        waiting = {id_ for id_, _ in list(self._open)}
        if looked := [mark for mark, id_ in found.looked.items() if id_ not in waiting]:
            self._member.seen(looked, now)
        self._since = now
        self._is_standing_by = False
        self._care(now)

    def stand_by(self, now: float) -> None:
        """Look on while another process leads: what it leaves undone is ours when it is gone."""
        self._since = now
        self._is_standing_by = True
        if self._stood_by_since is None:
            self._stood_by_since = now

    def finish(self) -> None:
        """Let another process lead, and wait until nothing runs any more."""
        if self.leading is not None:
            with suppress(LedgerUnavailable):  # the others see it when it is gone
                self.leading.leave()
        if not self._lanes.join(0.0):
            self._tells.waiting(sorted({tick.task.summary for tick in list(self._open.values())}))
        while not self._lanes.join(LOOK_SECONDS):
            if self._given_up_at is not None and clock.monotonic() >= self._given_up_at:
                return

    def _look_back(self, end: float) -> Stop:
        """Start what was due between the last look and the end: nobody else looks for it."""
        with suppress(LedgerUnavailable):
            self.look(end - _JUST)
        return Stop.OVER

    def _is_at_end(self) -> bool:
        return self._end is not None and clock.timestamp() >= self._end

    @property
    def _has_refused(self) -> bool:
        """Whether there are ticks that the ledger has refused, and which are to be tried again."""
        return any(key not in self._started for key in list(self._open))

    def _wait(self, seconds: float) -> None:
        with suppress(Empty):
            self._bell.get(timeout=seconds)

    def _new(self, ticks: Sequence[Tick]) -> list[Tick]:
        """Return those of *ticks* that were not started here before, and remember them."""
        new: list[Tick] = []
        for tick in ticks:
            key = (tick.task.id, tick.at)
            if key not in self._started:
                self._started.add(key)
                self._open[key] = tick
                new.append(tick)
        return new

    def _forget(self, now: float) -> None:
        """Forget what was started so long ago that no look returns it any more."""
        kept = now - self._clockwork.reach_seconds - SET_BACK_SECONDS
        for key in list(self._started):
            if key[1] <= kept and key not in self._open:
                self._started.discard(key)

    def _once_more(self, now: float) -> list[Tick]:
        """Return ticks that the ledger refused, where they are not too late by now."""
        found: list[Tick] = []
        for key, tick in list(self._open.items()):
            if key in self._started:
                continue
            if self._clockwork.is_too_late(tick, now):
                self._skip(Missed(tick, 1), now)
                self._open.pop(key, None)
            else:
                found.append(tick)
        return found

    def _run(self, tick: Tick) -> None:
        began = clock.monotonic()
        key = (tick.task.id, tick.at)
        try:
            ending = self._runner.run(tick.task, tick.at)
        except LedgerUnavailable as error:
            # Nothing was started, so that it can be tried again.
            self._be_troubled(str(error))
            self._started.discard(key)
            return
        except Exception:
            self._open.pop(key, None)
            raise
        self._open.pop(key, None)
        if ending is not None:
            self._tells.ended(tick.task, tick.at, ending, clock.monotonic() - began)

    def _give_up(self, tick: Tick) -> bool:
        """Skip a tick for which there is no room in time."""
        if not self._clockwork.is_too_late(tick, clock.timestamp()):
            return False
        reason = f"missed: {LANES_MAX} others ran, and none of them ended in time"
        with suppress(LedgerUnavailable):
            if self._runner.skip(tick.task, tick.at, reason):
                self._tells.ended(tick.task, tick.at, Ending(State.SKIPPED, reason=reason))
        self._open.pop((tick.task.id, tick.at), None)
        return True

    def _skip(self, missed: Missed, now: float) -> None:
        task, at = missed.tick
        if self._since is None and not self._ledger.history(task.id, 1):
            return  # it may be new, and nobody has waited for it
        late = in_words(int(now - at))
        reason = f"missed: it was noticed {late} too late"
        if missed.times > 1:
            reason = f"missed {missed.times} times: the last was noticed {late} too late"
        if self._runner.skip(task, at, reason):
            self._tells.ended(task, at, Ending(State.SKIPPED, reason=reason))

    def _care(self, now: float) -> None:
        if now >= self._care_at or self._care_at > now + CARE_SECONDS:
            self._care_at = now + CARE_SECONDS
            self._runner.reap()
        if now >= self._prune_at or self._prune_at > now + PRUNE_SECONDS:
            self._prune_at = now + PRUNE_SECONDS
            self._ledger.prune(self._runs_max)

    def _is_interrupted(self) -> bool:
        count = self._ledger.interrupts()
        if self._interrupts is None:
            self._interrupts = count
        return count != self._interrupts

    def _be_troubled(self, text: str) -> None:
        """Tell of trouble when it begins, and when it is over."""
        with self._telling:
            was, self._is_troubled = self._is_troubled, bool(text)
            if was != self._is_troubled:
                self._tells.trouble(text)
