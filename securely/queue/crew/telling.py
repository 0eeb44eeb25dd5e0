"""Telling: events of the worker, told to listeners where user code runs: in its executors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from securely.events import Dispatcher
from securely.queue import events as kinds
from securely.queue.contracts import Delivery

__all__ = ["Telling"]

_OF_WORKERS = (
    kinds.LongWaitDetected,
    kinds.WorkerIdle,
    kinds.WorkerInterrupted,
    kinds.WorkerPausing,
    kinds.WorkerQueuePaused,
    kinds.WorkerQueueResumed,
    kinds.WorkerResuming,
)


class Telling:
    """Tells what happens to the worker; a listener's error is reported, and changes nothing.

    Args:
        events: Knows who listens.
        report: Told of each error.
    """

    def __init__(
        self, events: Dispatcher, report: Callable[[BaseException, Mapping[str, object]], object]
    ) -> None:
        self._events = events
        self._report = report
        self._worker: tuple[str, tuple[str, ...], str] = ("", (), "")

    def begin(self, connection: str, queues: tuple[str, ...], worker: str) -> None:
        """Tell that the application is loaded, for a worker of these queues."""
        self._worker = (connection, queues, worker)
        self.tell("WorkerStarting", {})

    @property
    def is_wanted(self) -> bool:
        """Whether somebody listens to what the supervisor alone can know."""
        return any(self._events.has_listeners(kind) for kind in _OF_WORKERS)

    @property
    def guards(self) -> bool:
        """Whether somebody may hold jobs back."""
        return self._events.has_listeners(kinds.Looping)

    def tell(self, name: str, details: Mapping[str, object]) -> None:
        """Tell the event of the worker that is called *name*."""
        kind = getattr(kinds, name)
        if not self._events.has_listeners(kind):
            return
        try:
            self._events.dispatch(kind(*self._worker, **details))
        except Exception as error:  # the border to listeners
            self._report(error, {"listening_to": name})

    def allows(self, delivery: Delivery) -> bool:
        """Return whether no listener to Looping holds *delivery* back."""
        try:
            return self._events.until(self._looping(delivery)) is not False
        except Exception as error:  # the border to listeners
            self._report(error, {"listening_to": "Looping"})
            return True

    async def aallows(self, delivery: Delivery) -> bool:
        """Async twin of :meth:`allows`."""
        try:
            return await self._events.auntil(self._looping(delivery)) is not False
        except Exception as error:  # the border to listeners
            self._report(error, {"listening_to": "Looping"})
            return True

    def _looping(self, delivery: Delivery) -> kinds.Looping:
        return kinds.Looping(self._worker[0], delivery.queue)
