"""QueueManager: the connections by name, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, cast

from securely.container import current
from securely.events import Dispatcher
from securely.queue.bus.outbox import DbConnection, Outbox, OutboxDriver, outbox_table
from securely.queue.contracts import Connection, Delivery, OutboxTable, Runner, Workable
from securely.queue.crew.loading import Place
from securely.queue.delivery.refusals import no_job
from securely.queue.exceptions import ConnectionUndefined, DriverUnknown
from securely.queue.job import Dispatched, Job, Placement
from securely.queue.queue import Encodes, Hands, Queue, named
from securely.queue.upkeep.hooks import Hooks
from securely.support.awaiting import answered
from securely.support.importing import import_object
from securely.support.manager import Definition, Driver, Manager
from securely.support.suggest import did_you_mean

if TYPE_CHECKING:
    from securely.queue.fake import QueueFake

__all__ = ["ConnectionDefinition", "ConnectionFactory", "Defers", "Materials", "QueueManager"]


class ConnectionDefinition(Definition, Protocol):
    """What the configuration says of a connection; each driver reads further settings."""

    @property
    def queue(self) -> str:
        """Where jobs go that name no queue."""
        ...


_ANYWHERE = Placement()

ConnectionFactory: TypeAlias = Callable[[str, Any], Connection | Queue]
"""What opens a connection of a driver: its name, and what the configuration says of it."""


class Defers(Protocol):
    """What has something called later; the application's `defer`."""

    def __call__(
        self,
        function: Callable[[], object],
        name: str | None = None,
        *,
        always: bool = False,
    ) -> object:
        """Have *function* called, in the place of what waits under the same name."""
        ...


def _at_once(
    function: Callable[[], object], name: str | None = None, *, always: bool = False
) -> None:
    """Call *function* now: without an application nothing is under way."""
    answered(function())


def _ignore(error: BaseException, facts: Mapping[str, object]) -> None:
    """Report nothing: for tests."""


def _hush(text: str, facts: Mapping[str, object]) -> None:
    """Warn nobody: for tests."""


def _here() -> Place:
    return Place(str(Path.cwd()))


def _undefined(name: str) -> Queue:
    raise ConnectionUndefined(name, ())


@dataclass(frozen=True, slots=True)
class Materials:
    """What connections are built from, besides their options.

    Attributes:
        codec: Gives what writes and reads payloads; called when a connection is first used, so
            that an application without a key can boot.
        runner: Gives what runs jobs in the caller.
        locate: Gives the place of a path in the configuration.
        defer: Has something called once the request, job or command that is under way is over.
        report: Is told of what goes wrong where no caller would hear it.
        warn: Is told of what people should know who look after the application.
        here: Gives what another process needs to load this application.
        connection: Gives a connection by its name; the manager sets it, as the next one.
        waits: For how many seconds jobs of a queue, or "connection:queue", may wait.
        supervised: The queues that supervisors work, each behind its connection.
        events: Told of what happens to connections.
    """

    codec: Callable[[], Encodes]
    runner: Callable[[], Runner]
    locate: Callable[[str], Path] = Path
    defer: Defers = _at_once
    report: Callable[[BaseException, Mapping[str, object]], object] = _ignore
    warn: Callable[[str, Mapping[str, object]], object] = _hush
    here: Callable[[], Place] = _here
    connection: Callable[[str], Queue] = _undefined
    waits: Mapping[str, float] = field(default_factory=dict[str, float])
    supervised: Sequence[tuple[str, str]] = ()
    events: Dispatcher | None = None


class _Buildable(Protocol):
    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Connection: ...


