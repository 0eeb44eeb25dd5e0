"""In this process alone: for tests, and for who keeps no file."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice

from securely.queue.contracts import Connection, Envelope
from securely.schedule.contracts import Claim, Ending, Grant, Holder, Run, State, Verdict
from securely.schedule.drivers.base import (
    DAY,
    DispatchingMember,
    Queues,
    lost_reason,
    overlap_reason,
    seen_until,
)
from securely.support import clock, entropy
from securely.support.forking import renew_after_fork

__all__ = ["ArrayLedger", "ArrayMember"]


@dataclass(slots=True)
class _Held:
    """A lock."""

    holder: Holder
    token: int
    until: float


@dataclass
class _Book:
    """All that is known, under one mutex."""

    mutex: threading.RLock
    alive: set[str] = field(default_factory=set[str])
    runs: dict[tuple[str, int, str], Run] = field(default_factory=dict[tuple[str, int, str], Run])
    locks: dict[str, _Held] = field(default_factory=dict[str, _Held])
    leaders: dict[str, str] = field(default_factory=dict[str, str])
    seen: dict[str, float] = field(default_factory=dict[str, float])
    tokens: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    is_paused: bool = False
    interrupts: int = 0

    def held(self, lock: str | None, now: float) -> _Held | None:
        held = None if lock is None else self.locks.get(lock)
        if held is None or held.until <= now or held.holder.member not in self.alive:
            return None
        return held

    def holder(self, lock: str | None, now: float) -> Holder | None:
        held = self.held(lock, now)
        return None if held is None else held.holder

    def free(self, member: str) -> None:
        self.locks = {
            lock: held for lock, held in self.locks.items() if held.holder.member != member
        }


class ArrayLedger:
    """Runs kept in memory: other processes know nothing of them.

    Args:
        queues: Gives what queues the jobs of ticks.
        host: The name of the machine.

    Example:
        >>> ledger = ArrayLedger(lambda: None)
        >>> member = ledger.join()
        >>> claim = Claim("report", 1_800_000_000, "", "report")
        >>> grant = member.claim(claim)
        >>> member.settle(grant, Ending(State.DONE))
        True
        >>> [run.state.value for run in ledger.history("report")]
        ['done']
    """

    def __init__(self, queues: Queues, *, host: str = "") -> None:
        self._queues = queues
        self._host = host or platform.node()
        self._book = _Book(threading.RLock())
        # A child has its own copy, and none of the threads that may have held the mutex.
        renew_after_fork(self._book, "mutex", threading.RLock)

    def join(self) -> ArrayMember:
        """Become one of those who run tasks."""
        id_ = entropy.token_hex(8)
        with self._book.mutex:
            self._book.alive.add(id_)
        return ArrayMember(self._book, id_, self._host, self._queues)

    def history(self, task: str | None = None, limit: int = 20) -> Sequence[Run]:
        """Return runs of *task* (None: of all), newest tick first."""
        with self._book.mutex:
            found = [run for run in self._book.runs.values() if task is None or run.task == task]
        return sorted(found, key=lambda run: (run.at, run.token), reverse=True)[:limit]

    def last(self, tasks: Sequence[str]) -> Mapping[str, Run]:
        """Return the newest run of each of these tasks that has one; ticks skipped do not count."""
        found: dict[str, Run] = {}
        for run in self.history(limit=len(self._book.runs)):
            if run.task in tasks and run.state is not State.SKIPPED:
                found.setdefault(run.task, run)
        return found

    def holders(self, locks: Sequence[str]) -> Mapping[str, Holder]:
        """Return who holds which of these locks."""
        now = clock.timestamp()
        with self._book.mutex:
            asked = {lock: self._book.holder(lock, now) for lock in locks}
        return {lock: holder for lock, holder in asked.items() if holder is not None}

    def free(self, locks: Sequence[str]) -> int:
        """Free locks, whoever holds them; return how many were held."""
        with self._book.mutex:
            held = self.holders(locks)
            for lock in locks:
                self._book.locks.pop(lock, None)
        return len(held)

    def pause(self) -> None:
        """Let no task run, on any machine, until :meth:`resume`."""
        self._book.is_paused = True

    def resume(self) -> bool:
        """End the pause; False where there was none."""
        with self._book.mutex:
            was, self._book.is_paused = self._book.is_paused, False
        return was

    def is_paused(self) -> bool:
        """Return whether nothing is to run."""
        return self._book.is_paused

    def interrupt(self) -> None:
        """Ask all who look at the clock now to stop, or to start anew."""
        with self._book.mutex:
            self._book.interrupts += 1

    def interrupts(self) -> int:
        """Return how often :meth:`interrupt` was called; it changes, so somebody is to stop."""
        return self._book.interrupts

    def prune(self, runs_max: int) -> int:
        """Forget runs older than a day, but for the newest *runs_max* of a task; how many."""
        before = clock.timestamp() - DAY
        book = self._book
        with book.mutex:
            tasks = {run.task for run in book.runs.values()}
            kept = {run.token for run in self.last([*tasks]).values()}
            old = [
                run
                for task in tasks
                for run in islice(self.history(task, len(book.runs)), runs_max, None)
                if max(run.at, run.started_at) < before
                and run.state is not State.RUNNING
                and run.token not in kept
            ]
            for run in old:
                del book.runs[run.task, run.at, run.scope]
        return len(old)

    def close(self) -> None:
        """Let go of nothing: there is no store."""


class ArrayMember(DispatchingMember):
    """One who runs tasks, in this process.

    Args:
        book: What is known.
        id_: Its name.
        host: The name of its machine.
        queues: Gives what queues the jobs of ticks.
    """

    def __init__(self, book: _Book, id_: str, host: str, queues: Queues) -> None:
        super().__init__(queues)
        self.id: str = id_
        self.host: str = host
        self._book = book

    def claim(self, claim: Claim) -> Grant:
        """Ask for a tick: of all who do, one is granted it."""
        now, book = clock.timestamp(), self._book
        with book.mutex:
            before = book.runs.get(_key(claim))
            if not self._may(claim, before):
                return self._refused(claim, before)
            if before is not None and before.state is State.RUNNING:
                return Grant(Verdict.GRANTED, claim, before.token)
            holder = book.holder(claim.lock, now)
            if holder is not None:
                if before is None:
                    self._note(claim, State.SKIPPED, now, overlap_reason(holder, now))
                return Grant(Verdict.OVERLAPS, claim, holder=holder)
            token = self._note(claim, State.RUNNING, now)
            if claim.lock is not None:
                until = now + claim.lock_seconds
                book.locks[claim.lock] = _Held(self._holder(now), token, until)
        return Grant(Verdict.GRANTED, claim, token)

    def skip(self, claim: Claim, reason: str) -> bool:
        """Note that a tick that was due does not run; False when somebody has it."""
        now = clock.timestamp()
        with self._book.mutex:
            if _key(claim) in self._book.runs:
                return False
            self._note(claim, State.SKIPPED, now, reason)
        return True

    def settle(self, grant: Grant, ending: Ending) -> bool:
        """Note how a run ended, and free its lock; False when it is not ours any more."""
        book, key = self._book, _key(grant.claim)
        with book.mutex:
            run = book.runs.get(key)
            if run is None or run.token != grant.token or run.state is not State.RUNNING:
                return False
            book.runs[key] = replace(
                run,
                state=ending.state,
                finished_at=clock.timestamp(),
                exit_code=ending.exit_code,
                output=ending.output,
                reason=ending.reason,
            )
            self._unlock(grant.claim.lock, grant.token)
        return True

    def adopt(self, claim: Claim, token: int) -> Grant | None:
        """Take over a run, and its lock, from the process that was granted it; None: too late."""
        book, key = self._book, _key(claim)
        with book.mutex:
            run = book.runs.get(key)
            if run is None or run.token != token or run.state is not State.RUNNING:
                return None
            now = clock.timestamp()
            held = book.held(claim.lock, now)
            if held is not None and held.token != token:
                return None  # its time was over, or its process died, and somebody else runs it
            new = book.tokens()
            book.runs[key] = replace(
                run, token=new, member=self.id, host=self.host, pid=os.getpid()
            )
            if claim.lock is not None:
                since, until = now, now + claim.lock_seconds
                if held is not None:
                    since, until = held.holder.since, held.until
                book.locks[claim.lock] = _Held(self._holder(since), new, until)
        return Grant(Verdict.GRANTED, claim, new)

    def reap(self) -> Sequence[Run]:
        """Mark the runs of the dead as lost, free their locks, and return them, each once."""
        book, lost = self._book, list[Run]()
        with book.mutex:
            for key, run in list(book.runs.items()):
                if run.state is State.RUNNING and run.member not in book.alive:
                    reason = lost_reason(run.host, run.pid)
                    gone = replace(
                        run, state=State.LOST, finished_at=clock.timestamp(), reason=reason
                    )
                    book.runs[key] = gone
                    book.free(run.member)
                    lost.append(gone)
        return lost

    def lead(self) -> bool:
        """Return whether this process is the one of its machine that looks at the clock."""
        book = self._book
        with book.mutex:
            leader = book.leaders.get(self.host)
            if leader not in book.alive:
                book.leaders[self.host] = leader = self.id
        return leader == self.id

    def seen(self, tasks: Sequence[str], now: float) -> Mapping[str, float]:
        """Note that these tasks were looked after until *now*, and return until when they were."""
        with self._book.mutex:
            before = {task: self._book.seen[task] for task in tasks if task in self._book.seen}
            for task in tasks:
                self._book.seen[task] = seen_until(before.get(task), now)
        return before

    def leave(self) -> None:
        """Free what is held, and be gone; a run that is still held counts as lost."""
        with self._book.mutex:
            self._book.alive.discard(self.id)
            self._book.free(self.id)

    def _may(self, claim: Claim, before: Run | None) -> bool:
        """Return whether a tick may be claimed of which *before* is known."""
        if before is None or not claim.instead:
            return before is None and not claim.instead
        if before.token != claim.instead:
            return False
        is_ours = before.state is State.RUNNING and before.member == self.id
        return is_ours or before.state is State.LOST

    def _refused(self, claim: Claim, run: Run | None) -> Grant:
        holder = None if run is None else Holder(run.member, run.host, run.pid, run.started_at)
        return Grant(Verdict.TAKEN, claim, holder=holder)

    def _note(self, claim: Claim, state: State, now: float, reason: str = "") -> int:
        token = self._book.tokens()
        self._book.runs[_key(claim)] = Run(
            claim.task,
            claim.name,
            claim.at,
            claim.scope,
            state,
            token,
            self.id,
            self.host,
            os.getpid(),
            now,
            None if state is State.RUNNING else now,
            reason=reason,
        )
        return token

    def _holder(self, since: float) -> Holder:
        return Holder(self.id, self.host, os.getpid(), since)

    def _unlock(self, lock: str | None, token: int) -> None:
        held = None if lock is None else self._book.locks.get(lock)
        if lock is not None and held is not None and held.token == token:
            del self._book.locks[lock]

    def _taken(self, claim: Claim) -> Grant | None:
        with self._book.mutex:
            run = self._book.runs.get(_key(claim))
            return None if self._may(claim, run) else self._refused(claim, run)

    def _claim_and_push(
        self, claim: Claim, driver: Connection, envelope: Envelope
    ) -> tuple[Grant, str] | None:
        return None  # no queue keeps its jobs here

    def _withdraw(self, grant: Grant) -> None:
        claim, book = grant.claim, self._book
        with book.mutex:
            run = book.runs.get(_key(claim))
            if run is None or run.token != grant.token or grant.token == claim.instead:
                return
            self._unlock(claim.lock, grant.token)
            if claim.instead:
                book.runs[_key(claim)] = replace(run, state=State.LOST, token=claim.instead)
            else:
                del book.runs[_key(claim)]


def _key(claim: Claim) -> tuple[str, int, str]:
    return claim.task, claim.at, claim.scope
