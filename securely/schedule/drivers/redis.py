"""On a Redis server, that of an arq connection: for all machines that reach it.

Each step is one script, which the server runs whole or not at all, also where a job of the same
server is a part of it. A member lives for as long as its lease, which a thread renews. Who could
not for so long counts as dead, and what it then says is refused.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias
from weakref import WeakSet

from securely.queue.contracts import Connection, Envelope
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_wire import wire
from securely.schedule.contracts import Claim, Ending, Grant, Holder, Run, State, Verdict
from securely.schedule.drivers.base import (
    DAY,
    DispatchingMember,
    Queues,
    available,
    clean,
    lost_reason,
    overlap_reason,
    stand_in_reason,
)
from securely.schedule.drivers.redis_presence import Lease
from securely.schedule.exceptions import LedgerUnavailable
from securely.support import clock, entropy

__all__ = ["RedisLedger", "RedisMember"]

Given: TypeAlias = Mapping[str, object]

_LEASE_SECONDS: Final = 30.0  # as workers have it: longer than a server takes to come back
_PRUNED_AT_ONCE: Final = 1_000  # ticks: others wait as long as one script takes
# How long a tick that was pruned stays taken: an hour longer than any clock may be wrong.
_STAYS_TAKEN_SECONDS: Final = DAY + 3_600
_ANSWER_KEPT_SECONDS: Final = 3_600.0  # of a reap: for who did not get it
_NONCE_BYTES: Final = 8
_NOTHING: Final[Given] = {}


class RedisLedger:
    """Runs on one Redis or Valkey server, that of an arq connection.

    Args:
        server: Where they are kept.
        queues: Gives what queues the jobs of ticks.
        host: The name of the machine.
        lease_seconds: For how long a member is believed to live without a word of it.
    """

    def __init__(
        self,
        server: ArqServer,
        queues: Queues,
        *,
        host: str = "",
        lease_seconds: float = _LEASE_SECONDS,
    ) -> None:
        self.name: str = server.connection
        self.host: str = host or platform.node()
        self.server = server
        self._queues = queues
        self._lease_seconds = lease_seconds
        self._leases: WeakSet[Lease] = WeakSet()

    @classmethod
    def of(cls, queue: ArqConnection, queues: Queues, *, host: str = "") -> RedisLedger:
        """Return the ledger on the server of *queue*."""
        return cls(queue.server, queues, host=host)

    def join(self) -> RedisMember:
        """Become one of those who run tasks.

        Raises:
            LedgerUnavailable: The server does not answer, or refuses.
        """
        lease = Lease(self.server, clean(self.host), self._lease_seconds)
        with available(self.name):
            lease.member()
        self._leases.add(lease)
        return RedisMember(self, lease, self._queues)

    def history(self, task: str | None = None, limit: int = 20) -> Sequence[Run]:
        """Return runs of *task* (None: of all), newest tick first."""
        if limit <= 0:
            return []
        key = "history" if task is None else f"history:{clean(task)}"
        (ids,) = self.ask(("ZREVRANGE", self._key(key), 0, limit - 1))
        rows = (
            self.ask(*(("HGETALL", self._key("tick:").encode() + id_) for id_ in ids))
            if ids
            else []
        )
        runs = [self.run(row) for row in rows if row]
        return sorted(runs, key=lambda run: (run.at, run.token), reverse=True)

    def last(self, tasks: Sequence[str]) -> Mapping[str, Run]:
        """Return the newest run of each of these tasks that has one; ticks skipped do not count."""
        asked = {clean(task): task for task in tasks}
        found = map(self.run, map(_fields, self.do("last", given={"tasks": list(asked)})))
        return {asked[run.task]: run for run in found}

    def holders(self, locks: Sequence[str]) -> Mapping[str, Holder]:
        """Return who holds which of these locks."""
        found = self.do("holders", given={"locks": [clean(lock) for lock in locks]})
        return {
            lock: self.holder(told, lock) for lock, told in zip(locks, found, strict=True) if told
        }

    def free(self, locks: Sequence[str]) -> int:
        """Free locks, whoever holds them; return how many were held."""
        return int(self.do("free", given={"locks": [clean(lock) for lock in locks]}))

    def pause(self) -> None:
        """Let no task run, on any machine, until :meth:`resume`."""
        self.ask(("HSET", self._key("flags"), "paused", "1"))

    def resume(self) -> bool:
        """End the pause; False where there was none."""
        (was,) = self.ask(("HDEL", self._key("flags"), "paused"))
        return bool(was)

    def is_paused(self) -> bool:
        """Return whether nothing is to run."""
        (paused,) = self.ask(("HEXISTS", self._key("flags"), "paused"))
        return bool(paused)

    def interrupt(self) -> None:
        """Ask all who look at the clock now to stop, or to start anew."""
        self.ask(("HINCRBY", self._key("flags"), "interrupts", 1))

    def interrupts(self) -> int:
        """Return how often :meth:`interrupt` was called; it changes, so somebody is to stop."""
        (count,) = self.ask(("HGET", self._key("flags"), "interrupts"))
        return int(count or 0)

    def prune(self, runs_max: int) -> int:
        """Forget runs older than a day, but for the newest *runs_max* of a task; how many.

        The newest run of a task that was not skipped stays in any case. That a tick was taken is
        known for a day and an hour more.
        """
        (tasks,) = self.ask(("SMEMBERS", self._key("tasks")))
        return sum(self._prune(task, runs_max) for task in tasks)

    def close(self) -> None:
        """Let the leases of members run out; the connections are those of the queue.

        A member that is used again renews its own, or is a new one.
        """
        for lease in list(self._leases):
            lease.rest()

    # -- for members

    def do(self, what: str, *, by: ArqServer | None = None, given: Given = _NOTHING) -> Any:
        """Run a step of the script, on the connections of *by*, which keep what they promise."""
        told = {"instead": 0, **given, "what": what}
        with available(self.name):
            server = by or self.server
            return server.run("tick", told, is_push=by is not None)

    def ask(self, *commands: Sequence[Any]) -> list[Any]:
        """Send commands together, and return their answers."""
        with available(self.name):
            return self.server.ask(*commands)

    def holder(self, told: Sequence[bytes], lock: str) -> Holder:
        """Return the holder that the server tells of.

        Raises:
            LedgerUnavailable: The lock is damaged.
        """
        try:
            member, host, pid, since = (each.decode() for each in told)
            return Holder(member, host, int(pid), float(since))
        except ValueError as error:
            raise self.damaged_lock(lock) from error

    def damaged_lock(self, lock: str) -> LedgerUnavailable:
        """Return the error of a lock that cannot be read."""
        reason = f'the lock "{lock}" in {self._key("locks")} is damaged. Free it, or delete it.'
        return LedgerUnavailable(self.name, reason)

    def run(self, row: Mapping[bytes, bytes]) -> Run:
        """Return the run that lies in a row.

        Raises:
            LedgerUnavailable: The row is damaged.
        """
        told = {name.decode("utf-8", "replace"): value for name, value in row.items()}
        try:
            return _run({name: value.decode() for name, value in told.items()})
        except (KeyError, ValueError) as error:
            task = told.get("task", b"?").decode("utf-8", "replace")
            at = told.get("at", b"?").decode("utf-8", "replace")
            reason = (
                f'a row of the task "{task}", due at {at}, is damaged ({error!r}). '
                f"Delete the key that begins with {self._key('tick:')}{at}."
            )
            raise LedgerUnavailable(self.name, reason) from error

    def _key(self, name: str) -> str:
        return f"{self.server.prefix}@schedule:{name}"

    def _prune(self, task: bytes, runs_max: int) -> int:
        count = kept = 0
        more = True
        terms = {
            "task": task.decode("utf-8", "replace"),
            "runs_max": runs_max,
            "before": clock.timestamp() - DAY,
            "limit": _PRUNED_AT_ONCE,
            "keep": _STAYS_TAKEN_SECONDS * 1_000,
        }
        while more:
            gone, stays, more = self.do("prune", given={**terms, "kept": kept})
            count, kept = count + gone, kept + stays
        return count


class RedisMember(DispatchingMember):
    """A process that runs tasks.

    Args:
        ledger: Where it has joined.
        lease: That it lives.
        queues: Gives what queues the jobs of ticks.
    """

    def __init__(self, ledger: RedisLedger, lease: Lease, queues: Queues) -> None:
        super().__init__(queues)
        self.id: str = lease.member()
        self.host: str = ledger.host
        self._ledger = ledger
        self._lease = lease
        # Claims of which nobody knows whether the server has heard them.
        self._doubtful: list[Mapping[str, object]] = []
        # Further steps of which nobody knows that, and the name of the next answer to a reap.
        self._unheard: set[tuple[str, int]] = set()
        self._reaping: str = entropy.token_hex(_NONCE_BYTES)

    def claim(self, claim: Claim) -> Grant:
        """Ask for a tick: of all who do, one is granted it.

        Raises:
            LedgerUnavailable: The server cannot be used. Should it have heard the claim all the
                same, it is taken back as soon as it answers.
        """
        return self._claim(claim)[0]

    def skip(self, claim: Claim, reason: str) -> bool:
        """Note that a tick that was due does not run; False when somebody has it."""
        return bool(self._ledger.do("skip", given={**self._asked(claim), "why": clean(reason)}))

    def settle(self, grant: Grant, ending: Ending) -> bool:
        """Note how a run ended, and free its lock; False when it is not ours any more."""
        told = {
            "id": _id(grant.claim),
            "token": str(grant.token),
            "state": ending.state.value,
            "code": "" if ending.exit_code is None else str(ending.exit_code),
            "out": clean(ending.output),
            "why": clean(ending.reason),
        }
        with self._heard("settle", grant.token) as again:
            return bool(self._ledger.do("settle", given={**told, **again}))

    def adopt(self, claim: Claim, token: int) -> Grant | None:
        """Take over a run, and its lock, from the process that was granted it; None: too late."""
        told = {"token": str(token), "lock_seconds": float(claim.lock_seconds)}
        with self._heard("adopt", token) as again:
            new = self._living("adopt", claim, {**told, **again})
        return Grant(Verdict.GRANTED, claim, int(new)) if new else None

    def reap(self) -> Sequence[Run]:
        """Mark the runs of the dead as lost, free their locks, and return them, each once."""
        told = {"once": self._reaping, "keep": _ANSWER_KEPT_SECONDS * 1_000}
        rows = self._ledger.do("reap", given=told)
        self._reaping = entropy.token_hex(_NONCE_BYTES)
        return [self._ledger.run(_fields(row)) for row in rows]

    def lead(self) -> bool:
        """Return whether this process is the one of its machine that looks at the clock."""
        while True:
            told = {"member": self._renewed(), "host": clean(self.host)}
            lease = {"lease": self._lease.milliseconds}
            answer = self._ledger.do("lead", given={**told, **lease})
            if answer >= 0:
                return bool(answer)
            self._lease.lapse(told["member"])

    def seen(self, tasks: Sequence[str], now: float) -> Mapping[str, float]:
        """Note that these tasks were looked after until *now*, and return until when they were."""
        told = {"tasks": [clean(task) for task in tasks], "now": float(now), "day": DAY}
        before = self._ledger.do("seen", given=told)
        return {task: float(until) for task, until in zip(tasks, before, strict=True) if until}

    def leave(self) -> None:
        """Free what is held, and be gone; a run that is still held counts as lost."""
        with available(self._ledger.name):
            self._lease.leave()

    def _renewed(self) -> str:
        with available(self._ledger.name):
            self.id = self._lease.member()
        return self.id

    def _claim(
        self, claim: Claim, envelope: Envelope | None = None, by: ArqServer | None = None
    ) -> tuple[Grant, str]:
        self._clear_doubts()
        once = entropy.token_hex(_NONCE_BYTES)
        more: dict[str, object] = {"once": once}
        if claim.lock is not None:
            more |= {"lock": clean(claim.lock), "lock_seconds": float(claim.lock_seconds)}
        if envelope is not None:
            more["wire"] = wire(envelope)
        try:
            verdict, *told = self._living("claim", claim, more, by=by)
        except LedgerUnavailable:
            self._doubtful.append({"id": _id(claim), "once": once, "instead": claim.instead})
            raise
        if verdict == b"granted":
            return Grant(Verdict.GRANTED, claim, int(told[0])), told[1].decode()
        if verdict == b"damaged":
            raise self._ledger.damaged_lock(claim.lock or "")
        holder = self._ledger.holder(told, claim.lock or "") if told else None
        return Grant(Verdict(verdict.decode()), claim, holder=holder), ""

    def _living(self, what: str, claim: Claim, more: Given, *, by: ArqServer | None = None) -> Any:
        """Ask as a member that lives: as a new one where the lease is over."""
        while True:
            asked = self._asked(claim)
            answer = self._ledger.do(what, by=by, given={**asked, **more})
            if answer not in (b"gone", [b"gone"]):
                return answer
            self._lease.lapse(str(asked["member"]))

    def _asked(self, claim: Claim) -> dict[str, object]:
        return {
            "id": _id(claim),
            "task": clean(claim.task),
            "at": claim.at,
            "scope": clean(claim.scope),
            "name": clean(claim.name),
            "instead": claim.instead,
            "member": self._renewed(),
            "host": clean(self.host),
            "pid": os.getpid(),
        }

    @contextmanager
    def _heard(self, what: str, token: int) -> Generator[Given]:
        """Say with a step of a run that it is taken once more, where the first answer was lost."""
        step = (what, token)
        again: Given = {"again": True} if step in self._unheard else {}
        self._unheard.add(step)
        yield again
        self._unheard.discard(step)

    def _clear_doubts(self) -> None:
        """Take back what the server may have heard, and its answer was lost."""
        while self._doubtful:
            self._ledger.do("withdraw", given=self._doubtful[0])
            # Another thread may have been faster.
            with suppress(IndexError):
                self._doubtful.pop(0)

    def _taken(self, claim: Claim) -> Grant | None:
        verdict, *told = self._ledger.do("look", given=self._asked(claim))
        if not verdict:
            return None
        holder = self._ledger.holder(told, "") if told else None
        return Grant(Verdict.TAKEN, claim, holder=holder)

    def _claim_and_push(
        self, claim: Claim, driver: Connection, envelope: Envelope
    ) -> tuple[Grant, str] | None:
        if not isinstance(driver, ArqConnection):
            return None
        own, other = self._ledger.server, driver.server
        if (own.address, own.prefix, own.sentinels) != (
            other.address,
            other.prefix,
            other.sentinels,
        ):
            return None
        return self._claim(claim, envelope, other)

    def _withdraw(self, grant: Grant) -> None:
        if grant.token != grant.claim.instead:
            told = {"id": _id(grant.claim), "token": str(grant.token)}
            self._ledger.do("withdraw", given={**told, "instead": grant.claim.instead})


def _id(claim: Claim) -> str:
    """Return the name of a tick; no two ticks have the same."""
    scope = clean(claim.scope)
    return f"{claim.at}:{len(scope)}:{scope}:{clean(claim.task)}"


def _fields(row: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return what a script returns of HGETALL as a mapping."""
    each = iter(row)
    return dict(zip(each, each, strict=True))


def _run(row: Mapping[str, str]) -> Run:
    ended, code = row.get("ended"), row.get("code")
    state = State(row["state"])
    return Run(
        row["task"],
        row["name"],
        int(row["at"]),
        row["scope"],
        state,
        int(row["token"]),
        row["member"],
        row["host"],
        int(row["pid"]),
        float(row["began"]),
        None if state is State.RUNNING else float(ended or 0),
        int(code) if code else None,
        row.get("out", ""),
        row.get("why") or _reason(state, row),
    )


def _reason(state: State, row: Mapping[str, str]) -> str:
    """Return what the script does not say in words."""
    if "over" in row:
        since, pid, host = row["over"].split("|", 2)
        return overlap_reason(Holder("", host, int(pid), float(since)), float(row["began"]))
    if state is State.LOST:
        return lost_reason(row["host"], int(row["pid"]))
    return stand_in_reason(row["job"]) if "stands" in row else ""
