"""queue:failed, queue:flush, queue:forget, queue:retry."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NoReturn

from securely.console import Command
from securely.queue.commands.queues import workable
from securely.queue.contracts import FailedJob, FailedJobs
from securely.queue.failed import unpack_error
from securely.queue.manager import QueueManager

__all__ = ["FailedCommand", "FlushCommand", "ForgetCommand", "RetryCommand"]

ALL = "all"


class _OfFailedJobs(Command):
    """What the commands about failed jobs share."""

    def failed(self, queues: QueueManager) -> FailedJobs:
        """Return where the chosen connection keeps its failed jobs."""
        name = self.string("connection") if self.option("connection") else queues.default
        return workable(queues.connection(name).driver, name).failed

    def queue(self) -> str | None:
        """Return the chosen queue, or None for all."""
        return self.string("queue") if self.option("queue") else None

    def refuse(self, *keys: str) -> NoReturn:
        """End the command: no failed job has these ids."""
        named = " or ".join(f'"{key}"' for key in keys)
        self.fail(f"No failed job has the id {named}. `queue:failed` lists them.")


class FailedCommand(_OfFailedJobs):
    """Lists failed jobs, or shows one."""

    signature: ClassVar[str] = """queue:failed
        {id? : Show this one in full}
        {--queue= : Only jobs of this queue}
        {--connection= : The connection; the default one if left out}
        {--json : Print JSON}"""
    description: ClassVar[str] = "List the failed jobs"

    def handle(self, queues: QueueManager) -> int:
        """Print them, the newest first."""
        failed = self.failed(queues)
        if self.argument("id"):
            return self._show(failed, self.string("id"))
        jobs = failed.all(self.queue())
        if self.boolean("json"):
            self._print([_record(job) for job in jobs])
        elif not jobs:
            self.info("No failed jobs.")
        else:
            self.table(("ID", "Job", "Queue", "Attempts", "Failed at", "Reason"), map(_row, jobs))
        return self.SUCCESS

    def _show(self, failed: FailedJobs, key: str) -> int:
        job = failed.find(key)
        if job is None:
            self.refuse(key)
        record = _record(job)
        if self.boolean("json"):
            self._print(record)
            return self.SUCCESS
        trace = str(record.pop("trace"))
        for name, value in record.items():
            self.output.write(f"  {name.replace('_', ' ').capitalize():<12} {value}\n", raw=True)
        self.output.write(f"\n{trace}", raw=True)
        return self.SUCCESS

    def _print(self, value: object) -> None:
        self.output.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n", raw=True)


class RetryCommand(_OfFailedJobs):
    """Puts failed jobs back."""

    signature: ClassVar[str] = """queue:retry
        {id* : The ids of the failed jobs, or "all"}
        {--queue= : Only jobs of this queue}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Put failed jobs back in their queues"

    def handle(self, queues: QueueManager) -> int:
        """Put them back, and name each."""
        failed = self.failed(queues)
        keys = self.strings("id")
        if ALL in keys:
            retried = failed.retry(None, self.queue())
        else:
            missing = [key for key in keys if failed.find(key) is None]
            if missing:
                self.refuse(*missing)
            retried = failed.retry(keys, self.queue())
        if not retried:
            self.info("No failed jobs.")
            return self.SUCCESS
        for job in retried:
            self.two_column_detail(f"{job.name} {job.uuid}", f"back in {job.queue}")
        return self.SUCCESS


class ForgetCommand(_OfFailedJobs):
    """Deletes one failed job."""

    signature: ClassVar[str] = """queue:forget
        {id : The id of the failed job}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Delete a failed job"

    def handle(self, queues: QueueManager) -> int:
        """Delete it."""
        key = self.string("id")
        if not self.failed(queues).forget(key):
            self.refuse(key)
        self.info(f'The failed job "{key}" was deleted.')
        return self.SUCCESS


class FlushCommand(_OfFailedJobs):
    """Deletes all failed jobs."""

    signature: ClassVar[str] = """queue:flush
        {--hours= : Only those that failed longer ago than this}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Delete all failed jobs"

    def handle(self, queues: QueueManager) -> int:
        """Delete them, and say how many there were."""
        age = timedelta(hours=self.number("hours", 0)) if self.option("hours") else None
        count = self.failed(queues).flush(None if age is None else age.total_seconds())
        jobs = "1 failed job" if count == 1 else f"{count} failed jobs"
        self.info(f"Deleted {jobs}.")
        return self.SUCCESS


def _record(job: FailedJob) -> dict[str, object]:
    error = unpack_error(job.error)
    return {
        "id": job.uuid,
        "job": job.name,
        "connection": job.connection,
        "queue": job.queue,
        "attempts": job.attempts,
        "failed_at": datetime.fromtimestamp(job.failed_at, UTC).isoformat(timespec="seconds"),
        "type": error.type,
        "reason": error.message,
        "trace": error.trace,
    }


def _row(job: FailedJob) -> tuple[str, str, str, int, str, str]:
    error = unpack_error(job.error)
    at = datetime.fromtimestamp(job.failed_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    first = error.message.splitlines()[0] if error.message else ""
    kind = error.type.rpartition(".")[2]
    return (job.uuid, job.name, job.queue, job.attempts, at, f"{kind}: {first}")
