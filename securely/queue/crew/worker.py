"""What `queue:work` asks for: takes a seat, lets a supervisor work, and tells how it went."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from securely.queue.contracts import Counts, Workable
from securely.queue.crew.orders import Orders, Stop
from securely.queue.crew.patience import Patience
from securely.queue.crew.process import Launch
from securely.queue.crew.report import Report
from securely.queue.exceptions import LeaseTooShort, QueueUnavailable
from securely.support.control import ControlSocket
from securely.support.suggest import did_you_mean

__all__ = ["Worker"]


class Worker:
    """Works the queues of a connection until there is a reason to stop.

    Args:
        connection: Where jobs are taken from.
        orders: What is to be done, and for how long.
        launch: How to start the processes that run the jobs.
        report: Where it tells what happens.
        known_queues: Queues that the application names; working another one gives a warning
            unless it holds jobs.
        is_down: Whether the application is in maintenance mode.
        control: Where it is told that the settings have changed; None where nobody can.

    Attributes:
        begins_anew: Whether it has stopped in order to be started again.
    """

    def __init__(
        self,
        connection: Workable,
        orders: Orders,
        launch: Launch,
        report: Report,
        *,
        known_queues: Sequence[str] = ("default",),
        is_down: Callable[[], bool] = lambda: False,
        control: ControlSocket | None = None,
    ) -> None:
        self.begins_anew: bool = False
        self._connection = connection
        self._orders = orders
        self._launch = launch
        self._report = report
        self._known = known_queues
        self._is_down = is_down
        self._control = control

    def run(self) -> int:
        """Work, and return the exit code.

        0 when it stopped because it was asked to, 1 when it could not go on, 12 when a process
        had grown over the allowed memory.

        Raises:
            LeaseTooShort: Jobs may run for longer than the store lets a worker hold them.
            QueueUnavailable: The store can not be opened, or this system has no such workers.
        """
        self._refuse_short_lease()
        if sys.platform == "win32":
            raise QueueUnavailable(
                self._connection.name,
                "queue:work needs Unix processes and signals; on Windows use the sync connection.",
            )
        from securely.queue.supervisor import Supervisor

        self._warn_of_unknown_queues()
        seat = self._connection.join(self._orders.queues)
        patience = Patience(self._connection, self._orders.waits)
        supervisor = Supervisor(
            seat, self._orders, self._launch, self._report, self._is_down, patience, self._control
        )
        stop = supervisor.run()
        self.begins_anew = stop.reason == "renewed"
        self._report.summary(stop.reason, self._words(stop), stop.status)
        return stop.status

    def _refuse_short_lease(self) -> None:
        """Refuse to run jobs that a store would hand to others meanwhile.

        Ours renew what a living worker holds. One that cannot says with an attribute
        `retry_after` after how many seconds it hands a job to the next worker.
        """
        retry_after: float | None = getattr(self._connection, "retry_after", None)
        timeout = self._orders.defaults.timeout
        if retry_after is not None and (timeout is None or timeout >= retry_after):
            raise LeaseTooShort(self._connection.name, timeout, retry_after)

    def _words(self, stop: Stop) -> str:
        """Say why it stopped; a queue that holds jobs which are not due is not empty."""
        words = stop.words
        if stop.reason not in {"empty", "empty_for"}:
            return words
        try:
            counts = [self._connection.counts(queue) for queue in self._orders.queues]
        except QueueUnavailable:
            return words
        left = [
            _are(count, what)
            for count, what in (
                (sum(one.delayed for one in counts), "delayed"),
                (sum(one.reserved for one in counts), "with other workers"),
                (self._held_back(counts), "in a paused queue"),
            )
            if count
        ]
        if not left:
            return words
        due = "no job is due" if stop.reason == "empty" else "no job has been due for long enough"
        return f"{due}; {' and '.join(left)}"

    def _held_back(self, counts: Sequence[Counts]) -> int:
        """Return how many jobs wait only because their queue is paused."""
        paused = self._connection.paused()
        queues = zip(self._orders.queues, counts, strict=True)
        return sum(one.pending for queue, one in queues if {queue, "*"} & paused.keys())

    def _warn_of_unknown_queues(self) -> None:
        holding = self._connection.queues()
        known = sorted({*self._known, *holding})
        for queue in self._orders.queues:
            if queue not in known:
                near = did_you_mean(queue, known)
                hint = f' Did you mean "{near}"?' if near else ""
                self._report.warning(
                    f'No job waits in queue "{queue}", and nobody names it: no route, no '
                    'supervisor, and not "queues" of the connection. '
                    f"Known queues: {', '.join(known)}.{hint}"
                )


def _are(count: int, what: str) -> str:
    return f"{count} {'is' if count == 1 else 'are'} {what}"
