"""Ledger: what is known of runs: which tick was started, by whom, and what came of it.

A tick is one instant at which a task is due. A store keeps one row per task, tick and scope, and
whoever writes the row runs the task: so a tick starts once, however many processes look at the
clock. All times are seconds; instants are wall time (seconds since 1970-01-01 UTC).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from securely.queue.job import Dispatched, Job, Placement

__all__ = [
    "Claim",
    "Ending",
    "Grant",
    "Holder",
    "Ledger",
    "Member",
    "OutputMailer",
    "Pinger",
    "Run",
    "State",
    "Verdict",
]


class State(Enum):
    """What has become of a tick."""

    RUNNING = "running"  # somebody holds it
    DONE = "done"  # it ended well; of a job: it was accepted
    FAILED = "failed"  # an exit code other than 0, or an exception
    SKIPPED = "skipped"  # it was due, and did not run: `reason` says why
    LOST = "lost"  # who ran it has died


class Verdict(Enum):
    """What became of a :class:`Claim`."""

    GRANTED = "granted"  # it is ours: run it
    TAKEN = "taken"  # somebody has, or had, this tick
    OVERLAPS = "overlaps"  # its lock is held: the tick is kept as skipped; a lost one stays lost


class Claim(NamedTuple):
    """A tick that somebody wants to run.

    Attributes:
        task: The id of the task.
        at: The instant at which it is due: whole seconds of wall time.
        scope: "" where one run on all machines is wanted; else the machine.
        name: What people call the task.
        lock: What no other run may hold meanwhile; None for nothing.
        lock_seconds: How long it is held at most, though its holder lives.
        instead: The token of a run of this tick that was lost, or that is ours and still runs:
            the tick is granted once more, in its place and with its lock, while the row bears
            that token. 0 for a tick that is new.
    """

    task: str
    at: int
    scope: str
    name: str
    lock: str | None = None
    lock_seconds: float = 86_400.0
    instead: int = 0


class Holder(NamedTuple):
    """Who runs a task.

    Attributes:
        member: The id of the process, as :attr:`Member.id`.
        host: The name of its machine.
        pid: Its process id there.
        since: The wall time at which it began.
    """

    member: str
    host: str
    pid: int
    since: float


class Grant(NamedTuple):
    """The answer to a :class:`Claim`.

    Attributes:
        verdict: Whether it is ours.
        claim: What was asked for.
        token: What names this run: an ending with another one is refused. 0 if it is not ours.
        holder: Who holds the lock, or has the tick, where that is known.
        dispatched: The job that was accepted in the same step, where one was given.
    """

    verdict: Verdict
    claim: Claim
    token: int = 0
    holder: Holder | None = None
    dispatched: Dispatched | None = None


class Ending(NamedTuple):
    """How a run ended.

    Attributes:
        exit_code: Of a command; None for what has none.
        output: The end of what it wrote.
        reason: Why it failed, or was skipped.
    """

    state: State
    exit_code: int | None = None
    output: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run, or a tick that was skipped, as it lies in the ledger.

    Attributes:
        at: The instant at which it was due.
        host: The machine that ran it.
        started_at: Wall time; as `finished_at`, which is None while it runs.
    """

    task: str
    name: str
    at: int
    scope: str
    state: State
    token: int
    member: str
    host: str
    pid: int
    started_at: float
    finished_at: float | None = None
    exit_code: int | None = None
    output: str = ""
    reason: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return None if self.finished_at is None else self.finished_at - self.started_at


