"""On Redis, by arq: many machines, one primary; arq's keys and formats, leases and tokens on top.

What is pushed waits under the names that arq gives it, so that `arq.jobs.Job` and arq's own worker
read it. Each step, a push, a turn of a worker, a retry, is one script, which the server runs whole
or not at all.
"""

from __future__ import annotations

import os
import platform
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from securely.queue.contracts import (
    Cancellation,
    Counts,
    Delivery,
    Envelope,
    Measure,
    QueueLimit,
    StoredJob,
    StoredResult,
    WorkerRecord,
)
from securely.queue.crew.board import boot_id, read
from securely.queue.drivers import arq_checkup, arq_metrics
from securely.queue.drivers.arq_batches import ArqBatches
from securely.queue.drivers.arq_failed import ArqFailedJobs
from securely.queue.drivers.arq_functions import Adopter
from securely.queue.drivers.arq_pool import ArqPool, FunctionCall
from securely.queue.drivers.arq_seat import ArqSeat
from securely.queue.drivers.arq_server import ArqServer, Sentinels
from securely.queue.drivers.arq_wire import wire
from securely.queue.drivers.arq_worker import Terms
from securely.queue.exceptions import QueueUnavailable
from securely.queue.manager import Materials
from securely.queue.options import ArqOptions
from securely.queue.upkeep.checkup import Symptom
from securely.support import clock, entropy
from securely.support.redis import Address

__all__ = ["ArqConnection"]

_CLEARED_AT_ONCE: Final = 2_000  # jobs: others wait as long as one script takes


