"""queue:work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import ClassVar

from securely.console import InvalidInput, Output, Verbosity
from securely.container import current
from securely.queue.commands.workers import OfWorkers
from securely.queue.crew.companion import Companion
from securely.queue.crew.loading import place_of
from securely.queue.crew.orders import Orders
from securely.queue.crew.process import Launch
from securely.queue.crew.report import Page, Report
from securely.queue.crew.worker import Worker
from securely.queue.exceptions import InvalidPayload
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.queue.upkeep.relay import Relays
from securely.settings import Settings
from securely.support.control import ControlSocket, begin_anew
from securely.support.paths import Paths

__all__ = ["WorkCommand"]

_STDERR = 2
_ENDINGS = ("once", "stop-when-empty", "stop-when-empty-for", "max-jobs", "max-time")


class WorkCommand(OfWorkers):
    """Runs jobs."""

    signature: ClassVar[str] = """queue:work
        {connection? : The connection to work; the default one if left out}
        {--queue= : The queues to work, the most urgent first, as in "high,default"}
        {--name= : What the worker calls itself}
        {--once : Run one job and stop}
        {--stop-when-empty : Stop when no job is due}
        {--stop-when-empty-for= : Stop when no job has been due for this long}
        {--max-jobs=0 : Stop after this many jobs; 0 for no limit}
        {--max-time=0 : Stop after this long; 0 for no limit}
        {--sleep=1 : How often to look for jobs when nobody rings, in seconds}
        {--rest=0 : How long to rest after each job, in seconds}
        {--memory=128 : Stop when a process has grown over this many MiB; 0 for no limit}
        {--timeout=60 : How long a job may run that names no timeout; 0 for no limit}
        {--tries=1 : How often a job may fail that names no number; 0 for no limit}
        {--backoff=0 : How long a failed job waits; "1,5,10" for the first, second, third time}
        {--grace= : How long running jobs may go on after a signal; their timeout if left out}
        {--processes=1 : How many jobs run at once, each in a process of its own}
        {--concurrency=1 : How many async jobs run at once in each process}
        {--prefetch= : How many jobs each process holds; follows their duration if left out}
        {--with-schedule : Run scheduled tasks beside it, as schedule:work does}
        {--watch : Start the worker anew when a file has changed, as queue:listen does}
        {--force : Work even in maintenance mode}
        {--json : Print one JSON object per line}"""
    description: ClassVar[str] = "Run the jobs of a queue"
    help: ClassVar[str] = (
        "SIGTERM or Ctrl-C finishes the running jobs and ends with 0; a second one gives them\n"
        "back at once. SIGUSR2 pauses, SIGCONT goes on. Durations may have units: 90, 10m, 1h30m."
    )

    def handle(
        self,
        queues: QueueManager,
        codec: Codec,
        paths: Paths,
        relays: Relays,
        settings: Settings,
    ) -> int:
        """Work until there is a reason to stop; the exit code is 0, 1, or 12 for memory."""
        if self.boolean("watch"):
            self._refuse_endings()
            return self.listen(queues, paths, but={"watch"})
        name = self.connection_name(queues)
        queue = self.chosen(queues)
        orders = self.orders(name, queue.default_queue)
        facts = {"name": orders.name, "revision": settings.revision}
        with settings.hooks.listening("queue:work", facts, self._complain) as control:
            worker = self._worker(queues, codec, paths, orders, control)
            self.output.flush()
            with relays, self._schedule(paths):
                status = worker.run()
        if worker.begins_anew:
            begin_anew(getattr(current(), "terminate", bool))
        return status

    def _worker(
        self,
        queues: QueueManager,
        codec: Codec,
        paths: Paths,
        orders: Orders,
        control: ControlSocket | None,
    ) -> Worker:
        name = orders.defaults.connection
        return Worker(
            self.store(queues),
            replace(orders, waits=queues.waits_of(name, orders.queues)),
            Launch(
                place_of(current(), paths),
                prints_to=_STDERR if self.boolean("json") else None,
                connection=self.string("connection") if self.argument("connection") else None,
            ),
            self._report(self.output, codec),
            known_queues=queues.named_queues(name),
            is_down=_is_down(paths),
            control=control,
        )

    def _schedule(self, paths: Paths) -> AbstractContextManager[object]:
        """Return what runs scheduled tasks beside the worker, if that is wanted."""
        if not self.boolean("with-schedule"):
            return nullcontext()
        # By its name: the schedule stands above the queue.
        return Companion(paths.base, ["schedule:work", "--standby"], self._complain)

    def _complain(self, text: str) -> None:
        self.output.error_line(f"WARN  {text}", raw=True)

    def orders(self, connection: str, default_queue: str) -> Orders:
        """Return what the worker is asked to do.

        Raises:
            InvalidInput: An option has a value that it can not have.
        """
        prefetch = self.integer("prefetch", 1) if self.option("prefetch") is not None else None
        orders = super().orders(connection, default_queue)
        if orders.rest:
            prefetch = 1  # a job that is held is not one that waits for the rest to be over
        return replace(
            orders,
            size=replace(orders.size, prefetch=prefetch),
            max_jobs=self.integer("max-jobs", 0) or None,
            max_time=self.duration("max-time") or None,
            stop_when_empty=self.boolean("stop-when-empty"),
            empty_for=self.duration("stop-when-empty-for"),
            is_once=self.boolean("once"),
        )

    def _refuse_endings(self) -> None:
        """Refuse to start a worker again and again that ends of itself."""
        said = [f"--{option}" for option in _ENDINGS if self.input.was_given(option)]
        if said:
            raise InvalidInput(
                f"--watch works until a signal says to stop: leave out {', '.join(said)}."
            )

    def _report(self, output: Output, codec: Codec) -> Report:
        def id_of(payload: bytes) -> str | None:
            try:
                return codec.header(payload).uuid
            except InvalidPayload:
                return None

        def write(text: str) -> None:
            output.write(text, raw=True)
            output.stream.flush()

        return Report(
            write,
            Page(output.width, output.stream.isatty(), output.is_decorated),
            as_json=self.boolean("json"),
            is_quiet=output.verbosity < Verbosity.NORMAL,
            write_error=lambda text: output.error_line(text.rstrip("\n"), raw=True),
            id_of=id_of,
        )


def _is_down(paths: Paths) -> Callable[[], bool]:
    """Return what tells that the application is down; by its name, as it stands above the queue."""
    container = current()
    if container.bound("maintenance"):
        mode = container.make("maintenance")
        return lambda: bool(mode.is_active)
    return (paths.storage / "framework" / "down").exists
