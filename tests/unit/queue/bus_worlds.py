"""An application of a kind: connections, a bus, and a worker that is turned by hand."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from securely.container import Container
from securely.context import Context
from securely.events import Dispatcher
from securely.queue.bus.dispatcher import Bus
from securely.queue.contracts import Defaults, Kind
from securely.queue.delivery.runner import JobRunner
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.support import clock

__all__ = ["BusWorld"]


class BusWorld:
    """Two stores, `sync` and `null`, and a bus; :meth:`work` is a worker of "sqlite".

    Args:
        server: The port of a Redis server that keeps both stores; None for files.
    """

    def __init__(
        self,
        container: Container,
        codec: Codec,
        events: Dispatcher,
        path: Path,
        server: int | None = None,
    ) -> None:
        connections = {
            "sqlite": _store(path, 1, server),
            "other": {**_store(path, 2, server), "queue": "others"},
            "either": {"driver": "failover", "connections": ["sqlite", "other"]},
            "sync": {"driver": "sync"},
            "null": {"driver": "null"},
        }
        options = QueueOptions.parse({"connections": connections, "default": "sqlite"}, "queue")
        self._seats: dict[tuple[str, str], Any] = {}
        self.reported: list[BaseException] = []
        self.deferred: list[Any] = []
        self.container = container
        self.events = events
        self._options = options
        self.use(codec)
        container.alias(QueueManager, "queue")
        container.alias(Codec, "queue.codec")
        container.instance(Dispatcher, events)
        container.instance(Container, container)
        self.bus = Bus(container, events, self.defer)
        container.instance(Bus, self.bus)
        container.alias(Bus, "bus")
        self.told: list[str] = []

    def use(self, codec: Codec, context: Context | None = None) -> None:
        """Open the connections anew, with another codec."""
        self._leave()
        self.codec = codec
        self.runner = JobRunner(
            self.container,
            codec,
            self.events,
            lambda error, _: self.reported.append(error),
            context=context,
        )
        materials = Materials(lambda: codec, lambda: self.runner, defer=self.defer)
        self.queues = QueueManager(
            self._options.default, self._options.connections, self.events, materials
        )
        self.container.instance(QueueManager, self.queues)
        self.container.instance(Codec, codec)

    def forget(self, connection: str) -> None:
        """Let the configuration have no connection of this name any more."""
        left = {
            name: each for name, each in self._options.connections.items() if name != connection
        }
        self._options = self._options.model_copy(update={"connections": left})
        self.use(self.codec)

    def defer(self, function: Any, name: str | None = None, *, always: bool = False) -> None:
        """Note what is to be called when all is over."""
        self.deferred.append(function)

    def over(self) -> None:
        """Call what was deferred."""
        waiting, self.deferred = self.deferred, []
        for function in waiting:
            function()

    def listen(self, *kinds: type[Any]) -> list[Any]:
        """Note events of *kinds*."""
        told: list[Any] = []
        for kind in kinds:
            self.events.listen(kind, told.append)
        return told

    def work(
        self,
        most: int = 1000,
        connection: str = "sqlite",
        queue: str = "default",
        tries: int = 1,
        backoff: float = 0.0,
    ) -> int:
        """Run up to *most* jobs that are due, one after the other; return how many there were."""
        store: Any = self.queues.connection(connection).driver
        self.runner.configure(Defaults(connection=connection, tries=tries, backoff=(backoff,)))
        seat = self._seat(connection, queue)
        for ran in range(most):
            deliveries = seat.turn([], 1).deliveries
            if not deliveries:
                return ran
            delivery = deliveries[0]
            if self.runner.is_async(delivery):
                outcome = asyncio.run(self.runner.arun(delivery))
            else:
                outcome = self.runner.run(delivery)
            seat.turn([outcome], 0)
            if outcome.kind is Kind.FAIL and outcome.has_hook:
                failed = store.failed.all()[0]
                self.runner.run_failed_hook(replace(failed, id=delivery.id))
        return most

    def _seat(self, connection: str, queue: str) -> Any:
        """Return a worker's place, which it keeps to the end."""
        key = (connection, queue)
        if key not in self._seats:
            store: Any = self.queues.connection(connection).driver
            self._seats[key] = store.join([*queue.split(","), "own", "mail", "others"])
        return self._seats[key]

    def state(self, queue: str = "default", connection: str = "sqlite") -> list[str]:
        """Return the names of what waits in *queue*, in order."""
        store: Any = self.queues.connection(connection).driver
        return [self.name_of(one) for one in store.jobs(queue)]

    def rows(self, queue: str = "default") -> list[tuple[str, int, float]]:
        """Return the name, the attempts and the seconds until it is due of each that waits."""
        store: Any = self.queues.connection("sqlite").driver
        now = clock.timestamp()
        return [
            # To the hundredth: arq's milliseconds are cut, not rounded.
            (self.name_of(one), one.attempts, round(one.available_at - now, 2))
            for one in store.jobs(queue)
        ]

    def name_of(self, stored: Any) -> str:
        """Return the name of a stored job, as the samples have it."""
        job: Any = self.codec.decode(stored.payload).job
        return str(getattr(job, "name", None) or stored.name)

    def close(self) -> None:
        """Let go of the files."""
        self._leave()
        self.queues.close()

    def _leave(self) -> None:
        for seat in self._seats.values():
            seat.leave()
        self._seats.clear()


def _store(path: Path, number: int, server: int | None) -> dict[str, str]:
    """Return the options of a store of its own."""
    if server is None:
        return {"driver": "sqlite", "path": str(path / str(number))}
    return {"driver": "arq", "url": f"redis://127.0.0.1:{server}/{number}"}
