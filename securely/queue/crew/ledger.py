"""What has ended and is not yet recorded, and the `failed()` hooks that follow from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from securely.queue.contracts import Delivery, FailedJob, Kind, Measures, Outcome, Seat, Turn
from securely.queue.crew.child import Child
from securely.queue.crew.crew import Crew
from securely.queue.crew.meter import Meter
from securely.queue.crew.report import Ended, Report
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.support import clock

__all__ = ["Ledger"]


class Ledger:
    """Outcomes on their way to the store, and hooks on their way to an executor and back.

    Args:
        connection: The name of the worker's connection, as failed jobs bear it.
        report: Told of each outcome once it is recorded.
    """

    def __init__(self, connection: str, report: Report) -> None:
        self.ended: list[Ended] = []
        self.since: float = 0.0
        self.hooks: deque[FailedJob] = deque()
        self._connection = connection
        self._report = report
        self._done: list[int] = []
        self._meter = Meter()
        self._deadly: set[int] = set()

    @property
    def is_empty(self) -> bool:
        """Whether all outcomes are recorded and all hooks have run."""
        return not self.ended and not self.hooks and not self._done

    @property
    def has_hooks_done(self) -> bool:
        """Whether the store is to be told of hooks that have run."""
        return bool(self._done)

    def add(self, *ended: Ended) -> None:
        """Note deliveries that have ended."""
        if not self.ended:
            self.since = clock.monotonic()
        self.ended.extend(ended)

    def give_back(self, delivery: Delivery) -> None:
        """Note a delivery that goes back as it was, and that no executor was given."""
        back = Outcome(delivery.id, delivery.token, Kind.RETURN)
        self.add(Ended(delivery, back, 0.0, "", lambda: None))

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes that are to be recorded."""
        return [one.outcome for one in self.ended]

    def record(self, seat: Seat, room: int) -> Turn:
        """Record everything, claim up to *room* deliveries, and tell of what is recorded.

        Raises:
            StoreFull: There was no room; everything is kept for another try.
            QueueUnavailable: The store could not be used; everything is kept.
        """
        while self._done:
            seat.hook_done(self._done[-1])
            self._done.pop()
        turn = seat.turn(self.outcomes(), room)
        ended, self.ended = self.ended, []
        if turn.cancelled:
            ended = [_given_up(one) if one.delivery.id in turn.cancelled else one for one in ended]
        stale = frozenset(turn.stale)
        for one in ended:
            one.settled()
            if one.outcome.has_hook and one.delivery.id not in stale:
                self.hooks.append(self._failed(one.delivery, one.outcome))
        if ended:
            self._meter.ended(ended, stale)
            self._report.ended(ended, stale)
        self._meter.claimed(turn.deliveries, turn.waits)
        return turn

    def measure(self, seat: Seat) -> None:
        """Write down what was measured since the last time, where the store keeps such things.

        Where it can not, what was measured is lost: nothing else may wait for that.
        """
        measures = self._meter.take()
        if measures and isinstance(seat, Measures):
            with suppress(StoreFull, QueueUnavailable):
                seat.measure(measures)

    def _failed(self, delivery: Delivery, outcome: Outcome) -> FailedJob:
        return FailedJob(
            id=delivery.id,
            uuid="",  # it stands in the payload, which is not read here
            connection=self._connection,
            queue=delivery.queue,
            name=delivery.name,
            payload=delivery.payload,
            error=outcome.error or b"{}",
            attempts=delivery.attempts,
            failed_at=clock.timestamp(),
            timeout=delivery.timeout,
            max_lost=delivery.max_lost,
        )

    # -- hooks

    def hand_hooks(self, crew: Crew) -> None:
        """Give waiting hooks to the executors that hold least."""
        while self.hooks:
            able = [child for child in crew.ready if child.cells_free]
            if not able:
                return
            failed = self.hooks.popleft()
            min(able, key=lambda child: len(child.held)).hook(failed, crew.limit(failed))

    def hook_done(self, failed_id: int) -> None:
        """Note that a hook has run; the store is told with the next turn."""
        self._done.append(failed_id)

    def mourn(self, child: Child) -> None:
        """Take the hooks of a dead executor: each may kill one, and is then given up."""
        for failed, is_suspect in child.bury_hooks():
            if is_suspect and failed.id in self._deadly:
                self._report.warning(f"failed() of {failed.name} ended its executor twice.")
                self.hook_done(failed.id)
                continue
            if is_suspect:
                self._deadly.add(failed.id)
            self.hooks.append(failed)

    def take_over(self, hooks: Iterable[FailedJob]) -> None:
        """Take the hooks that a dead worker left undone."""
        self.hooks.extend(hooks)


def _given_up(one: Ended) -> Ended:
    """Return that what *one* was to put back has been taken out instead."""
    return one._replace(outcome=one.outcome._replace(kind=Kind.SKIP, delay=0.0), is_cancelled=True)
