"""Fleet: what `queue:supervise` and the commands beside it ask for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from securely.queue.contracts import Measured
from securely.queue.crew.fleet.balance import Load
from securely.queue.crew.fleet.master import Master, Means
from securely.queue.crew.fleet.office import MasterState, Office, Order, masters, send
from securely.queue.crew.fleet.plan import Plan, make_plans
from securely.queue.exceptions import NotSupervised, QueueUnavailable
from securely.queue.manager import QueueManager
from securely.queue.options import SupervisorOptions
from securely.queue.queue import Queue
from securely.queue.upkeep.controls import EVERY
from securely.support.suggest import did_you_mean

__all__ = ["Fleet"]

_RECENT: Final = "10m"  # how far back it is looked to know how long jobs take
_TETHER: Final = "securely.queue.crew.fleet.tether"


class Fleet:
    """The supervisors of this application on this machine.

    Args:
        queues: The connections.
        supervisors: What the configuration says, by environment and name.
        environment: The application's own.
        base: The application's folder, where workers run.
        directory: Where masters keep their files.
        fast_termination: Whether a new master may begin while the old one's workers finish.
    """

    def __init__(
        self,
        queues: QueueManager,
        supervisors: Mapping[str, Mapping[str, SupervisorOptions]],
        environment: str,
        *,
        base: Path,
        directory: Path,
        fast_termination: bool = False,
    ) -> None:
        self._queues = queues
        self._configured = supervisors
        self.environment: str = environment
        self._base = base
        self._directory = directory
        self._gives_way = fast_termination

    def plans(self, environment: str | None = None) -> list[Plan]:
        """Return what the configuration asks for in *environment*; None: the application's.

        Raises:
            EnvironmentUnsupervised: Nothing is configured for it.
            InvalidOptions: A supervisor has too few processes for its queues.
            ConnectionUndefined: A supervisor names a connection that is not configured.
        """
        return make_plans(
            self._configured,
            environment or self.environment,
            self._queues.default,
            lambda name: self._queues.connection(name).default_queue,
        )

    def supervise(
        self,
        name: str = "master",
        environment: str | None = None,
        say: Callable[[str], object] = len,
    ) -> int:
        """Keep the processes of an environment until a signal or an order says to end.

        Args:
            name: The master's name, which one master at a time may have.
            environment: As for :meth:`plans`.
            say: Told in a line what happens.

        Returns:
            The exit code.

        Raises:
            AlreadySupervised: A master of this name lives.
            QueueUnavailable: This system has no such processes, or jobs wait nowhere.
            QueueError: As for :meth:`plans`.
        """
        if sys.platform == "win32":
            reason = "queue:supervise needs Unix processes and signals; use the sync connection."
            raise QueueUnavailable(self._queues.default, reason)
        plans = self.plans(environment)
        for plan in plans:
            self._loads(plan)  # where there is nothing to work, that is said at once
        office = Office(self._directory, name)
        office.open()
        try:
            means = Means(self._start, self._loads, say)
            where = environment or self.environment
            master = Master(name, where, plans, office, means, gives_way=self._gives_way)
            return master.run()
        finally:
            office.close()

    def masters(self) -> list[MasterState]:
        """Return the masters that live on this machine, with what they have under way."""
        return masters(self._directory)

    def pause(self, supervisor: str | None = None) -> None:
        """Let the workers of *supervisor*, or of all, take no more jobs.

        Raises:
            NotSupervised: No master lives, or none has a supervisor of this name.
        """
        self._order("pause", supervisor)

    def resume(self, supervisor: str | None = None) -> None:
        """Let the workers of *supervisor*, or of all, go on.

        Raises:
            NotSupervised: As for :meth:`pause`.
        """
        self._order("continue", supervisor)

    def terminate(self, supervisor: str | None = None) -> None:
        """Let the workers of *supervisor*, or of all, finish what runs, and stop.

        Raises:
            NotSupervised: As for :meth:`pause`.
        """
        self._order("terminate", supervisor)

    def _order(
        self, verb: Literal["pause", "continue", "terminate"], supervisor: str | None
    ) -> None:
        living = self.masters()
        known = sorted({one.name for master in living for one in master.supervisors})
        if not living or (supervisor is not None and supervisor not in known):
            near = None if supervisor is None else did_you_mean(supervisor, known)
            raise NotSupervised(supervisor, known, near)
        has = [
            master.name
            for master in living
            if supervisor is None or any(one.name == supervisor for one in master.supervisors)
        ]
        send(self._directory, has, Order(verb, supervisor))

    def _loads(self, plan: Plan) -> Sequence[Load]:
        """Return what the pools of *plan* hold; queues that are paused need no processes."""
        queue = self._queues.connection(plan.connection)
        paused = queue.paused()
        averages = _averages(queue)
        found: list[Load] = []
        for names in plan.pools:
            jobs, seconds = 0, 0.0
            for name in names:
                counts = queue.counts(name)
                waiting = 0 if {name, EVERY} & paused.keys() else counts.pending
                jobs += waiting + counts.reserved
                seconds += (waiting + counts.reserved) * averages.get(name, 1.0)
            found.append(Load(jobs, seconds))
        return found

    def _start(self, plan: Plan, queues: tuple[str, ...]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", _TETHER, str(plan.nice), "artisan.py"]
        # In a session of its own: Ctrl-C in a terminal reaches the master alone, which passes on
        # one signal, and not two, of which the second would give the jobs up.
        return subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [*command, *plan.command(queues)],
            cwd=self._base,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )


def _averages(queue: Queue) -> dict[str, float]:
    """Return how many seconds a job of each queue takes, as far as its workers have measured."""
    if not isinstance(queue.driver, Measured):
        return {}
    return {one.queue: one.run.mean for one in queue.metrics(_RECENT).queues if one.run.count}
