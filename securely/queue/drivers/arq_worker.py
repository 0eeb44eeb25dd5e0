"""SeatWorker: arq's worker for a supervisor that runs the jobs elsewhere.

Its loop lives in a thread of the supervisor's process, where no user code runs. It renews leases,
listens for wake-ups, notes what has begun and records arq's sign of health. Turns are taken in the
supervisor's own thread, on a connection of its own: to hand each over cost as much as ten jobs.

It is long because chores and turns share one record of what is held, and each has to survive that
the server is away.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from arq.constants import health_check_key_suffix
from arq.worker import Worker, func
from redis.exceptions import RedisError

from securely.queue.contracts import BatchRecord, Delivery, Kind, Outcome, QueueLimit, Turn
from securely.queue.crew.board import State
from securely.queue.drivers.arq_batches import batch_record
from securely.queue.drivers.arq_pool import ArqPool, set_of
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_wire import (
    FUNCTION,
    Fixed,
    delivery,
    settlement,
    stranger,
    told_of,
)
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.support import clock, entropy

__all__ = ["LoopThread", "SeatWorker", "Terms"]

T = TypeVar("T")

RENEWALS: Final = 3  # in one lease: a renewal that comes late costs nothing
LISTEN_SECONDS: Final = 1.0  # how long one BLPOP waits at most
STRANGERS_SECONDS: Final = 0.025  # how often a look is taken for what plain arq has enqueued
CHORES_SECONDS: Final = 1.0  # as often as a supervisor looks around
BEGUN_SECONDS: Final = 0.02  # a job that runs for so long is noted as begun
BACKOFF_SECONDS: Final = (0.05, 2.0)  # from the first failure to many, with jitter
HEALTH_SECONDS: Final = 10  # how old arq's sign of health gets
CLOSE_SECONDS: Final = 0.2  # before a cancellation that was swallowed is repeated


class Terms(NamedTuple):
    """On what terms a worker has its seat.

    Attributes:
        worker: Its id.
        queues: What it serves, in order of priority.
        info: What others may know of it, as JSON.
        lease_seconds: How long it may be silent.
        result_seconds: How long arq's records of results are kept.
        restarts: How often a restart was asked for before it joined.
        adopt: Turns a call that plain arq has enqueued into a frame.
        polls: Whether such calls are expected: nobody rings for them.
        begun: Tells what of the deliveries has begun, by id and token.
        limits: How much of each queue all workers together may do.
    """

    worker: str
    queues: tuple[str, ...]
    info: str
    lease_seconds: float
    result_seconds: float
    adopt: Callable[[bytes], bytes]
    polls: bool
    begun: Callable[[], dict[tuple[int, int], State]]
    restarts: str = "0"
    limits: Mapping[str, QueueLimit] = MappingProxyType({})


class _Unanswered(NamedTuple):
    """A turn that was sent, and of which nobody knows whether it was taken."""

    request: dict[str, Any]
    outcomes: Sequence[Outcome]


class _Held(NamedTuple):
    """A delivery, as the store knows it.

    Attributes:
        set: The sorted set of a job whose end means nothing for others; "" for any other.
        is_plain: It has nothing but its value and its place.
    """

    uuid: str
    token: int
    set: str
    is_plain: bool


class _Recovered:
    """What turns have brought whose answers came late, until a turn can tell of it."""

    def __init__(self) -> None:
        self._deliveries: list[Delivery] = []
        self._stale: list[int] = []
        self._batches: list[BatchRecord] = []
        self._cancelled: list[int] = []
        self._settled: set[tuple[int, int]] = set()

    def add(self, turn: Turn, outcomes: Sequence[Outcome]) -> None:
        """Take note of a turn that settled *outcomes*."""
        self._deliveries += turn.deliveries
        self._stale += turn.stale
        self._batches += turn.batches
        self._cancelled += turn.cancelled
        self._settled.update((outcome.id, outcome.token) for outcome in outcomes)

    def trim(self, outcomes: Sequence[Outcome], room: int) -> tuple[Sequence[Outcome], int]:
        """Return what of *outcomes* is left to settle, and the room that is left.

        What there is no room for any more goes back as it was.
        """
        if not self._settled and not self._deliveries:
            return outcomes, room
        left = [one for one in outcomes if (one.id, one.token) not in self._settled]
        surplus = self._deliveries[room:]
        del self._deliveries[room:]
        left += [Outcome(one.id, one.token, Kind.RETURN) for one in surplus]
        return left, room - len(self._deliveries)

    def with_(self, turn: Turn) -> Turn:
        """Return *turn*, and what came before it."""
        if not self._settled and not self._deliveries:
            return turn
        return replace(
            turn,
            deliveries=(*self._deliveries, *turn.deliveries),
            stale=(*self._stale, *turn.stale),
            batches=(*self._batches, *turn.batches),
            cancelled=(*self._cancelled, *turn.cancelled),
        )


class LoopThread:
    """A thread with an event loop of its own."""

    def __init__(self, name: str) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* there, and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self) -> None:
        """End it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