class Member(Protocol):
    """A process that runs tasks, from :meth:`Ledger.join` to :meth:`leave`.

    It counts as dead once the kernel has dropped its lock, or its lease is over: then what it ran
    is lost, and what it held is free.

    Attributes:
        id: Its name, never used again by another one. It has a new one in a child that was forked,
            and after others have taken it for dead.
        host: The name of its machine.
    """

    id: str
    host: str

    def claim(self, claim: Claim) -> Grant:
        """Ask for a tick: of all who do, one is granted it.

        The locks of the dead count for nothing, nor do those whose time is over.

        Raises:
            LedgerUnavailable: The store cannot be used; nothing was written.
        """
        ...

    def claim_with(self, claim: Claim, job: Job, placement: Placement) -> Grant:
        """Ask for a tick whose run is the dispatch of *job*: it is accepted in the same step.

        Where the job goes to another store than this one, the job has an id made of the tick, by
        which that store takes it once, however often it is handed over. A run that was lost
        between the two steps is among the answers of :meth:`reap`, for who hands it over again.

        Raises:
            LedgerUnavailable: The store cannot be used; nothing was written.
            QueueError: The job cannot be queued; the tick is as it was before.
            Exception: What the job raised, on a connection that runs it at once; so ended its tick.
        """
        ...

    def skip(self, claim: Claim, reason: str) -> bool:
        """Note that a tick that was due does not run; False when somebody has it."""
        ...

    def settle(self, grant: Grant, ending: Ending) -> bool:
        """Note how a run ended, and free its lock; False when it is not ours any more."""
        ...

    def adopt(self, claim: Claim, token: int) -> Grant | None:
        """Take over a run, and its lock, from the process that was granted it; None: too late.

        That is, when it is over, or another run has its lock by now.
        """
        ...

    def reap(self) -> Sequence[Run]:
        """Mark the runs of the dead as lost, free their locks, and return them, each once."""
        ...

    def lead(self) -> bool:
        """Return whether this process is the one of its machine that looks at the clock.

        The first that asks is, until it leaves or dies.
        """
        ...

    def seen(self, tasks: Sequence[str], now: float) -> Mapping[str, float]:
        """Note that these tasks were looked after until *now*, and return until when they were.

        For tasks that catch up. One that was never seen is absent from the answer, or 0. With a
        *now* of 0 nothing is noted: it is only asked for.
        """
        ...

    def leave(self) -> None:
        """Free what is held, and be gone; a run that is still held counts as lost."""
        ...


class Ledger(Protocol):
    """Where runs are kept: in the store of a queue connection, or in this process alone."""

    def join(self) -> Member:
        """Become one of those who run tasks.

        Raises:
            LedgerUnavailable: The store cannot be used.
        """
        ...

    def history(self, task: str | None = None, limit: int = 20) -> Sequence[Run]:
        """Return runs of *task* (None: of all), newest tick first."""
        ...

    def last(self, tasks: Sequence[str]) -> Mapping[str, Run]:
        """Return the newest run of each of these tasks that has one; ticks skipped do not count."""
        ...

    def holders(self, locks: Sequence[str]) -> Mapping[str, Holder]:
        """Return who holds which of these locks."""
        ...

    def free(self, locks: Sequence[str]) -> int:
        """Free locks, whoever holds them; return how many were held."""
        ...

    def pause(self) -> None:
        """Let no task run, on any machine, until :meth:`resume`."""
        ...

    def resume(self) -> bool:
        """End the pause; False where there was none."""
        ...

    def is_paused(self) -> bool:
        """Return whether nothing is to run."""
        ...

    def interrupt(self) -> None:
        """Ask all who look at the clock now to stop, or to start anew."""
        ...

    def interrupts(self) -> int:
        """Return how often :meth:`interrupt` was called; it changes, so somebody is to stop."""
        ...

    def prune(self, runs_max: int) -> int:
        """Forget runs older than a day, but for the newest *runs_max* of a task; how many."""
        ...

    def close(self) -> None:
        """Let go of the store; a later use opens it again."""
        ...


class OutputMailer(Protocol):
    """Mails the output of a task: what the mail component, or an application, plugs in."""

    def send(self, addresses: Sequence[str], subject: str, text: str) -> None:
        """Send *text* to *addresses*."""
        ...


class Pinger(Protocol):
    """Asks for a URL, to tell a monitor that a task has run."""

    def ping(self, url: str) -> None:
        """Send a GET request to *url*, and wait for its answer.

        Raises:
            PingFailed: Nothing answered, or with a status of 400 or more.
        """
        ...
