"""queue:retry, queue:retry-batch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from securely.console import InvalidInput
from securely.console.output.style import safe
from securely.events import Dispatcher
from securely.queue.commands.base import OneAtATime
from securely.queue.commands.failed import EDGES, OfFailedJobs
from securely.queue.contracts import FailedJob
from securely.queue.crew.report import cut, short_name
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.queue.upkeep.batches import BatchCare
from securely.queue.upkeep.failures import Retried, Wanted

__all__ = ["RetryBatchCommand", "RetryCommand"]

ALL: Final = "all"
_RANGE: Final = re.compile(r"(\d+)-(\d+)")


class _Retries(OfFailedJobs):
    """What the commands share that put failed jobs back."""

    def tell(self, retried: Retried) -> int:
        """Name each job that was put back, and each that could not be; return the exit code."""
        for job in retried.jobs:
            self._tell_one(job)
        for job in retried.conflicts:
            self.warn(
                safe(f"{job.uuid} {job.name} stays failed: another job holds its unique key.")
            )
        return self.FAILURE if retried.conflicts else self.SUCCESS

    def _tell_one(self, job: FailedJob) -> None:
        width = self.columns()
        right = f"back in {job.queue}"
        left = f"{job.uuid} {job.name}"
        if width is not None and len(left) + len(right) + EDGES > width:
            left = cut(f"{job.uuid} {short_name(job.name)}", width - len(right) - EDGES)
        self.two_column_detail(safe(left), safe(right))


class RetryCommand(_Retries):
    """Puts failed jobs back."""

    signature: ClassVar[str] = """queue:retry
        {id?* : The ids of the failed jobs, or their numbers, or "all"}
        {--range=* : Numbers as `queue:failed` shows them, as in 1-5}
        {--queue= : Only jobs of this queue}
        {--class= : Only jobs of this class, with or without its module}
        {--tag= : Only jobs that have this tag}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Put failed jobs back in their queues"

    def handle(self, queues: QueueManager, codec: Codec, events: Dispatcher) -> int:
        """Put them back, and name each; 1 where one that was asked for was not."""
        wanted = self._wanted()
        failures = self.failures(queues, codec, events)
        wanted = replace(wanted, keys=self.ids(failures, wanted.keys))
        retried = failures.retry(wanted)
        if not (retried.jobs or retried.conflicts):
            self.say_none(failures, wanted)
            return self.SUCCESS
        return self.tell(retried)

    def _wanted(self) -> Wanted:
        """Return which jobs the command line means.

        Raises:
            InvalidInput: It means none, or a range that is none.
        """
        keys = self.strings("id")
        wanted = Wanted(
            () if ALL in keys else tuple(keys),
            () if ALL in keys else self._ranges(self.strings("range")),
            self.text("queue"),
            self.text("class"),
            self.text("tag"),
        )
        if wanted == Wanted() and ALL not in keys:
            raise InvalidInput(
                'Say which jobs to retry: ids, --range, --queue, --class, --tag, or "all".'
            )
        return wanted

    @staticmethod
    def _ranges(texts: Sequence[str]) -> tuple[tuple[int, int], ...]:
        ranges: list[tuple[int, int]] = []
        for text in texts:
            found = _RANGE.fullmatch(text.strip())
            if found is None or int(found[1]) > int(found[2]):
                raise InvalidInput(
                    f'--range: "{text}" is no range. Write the first and the last number, as in '
                    "1-5; `queue:failed` shows the numbers."
                )
            ranges.append((int(found[1]), int(found[2])))
        return tuple(ranges)


class RetryBatchCommand(_Retries, OneAtATime):
    """Puts the failed jobs of batches back."""

    signature: ClassVar[str] = """queue:retry-batch
        {id* : The ids of the batches}
        {--connection= : The connection; the default one if left out}
        {--isolated= : What to exit with while another run does the same}"""
    description: ClassVar[str] = "Put the failed jobs of a batch back in their queues"

    def isolatable_id(self) -> str:
        """Return the ids: two runs for different batches may overlap."""
        return ",".join(self.strings("id"))

    def handle(self, queues: QueueManager, care: BatchCare) -> int:
        """Put them back, and name each; 1 where a batch or a job was not put back."""
        connection = self.connection_name(queues)
        code = self.SUCCESS
        for id_ in dict.fromkeys(self.strings("id")):
            batch = care.find(connection, id_)
            if batch is None:
                near = care.nearest(connection, id_)
                hint = "`queue:batches` lists them." if near is None else f'Did you mean "{near}"?'
                self.error(safe(f'There is no batch "{id_}". {hint}'))
                code = self.FAILURE
                continue
            retried = care.retry(batch)
            if not (retried.jobs or retried.conflicts):
                self.info(safe(f'The batch "{id_}" has no failed jobs.'))
            code = max(code, self.tell(retried))
        return code
