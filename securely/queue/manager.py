"""QueueManager: the connections by name, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, cast

from securely.container import current
from securely.events import Dispatcher
from securely.queue.contracts import Connection, Runner
from securely.queue.exceptions import ConnectionUndefined, DriverUnknown
from securely.queue.job import Dispatched, Job
from securely.queue.queue import Delay, Encodes, Queue
from securely.support.importing import import_object
from securely.support.manager import Definition, Driver, Manager
from securely.support.suggest import did_you_mean

if TYPE_CHECKING:
    from securely.queue.fake import QueueFake

__all__ = ["ConnectionDefinition", "ConnectionFactory", "Materials", "QueueManager"]


class ConnectionDefinition(Definition, Protocol):
    """What the configuration says of a connection; each driver reads further settings."""

    @property
    def queue(self) -> str:
        """Where jobs go that name no queue."""
        ...


ConnectionFactory: TypeAlias = Callable[[str, Any], Connection | Queue]
"""What opens a connection of a driver: its name, and what the configuration says of it."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What connections are built from, besides their options.

    Attributes:
        codec: Gives what writes and reads payloads; called when a connection is first used, so
            that an application without a key can boot.
        runner: Gives what runs jobs in the caller.
        locate: Gives the place of a path in the configuration.
    """

    codec: Callable[[], Encodes]
    runner: Callable[[], Runner]
    locate: Callable[[str], Path] = Path


class _Buildable(Protocol):
    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Connection: ...


class QueueManager(Manager[Queue], Queue):
    """The connections by name, each opened on first use, and itself the default one.

    `Queue.push(…)` and `Queue.connection("sqlite").push(…)` are the same method; a job whose class
    names a connection goes there.

    Args:
        default: The connection that is used when none is named.
        definitions: What the configuration says of each.
        events: Told of each dispatch.
        materials: What connections are built from.
    """

    kind = "Queue connection"
    drivers: ClassVar[Mapping[str, str]] = {
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
        self._materials = materials

    @property
    def driver(self) -> Connection:
        """What keeps the jobs of the default connection."""
        return self._instance().driver

    @property
    def default_queue(self) -> str:
        """Where jobs of the default connection go that name no queue."""
        return self._instance().default_queue

    def connection(self, name: str | Enum | None = None) -> Queue:
        """Return the connection *name*, or the default one; opened on first use.

        Raises:
            ConnectionUndefined: The configuration has none of that name.
            DriverUnknown: Nobody provides its driver.
        """
        return self._instance(str(name.value) if isinstance(name, Enum) else name)

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

    def place(
        self,
        job: Job,
        *,
        queue: str | Enum | None = None,
        delay: Delay | None = None,
        priority: int | None = None,
        connection: str | Enum | None = None,
    ) -> Dispatched:
        """Queue *job* with the options of one dispatch; None leaves an option to its class.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
            QueueError: As for :meth:`push`.
        """
        target = self.connection(connection or job.connection)
        return target.place(job, queue=queue, delay=delay, priority=priority)

    async def aplace(
        self,
        job: Job,
        *,
        queue: str | Enum | None = None,
        delay: Delay | None = None,
        priority: int | None = None,
        connection: str | Enum | None = None,
    ) -> Dispatched:
        """Async twin of :meth:`place`."""
        target = self.connection(connection or job.connection)
        return await target.aplace(job, queue=queue, delay=delay, priority=priority)

    def bulk(self, jobs: Iterable[Job], queue: str | Enum | None = None) -> list[str]:
        """Queue *jobs* and return their uuids; in one step for each connection they go to.

        Raises:
            QueueError: As for :meth:`push`.
        """
        groups = self._grouped(jobs)
        ids: dict[int, str] = {}
        for target, members in groups:
            sent = target.bulk([job for _, job in members], queue)
            ids.update(zip((at for at, _ in members), sent, strict=True))
        return [ids[at] for at in range(len(ids))]

    async def abulk(self, jobs: Iterable[Job], queue: str | Enum | None = None) -> list[str]:
        """Async twin of :meth:`bulk`."""
        groups = self._grouped(jobs)
        ids: dict[int, str] = {}
        for target, members in groups:
            sent = await target.abulk([job for _, job in members], queue)
            ids.update(zip((at for at, _ in members), sent, strict=True))
        return [ids[at] for at in range(len(ids))]

    def run_now(self, job: Job) -> None:
        """Run *job* here and now, the whole way that a worker's go: middleware, events, hooks.

        Raises:
            Exception: Whatever the job raised.
        """
        self._now().place(job)

    async def arun_now(self, job: Job) -> None:
        """Async twin of :meth:`run_now`."""
        await self._now().aplace(job)

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

    def _now(self) -> Queue:
        from securely.queue.drivers.sync import SyncConnection

        driver = SyncConnection.of("sync", self._materials)
        return Queue(driver, self._materials.codec(), self._events)

    def _grouped(self, jobs: Iterable[Job]) -> list[tuple[Queue, list[tuple[int, Job]]]]:
        """Return the jobs, with their positions, by the connection they go to."""
        groups: dict[str | None, list[tuple[int, Job]]] = {}
        for at, job in enumerate(jobs):
            groups.setdefault(job.connection, []).append((at, job))
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
        return Queue(opened, self._materials.codec(), self._events, options.queue)

    def _undefined(self, name: str) -> Exception:
        return ConnectionUndefined(name, self.names(), did_you_mean(name, self.names()))

    def _unknown_driver(self, name: str, driver: str) -> Exception:
        known = sorted({*self.drivers, *self._extensions})
        return DriverUnknown(name, driver, known, did_you_mean(driver, known))
