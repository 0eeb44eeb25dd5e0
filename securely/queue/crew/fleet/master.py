"""Master: keeps the processes of all supervisors until it is told to end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Final, NamedTuple, TypeAlias

from securely.queue.crew.fleet.balance import Load, first, step, targets
from securely.queue.crew.fleet.office import MasterState, Office, Order, PoolState, SupervisorState
from securely.queue.crew.fleet.plan import Plan
from securely.queue.crew.fleet.pool import Pool
from securely.queue.crew.signals import STOP, Signals
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.support import clock

__all__ = ["Master", "Means"]

LOOK_SECONDS: Final = 0.5  # between looks at what others ask for
# When the master itself fails: for jobs to finish, and then to be given back.
GRACE_SECONDS: Final = (10.0, 2.0)

Starter: TypeAlias = Callable[[Plan, tuple[str, ...]], "subprocess.Popen[bytes]"]
Loads: TypeAlias = Callable[[Plan], Sequence[Load]]


class Means(NamedTuple):
    """What a master works with.

    Attributes:
        start: Starts a worker of a plan for some of its queues.
        loads: Tells what the pools of a plan hold.
        say: Told in a line what happens.
    """

    start: Starter
    loads: Loads
    say: Callable[[str], object]


class _Supervisor:
    """The pools of one plan, and when they are balanced again."""

    def __init__(self, plan: Plan, means: Means) -> None:
        self.plan = plan
        self.status = "running"
        self.balance_at = clock.monotonic() + plan.cooldown
        self._means = means
        self.pools = [
            Pool(queues, partial(means.start, plan, queues), self.say, count)
            for queues, count in zip(plan.pools, first(plan), strict=True)
        ]

    @property
    def alive(self) -> int:
        """How many processes there are."""
        return sum(pool.alive for pool in self.pools)

    def say(self, text: str) -> None:
        """Tell of this supervisor."""
        self._means.say(f"{self.plan.name}: {text}")

    def tend(self) -> None:
        """Bring the pools to the processes that they are to have."""
        for pool in self.pools:
            pool.tend(starts=self.status == "running")

    def balance(self) -> None:
        """Look at the load, when it is time, and say how many processes each pool is to have."""
        plan, now = self.plan, clock.monotonic()
        if self.status != "running" or now < self.balance_at or plan.balance == "simple":
            return
        self.balance_at = now + plan.cooldown
        try:
            loads = self._means.loads(plan)
        except (QueueUnavailable, StoreFull) as error:
            self.say(f"{error} The processes stay as they are.")
            return
        wanted = [pool.wanted for pool in self.pools]
        following = step(plan, wanted, targets(plan, loads), self.alive)
        for pool, before, count in zip(self.pools, wanted, following, strict=True):
            if count != before:
                self.say(f"{', '.join(pool.queues)} goes from {before} to {count} processes.")
                pool.wanted = count

    def obey(self, verb: str) -> None:
        """Do what was asked for."""
        if self.status == "terminating":
            return
        if verb == "terminate":
            self.status = "terminating"
            self.signal(signal.SIGCONT)
            for pool in self.pools:
                pool.retire()
        elif verb == "pause" and self.status == "running":
            self.status = "paused"
            self.signal(signal.SIGUSR2)
        elif verb == "continue" and self.status == "paused":
            self.status = "running"
            self.signal(signal.SIGCONT)
        else:
            return
        self.say(f"{self.status}.")

    def signal(self, number: int) -> None:
        """Send a signal to all processes."""
        for pool in self.pools:
            pool.signal(number)

    def wakes_at(self) -> float:
        """Return the monotonic time at which something is to be done."""
        if self.status != "running":
            return float("inf")
        starts = [pool.starts_at() for pool in self.pools]
        return min([self.balance_at, *starts])

    def state(self) -> SupervisorState:
        """Return what others see."""
        pools = tuple(
            PoolState(
                pool.queues,
                pool.wanted,
                tuple(one.process.pid for one in pool.workmen),
                tuple(one.process.pid for one in pool.leaving),
            )
            for pool in self.pools
        )
        plan = self.plan
        balance = plan.balance or "off"
        return SupervisorState(plan.name, plan.connection, self.status, balance, pools)


class Master:
    """Keeps the processes of all supervisors.

    SIGTERM and Ctrl-C let all workers finish their jobs, and end it with 0; a second one gives the
    jobs back. SIGUSR2 pauses, SIGCONT goes on.

    Args:
        name: What it is called.
        environment: Whose plans these are.
        plans: The supervisors.
        office: Its files, which are open.
        means: What it works with.
        gives_way: Whether the name is free as soon as it is to end, for a new master to begin
            while this one's workers finish.
    """

    def __init__(
        self,
        name: str,
        environment: str,
        plans: Sequence[Plan],
        office: Office,
        means: Means,
        *,
        gives_way: bool = False,
    ) -> None:
        self._name = name
        self._environment = environment
        self._office = office
        self._gives_way = gives_way
        self._supervisors = [_Supervisor(plan, means) for plan in plans]
        self._means = means
        self._since = clock.timestamp()
        self._orders_at = 0.0
        self._has_left = False

    def run(self) -> int:
        """Keep them until a signal or an order says to end, and return the exit code."""
        with Signals() as signals, _waking_of_deaths():
            try:
                while not self._is_over():
                    self._step(signals)
            except BaseException as error:
                self._means.say(f"The master fails, and stops its workers: {error!r}")
                self._give_up(signals)
                raise
            finally:
                self._office.close()
        self._means.say("All workers have stopped.")
        return 0

    def _give_up(self, signals: Signals) -> None:
        """Stop all workers as a service manager would: SIGTERM, another one, and SIGKILL."""
        pools = [pool for one in self._supervisors for pool in one.pools]
        for seconds in GRACE_SECONDS:
            until = clock.monotonic() + seconds
            for pool in pools:
                pool.signal(signal.SIGCONT)
                pool.signal(signal.SIGTERM)
            while (rest := until - clock.monotonic()) > 0 and any(pool.is_living for pool in pools):
                select.select([signals.fileno()], [], [], min(rest, LOOK_SECONDS))
                if any(number in STOP for number in signals.take()):
                    break
        for pool in pools:
            pool.kill()

    @property
    def _is_ending(self) -> bool:
        return all(one.status == "terminating" for one in self._supervisors)

    def _is_over(self) -> bool:
        return self._is_ending and not any(one.alive for one in self._supervisors)

    def _step(self, signals: Signals) -> None:
        for number in signals.take():
            self._obey_signal(number)
        self._obey_orders()
        for one in self._supervisors:
            one.balance()
            one.tend()
        if self._is_ending and self._gives_way and not self._has_left:
            self._has_left = True
            self._office.close()
        if not self._has_left:
            self._office.show(self._state())
        if not self._is_over():
            select.select([signals.fileno()], [], [], self._rest())

    def _rest(self) -> float:
        """Return for how many seconds nothing is to be done, unless something happens."""
        wakes = min([self._orders_at, *(one.wakes_at() for one in self._supervisors)])
        return max(0.0, min(LOOK_SECONDS, wakes - clock.monotonic()))

    def _obey_signal(self, number: int) -> None:
        if number in STOP and self._is_ending:
            for one in self._supervisors:  # a second one: the workers give their jobs back
                one.signal(signal.SIGTERM)
            return
        verb = "terminate" if number in STOP else "pause"
        verb = "continue" if number == signal.SIGCONT else verb
        self._obey(verb, None)

    def _obey_orders(self) -> None:
        now = clock.monotonic()
        if self._has_left or now < self._orders_at:
            return
        self._orders_at = now + LOOK_SECONDS
        for order in self._office.orders():
            self._obey(order.verb, order)

    def _obey(self, verb: str, order: Order | None) -> None:
        only = None if order is None else order.supervisor
        for one in self._supervisors:
            if only in {None, one.plan.name}:
                one.obey(verb)

    def _state(self) -> MasterState:
        statuses = {one.status for one in self._supervisors}
        # Of several, what says most: one that runs; then one that waits.
        status = next(word for word in ("running", "paused", "terminating") if word in statuses)
        supervisors = tuple(one.state() for one in self._supervisors)
        return MasterState(
            self._name, os.getpid(), self._environment, status, self._since, supervisors
        )


@contextmanager
def _waking_of_deaths() -> Generator[None]:
    """Have the end of a child wake the loop, by way of the descriptor of signals."""

    def wake(number: int, frame: FrameType | None) -> None:
        """Do nothing: that Python handles the signal is what writes to the descriptor."""

    before = signal.signal(signal.SIGCHLD, wake)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)
