"""queue:batch, queue:batches, queue:cancel-batch, queue:prune-batches."""

from __future__ import annotations

from typing import ClassVar, Final, NoReturn

from securely.console.output.style import safe
from securely.queue.bus.batch import Batch
from securely.queue.commands.base import OfConnection, OneAtATime, plural, shown, shown_at
from securely.queue.delivery.failure import Mask, unpack_error
from securely.queue.manager import QueueManager
from securely.queue.upkeep.batches import BatchCare, state_of

__all__ = ["BatchCommand", "BatchesCommand", "CancelBatchCommand", "PruneBatchesCommand"]

HOUR: Final = 3600  # seconds


class _OfBatches(OfConnection):
    """What the commands about batches share."""

    def refuse(self, care: BatchCare, connection: str, id_: str) -> NoReturn:
        """End the command: no batch has this id."""
        near = care.nearest(connection, id_)
        hint = "`queue:batches` lists them." if near is None else f'Did you mean "{near}"?'
        self.fail(f'There is no batch "{id_}". {hint}')


class BatchesCommand(_OfBatches):
    """Lists batches."""

    signature: ClassVar[str] = """queue:batches
        {--limit=50 : How many, the newest first}
        {--before= : Those that were made before the batch of this id}
        {--connection= : The connection; the default one if left out}
        {--json : Print JSON}"""
    description: ClassVar[str] = "List the batches, the newest first"

    def handle(self, queues: QueueManager, care: BatchCare) -> int:
        """Print them."""
        connection = self.connection_name(queues)
        before = self.text("before")
        if before is not None and care.find(connection, before) is None:
            self.refuse(care, connection, before)
        found = care.all(connection, self.integer("limit", 1), before)
        if self.boolean("json"):
            self.print_json([_record(batch, self.artisan.mask) for batch in found])
            return self.SUCCESS
        if not found:
            self.info("No batches.")
        for batch in found:
            name = f" {batch.name}" if batch.name else ""
            failed = f" · {batch.failed_jobs} failed" if batch.has_failures() else ""
            right = f"{batch.progress()}% of {plural(batch.total_jobs, 'job')}{failed}"
            self.two_column_detail(
                safe(f"{shown_at(batch.record.created_at)} {batch.id}{name}"),
                f"{right} · {state_of(batch)}",
            )
        return self.SUCCESS


class BatchCommand(_OfBatches):
    """Shows a batch."""

    signature: ClassVar[str] = """queue:batch
        {id : The id of the batch}
        {--connection= : The connection; the default one if left out}
        {--json : Print JSON}"""
    description: ClassVar[str] = "Show how far a batch is"

    def handle(self, queues: QueueManager, care: BatchCare) -> int:
        """Print it."""
        connection = self.connection_name(queues)
        batch = care.find(connection, self.string("id"))
        if batch is None:
            self.refuse(care, connection, self.string("id"))
        record = _record(batch, self.artisan.mask)
        if self.boolean("json"):
            self.print_json(record)
            return self.SUCCESS
        for name, value in record.items():
            if text := shown(value):
                self.two_column_detail(name.replace("_", " ").capitalize(), safe(text))
        return self.SUCCESS


class CancelBatchCommand(_OfBatches):
    """Cancels a batch."""

    signature: ClassVar[str] = """queue:cancel-batch
        {id : The id of the batch}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = (
        "Cancel a batch; its jobs see it, and skip themselves where they are told to"
    )

    def handle(self, queues: QueueManager, care: BatchCare) -> int:
        """Cancel it; 1 where it cannot be cancelled any more."""
        connection = self.connection_name(queues)
        id_ = self.string("id")
        batch = care.find(connection, id_)
        if batch is None:
            self.refuse(care, connection, id_)
        if batch.finished():
            self.fail(f'The batch "{id_}" has finished.')
        if batch.cancel():
            self.info(safe(f'The batch "{id_}" is cancelled.'))
        else:
            self.info(safe(f'The batch "{id_}" was cancelled before.'))
        return self.SUCCESS


class PruneBatchesCommand(_OfBatches, OneAtATime):
    """Forgets old batches."""

    signature: ClassVar[str] = """queue:prune-batches
        {--hours=24 : Those that finished longer ago than this}
        {--unfinished= : And those that began longer ago than this and have no end}
        {--cancelled= : And those that were cancelled longer ago than this}
        {--connection= : The connection; the default one if left out}
        {--isolated= : What to exit with while another run does the same}"""
    description: ClassVar[str] = "Forget batches that finished more than a day ago"

    def handle(self, queues: QueueManager, care: BatchCare) -> int:
        """Forget them, and say how many there were."""
        connection = self.connection_name(queues)
        ages = [self._age(option) for option in ("hours", "unfinished", "cancelled")]
        count = care.prune(connection, *ages)
        self.info(f"Deleted {plural(count, 'batch', 'batches')}.")
        return self.SUCCESS

    def _age(self, option: str) -> float | None:
        return self.number(option, 0) * HOUR if self.option(option) is not None else None


def _record(found: Batch, hide: Mask) -> dict[str, object]:
    batch = found.record
    error = None if batch.error is None else unpack_error(batch.error).masked(hide)
    moments = {
        "created_at": batch.created_at,
        "cancelled_at": batch.cancelled_at,
        "finished_at": batch.finished_at,
    }
    return {
        "id": batch.id,
        "name": batch.name,
        "state": state_of(found),
        "progress": found.progress(),
        "total": batch.total,
        "done": batch.done,
        "failed": batch.failed,
        "skipped": batch.skipped,
        "failed_ids": list(batch.failed_ids),
        "allow_failures": batch.allow_failures,
        **{name: None if at is None else shown_at(at) for name, at in moments.items()},
        "error": None if error is None else f"{error.type}: {error.message}",
    }
