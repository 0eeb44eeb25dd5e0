"""Jobs, and a function of plain arq. Each leaves lines in a journal that no queue knows of."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Any

from securely.queue import Job
from securely.support import clock

JOURNAL = os.environ.get("DEPOT_JOURNAL", "")


def note(event: str, tag: str) -> None:
    """Append a line, whole, whatever happens to this process next."""
    line = f"{event} {tag} {os.getpid()} {clock.monotonic():.6f}\n"
    descriptor = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


@dataclass
class Work(Job):
    """Takes *seconds*."""

    tag: str
    seconds: float = 0.0
    max_lost = 1000

    def handle(self) -> None:
        note("start", self.tag)
        if self.seconds:
            clock.sleep(self.seconds)
        note("end", self.tag)


@dataclass
class AsyncWork(Job):
    """Takes *seconds*, and lets others work meanwhile."""

    tag: str
    seconds: float = 0.0

    async def handle(self) -> None:
        note("start", self.tag)
        await clock.asleep(self.seconds)
        note("end", self.tag)


@dataclass
class Broken(Job):
    """Raises; tried twice."""

    tag: str
    tries = 2
    backoff = 0.05

    def handle(self) -> None:
        note("start", self.tag)
        raise ValueError("no such customer")

    def failed(self, error: BaseException) -> None:
        note("failed", self.tag)


@dataclass
class Poison(Job):
    """Kills the process that runs it."""

    tag: str

    def handle(self) -> None:
        note("start", self.tag)
        os.kill(os.getpid(), signal.SIGKILL)

    def failed(self, error: BaseException) -> None:
        note(f"failed:{type(error).__name__}", self.tag)


async def send(ctx: dict[str, Any], tag: str, *, loud: bool = False) -> str:
    """Be a function of plain arq."""
    note("sent!" if loud else "sent", f"{tag}:{ctx['job_try']}")
    return tag