_NO_ENDS: Final[dict[str, list[str]]] = {"": []}  # an empty one would be a list to a script
_NOBODY: Final = _Held("", 0, "", False)


def _repeated(request: dict[str, Any]) -> dict[str, Any]:
    """Return *request* as it is asked for again; of a plain job there may be more by now."""
    ends = {set_: list(ended) for set_, ended in request["ends"].items()}
    for set_, ended in request["plain"].items():
        ends.setdefault(set_, []).extend(ended)
    return request | {"again": True, "plain": _NO_ENDS, "ends": ends}


def _limit(limit: QueueLimit) -> dict[str, float]:
    """Return *limit* as the script takes it; its time is milliseconds."""
    told: dict[str, float] = {"length": limit.seconds * 1_000}
    if limit.concurrency is not None:
        told["concurrency"] = limit.concurrency
    if limit.rate is not None:
        told["rate"] = limit.rate
    return told


def _is_mere_end(outcome: Outcome) -> bool:
    """Tell whether nothing follows from it but the removal of the job."""
    is_done = outcome.kind == Kind.DONE and outcome.result_seconds is None
    return is_done and not outcome.successors


async def _never(ctx: dict[Any, Any], *_: Any) -> None:
    """Stand for the function that executors run."""
    raise NotImplementedError


