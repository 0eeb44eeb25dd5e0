"""What the parts of the suite share: claims, jobs, members and a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import pytest

from securely.queue.job import Job
from securely.queue.manager import QueueManager
from securely.schedule.contracts import Claim, Ending, Grant, Ledger, Member, State
from securely.support import clock
from securely.support.clock import FrozenClock

__all__ = [
    "DAY",
    "DONE",
    "MINUTE",
    "NOON",
    "THREADS",
    "Killed",
    "MemberSuite",
    "Report",
    "UniqueReport",
    "Unwritable",
    "claim_of",
    "ran",
    "states",
]

NOON: Final = 1_800_000_000
"""The tick that tests begin with, and the time at which the clock stands."""

MINUTE: Final = 60
"""Seconds."""

DAY: Final = 86_400
"""Seconds."""

THREADS: Final = 8
"""How many contend for one thing."""

DONE: Final = Ending(State.DONE)
"""A good end."""


class Report(Job):
    """A job that a tick dispatches."""

    def handle(self) -> None:
        """Do nothing."""


class UniqueReport(Report):
    """One of which there is one at a time."""

    unique: bool | Literal["until_processing"] = True


class Unwritable(Job):
    """A job that cannot be queued."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def handle(self) -> None:
        """Do nothing."""


class Killed(BaseException):
    """What a test raises where a process is to have died."""


class MemberSuite:
    """Fixtures for a ledger. Give it the fixtures `ledger`, `kill` and `queues`."""

    @pytest.fixture(autouse=True)
    def frozen(self) -> Iterator[FrozenClock]:
        """A clock that only the test moves."""
        with clock.using(FrozenClock(at=float(NOON))) as frozen:
            assert isinstance(frozen, FrozenClock)
            yield frozen

    @pytest.fixture
    def queues(self) -> QueueManager:
        """Return a manager whose default connection keeps jobs, and "other" in another store."""
        raise NotImplementedError("Override the fixture `queues`.")

    @pytest.fixture
    def ledger(self, queues: QueueManager) -> Ledger:
        """Return an empty ledger, beside the default connection of *queues* where it can be."""
        raise NotImplementedError("Override the fixture `ledger`.")

    @pytest.fixture
    def kill(self) -> Callable[[Any], None]:
        """Return what lets a member be as if its process had died."""
        raise NotImplementedError("Override the fixture `kill`.")

    @pytest.fixture
    def join(self, ledger: Ledger) -> Iterator[Callable[[], Member]]:
        """Join the ledger, and leave it at the end."""
        members: list[Member] = []

        def one() -> Member:
            members.append(ledger.join())
            return members[-1]

        yield one
        for member in members:
            member.leave()

    @pytest.fixture
    def ann(self, join: Callable[[], Member]) -> Member:
        """One who runs tasks."""
        return join()

    @pytest.fixture
    def bob(self, join: Callable[[], Member]) -> Member:
        """Another one."""
        return join()


def claim_of(task: str = "report", at: int = NOON, **more: Any) -> Claim:
    """Return a claim; its scope is that of one run on all machines."""
    return Claim(task, at, more.pop("scope", ""), more.pop("name", task), **more)


def states(ledger: Ledger, task: str | None = None) -> list[str]:
    """Return the states of all runs, newest tick first."""
    return [run.state.value for run in ledger.history(task)]


def ran(ledger: Ledger, member: Member, task: str, at: int, state: State = State.DONE) -> Grant:
    """Let *member* run a tick from its beginning to its end."""
    grant = member.claim(claim_of(task, at))
    assert member.settle(grant, Ending(state))
    return grant
