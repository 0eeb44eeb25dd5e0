"""Runs jobs in the caller, once what is under way is over: the request, the job or the command."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Sequence
from typing import cast

from securely.queue.contracts import Envelope
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.sync_process import InProcess
from securely.queue.manager import Defers, Materials
from securely.queue.options import DeferredOptions

__all__ = ["DeferredConnection"]


class DeferredConnection(InProcess):
    """A connection whose jobs run in this process, after the response or the command's end.

    What a job raises is reported, and reaches nobody. What waits, waits in memory: it ends with
    the process.

    Args:
        name: Its name in the configuration.
        runner: Runs the jobs.
        defer: Calls something once what is under way is over.
        always: Run the jobs of a request or command that ended in an error, too.

    Source: Laravel 13, Illuminate\\Queue\\DeferredQueue.
    """

    def __init__(
        self, name: str, runner: JobRunner, defer: Defers, *, always: bool = False
    ) -> None:
        super().__init__(name, runner)
        self._defer = defer
        self._always = always

    @classmethod
    def build(cls, name: str, options: DeferredOptions, materials: Materials) -> DeferredConnection:
        """Return the connection *name* as its options have it."""
        return cls.of(name, materials, always=options.always)

    @classmethod
    def of(cls, name: str, materials: Materials, *, always: bool = False) -> DeferredConnection:
        """Return a connection that runs jobs with what a manager has at hand."""
        return cls(name, cast(JobRunner, materials.runner()), materials.defer, always=always)

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Have the jobs of *envelopes* run later, and return the uuids that stand for them."""
        return [self._later(envelope) for envelope in envelopes]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        return self.push(envelopes)

    def take(self, members: Sequence[Envelope]) -> None:
        """Have *members* of a batch run later."""
        self.push(members)

    def _later(self, envelope: Envelope) -> str:
        if (holder := self.claim(envelope)) is not None:
            return holder
        waiting = _Waiting(self, envelope)
        # It is dropped without a word when the request ends in an error: its key is free then.
        weakref.finalize(waiting, self.free, envelope).atexit = False
        # Of debounced jobs, the last one takes the place of the one before.
        name = None if envelope.max_wait is None else f"queue:{self.name}:{envelope.unique}"
        self._defer(waiting.run, name, always=self._always)
        return envelope.uuid


class _Waiting:
    """A job that waits for the end of what is under way."""

    def __init__(self, connection: DeferredConnection, envelope: Envelope) -> None:
        self._connection = connection
        self._envelope = envelope

    def run(self) -> Awaitable[object] | None:
        """Run it, in the colour of whoever asks; what it raises has been reported then."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._connection.perform(self._envelope)
            return None
        return self._connection.aperform(self._envelope)