class QueueManager(Manager[Queue], Queue, Hooks):
    """The connections by name, each opened on first use, and itself the default one.

    `Queue.push(…)` and `Queue.connection("sqlite").push(…)` are the same method; a job whose class
    names a connection goes there.

    Args:
        default: The connection that is used when none is named.
        definitions: What the configuration says of each.
        events: Told of each dispatch.
        materials: What connections are built from.

    Attributes:
        dispatches_after_responses: What is to run after the response waits for it; tests may want
            it at once, by `Bus.without_dispatching_after_responses`.
    """

    dispatches_after_responses: bool = True

    kind = "Queue connection"
    drivers: ClassVar[Mapping[str, str]] = {
        "arq": "securely.queue.drivers.arq:ArqConnection",
        "background": "securely.queue.drivers.background:BackgroundConnection",
        "deferred": "securely.queue.drivers.deferred:DeferredConnection",
        "failover": "securely.queue.drivers.failover:FailoverConnection",
        "null": "securely.queue.drivers.null:NullConnection",
        "sqlite": "securely.queue.drivers.sqlite:SqliteConnection",
        "sync": "securely.queue.drivers.sync:SyncConnection",
    }

    def __init__(
        self,
        default: str,
        definitions: Mapping[str, ConnectionDefinition],
        events: Dispatcher,
        materials: Materials,
    ) -> None:
        super().__init__(default, definitions)
        self._connections = definitions
        self._events = events
        self._materials = replace(materials, connection=self.connection, events=events)
        self._routes: dict[type, tuple[str | None, str | None]] = {}

    @property
    def driver(self) -> Connection:
        """What keeps the jobs of the default connection."""
        return self._instance().driver

    @property
    def default_queue(self) -> str:
        """Where jobs of the default connection go that name no queue."""
        return self._instance().default_queue

    @property
    def after_commit(self) -> bool:
        """Whether dispatches to the default connection wait for the open transaction."""
        return self._instance().after_commit

    def connection(self, name: str | Enum | None = None) -> Queue:
        """Return the connection *name*, or the default one; opened on first use.

        Raises:
            ConnectionUndefined: The configuration has none of that name.
            DriverUnknown: Nobody provides its driver.
        """
        return self._instance(named(name))

    def connected(self, name: str | None = None) -> bool:
        """Return whether the connection *name*, or the default one, was opened yet."""
        return (name or self.default) in self._built()

    def extend(self, driver: str, factory: ConnectionFactory) -> None:
        """Let *factory* open the connections of *driver*; it wins over one of ours.

        Args:
            driver: The name, as in the configuration.
            factory: Given a name and its definition, returns what keeps the jobs.
        """
        super().extend(driver, lambda name, options: self._queue(name, options, factory))

    def route(
        self,
        job: type[Job],
        queue: str | Enum | None = None,
        connection: str | Enum | None = None,
    ) -> None:
        """Send jobs of a class, and of those derived from it, to *queue* and *connection*.

        What a dispatch or a class says wins over it, and the route of a nearer class over that of
        a farther one.

        Source: Laravel 13, Illuminate\\Queue\\QueueRoutes.
        """
        self._routes[job] = (named(queue), named(connection))

    def create_payload_using(self, writer: Callable[[Job], Mapping[str, object]]) -> None:
        """Let what *writer* returns for a job travel with it, to be asked for when it runs.

        `current_interaction().context` has it there, in the job and in its middleware.

        Args:
            writer: Given the job as it is dispatched, returns plain JSON data.

        Source: Laravel 13, Illuminate\\Queue\\Queue::createPayloadUsing.
        """
        self._materials.codec().create_using(writer)

    def named_queues(self, connection: str | Enum | None = None) -> tuple[str, ...]:
        """Return the queues of *connection* that its configuration, supervisors or a route name.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
        """
        name = named(connection) or self.default
        first = self.connection(name).default_queue
        told: Sequence[str] = getattr(self._connections.get(name), "queues", ())
        routed = [queue for queue, to in self._routes.values() if queue and to in {None, name}]
        supervised = [queue for to, queue in self._materials.supervised if to == name]
        return tuple(dict.fromkeys([first, *told, *supervised, *routed]))

    def place(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Queue *job* with the options of one dispatch.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
            QueueError: As for :meth:`push`.
        """
        placement = self._routed(job, placement)
        return self.connection(placement.connection).place(job, placement)

    async def aplace(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Async twin of :meth:`place`."""
        placement = self._routed(job, placement)
        return await self.connection(placement.connection).aplace(job, placement)

    def place_with(
        self, job: Job, placement: Placement, push: Hands, *, uuid: str | None = None
    ) -> Dispatched:
        """Queue *job* as :meth:`place` does, by way of *push* instead of its connection's own.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
            QueueError: As for :meth:`push`.
        """
        placement = self._routed(job, placement)
        target = self.connection(placement.connection)
        return target.place_with(job, placement, push, uuid=uuid)

    def place_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Queue *jobs*, each with options of its own, in one step for each connection.

        Raises:
            QueueError: As for :meth:`push`.
        """
        sent: dict[int, Dispatched] = {}
        for target, members in self._grouped(jobs):
            done = target.place_all([one for _, one in members])
            sent.update(zip((at for at, _ in members), done, strict=True))
        return [sent[at] for at in range(len(sent))]

    async def aplace_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Async twin of :meth:`place_all`."""
        sent: dict[int, Dispatched] = {}
        for target, members in self._grouped(jobs):
            done = await target.aplace_all([one for _, one in members])
            sent.update(zip((at for at, _ in members), done, strict=True))
        return [sent[at] for at in range(len(sent))]

    def push_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Queue a payload as this application has written it, and return its job's uuid.

        Raises:
            InvalidPayload: It is none of ours, was changed, or is too large.
            QueueError: As for :meth:`push`.
        """
        return self._instance().push_raw(payload, queue)

    async def apush_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Async twin of :meth:`push_raw`."""
        return await self._instance().apush_raw(payload, queue)

    def unpack_result(self, uuid: str, packed: bytes) -> object:
        """Return what the job *uuid* has returned, as its connection keeps it."""
        return self._instance().unpack_result(uuid, packed)

    def destination(self, job: Job, placement: Placement = _ANYWHERE) -> Placement:
        """Return *placement* with the connection and the queue that *job* goes to.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
        """
        routed = self._routed(job, placement)
        target = self.connection(routed.connection)
        return routed._replace(
            connection=routed.connection or self.default, queue=routed.queue or target.default_queue
        )

    def unlock(self, connection: str, delivery: Delivery) -> None:
        """Free the unique key of a running job of *connection*, where it keeps any."""
        driver = self._keeper(connection)
        if driver is not None:
            driver.unlock(delivery)

    async def aunlock(self, connection: str, delivery: Delivery) -> None:
        """Async twin of :meth:`unlock`."""
        driver = self._keeper(connection)
        if driver is not None:
            await driver.aunlock(delivery)

    def waits_of(self, connection: str, queues: Sequence[str]) -> dict[str, float]:
        """Return for how many seconds jobs of *queues* may wait, of those that have a limit."""
        said = {queue: self._materials.waits.get(queue) for queue in queues}
        said |= {
            queue: wait
            for queue in queues
            if (wait := self._materials.waits.get(f"{connection}:{queue}")) is not None
        }
        return {queue: wait for queue, wait in said.items() if wait is not None}

    def outbox(self, database: DbConnection | OutboxTable) -> Outbox:
        """Return what writes jobs into the application's *database*, within its transaction.

        A relay (`queue:outbox`, or :class:`securely.queue.upkeep.relay.Relay`) moves them to their
        connections once they are committed. What is rolled back was never dispatched.

        Args:
            database: A connection of sqlite3, or an :class:`OutboxTable` for another database.
        """
        table = outbox_table(database)
        return Outbox(lambda jobs: [self._write(table, *each) for each in jobs])

    def run_now(self, job: Job, placement: Placement = _ANYWHERE) -> None:
        """Run *job* here and now, the whole way that a worker's go: middleware, events, hooks.

        Args:
            job: The job.
            placement: Options of this dispatch; connection and delay say nothing here.

        Raises:
            Exception: Whatever the job raised.
        """
        self._now().place(job, placement)

    async def arun_now(self, job: Job, placement: Placement = _ANYWHERE) -> None:
        """Async twin of :meth:`run_now`."""
        await self._now().aplace(job, placement)

    def run_after_response(self, job: Job, placement: Placement = _ANYWHERE) -> None:
        """Run *job* in this process once what is under way is over, even if that failed.

        Its payload is as it is now. What it raises is reported.

        Args:
            job: The job.
            placement: As for :meth:`run_now`.

        Raises:
            NotQueueable: As for :meth:`push`.
        """
        if not self.dispatches_after_responses:
            self.run_now(job, placement)
            return
        from securely.queue.drivers.deferred import DeferredConnection

        driver = DeferredConnection.of("sync", self._materials, always=True)
        Queue(driver, self._materials.codec(), self._events).place(
            job, placement._replace(after_commit=False)
        )

    def fake(self, *only: type[Job], except_: Iterable[type[Job]] = ()) -> QueueFake:
        """Put a recording double in the place of this manager, and return it.

        Args:
            only: The jobs that are recorded instead of queued; all when empty.
            except_: Those that are queued all the same.
        """
        from securely.queue.fake import QueueFake

        fake = QueueFake(self, self._connections, only, tuple(except_))
        current().instance(QueueManager, fake)
        return fake

    def close(self) -> None:
        """Close every connection that was opened; a later use opens it again."""
        super().close()

    def _write(self, table: OutboxTable, job: Job, placement: Placement) -> Dispatched:
        where = self.destination(job, placement)
        driver = OutboxDriver(table, where.connection or self.default)
        queue = Queue(driver, self._materials.codec(), self._events, where.queue or "default")
        return queue.place(job, where._replace(after_commit=False))

    def _keeper(self, connection: str) -> Workable | None:
        """Return what keeps unique keys; what runs here and now comes from no connection."""
        if connection not in self._connections:
            return None
        driver = self.connection(connection).driver
        return cast(Workable, driver) if hasattr(driver, "unlock") else None

    def _now(self) -> Queue:
        from securely.queue.drivers.sync import SyncConnection

        driver = SyncConnection.of("sync", self._materials)
        return Queue(driver, self._materials.codec(), self._events)

    def _routed(self, job: Job, placement: Placement) -> Placement:
        """Return *placement* with the connection, and the queue where a route names it."""
        if not isinstance(job, Job):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers err
            raise no_job(job)
        queue = placement.queue or job.queue
        connection = placement.connection or job.connection
        for kind in type(job).__mro__ if self._routes else ():
            if (route := self._routes.get(kind)) is not None:
                queue, connection = queue or route[0], connection or route[1]
                break
        if queue is placement.queue and connection is placement.connection:
            return placement
        return placement._replace(queue=queue, connection=connection)

    def _grouped(
        self, jobs: Sequence[tuple[Job, Placement]]
    ) -> list[tuple[Queue, list[tuple[int, tuple[Job, Placement]]]]]:
        """Return the jobs, with their positions, by the connection they go to."""
        groups: dict[str | None, list[tuple[int, tuple[Job, Placement]]]] = {}
        for at, (job, placement) in enumerate(jobs):
            routed = self._routed(job, placement)
            groups.setdefault(routed.connection, []).append((at, (job, routed)))
        return [(self.connection(name), members) for name, members in groups.items()]

    def _driver(self, name: str, driver: str) -> Driver[Queue]:
        if driver in self._extensions or driver not in self.drivers:
            return super()._driver(name, driver)
        cls = cast("type[_Buildable]", import_object(self.drivers[driver]))
        return lambda name, options: self._queue(
            name, options, lambda name, options: cls.build(name, options, self._materials)
        )

    def _queue(self, name: str, options: Any, factory: ConnectionFactory) -> Queue:
        opened = factory(name, options)
        if isinstance(opened, Queue):
            return opened
        return Queue(
            opened,
            self._materials.codec(),
            self._events,
            options.queue,
            after_commit=bool(getattr(options, "after_commit", False)),
        )

    def _undefined(self, name: str) -> Exception:
        return ConnectionUndefined(name, self.names(), did_you_mean(name, self.names()))

    def _unknown_driver(self, name: str, driver: str) -> Exception:
        known = sorted({*self.drivers, *self._extensions})
        return DriverUnknown(name, driver, known, did_you_mean(driver, known))
