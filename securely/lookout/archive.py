"""Archive: failed jobs and batches as pages show them: found, masked, in pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from securely.events import Dispatcher
from securely.log.masking import Masker
from securely.queue.bus.batch import Batch
from securely.queue.contracts import Attempt, FailedJob, Workable
from securely.queue.delivery.failure import FailureReport, unpack_error
from securely.queue.exceptions import InvalidPayload
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.queue.upkeep.batches import BatchCare, state_of
from securely.queue.upkeep.controls import workable
from securely.queue.upkeep.failures import Failures, Wanted

__all__ = ["Archive", "BatchRow", "BatchesPage", "FailedPage", "FailedRow", "is_id"]

_PAGE: Final = 25  # rows of a page
_SHOWN_MAX: Final = (
    32_000  # characters of a payload that are shown; who wants all, asks the console
)
_FAILURES_MAX: Final = 50  # failed jobs that are named of one batch
_ID_MAX: Final = 128  # characters; longer ones are none of ours
_DIGITS_MAX: Final = 19  # of a store's own number, which has eight bytes


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A failed job, with what is secret hidden.

    Attributes:
        job: As it is kept; neither its payload nor its error is to be shown.
        error: Why it failed.
        path: Its class as "package.module:Name"; "" where its payload can not be read.
        tags: The words by which it is found.
        dispatched_at: When it was dispatched; None where its payload can not be read.
        payload: Its attributes, as indented JSON; None where they are encrypted, or not asked for.
        is_encrypted: Its attributes are encrypted, and are not shown.
        problem: Why its payload can not be read; "" where it can.
        history: How its attempts ended, the oldest first.
    """

    job: FailedJob
    error: FailureReport
    path: str = ""
    tags: Sequence[str] = ()
    dispatched_at: float | None = None
    payload: str | None = None
    is_encrypted: bool = False
    problem: str = ""
    history: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page of failed jobs: *number* of *pages*; *near*: what may have been meant."""

    rows: Sequence[FailedRow]
    number: int
    pages: int
    total: int
    near: str | None = None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch; *state* as `queue:batches` says it, *error* is its first failure, masked."""

    batch: Batch
    state: str
    error: FailureReport | None
    failures: Sequence[FailedRow] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class BatchesPage:
    """Batches, the newest first; *before*: where the next page begins, None for none."""

    rows: Sequence[BatchRow]
    before: str | None


class Archive:
    """Failed jobs and batches; each method waits for their stores, so call it in a thread.

    Args:
        queues: The connections.
        codec: Reads what payloads say.
        events: Told of jobs that are retried.
        care: The batches of all connections.
        masker: Hides what is secret.
    """

    def __init__(
        self,
        queues: QueueManager,
        codec: Codec,
        events: Dispatcher,
        care: BatchCare,
        masker: Masker,
    ) -> None:
        self._queues = queues
        self._codec = codec
        self._events = events
        self._masker = masker
        self.care = care

    def failures(self, connection: str) -> Failures:
        """Return the failed jobs of *connection*.

        Raises:
            QueueUnavailable: It keeps none, or can not be reached.
        """
        return Failures(self.store(connection).failed, self._codec, self._events)

    def store(self, connection: str) -> Workable:
        """Return what keeps the jobs of *connection*.

        Raises:
            QueueUnavailable: It keeps none.
        """
        return workable(self._queues.connection(connection).driver)

    def failed(self, connection: str, wanted: Wanted, number: int) -> FailedPage:
        """Return page *number* of the failed jobs that are meant; the nearest there is."""
        failures = self.failures(connection)
        found = failures.select(wanted)
        pages = max(1, -(-len(found) // _PAGE))
        number = min(max(1, number), pages)
        rows = [self._row(one.job) for one in found[(number - 1) * _PAGE : number * _PAGE]]
        near = None if found or wanted == Wanted() else _near(failures, wanted)
        return FailedPage(rows, number, pages, len(found), near)

    def failure(self, connection: str, key: str) -> FailedRow | None:
        """Return one failed job in full; None where there is none."""
        job = self.find(connection, key)
        return None if job is None else self._row(job, in_full=True)

    def find(self, connection: str, key: str) -> FailedJob | None:
        """Return the failed job with this id or uuid, or None; any text may be asked for."""
        return self.failures(connection).find(key) if is_id(key) else None

    def batches(self, connection: str, before: str) -> BatchesPage | None:
        """Return batches from the one before *before* on ("": the newest); None if that is gone."""
        if before and self.batch(connection, before) is None:
            return None
        found = self.care.all(connection, _PAGE + 1, before or None)
        rows = [self._batch(batch) for batch in found[:_PAGE]]
        return BatchesPage(rows, found[_PAGE - 1].id if len(found) > _PAGE else None)

    def batch(self, connection: str, key: str) -> Batch | None:
        """Return a batch by its id, or None; any text may be asked for."""
        return self.care.find(connection, key) if is_id(key) else None

    def batch_in_full(self, connection: str, key: str) -> BatchRow | None:
        """Return a batch with its failed jobs; None where there is none."""
        batch = self.batch(connection, key)
        if batch is None:
            return None
        failures = self.failures(connection)
        ids = batch.failed_job_ids[:_FAILURES_MAX]
        jobs = [job for id_ in ids if (job := failures.find(id_)) is not None]
        return self._batch(
            batch, [self._row(job) for job in jobs], len(batch.failed_job_ids) - len(ids)
        )

    def _batch(self, batch: Batch, failures: Sequence[FailedRow] = (), more: int = 0) -> BatchRow:
        error = None if batch.error is None else unpack_error(batch.error).masked(self._hide)
        return BatchRow(batch, state_of(batch), error, failures, more)

    def _row(self, job: FailedJob, *, in_full: bool = False) -> FailedRow:
        error = unpack_error(job.error).masked(self._hide)
        history = [one._replace(reason=self._hide(one.reason)) for one in job.history]
        try:
            header = self._codec.header(job.payload)
            written = self._codec.attributes(job.payload) if in_full else None
        except InvalidPayload as invalid:
            return FailedRow(job, error, problem=str(invalid), history=history)
        return FailedRow(
            job,
            error,
            header.job,
            [self._hide(tag) for tag in header.tags],
            header.created_at,
            None if written is None else self._shown(written),
            header.encrypted,
            history=history,
        )

    def _shown(self, written: str) -> str:
        """Return attributes, tagged JSON, for people; masked before it is cut."""
        try:
            masked = self._masker.value(json.loads(written))
        except ValueError:
            masked = self._hide(written)
        text = json.dumps(masked, indent=2, ensure_ascii=False)
        return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}\n…"

    def _hide(self, text: str) -> str:
        return self._masker.unbounded(text)


def is_id(key: str) -> bool:
    """Return whether *key*, which a visitor has written, may be the id of anything.

    Example:
        >>> is_id("6f1c-4a"), is_id("7" * 40), is_id("../etc"), is_id("")
        (True, False, False, False)
    """
    if not 0 < len(key) <= _ID_MAX or not key.isascii():
        return False
    if key.isdigit():
        return len(key) <= _DIGITS_MAX
    return all(letter.isalnum() or letter in "-_.:" for letter in key) and ".." not in key


def _near(failures: Failures, wanted: Wanted) -> str | None:
    near = failures.nearest(wanted)
    return failures.nearest_id(wanted.keys[0]) if near is None and wanted.keys else near
