"""Runs jobs in a process of their own, started once what is under way is over."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import partial
from tempfile import TemporaryFile
from typing import cast

from securely.queue.contracts import BatchRecord, Envelope
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.background_process import MODULE, Order
from securely.queue.drivers.sync_batches import MemoryBatches
from securely.queue.drivers.sync_process import InProcess
from securely.queue.exceptions import BackgroundFailed
from securely.queue.manager import Materials
from securely.queue.options import BackgroundOptions

__all__ = ["BackgroundConnection"]


class BackgroundConnection(InProcess):
    """A connection whose jobs run in a detached process, one for each push.

    It is started when the request, the job or the command that pushed is over, and needs nobody
    from then on. It runs a job once, with what follows from it; what a job raises is logged there.
    It keeps nothing: a job whose process is killed is lost, and this one reports that as long as
    it lives itself.

    Args:
        name: Its name in the configuration.
        options: What the configuration says.
        materials: What connections are built from.

    Source: Laravel 13, Illuminate\\Queue\\BackgroundQueue.
    """

    def __init__(self, name: str, options: BackgroundOptions, materials: Materials) -> None:
        super().__init__(name, cast(JobRunner, materials.runner()))
        self._defer = materials.defer
        self._here = materials.here
        self._report = materials.report
        self._always = options.always
        self._output = materials.locate(options.output)
        self.batches: MemoryBatches = _Batches(self)
        self.is_child: bool = False

    @classmethod
    def build(
        cls, name: str, options: BackgroundOptions, materials: Materials
    ) -> BackgroundConnection:
        """Return the connection *name* as its options have it."""
        return cls(name, options, materials)

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Have a process run the jobs of *envelopes*, one after the other; return their uuids.

        `unique` keys are not looked at: no process knows what the others run.
        """
        if envelopes:
            self.hand_over(envelopes, None)
        return [envelope.uuid for envelope in envelopes]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        return self.push(envelopes)

    def take(self, members: Sequence[Envelope]) -> None:
        """Run *members* of a batch, and the callbacks that are due: this is their process."""
        for member in members:
            self.perform(member)

    def hand_over(self, envelopes: Sequence[Envelope], record: BatchRecord | None) -> None:
        """Have a process run *envelopes*, members of a batch where there is a *record*."""
        self._defer(partial(self._start, envelopes, record), None, always=self._always)

    def run(self, envelopes: Sequence[Envelope], record: BatchRecord | None) -> None:
        """Be the process: run what it was started for; errors of jobs are reported."""
        self.is_child = True
        if record is None:
            self.take(envelopes)
        else:
            self.batches.create(record, envelopes)

    def _start(self, envelopes: Sequence[Envelope], record: BatchRecord | None) -> None:
        """Start the process that runs *envelopes*; where there can be none, run them here."""
        order = Order(self.name, self._here(), list(envelopes), record)
        try:
            process = self._spawn(order.pack())
        except OSError as error:
            names = [envelope.name for envelope in envelopes]
            self._report(error, {"jobs": names, "during": "starting a process for them"})
            self.run(envelopes, record)
            self.is_child = False
            return
        # Nobody else waits for it; a child that nobody waits for stays a zombie.
        watch = threading.Thread(
            target=self._watch, args=(process, envelopes), name="queue-background", daemon=True
        )
        watch.start()

    def _spawn(self, order: bytes) -> subprocess.Popen[bytes]:
        self._output.parent.mkdir(parents=True, exist_ok=True)
        # A file and not a pipe: it takes any size at once, and is gone when nobody reads it.
        with TemporaryFile() as order_file, self._output.open("ab") as output:
            order_file.write(order)
            order_file.seek(0)
            return subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-m", MODULE],
                stdin=order_file,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _watch(self, process: subprocess.Popen[bytes], envelopes: Sequence[Envelope]) -> None:
        if (code := process.wait()) != 0:
            names = [envelope.name for envelope in envelopes]
            error = BackgroundFailed(names, code, str(self._output))
            self._report(error, {"jobs": names, "ids": [envelope.uuid for envelope in envelopes]})


class _Batches(MemoryBatches):
    """The batches of a process of background jobs; elsewhere they are handed over to one."""

    def __init__(self, connection: BackgroundConnection) -> None:
        super().__init__(connection.take)
        self._connection = connection

    def create(self, record: BatchRecord, members: Sequence[Envelope]) -> bool:
        """Count *record* here where its *members* run here, or hand them over together."""
        if self._connection.is_child:
            return super().create(record, members)
        self._connection.hand_over(members, record)
        return True
