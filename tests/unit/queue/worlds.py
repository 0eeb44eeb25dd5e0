"""A queue in a list, worked by hand: for tests that look at what becomes of jobs over time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from securely.queue.contracts import Charge, Delivery, Kind, Outcome
from securely.queue.delivery.runner import JobRunner
from securely.queue.job import Extras, Job
from securely.queue.payload import Codec
from securely.support import clock

__all__ = ["World"]


@dataclass
class Row:
    """A job that waits."""

    delivery: Delivery
    due: float


class World:
    """Jobs in a list; a worker that takes what is due, and settles it."""

    def __init__(self, codec: Codec, runner: JobRunner) -> None:
        self._codec = codec
        self._runner = runner
        self._rows: list[Row] = []
        self._number = 0
        self.outcomes: list[Outcome] = []

    def push(self, job: Job, through: tuple[object, ...] = (), **changes: Any) -> str:
        """Let *job* wait, and return its uuid."""
        envelope = self._codec.envelope(job, "default", extras=Extras(through=through))
        self._number += 1
        delivery = Delivery(
            self._number, 0, "default", envelope.name, 0, 0, 0, 0, envelope.timeout, 3,
            envelope.payload,
        )  # fmt: skip
        self._rows.append(Row(delivery._replace(**changes), clock.timestamp()))
        return envelope.uuid

    def work(self, times: int = 1) -> int:
        """Run up to *times* jobs that are due; return how many there were."""
        for ran in range(times):
            due = [row for row in self._rows if row.due <= clock.timestamp()]
            if not due:
                return ran
            self._run(due[0])
        return times

    def state(self) -> list[tuple[str, int, float]]:
        """Return the name, the attempts and the seconds until it is due of each that waits."""
        now = clock.timestamp()
        return [
            (self._job(row).name, row.delivery.attempts, round(row.due - now, 3))
            for row in self._rows
        ]

    def _job(self, row: Row) -> Any:
        return self._codec.decode(row.delivery.payload).job

    def _run(self, row: Row) -> None:
        before = row.delivery
        delivery = before._replace(attempts=before.attempts + 1, token=before.token + 1)
        if self._runner.is_async(delivery):
            outcome = asyncio.run(self._runner.arun(delivery))
        else:
            outcome = self._runner.run(delivery)
        self.outcomes.append(outcome)
        self._rows.remove(row)
        if outcome.kind is Kind.RELEASE:
            row.delivery = delivery._replace(
                exceptions=delivery.exceptions + (outcome.charge is Charge.EXCEPTION),
                deferrals=delivery.deferrals + (outcome.charge is Charge.DEFERRAL),
            )
            row.due = clock.timestamp() + outcome.delay
            self._rows.append(row)
