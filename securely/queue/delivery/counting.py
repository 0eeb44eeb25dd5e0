"""Counting: what the end of one member means for its batch; pure, for stores written in Python."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from securely.queue.contracts import BatchRecord, Envelope, Kind
from securely.support import clock, entropy

__all__ = ["after_cancel", "after_member", "after_more", "after_retry", "due", "finished"]

# Retried members and releases leave a batch as it is.
_SETTLES: Final = frozenset({Kind.DONE, Kind.DROP, Kind.FAIL, Kind.SKIP})


def after_member(
    record: BatchRecord, uuid: str, kind: Kind, *, links: int = 0, error: bytes | None = None
) -> tuple[BatchRecord, tuple[str, ...]]:
    """Return the batch after one of its members was settled, and the callbacks that are due.

    Args:
        record: The batch as it was.
        uuid: The member.
        kind: How it ended; one that was put back changes nothing.
        links: Members behind it in its chain, which will not run if it failed.
        error: Why it failed.
    """
    if kind not in _SETTLES:
        return record, ()
    happened = ["progress"]
    if kind is Kind.FAIL:
        record = replace(
            record,
            failed=record.failed + 1,
            skipped=record.skipped + links,
            failed_ids=(*record.failed_ids, uuid),
            error=record.error or error,
        )
        happened.append("catch")
        if not record.allow_failures:
            record = after_cancel(record)
    elif kind is Kind.SKIP:
        record = replace(record, skipped=record.skipped + 1 + links)
    else:
        record = replace(record, done=record.done + 1)
    return _end(record, happened)


def after_more(record: BatchRecord, members: int) -> BatchRecord:
    """Return the batch after *members* more were pushed."""
    return replace(record, total=record.total + members)


def after_retry(record: BatchRecord, uuid: str, links: int = 0) -> BatchRecord:
    """Return the batch after a failed member was put back: it is unsettled again, as its links."""
    if uuid not in record.failed_ids:
        return record
    return replace(
        record,
        failed=record.failed - 1,
        skipped=record.skipped - links,
        failed_ids=tuple(one for one in record.failed_ids if one != uuid),
        finished_at=None,
    )


def after_cancel(record: BatchRecord) -> BatchRecord:
    """Return the batch as cancelled; the first time counts."""
    if record.cancelled_at is not None:
        return record
    return replace(record, cancelled_at=clock.timestamp())


def finished(record: BatchRecord) -> tuple[BatchRecord, tuple[str, ...]]:
    """Return the batch, at an end if no member is unsettled, and the callbacks that are due."""
    return _end(record, [])


def due(record: BatchRecord, names: tuple[str, ...]) -> list[Envelope]:
    """Return what is to be pushed for the callbacks *names*, in order.

    A "progress" is given a uuid of its own each time, and a key under which it is not doubled
    while it waits.
    """
    envelopes: list[Envelope] = []
    for name in names:
        for at, envelope in enumerate(record.callbacks.get(name, ())):
            if name == "progress":
                key = f"progress:{record.id}:{at}"
                envelopes.append(envelope._replace(uuid=str(entropy.uuid7()), unique=key))
            else:
                envelopes.append(envelope)
    return envelopes


def _end(record: BatchRecord, happened: list[str]) -> tuple[BatchRecord, tuple[str, ...]]:
    settled = record.done + record.failed + record.skipped
    if settled >= record.total and record.finished_at is None:
        record = replace(record, finished_at=clock.timestamp())
        if not record.failed:
            happened.append("then")
        happened.append("finally")
        if record.cancelled_at is None:
            happened.append("next")
    fresh = tuple(name for name in happened if name == "progress" or name not in record.fired)
    fired = record.fired.union(fresh) - {"progress"}
    return replace(record, fired=fired), fresh
