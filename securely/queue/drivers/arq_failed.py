"""ArqFailedJobs: failed jobs on the server they come from, moved by single scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from securely.queue.contracts import Envelope, FailedJob
from securely.queue.delivery.failure import history_of
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_wire import stranger, told_of, wire
from securely.support import clock

__all__ = ["ArqFailedJobs", "failed_job"]


def failed_job(connection: str, uuid: bytes, row: Sequence[bytes]) -> FailedJob:
    """Make a failed job of the fields of its hash."""
    found = dict(zip(row[::2], row[1::2], strict=True))
    told, payload = told_of(found[b"value"]) or stranger(found[b"value"])
    links = found.get(b"k")
    unique_for = found.get(b"o")
    attempts, failed_at = int(found[b"attempts"]), float(found[b"at"])
    history = found.get(b"history")
    # (It is cut at a byte, which need not be the first of a character.)
    kept = None if history is None else history.decode("utf-8", "replace")
    return FailedJob(
        id=int(found[b"n"]),
        uuid=uuid.decode(),
        connection=connection,
        queue=found[b"q"].decode(),
        name=told.name,
        payload=payload,
        error=found[b"error"],
        attempts=attempts,
        failed_at=failed_at,
        timeout=told.timeout,
        max_lost=told.max_lost,
        priority=told.priority,
        unique=_text(found, b"u"),
        unique_for=None if unique_for is None else float(unique_for) / 1_000,
        group=_text(found, b"g"),
        batch=_text(found, b"b"),
        links=0 if links is None else int(links),
        history=history_of(kept, found[b"error"], attempts, failed_at),
    )


def _text(found: dict[bytes, bytes], field: bytes) -> str | None:
    value = found.get(field)
    return None if value is None else value.decode()


class ArqFailedJobs:
    """The failed jobs of one arq connection.

    Args:
        server: Where they are.
        refresh: Gives a payload its deadline anew.
    """

    def __init__(self, server: ArqServer, refresh: Callable[[bytes], bytes] = bytes) -> None:
        self._server = server
        self._refresh = refresh

    def all(self, queue: str | None = None) -> Sequence[FailedJob]:
        """Return the failed jobs, newest first."""
        (uuids,) = self._server.ask(("ZREVRANGE", self._own("failed"), 0, -1))
        found = self._read(uuids)
        # The set sorts those of one moment by uuid; the later one is newer.
        found.sort(key=lambda job: (job.failed_at, job.id), reverse=True)
        return [job for job in found if queue is None or job.queue == queue]

    def find(self, key: str) -> FailedJob | None:
        """Return the one with this id or uuid, or None."""
        uuid: bytes | None = key.encode()
        if key.isascii() and key.isdigit():
            (uuid,) = self._server.ask(("HGET", self._own("failed-ids"), key))
        found = [] if uuid is None else self._read([uuid])
        return found[0] if found else None

    def retry(self, keys: Sequence[str] | None = None, queue: str | None = None) -> list[FailedJob]:
        """Put jobs back in their queues with all counters at 0; None for all of them.

        Keys that name nothing are passed over. All of it is one step.
        """
        if keys is None:
            chosen = list(self.all(queue))
        else:
            found = {job.id: job for key in keys if (job := self.find(key)) is not None}
            chosen = [job for job in found.values() if queue is None or job.queue == queue]
        # Oldest first, so that they come back in the order they went.
        chosen.sort(key=lambda job: (job.failed_at, job.id))
        if not chosen:
            return []
        wires = [self._wire(job) for job in chosen]
        retried = frozenset(self._do("retry", wires=wires))
        return [job for job in chosen if job.uuid.encode() in retried]

    def forget(self, key: str) -> bool:
        """Remove one by id or uuid; False when there is none."""
        found = self.find(key)
        return found is not None and bool(self._do("forget", uuid=found.uuid))

    def flush(self, older_than: float | None = None) -> int:
        """Remove those that failed more than *older_than* seconds ago (None: all); how many."""
        before = None if older_than is None else clock.timestamp() - older_than
        return int(self._do("flush", before=before))

    def count(self, connection: str | None = None, queue: str | None = None) -> int:
        """Return how many there are: of *connection*, and from *queue*; None for any."""
        if connection not in {None, self._server.connection}:
            return 0
        if queue is not None:
            return len(self.all(queue))
        (count,) = self._server.ask(("ZCARD", self._own("failed")))
        return int(count)

    def _wire(self, job: FailedJob) -> list[Any]:
        made = wire(self._again(job))
        (value,) = self._server.ask(("HGET", self._own("failed:") + job.uuid, "value"))
        if value is None or told_of(value) is None:
            made[4] = False  # it goes back as it came
        return made

    def _again(self, job: FailedJob) -> Envelope:
        return Envelope(
            job.uuid,
            job.name,
            job.queue,
            self._refresh(job.payload),
            timeout=job.timeout,
            max_lost=job.max_lost,
            priority=job.priority,
            unique=job.unique,
            unique_for=job.unique_for,
            group=job.group,
            batch=job.batch,
            links=job.links,
        )

    def _read(self, uuids: Sequence[bytes]) -> list[FailedJob]:
        if not uuids:
            return []
        rows = self._server.ask(
            *(("HGETALL", self._own("failed:") + one.decode()) for one in uuids)
        )
        pairs = zip(uuids, rows, strict=True)
        return [failed_job(self._server.connection, uuid, _flat(row)) for uuid, row in pairs if row]

    def _own(self, name: str) -> str:
        return f"{self._server.prefix}@{name}"

    def _do(self, what: str, **more: Any) -> Any:
        return self._server.run("admin", {"what": what, "keep": 0, **more})


def _flat(row: Any) -> list[bytes]:
    """Return a hash as names and values in turn, whatever the client made of it."""
    if isinstance(row, dict):
        pairs = cast("dict[bytes, bytes]", row).items()
        return [part for pair in pairs for part in pair]
    return list(row)
