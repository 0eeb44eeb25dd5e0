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
class Until(Job):
    """Runs until there is the file *where*."""

    tag: str
    where: str
    max_lost = 1000

    def handle(self) -> None:
        note("start", self.tag)
        while not os.path.exists(self.where):  # noqa: PTH110  # no more imports than that
            clock.sleep(0.01)
        note("end", self.tag)


@dataclass
class Together(Job):
    """Runs until jobs have begun in so many *processes*."""

    tag: str
    processes: int

    def handle(self) -> None:
        note("start", self.tag)
        while len(begun()) < self.processes:
            clock.sleep(0.01)
        note("end", self.tag)


def begun() -> set[str]:
    """Return the processes in which jobs have begun."""
    with open(JOURNAL, encoding="ascii") as journal:  # noqa: PTH123  # as above
        lines = journal.read().rpartition("\n")[0].splitlines()
    return {line.split()[2] for line in lines if line.startswith("start ")}


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


@dataclass
class Answers(Job):
    """Returns its attempt, which is kept; *where* is a file of :class:`DiesOnce`."""

    tag: str
    where: str = ""
    store_result = True

    def middleware(self) -> list[object]:
        from depot_kills import DiesOnce

        return [DiesOnce(self.where)] if self.where else []

    def handle(self) -> str:
        note("start", self.tag)
        note("end", self.tag)
        return f"{self.tag}:{self.attempts}"


@dataclass
class Refuses(Job):
    """Raises, and that is kept."""

    tag: str
    store_result = True

    def handle(self) -> str:
        note("start", self.tag)
        raise ValueError(f"{self.tag}:{self.attempts}")


@dataclass
class DeadlyHook(Job):
    """Raises, and its hook takes the first worker down that runs it; *where* is a file."""

    tag: str
    where: str
    takes_all: bool = False

    def handle(self) -> None:
        note("start", self.tag)
        raise ValueError(self.tag)

    def failed(self, error: BaseException) -> None:
        note("hook", self.tag)
        die_once(self.where, takes_all=self.takes_all)


@dataclass
class DeadlyOnce(Work):
    """Takes the first worker down that runs it; *where* is a file."""

    where: str = ""
    takes_all: bool = False

    def handle(self) -> None:
        note("start", self.tag)
        die_once(self.where, takes_all=self.takes_all)
        note("end", self.tag)


def die_once(where: str, *, takes_all: bool) -> None:
    """Kill this process if there is the file *where*; *takes_all*: its supervisor before it."""
    if os.path.exists(where):  # noqa: PTH110  # no more imports than that
        os.unlink(where)  # noqa: PTH108
        if takes_all:
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Opens(Job):
    """Dispatches a batch of one chain, whose first link has a batch run before the second."""

    cancels: bool = False

    def handle(self) -> None:
        from securely.facades import Bus

        chain = [Forks(cancels=self.cancels), Work("behind")]
        batch = Bus.batch([chain]).name("outer").finally_(Work("over")).dispatch()
        note("batch", batch.id)


@dataclass
class Forks(Job):
    """Puts a batch before what follows in its chain."""

    cancels: bool = False

    def handle(self) -> None:
        from securely.facades import Bus

        first = Cancels() if self.cancels else Work("inner")
        self.prepend_to_chain(Bus.batch([first]).name("inner"))


@dataclass
class Cancels(Job):
    """Cancels its batch."""

    def handle(self) -> None:
        batch = self.batch()
        assert batch is not None
        batch.cancel()
        note("end", "cancels")


async def send(ctx: dict[str, Any], tag: str, *, loud: bool = False) -> str:
    """Be a function of plain arq."""
    note("sent!" if loud else "sent", f"{tag}:{ctx['job_try']}")
    return tag
