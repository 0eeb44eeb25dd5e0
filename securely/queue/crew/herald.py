"""Herald: tells people and listeners what the supervisor sees: signals, pauses, an empty queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from securely.queue.contracts import Reaped
from securely.queue.crew.fates import Fate, Remains
from securely.queue.crew.orders import Orders
from securely.queue.crew.patience import Patience
from securely.queue.crew.report import Report, duration
from securely.support import clock

__all__ = ["Herald"]


class Herald:
    """What a worker says of itself, beside its lines about jobs.

    Args:
        orders: What the worker was asked to do.
        report: Where people read.
        tell: Has an executor tell an event of the worker, by its name, to those who listen.
        patience: Looks whether jobs wait for too long.
    """

    def __init__(
        self,
        orders: Orders,
        report: Report,
        tell: Callable[..., object],
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience
        self._orders = orders
        self._report = report
        self._tell = tell
        self._paused: tuple[str, ...] = ()
        self._idle_since = 0.0
        self._has_said_idle = False

    def interrupted(self, number: int) -> None:
        """Tell that a signal says to stop."""
        self._tell("WorkerInterrupted", signal=number)

    def pausing(self) -> None:
        """Tell that a signal says to take no more jobs."""
        self._report.notice("Paused by a signal; SIGCONT goes on.")
        self._tell("WorkerPausing")

    def resuming(self) -> None:
        """Tell that a signal says to go on."""
        self._report.notice("Going on.")
        self._tell("WorkerResuming")

    def maintenance(self) -> None:
        """Tell that jobs wait because the application is in maintenance mode."""
        if not self._orders.ends_without_work:
            self._report.notice(
                "The application is in maintenance mode. Jobs wait until `artisan up`; "
                "--force works on."
            )

    def look(self, *, is_heard: bool) -> None:
        """Look whether jobs wait for too long; not before somebody would hear of it.

        Raises:
            QueueUnavailable: The store can not be used.
            StoreFull: There is no room.
        """
        if self._patience is not None and is_heard:
            self._patience.look(self.waits)

    def overdue(self, executor: int, name: str) -> None:
        """Tell that an executor is killed because *name* did not end."""
        self._report.warning(
            f"{name} did not end in time: executor {executor} is killed for it, "
            "and says where it was."
        )

    def lost(self, executor: int, died_of: str, remains: Sequence[Remains]) -> None:
        """Tell that an executor has ended by itself, with what it left behind."""
        held = sum(one.fate is Fate.STARTED for one in remains)
        jobs = "a job" if held == 1 else f"{held} jobs"
        under = f" while it ran {jobs}" if held else ""
        self._report.warning(f"Executor {executor} {died_of}{under}.")

    def took_over(self, reaped: Reaped) -> bool:
        """Tell how many jobs of dead workers were taken over; return whether any were."""
        count = reaped.returned + reaped.charged + reaped.settled
        if count:
            self._report.notice(
                f"Took over from a dead or stopped worker: {reaped.returned} jobs not started, "
                f"{reaped.charged} under way, {reaped.settled} finished or cancelled."
            )
        return count > 0

    def waits(self, queue: str, seconds: float) -> None:
        """Tell that jobs of *queue* wait for longer than they may."""
        self._report.warning(f"Jobs of queue {queue} wait for {duration(seconds)}.")
        self._tell("LongWaitDetected", queue=queue, seconds=seconds)

    def pauses(self, paused: Sequence[str]) -> None:
        """Tell which of the worker's queues have been paused or resumed since the last time."""
        now = tuple(paused)
        if now == self._paused:
            return
        for queue in [queue for queue in now if queue not in self._paused]:
            self._report.notice(f"Queue {queue} is paused; its jobs wait.")
            self._tell("WorkerQueuePaused", queue=queue)
        for queue in [queue for queue in self._paused if queue not in now]:
            self._report.notice(f"Queue {queue} goes on.")
            self._tell("WorkerQueueResumed", queue=queue)
        self._paused = now

    def idle(self, since: float, next_due: float | None) -> None:
        """Tell that there is nothing to do; people read it once.

        Args:
            since: The monotonic time at which it began: each such time is told once.
            next_due: The wall time of the next delayed job.
        """
        if since == self._idle_since:
            return
        self._idle_since = since
        self._tell("WorkerIdle")
        if self._has_said_idle:
            return
        self._has_said_idle = True
        queues = ", ".join(self._orders.queues)
        due = ""
        if next_due is not None:
            due = f" The next delayed one is due in {duration(next_due - clock.timestamp())}."
        who = f"{self._orders.name}: waiting" if self._orders.name else "Waiting"
        self._report.notice(f"{who} for jobs in {queues}.{due}")