class ArqConnection:
    """A queue on one Redis or Valkey server, for all machines that reach it.

    Args:
        name: Its name in the configuration.
        server: Where the jobs are.
        home: The directory of this machine's workers' files; made on first use.
        lease_seconds: How long a worker may be silent before its jobs go to others.
        result_seconds: How long arq's record of a result is kept; 0 for not at all.
        refresh: Gives a payload its deadline anew, when its failed job is put back.
        adopter: Takes calls that plain arq has enqueued, if they are to be run.

    Attributes:
        limits: How much of each queue all workers together may do; heeded from the next
            :meth:`join` on.
    """

    def __init__(
        self,
        name: str,
        server: ArqServer,
        home: str | Path,
        *,
        lease_seconds: float = 30.0,
        result_seconds: float = 60.0,
        refresh: Callable[[bytes], bytes] = bytes,
        adopter: Adopter | None = None,
    ) -> None:
        self.name = name
        self.server = server
        self.home: Path = Path(os.path.realpath(home))
        self._lease_seconds = lease_seconds
        self.limits: Mapping[str, QueueLimit] = {}
        self._result_seconds = result_seconds
        self.functions: tuple[str, ...] = () if adopter is None else adopter.functions
        self._adopter = adopter
        self._failed = ArqFailedJobs(server, refresh)
        self._batches = ArqBatches(server)

    @classmethod
    def build(cls, name: str, options: ArqOptions, materials: Materials) -> ArqConnection:
        """Return the connection *name* as its options have it."""
        places = tuple(place.rpartition(":")[::2] for place in options.sentinels)
        server = ArqServer(
            name,
            _address(options),
            options.prefix,
            options.durability,
            Sentinels(tuple((host, int(port)) for host, port in places), options.service)
            if places
            else None,
        )
        server.metrics_seconds = options.metrics_seconds
        made = cls(
            name,
            server,
            materials.locate(options.path) / name,
            lease_seconds=options.lease_seconds,
            result_seconds=options.result_seconds,
            refresh=lambda payload: materials.codec().refreshed(payload),
            adopter=Adopter(
                options.functions,
                lambda job, queue: materials.codec().envelope(job, queue),
            ),
        )
        made.limits = options.limits()
        return made

    @property
    def failed(self) -> ArqFailedJobs:
        """Where this connection keeps failed jobs: on the same server."""
        return self._failed

    @property
    def batches(self) -> ArqBatches:
        """Where this connection keeps batches: on the same server."""
        return self._batches

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Accept all of *envelopes* or none, and return the uuids of the jobs that stand for them.

        Raises:
            StoreFull: The server has no room; nothing was written.
            QueueUnavailable: The server does not answer, or refuses.
        """
        if not envelopes:
            return []
        uuids = self.server.run("push", [wire(one) for one in envelopes], is_push=True)
        return [uuid.decode() for uuid in uuids]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        if not envelopes:
            return []
        uuids = await self.server.arun("push", [wire(one) for one in envelopes], is_push=True)
        return [uuid.decode() for uuid in uuids]

    def counts(self, queue: str) -> Counts:
        """Return how many jobs *queue* holds; what a stock arq worker runs counts as pending."""
        return _counts(self._do("counts", queue=queue))

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        return _counts(await self._ado("counts", queue=queue))

    def clear(self, queue: str) -> int:
        """Delete pending, delayed and reserved jobs of *queue*; return how many.

        A job that is running goes on; its outcome is refused as stale.
        """
        count = 0
        while cleared := int(self._do("clear", queue=queue, limit=_CLEARED_AT_ONCE)):
            count += cleared
        return count

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        count = 0
        while cleared := int(await self._ado("clear", queue=queue, limit=_CLEARED_AT_ONCE)):
            count += cleared
        return count

    def queues(self) -> Sequence[str]:
        """Return the names of all queues that hold jobs, sorted."""
        return sorted(queue.decode() for queue in self._do("queues"))

    def workers(self) -> Sequence[WorkerRecord]:
        """Return the workers that live, the one first that joined first."""
        (infos,) = self.server.ask(("HGETALL", self._own("workers")))
        ids = [id_.decode() for id_ in infos]
        signs = self.server.ask(*(("EXISTS", self._own(f"alive:{id_}")) for id_ in ids))
        found = [
            WorkerRecord(id_, facts["pid"], facts["host"], tuple(facts["queues"]), facts["since"])
            for id_, info, lives in zip(ids, infos.values(), signs, strict=True)
            if lives and (facts := msgspec.json.decode(info))
        ]
        return sorted(found, key=lambda one: one.since)

    def join(self, queues: Sequence[str]) -> ArqSeat:
        """Take a seat as a new worker that serves *queues* in this order of priority.

        Raises:
            QueueUnavailable: The server does not answer, or the directory of the workers' files
                cannot be used.
        """
        if sys.platform == "win32":
            reason = "workers of the arq connection need file locks of a Unix system"
            raise QueueUnavailable(self.name, reason)
        (restarts,) = self.server.ask(("HGET", self._own("flags"), "restart"))
        worker = f"{int(clock.timestamp() * 1e6) % 16**13:013x}{entropy.below(4096):03x}"
        info = {
            "pid": os.getpid(),
            "host": platform.node(),
            "boot": boot_id().hex(),
            "queues": list(queues),
            "since": clock.timestamp(),
        }
        terms = Terms(
            worker,
            tuple(queues),
            msgspec.json.encode(info).decode(),
            self._lease_seconds,
            self._result_seconds,
            self._adopt,
            bool(self.functions),
            lambda: dict(read(self.home / f"{worker}.board")),
            (restarts or b"0").decode(),
            dict(self.limits),
        )
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            return ArqSeat(self.server, terms, self.home)
        except OSError as error:
            if isinstance(error, QueueUnavailable):
                raise
            reason = f"{error}. Make {self.home} writable for the user that runs this process."
            raise QueueUnavailable(self.name, reason) from error

    def result(self, uuid: str) -> StoredResult | None:
        """Return what came of the job; None where nothing is kept of it, or not any more."""
        key = self._own(f"result:{uuid}")
        ((till, value, error),) = self.server.ask(("HMGET", key, "till", "value", "error"))
        if till is None or float(till) <= clock.timestamp() * 1_000:
            return None
        return StoredResult(None if value is None else b64decode(value), error)

    def holds(self, uuid: str) -> bool:
        """Return whether the job is unsettled."""
        (found,) = self.server.ask(("EXISTS", f"arq:job:{uuid}"))
        return bool(found)

    def unlock(self, delivery: Delivery) -> None:
        """Free the `unique` key of a running job, for one that is unique until processing."""
        self._do("unlock", id=str(delivery.id), token=str(delivery.token))

    async def aunlock(self, delivery: Delivery) -> None:
        """Async twin of :meth:`unlock`."""
        await self._ado("unlock", id=str(delivery.id), token=str(delivery.token))

    def cancel(self, uuid: str) -> Cancellation:
        """Take a job out of its queue, or have its worker stop it; a batch counts it as skipped.

        One that runs is marked as `Job.abort` of arq does: workers of arq heed it where they are
        told to allow that (`allow_abort_jobs`).

        Returns:
            What it came to.
        """
        return Cancellation(self._do("cancel", uuid=uuid).decode())

    def jobs(
        self, queue: str, state: str | None = None, *, after: int = 0, limit: int = 100
    ) -> Sequence[StoredJob]:
        """Return jobs of *queue* by id, from the one after *after* on.

        All ids of the queue are read for it; those who ask are people.

        Args:
            queue: The queue.
            state: "pending", "delayed" or "reserved"; None for any.
            after: The id of the last one of the page before.
            limit: How many at most.
        """
        from securely.queue.drivers.arq_listing import read_jobs

        return read_jobs(self.server, queue, state, after, limit)

    def pause(self, queue: str = "*", seconds: float | None = None) -> None:
        """Let no worker take jobs of *queue* ("*": any) until :meth:`resume`, or for *seconds*."""
        until = "" if seconds is None else repr((clock.timestamp() + seconds) * 1_000)
        self.server.ask(("HSET", self._own("flags"), f"pause:{queue}", until))

    def resume(self, queue: str = "*") -> None:
        """End a pause of *queue*; "*" ends that of all, and not those of single queues."""
        self._do("resume", queue=queue)

    def paused(self) -> Mapping[str, float | None]:
        """Return what is paused ("*" for everything), and until when; None for no end."""
        (flags,) = self.server.ask(("HGETALL", self._own("flags")))
        now = clock.timestamp()
        found: dict[str, float | None] = {}
        for flag, value in flags.items():
            kind, _, queue = flag.decode().partition(":")
            until = float(value) / 1_000 if value else None
            if kind == "pause" and (until is None or until > now):
                found[queue] = until
        return found

    def restart(self) -> None:
        """Ask every worker that has joined before now to stop after its current job."""
        self._do("restart")

    def examine(self) -> Iterable[Symptom]:
        """Look at the server for `doctor`, and say what is seen."""
        return [*arq_checkup.examine(self.server)]

    def enqueue(self, function: str, *args: Any, **kwargs: Any) -> str:
        """Enqueue a call of a function of plain arq, for whichever worker comes first.

        Returns:
            arq's id of the job.

        Raises:
            StoreFull: The server has no room; nothing was written.
            QueueUnavailable: The server does not answer, or refuses.
        """
        call = FunctionCall.of(function, args, kwargs)
        self._do("enqueue", **call.arguments(self.server.prefix))
        return call.id

    async def aenqueue(self, function: str, *args: Any, **kwargs: Any) -> str:
        """Async twin of :meth:`enqueue`; `pool().enqueue_job` has all that arq offers."""
        call = FunctionCall.of(function, args, kwargs)
        await self._ado("enqueue", **call.arguments(self.server.prefix))
        return call.id

    def pool(self) -> ArqPool:
        """Return arq's pool on this connection, for the running loop: `enqueue_job` and all."""
        return self.server.pool()

    def close(self) -> None:
        """Close the connections; a later use opens them again."""
        self.server.close()

    def _adopt(self, value: bytes) -> bytes:
        """Turn a call that plain arq has enqueued into a frame."""
        if self._adopter is None:
            return value  # the runner refuses it, and says why
        return self._adopter(value)

    def measured(self, since: int) -> Sequence[Measure]:
        """Return what workers have measured from the minute *since* on."""
        minutes = arq_metrics.minutes(self.server.prefix, since, clock.timestamp())
        answers = self.server.ask(*(command for _, command in minutes))
        return [
            one
            for (minute, _), answer in zip(minutes, answers, strict=True)
            for one in arq_metrics.read(minute, answer)
        ]

    def alert(self, what: str, seconds: float) -> bool:
        """Return whether nobody has alerted to *what* for so many seconds, and note that now."""
        milliseconds = max(1, int(seconds * 1_000))
        (was_set,) = self.server.ask(
            ("SET", self._own(f"alerted:{what}"), "1", "NX", "PX", milliseconds)
        )
        return bool(was_set)

    def _own(self, name: str) -> str:
        return f"{self.server.prefix}@{name}"

    def _do(self, what: str, **more: Any) -> Any:
        return self.server.run("admin", {"what": what, "keep": 0, **more})

    async def _ado(self, what: str, **more: Any) -> Any:
        return await self.server.arun("admin", {"what": what, "keep": 0, **more})


def _address(options: ArqOptions) -> Address:
    """Return where the server is, as the options have it."""
    return Address(
        host=options.host,
        port=options.port,
        path=options.socket,
        database=options.database,
        username=options.username,
        password=options.password.get_secret_value() if options.password else None,
        tls=options.tls,
        timeout_seconds=options.timeout_seconds,
        connect_timeout_seconds=options.connect_timeout_seconds,
    )


def _counts(answer: Sequence[Any]) -> Counts:
    pending, delayed, reserved, oldest = answer
    return Counts(pending, delayed, reserved, float(oldest) / 1_000 if oldest else None)
