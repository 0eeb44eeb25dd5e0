"""MemoryBatches: the batches of a connection that keeps its jobs in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from securely.queue.contracts import BatchRecord, Envelope, Kind, Outcome
from securely.queue.delivery import counting
from securely.support import clock

__all__ = ["MemoryBatches"]


class MemoryBatches:
    """Counts batches in memory; they end with the process.

    Args:
        push: Takes members, and callbacks that are due; called without a lock held.
    """

    def __init__(self, push: Callable[[Sequence[Envelope]], object]) -> None:
        self._push = push
        self._records: dict[str, BatchRecord] = {}
        self._lock = threading.Lock()

    def create(self, record: BatchRecord, members: Sequence[Envelope]) -> bool:
        """Keep *record* and push *members*; False, and nothing changed, when its id exists."""
        with self._lock:
            if record.id in self._records:
                return False
            record = replace(
                record,
                total=_counted(members),
                created_at=record.created_at or clock.timestamp(),
            )
            record, happened = (record, ()) if members else counting.finished(record)
            self._records[record.id] = record
        self._push([*_members(record, members), *counting.due(record, happened)])
        return True

    def add(self, id_: str, members: Sequence[Envelope]) -> bool:
        """Push *members* as more of a batch; False when it is gone or finished."""
        with self._lock:
            record = self._records.get(id_)
            if record is None or record.finished_at is not None:
                return False
            self._records[id_] = counting.after_more(record, _counted(members))
        self._push(_members(record, members))
        return True

    def settle(self, envelope: Envelope, kind: Kind, outcome: Outcome) -> tuple[Envelope, ...]:
        """Count the end of a member, and return the callbacks that are due.

        Args:
            envelope: The member; one of no batch changes nothing.
            kind: How it ended.
            outcome: Why it failed, and what follows from it.
        """
        if envelope.batch is None:
            return ()
        goes_on = any(one.batch == envelope.batch for one in outcome.successors)
        if not outcome.is_member and (goes_on or kind is Kind.DONE):
            return ()  # it stood for a member behind it, which is counted when it ends
        with self._lock:
            record = self._records.get(envelope.batch)
            if record is None:
                return ()
            record, happened = counting.after_member(
                record,
                envelope.uuid,
                kind,
                links=0 if goes_on else envelope.links,
                error=outcome.error,
            )
            self._records[record.id] = record
        return tuple(counting.due(record, happened))

    def find(self, id_: str) -> BatchRecord | None:
        """Return the batch, or None."""
        return self._records.get(id_)

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        """Return batches, newest first; *before*: those made before this one."""
        with self._lock:
            records = list(self._records.values())[::-1]
        if before is not None:
            ids = [record.id for record in records]
            records = records[ids.index(before) + 1 :] if before in ids else []
        return records[:limit]

    def cancel(self, id_: str) -> bool:
        """Note that the batch is cancelled; False when it is gone or was cancelled before."""
        with self._lock:
            record = self._records.get(id_)
            if record is None or record.cancelled_at is not None:
                return False
            self._records[id_] = counting.after_cancel(record)
            return True

    def delete(self, id_: str) -> bool:
        """Forget the batch; its jobs stay, and count nowhere. False when it is gone."""
        with self._lock:
            return self._records.pop(id_, None) is not None

    def prune(
        self,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Forget batches that finished, were made (and not finished) or cancelled before a time."""

        def is_old(record: BatchRecord) -> bool:
            ended = record.finished_at
            if ended is None and _is_before(record.created_at, unfinished):
                return True
            return _is_before(ended, finished) or _is_before(record.cancelled_at, cancelled)

        with self._lock:
            old = [id_ for id_, record in self._records.items() if is_old(record)]
            for id_ in old:
                del self._records[id_]
        return len(old)


def _members(record: BatchRecord, members: Sequence[Envelope]) -> list[Envelope]:
    """Return *members* as the batch's, without the keys that are not looked at."""
    return [one._replace(batch=record.id, unique=None, max_wait=None) for one in members]


def _counted(members: Sequence[Envelope]) -> int:
    return sum(1 + one.links for one in members)


def _is_before(moment: float | None, limit: float | None) -> bool:
    return moment is not None and limit is not None and moment < limit
