"""Binds the queue, its runner and its listeners, and names the commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, cast

from securely.config import Config
from securely.console.contracts import CommandQueue
from securely.container import Provider
from securely.context import Context
from securely.encryption import Encrypter, KeyRing
from securely.events import Dispatcher
from securely.events.contracts import ListenerRunner
from securely.log import LogManager
from securely.queue.bus.dispatcher import Bus
from securely.queue.bus.listeners import QueuedListeners
from securely.queue.commands.queued import QueuedCommands
from securely.queue.crew.fleet.fleet import Fleet
from securely.queue.crew.loading import place_of
from securely.queue.delivery.runner import JobRunner
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.queue.queue import Queue
from securely.queue.upkeep.relay import Relays
from securely.support.paths import Paths

__all__ = ["QueueProvider"]


class QueueProvider(Provider):
    """Binds the queue, its runner and its listeners, and names the commands."""

    provides: ClassVar[Mapping[str, type]] = {
        "bus": Bus,
        "queue": QueueManager,
        "queue.codec": Codec,
        "queue.connection": Queue,
        "queue.fleet": Fleet,
        "queue.commands": CommandQueue,
        "queue.listeners": ListenerRunner,
        "queue.relays": Relays,
        "queue.runner": JobRunner,
    }
    commands: ClassVar[Mapping[str, type | str]] = {
        "make:job": "securely.queue.commands.make.MakeJobCommand",
        "make:job-middleware": "securely.queue.commands.make.MakeJobMiddlewareCommand",
        "queue:batch": "securely.queue.commands.batches.BatchCommand",
        "queue:batches": "securely.queue.commands.batches.BatchesCommand",
        "queue:cancel": "securely.queue.commands.queues.CancelCommand",
        "queue:cancel-batch": "securely.queue.commands.batches.CancelBatchCommand",
        "queue:clear": "securely.queue.commands.queues.ClearCommand",
        "queue:doctor": "securely.queue.commands.doctor.DoctorCommand",
        "queue:failed": "securely.queue.commands.failed.FailedCommand",
        "queue:flush": "securely.queue.commands.failed.FlushCommand",
        "queue:forget": "securely.queue.commands.failed.ForgetCommand",
        "queue:listen": "securely.queue.commands.listen.ListenCommand",
        "queue:metrics": "securely.queue.commands.metrics.MetricsCommand",
        "queue:monitor": "securely.queue.commands.status.MonitorCommand",
        "queue:outbox": "securely.queue.commands.outbox.OutboxCommand",
        "queue:pause": "securely.queue.commands.queues.PauseCommand",
        "queue:prune-batches": "securely.queue.commands.batches.PruneBatchesCommand",
        "queue:prune-failed": "securely.queue.commands.failed.PruneFailedCommand",
        "queue:restart": "securely.queue.commands.queues.RestartCommand",
        "queue:resume": "securely.queue.commands.queues.ResumeCommand",
        "queue:retry": "securely.queue.commands.retry.RetryCommand",
        "queue:retry-batch": "securely.queue.commands.retry.RetryBatchCommand",
        "queue:status": "securely.queue.commands.status.StatusCommand",
        "queue:supervise": "securely.queue.commands.supervise.SuperviseCommand",
        "queue:work": "securely.queue.commands.work.WorkCommand",
        "supervise:continue": "securely.queue.commands.supervise.ContinueCommand",
        "supervise:list": "securely.queue.commands.supervise.ListCommand",
        "supervise:pause": "securely.queue.commands.supervise.PauseCommand",
        "supervise:status": "securely.queue.commands.supervise.StatusCommand",
        "supervise:terminate": "securely.queue.commands.supervise.TerminateCommand",
    }

    options: ClassVar[Mapping[str, type | str]] = {"queue": QueueOptions}

    def register(self) -> None:
        """Bind the manager, the codec, the runner and what runs queued listeners and commands."""
        self.app.singleton(Bus, self.bus)
        self.app.singleton(QueueManager, self.manager)
        self.app.bind(Queue, QueueManager)
        self.app.singleton(Fleet, self.fleet)
        self.app.singleton(Codec, self.codec)
        self.app.singleton(JobRunner, self.runner)
        self.app.singleton(Relays, self.relays)
        self.app.singleton(ListenerRunner, self.listeners)
        self.app.singleton(CommandQueue, QueuedCommands)

    def bus(self, events: Dispatcher) -> Bus:
        """Return what dispatches jobs, chains and batches."""
        return Bus(self.app, events, self.defer)

    def listeners(self) -> QueuedListeners:
        """Return what queues the calls of listeners."""
        return QueuedListeners(partial(self.app.make, QueueManager))

    def manager(self, config: Config, events: Dispatcher, paths: Paths) -> QueueManager:
        """Return the manager of the configured connections."""
        options = config.section("queue").parse(QueueOptions)
        materials = Materials(
            # Asked for when a connection is first used: without a key, all else still works.
            codec=lambda: self.app.make(Codec),
            runner=lambda: self.app.make(JobRunner),
            locate=paths.resolve,
            defer=self.defer,
            report=self.report,
            warn=self.warn,
            here=partial(place_of, self.app, paths),
            waits=options.waits,
            supervised=options.supervised(),
        )
        return QueueManager(options.default, options.connections, events, materials)

    def fleet(self, config: Config, queues: QueueManager, paths: Paths) -> Fleet:
        """Return what keeps worker processes."""
        options = config.section("queue").parse(QueueOptions)
        return Fleet(
            queues,
            options.supervisors,
            str(config.get("app.env")),
            base=paths.base,
            directory=paths.storage / "framework" / "supervise",
            fast_termination=options.fast_termination,
        )

    def relays(self, config: Config, queues: QueueManager, paths: Paths) -> Relays:
        """Return what moves the configured outboxes beside a worker."""
        options = config.section("queue").parse(QueueOptions)
        files = [paths.resolve(path) for path in options.outboxes]
        return Relays(queues, files, lambda text: self.warn(text, {}))

    def codec(self, config: Config, keys: KeyRing) -> Codec:
        """Return what writes and reads payloads, under a key of the queue's own."""
        options = config.section("queue").parse(QueueOptions)
        return Codec(
            keys.purpose("queue"),
            options.payload_bytes_max,
            encrypter=lambda: self.app.make(Encrypter).for_purpose("queue"),
            aliases=options.aliases,
            context=self.context(),
        )

    def runner(self, codec: Codec, events: Dispatcher) -> JobRunner:
        """Return what runs jobs."""
        keys = partial(self.app.make, QueueManager)
        # By its name: the handler of errors stands above the queue, and need not be there.
        retries = self.app.make("errors") if self.app.bound("errors") else None
        return JobRunner(
            self.app,
            codec,
            events,
            self.report,
            keys=keys,
            retries=retries,
            context=self.context(),
        )

    def context(self) -> Context | None:
        """Return what travels with jobs; None in a container that has none."""
        return self.app.make(Context) if self.app.bound("context") else None

    def defer(
        self, function: Callable[[], object], name: str | None = None, *, always: bool = False
    ) -> None:
        """Have *function* called when the request, job or command that is under way is over."""
        # By its name: the application stands above the queue.
        cast("Any", self.app).defer(function, name, always=always)

    def report(self, error: BaseException, facts: Mapping[str, object]) -> None:
        """Report an exception of a job."""
        # By its name: the handler of errors stands above the queue, and need not be there.
        if self.app.bound("errors"):
            handler: Any = self.app.make("errors")
            handler.report(error, **facts)
            return
        self.app.make(LogManager).error("job raised an exception", exception=error, **facts)

    def warn(self, text: str, facts: Mapping[str, object]) -> None:
        """Log a warning."""
        self.app.make(LogManager).warning(text, **facts)
