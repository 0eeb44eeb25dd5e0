"""ledger_for: which ledger keeps the runs, by the queue connection that the options name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, cast

from securely.queue.contracts import Connection
from securely.queue.manager import QueueManager
from securely.schedule.contracts import Ledger
from securely.schedule.drivers.base import Queues
from securely.schedule.options import ScheduleOptions
from securely.support.importing import import_object
from securely.support.paths import Paths

__all__ = ["OWN_PATH", "ledger_for"]

OWN_PATH: Final = "storage/framework/schedule"
"""Where runs are kept when no queue connection can keep them."""

_DRIVERS: Final[Mapping[str, str]] = {
    "array": "securely.schedule.drivers.array:ArrayLedger",
    "redis": "securely.schedule.drivers.redis:RedisLedger",
    "sqlite": "securely.schedule.drivers.sqlite:SqliteLedger",
}

# Which driver keeps the runs beside the jobs of which driver of the queue, and what that one is.
_BESIDE: Final[Mapping[str, tuple[str, str]]] = {
    "arq": ("redis", "securely.queue.drivers.arq:ArqConnection"),
    "sqlite": ("sqlite", "securely.queue.drivers.sqlite:SqliteConnection"),
}


class _InMemory(Protocol):
    def __call__(self, queues: Queues, /) -> Ledger: ...


class _InStores(Protocol):
    def of(self, connection: Connection, queues: Queues, /) -> Ledger: ...

    def own(self, name: str, path: object, queues: Queues, /) -> Ledger: ...


def ledger_for(
    queues: Queues, options: ScheduleOptions, paths: Paths, environment: str = "production"
) -> Ledger:
    """Return the ledger in the store of the queue connection that *options* name.

    Of `failover` it is that of the first connection that is `sqlite` or `arq`. Others keep
    nothing: then it is a file of its own, or this process alone where *environment* is "testing".

    Args:
        queues: Gives what queues jobs: asked anew for each, so that a fake is heeded.
        options: Which connection.
        paths: Where the application keeps its files.
        environment: The name of the environment.

    Raises:
        ConnectionUndefined: There is no such connection.
    """
    manager = queues()
    name = _keeper(manager, options.connection or manager.default)
    if name is not None:
        driver = manager.connection(name).driver
        kind, expected = _BESIDE[manager.definition(name).driver]
        # Not where somebody's own driver has that name, or a fake stands for it.
        if isinstance(driver, cast("type", import_object(expected))):
            return cast(_InStores, import_object(_DRIVERS[kind])).of(driver, queues)
    if environment == "testing":
        return cast(_InMemory, import_object(_DRIVERS["array"]))(queues)
    own = cast(_InStores, import_object(_DRIVERS["sqlite"]))
    return own.own("schedule", paths.resolve(OWN_PATH), queues)


def _keeper(manager: QueueManager, name: str) -> str | None:
    """Return the name of the connection whose store keeps the runs; None where none can."""
    definition = manager.definition(name)
    if definition.driver == "failover":
        members: list[str] = getattr(definition, "connections", [])
        found = (each for each in members if manager.definition(each).driver in _BESIDE)
        return next(found, None)
    return name if definition.driver in _BESIDE else None
