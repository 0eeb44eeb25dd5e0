"""queue:failed, queue:flush, queue:forget, queue:retry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, NamedTuple, NoReturn, TypeAlias

from securely.console import Command
from securely.console.output.style import escape
from securely.queue.commands.queues import workable
from securely.queue.contracts import FailedJob, FailedJobs
from securely.queue.crew.report import cut, short_name
from securely.queue.delivery.failure import unpack_error
from securely.queue.manager import QueueManager

__all__ = ["FailedCommand", "FlushCommand", "ForgetCommand", "RetryCommand"]

ALL = "all"
EDGES: Final = 9  # what `two_column_detail` puts around two texts, with three dots

Name: TypeAlias = Callable[[str], str]


class _Lines(NamedTuple):
    """How a failed job is shown: two texts with dots between them, and what stands below."""

    left: str
    right: str
    below: str

    def fit(self, width: int) -> bool:
        return len(self.left) + len(self.right) + EDGES <= width


class _OfFailedJobs(Command):
    """What the commands about failed jobs share."""

    def failed(self, queues: QueueManager) -> FailedJobs:
        """Return where the chosen connection keeps its failed jobs."""
        name = self.string("connection") if self.option("connection") else queues.default
        return workable(queues.connection(name).driver, name).failed

    def queue(self) -> str | None:
        """Return the chosen queue, or None for all."""
        return self.string("queue") if self.option("queue") else None

    def columns(self) -> int | None:
        """Return how wide a line may be; None where it is no terminal that would break it."""
        return self.output.width if self.output.stream.isatty() else None

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
            self._list(jobs)
        return self.SUCCESS

    def _list(self, jobs: Iterable[FailedJob]) -> None:
        """Print two lines for each: which job, and why."""
        width = self.columns()
        for left, right, below in _laid_out([*jobs], width):
            self.two_column_detail(escape(left), escape(right))
            self.line(escape(below if width is None else cut(below, width)))

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
        width = self.columns()
        for job in retried:
            right = f"back in {job.queue}"
            left = f"{job.uuid} {job.name}"
            if width is not None and len(left) + len(right) + EDGES > width:
                left = cut(f"{job.uuid} {short_name(job.name)}", width - len(right) - EDGES)
            self.two_column_detail(escape(left), escape(right))
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


def _laid_out(jobs: list[FailedJob], width: int | None) -> list[_Lines]:
    """Return the lines of *jobs*, all in the fullest form for which *width* has room.

    Ids are never broken or cut: they are there to be copied.
    """
    if width is None:
        return [_wide(job, str) for job in jobs]
    forms: tuple[Callable[[FailedJob], _Lines], ...] = (
        lambda job: _wide(job, str),
        lambda job: _wide(job, short_name),
        _narrow,
    )
    for form in forms:
        lines = [form(job) for job in jobs]
        if all(one.fit(width) for one in lines):
            return lines
    return [_narrowest(job) for job in jobs]


def _wide(job: FailedJob, name: Name) -> _Lines:
    left = f"{_head(job)}  {job.queue}  {name(job.name)}"
    return _Lines(left, _attempts(job), f"    {_reason(job)}")


def _narrow(job: FailedJob) -> _Lines:
    below = f"    {job.queue} · {_attempts(job)} · {_reason(job)}"
    return _Lines(_head(job), short_name(job.name), below)


def _narrowest(job: FailedJob) -> _Lines:
    below = f"    {short_name(job.name)} · {job.queue} · {_reason(job)}"
    return _Lines(_head(job), _attempts(job), below)


def _head(job: FailedJob) -> str:
    at = datetime.fromtimestamp(job.failed_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"{at} {job.uuid}"


def _attempts(job: FailedJob) -> str:
    return "1 attempt" if job.attempts == 1 else f"{job.attempts} attempts"


def _reason(job: FailedJob) -> str:
    """Return the first line of the error, without what would move a terminal's cursor."""
    error = unpack_error(job.error)
    first = error.message.splitlines()[0] if error.message else ""
    text = f"{error.type.rpartition('.')[2]}: {first}"
    return "".join(char if char.isprintable() else " " for char in text)