class SeatWorker(Worker):
    """arq's worker, claiming and settling by the turn.

    Args:
        server: Where the jobs are.
        terms: On what terms it works.
        bell: A descriptor that is written to when a job may be waiting.
    """

    def __init__(self, server: ArqServer, terms: Terms, bell: int) -> None:
        super().__init__(
            [func(_never, name=FUNCTION)],
            queue_name=set_of(terms.queues[0], server.prefix),
            redis_pool=(pool := server.open()),
            handle_signals=False,
            poll_delay=0,
            health_check_interval=HEALTH_SECONDS,
        )
        self._server = server
        self.scripts: ArqPool = pool
        self._terms = terms
        self._limits = {queue: _limit(each) for queue, each in terms.limits.items()}
        self._bell = bell
        self._listener = server.open()
        self._held: dict[int, _Held] = {}
        self._names: dict[bytes, str] = {}
        self._begun: set[int] = set()
        self._begun_timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._is_looking = False
        self._turned_at = 0.0
        self._unanswered: _Unanswered | None = None
        self._recovered = _Recovered()
        self._turning = threading.Lock()
        self._turns = 0
        self._is_dry = False
        self._stirred = asyncio.Event()
        self._renew_at = 0.0
        self._chores_at = 0.0
        self._troubles = 0

    # -- what arq's worker does by itself

    async def work(self) -> None:
        """Run :meth:`main` until cancelled; what breaks it is tried again."""
        while True:
            try:
                await self.main()
            except Exception:  # the border: without this loop no lease would be renewed
                await self._back_off()

    async def _poll_iteration(self) -> None:
        """Do what is due, and wait for a wake-up or for what is due next."""
        try:
            await self._do_chores()
            pause = max(0.0, min(self._renew_at, self._chores_at) - self.loop.time())
            if self._is_dry:
                await self._listen(min(pause, LISTEN_SECONDS))
            else:
                await self._pause(pause)
            self._troubles = 0
        except (RedisError, OSError, QueueUnavailable, StoreFull):
            await self._back_off()

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start nothing: the supervisor claims by the turn."""

    async def run_job(self, job_id: str, score: int) -> None:
        """Run nothing: executors do."""

    async def halt(self) -> None:
        """Do nothing any more."""
        if self._begun_timer is not None:
            self._begun_timer.cancel()
        for task in (self.main_task, self._looking):
            while task is not None and not task.done():
                # Again and again: Python 3.11 swallows one that comes as what is waited for ends.
                task.cancel()
                await asyncio.wait([task], timeout=CLOSE_SECONDS)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.halt()
        with suppress(RedisError, OSError):
            await self.pool.delete(*self._health_keys)
        for pool in (self.scripts, self._listener):
            with suppress(RedisError, OSError):
                await pool.disconnect()

    # -- chores

    async def _do_chores(self) -> None:
        now = self.loop.time()
        if now >= self._renew_at:
            await self.renew()
        if now >= self._chores_at:
            self._chores_at = now + CHORES_SECONDS
            if await self.pool.exists("arq:abort"):
                await self._cancel_aborted_jobs()
            await self.heart_beat()

    @property
    def _health_keys(self) -> list[str]:
        sets = (set_of(queue, self._server.prefix) for queue in self._terms.queues)
        return [set_ + health_check_key_suffix for set_ in sets]

    async def record_health(self) -> None:
        """Record arq's sign of health, for each queue that is served."""
        before = self._last_health_check
        await super().record_health()
        if self._last_health_check == before:
            return
        sign = await self.pool.get(self.health_check_key)
        for key in self._health_keys[1:]:
            await self.pool.set(key, sign or b"", ex=HEALTH_SECONDS + 1)

    async def renew(self) -> None:
        """Say that this worker is there, and prolong what it holds."""
        held: list[object] = []
        for one in list(self._held.values()):  # turns go on meanwhile
            held += (one.uuid, str(one.token), one.set)
        await self._ask("renew", self._renewal(held=held, info=self._terms.info))
        self._renew_at = self.loop.time() + self._terms.lease_seconds / RENEWALS

    def _renewal(self, **changes: object) -> dict[str, object]:
        lease = self._terms.lease_seconds * 1_000
        return {"worker": self._terms.worker, "lease": lease, "held": [], "begun": [], **changes}

    async def _cancel_aborted_jobs(self) -> None:
        """Take out what :meth:`arq.jobs.Job.abort` asks for and nobody runs."""
        keep = self._terms.result_seconds * 1_000
        await self._ask("admin", {"what": "abort", "keep": keep})

    async def _note_begun(self) -> None:
        """Tell the store what has begun, for whoever may have to judge it by the lease."""
        states = await asyncio.to_thread(self._terms.begun)
        if not self._turning.acquire(blocking=False):
            # The turn may be about to settle it as a job of which there is no more to know.
            self._look_later(BEGUN_SECONDS)
            return
        begun: list[object] = []
        try:
            for id_, one in self._held.items():
                if one.token not in self._begun and states.get((id_, one.token)) == State.STARTED:
                    self._begun.add(one.token)
                    begun += (one.uuid, str(one.token))
        finally:
            self._turning.release()
        if begun:
            with suppress(QueueUnavailable, StoreFull):
                await self._ask("renew", self._renewal(begun=begun))

    # -- waiting

    async def _listen(self, seconds: float) -> None:
        """Wait until somebody rings, for at most *seconds*."""
        if self._terms.polls:
            seconds = min(seconds, STRANGERS_SECONDS)
        keys = [f"{self._server.prefix}@wake:{queue}" for queue in self._terms.queues]
        listener: Any = self._listener
        rung = await listener.execute_command("BLPOP", *keys, max(seconds, 0.001))
        if rung is not None or (self._terms.polls and await self._has_due()):
            self.ring()

    async def _has_due(self) -> bool:
        sets = [set_of(queue, self._server.prefix) for queue in self._terms.queues]
        now = self._server.now()
        async with self.pool.pipeline(transaction=False) as pipeline:
            for set_ in sets:
                pipeline.zcount(set_, "-inf", now)
            return any(await pipeline.execute())

    def ring(self) -> None:
        """Tell the supervisor that a job may be waiting."""
        self._is_dry = False
        with suppress(BlockingIOError):
            os.write(self._bell, b"!")

    async def _pause(self, seconds: float) -> None:
        """Wait for a turn, or for *seconds* of real time."""
        self._stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stirred.wait()

    async def _back_off(self) -> None:
        low, high = BACKOFF_SECONDS
        self._troubles += 1
        # A server may be away for more tries than a float has powers of two.
        await self._pause(entropy.uniform(low, min(high, low * 2.0 ** min(self._troubles, 10))))

    # -- turns

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        """Settle *outcomes* and claim up to *room* jobs; called in the supervisor's thread."""
        with self._turning:
            if self._unanswered is not None:
                request, sent = self._unanswered
                self._recovered.add(self._send(_repeated(request), sent), sent)
            outcomes, room = self._recovered.trim(outcomes, room)
            self._turns += 1
            turn = self._send(self._request(outcomes, room), outcomes)
            recovered, self._recovered = self._recovered, _Recovered()
            return recovered.with_(turn)

    def _request(self, outcomes: Sequence[Outcome], room: int) -> dict[str, Any]:
        terms = self._terms
        plain: dict[str, list[str]] = {}
        ends: dict[str, list[str]] = {}
        others: list[list[Any]] = []
        for outcome in outcomes:
            uuid, _, set_, is_plain = self._held.get(outcome.id, _NOBODY)
            if set_ and _is_mere_end(outcome):
                is_noted = outcome.token in self._begun
                list_ = (plain if is_plain and not is_noted else ends).setdefault(set_, [])
                list_ += (uuid, str(outcome.token))
            else:
                others.append(settlement(uuid, outcome))
        return {
            "worker": terms.worker,
            "lease": terms.lease_seconds * 1_000,
            "queues": terms.queues,
            "room": room,
            "restarts": terms.restarts,
            "plain": plain or _NO_ENDS,
            "ends": ends or _NO_ENDS,
            "others": others,
            "keep": terms.result_seconds * 1_000,
            "turn": self._turns,
            "limits": self._limits,
        }

    def _send(self, request: dict[str, Any], outcomes: Sequence[Outcome]) -> Turn:
        self._unanswered = _Unanswered(request, outcomes)
        answer = self._server.run("turn", request)
        self._unanswered = None
        stale, rows, due, must_restart, paused, batches, given_up = answer
        refused, cancelled = frozenset(stale), self.ids_of(given_up) if given_up else ()
        stale_ids: list[int] = []
        for outcome in outcomes:
            one = self._held.get(outcome.id, _NOBODY)
            if refused and one.uuid.encode() in refused:
                stale_ids.append(outcome.id)
            if one.token == outcome.token:
                del self._held[outcome.id]
                self._begun.discard(one.token)
            self._tally(outcome)
        deliveries = [self._deliver(row) for row in rows]
        self._settle_down(len(deliveries), request["room"])
        return Turn(
            deliveries,
            stale_ids,
            float(due) / 1_000 if due else None,
            bool(must_restart),
            tuple(queue.decode() for queue in paused),
            [batch_record(row) for row in batches],
            _waits(rows),
            cancelled,
        )

    def ids_of(self, uuids: Sequence[bytes]) -> Sequence[int]:
        """Return the ids of those held jobs that have these uuids."""
        return [id_ for id_, one in list(self._held.items()) if one.uuid.encode() in uuids]

    def _settle_down(self, claimed: int, room: int) -> None:
        """Have the loop listen once there is no more to claim, and look at what lasts longer."""
        self._turned_at = self.loop.time()
        if room and claimed < room and not self._is_dry:
            self._is_dry = True
            self.loop.call_soon_threadsafe(self._stirred.set)
        elif room and claimed >= room:
            self._is_dry = False
        if self._held and not self._is_looking:
            self._is_looking = True
            self.loop.call_soon_threadsafe(self._look_later, BEGUN_SECONDS)

    def _look_later(self, seconds: float) -> None:
        self._begun_timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """Look at what has begun, once nothing has ended for a while."""
        quiet = self.loop.time() - self._turned_at
        if self._held and quiet < BEGUN_SECONDS:
            self._look_later(BEGUN_SECONDS - quiet)
            return
        self._is_looking = False
        if self._held:
            self._looking = self.loop.create_task(self._note_begun())

    def _deliver(self, row: Sequence[bytes]) -> Delivery:
        value = row[6]
        told, payload = told_of(value) or self._adopt(value)
        one = delivery(row, self._name(row[2]), told, payload)
        is_plain = value[:1] == b" "
        self._held[one.id] = _Held(row[0].decode(), one.token, self._name(row[7]), is_plain)
        return one

    def _adopt(self, value: bytes) -> tuple[Fixed, bytes]:
        told, _ = stranger(value)
        return told, self._terms.adopt(value)

    def _name(self, written: bytes) -> str:
        """Return the name of a queue or of a set; there are few."""
        name = self._names.get(written)
        if name is None:
            name = self._names[written] = written.decode()
        return name

    def _tally(self, outcome: Outcome) -> None:
        """Count for arq's sign of health."""
        if outcome.kind == Kind.FAIL:
            self.jobs_failed += 1
        elif outcome.kind == Kind.RELEASE:
            self.jobs_retried += 1
        elif outcome.kind != Kind.RETURN:
            self.jobs_complete += 1

    async def _ask(self, name: str, arguments: object) -> Any:
        return await self.scripts.script(name, arguments)


_SCORE: Final = 8  # where the claim tells since when a job might have run


def _waits(rows: Sequence[Sequence[bytes]]) -> Sequence[float]:
    """Return how long claimed jobs have waited; nothing where an answer was given once more."""
    if any(len(row) <= _SCORE for row in rows):
        return ()
    now = clock.timestamp()
    return [now - float(row[_SCORE]) / 1_000 for row in rows]
