"""Jobs and callbacks that note which context they have."""

from __future__ import annotations

from securely.context import Context
from securely.queue import Batch, Job

LOG: list[tuple[str, dict[str, object], dict[str, object], str]] = []


def note(name: str, context: Context) -> None:
    LOG.append((name, context.all(), context.all_hidden(), context.trace_id))


class Notes(Job):
    """Notes its context, and changes it."""

    tries = 2

    def __init__(self, name: str, fails: bool = False) -> None:
        self.name = name
        self.fails = fails

    def handle(self, context: Context) -> None:
        note(self.name, context)
        context.add(left=self.name)
        if self.fails:
            raise ValueError(self.name)

    def failed(self, error: BaseException, context: Context) -> None:
        note(f"failed {self.name}", context)


class AsyncNotes(Notes):
    """The same, async."""

    async def handle(self, context: Context) -> None:  # type: ignore[override]
        note(self.name, context)
        context.add(left=self.name)


class Sends(Job):
    """Queues another job."""

    def handle(self, context: Context) -> None:
        note("sends", context)
        context.add(by="sends")
        Notes.dispatch("sent")


def then(batch: Batch, context: Context) -> None:
    note("then", context)


def catch(error: BaseException, context: Context) -> None:
    note("catch", context)
