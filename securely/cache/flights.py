"""Flights: of those who want the same value, one makes it and the others wait."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

__all__ = ["Flight", "Flights", "guards_led"]


class Flight:
    """The making of one value in this process. Its maker leads; all others wait until it lands.

    A follower gets no value from here: it reads the cache again, or leads the next flight. So
    nobody shares a mutable object with a stranger, and a leader that fails frees the others.
    """

    __slots__ = ("_landed", "_table", "guard", "key", "thread")

    def __init__(self, key: str, table: dict[str, Flight] | None) -> None:
        from concurrent.futures import Future  # it imports logging: not for who only reads

        self.key: str = key
        # The owner of the lock under which it is made for all processes, as long as that is held.
        self.guard: str | None = None
        self.thread: int = threading.get_ident()
        self._table = table
        self._landed: Future[None] = Future()
        # A running future can not be cancelled: a follower that is must not take others along.
        self._landed.set_running_or_notify_cancel()

    @property
    def is_alone(self) -> bool:
        """Whether nobody else sees it: its leader could only have waited for itself."""
        return self._table is None

    @contextmanager
    def leading(self) -> Generator[None]:
        """Make the caller the leader within the block; at its end the others are freed."""
        token = _led.set((*_led.get(), self))
        try:
            yield
        finally:
            # Landing comes first: of a task that nobody finishes, the collector closes the body
            # in a context of its own, where nothing can be reset.
            if self._table is not None:
                self._table.pop(self.key, None)
            self._landed.set_result(None)
            with suppress(ValueError):
                _led.reset(token)

    def wait(self) -> None:
        """Wait until the leader is done, whatever came of it."""
        self._landed.result()

    async def await_(self) -> None:
        """Async twin of :meth:`wait`."""
        import asyncio  # who is here has imported it; a sync program need not

        await asyncio.wrap_future(self._landed)


class Flights:
    """The flights that are under way, by key.

    Example:
        >>> flights = Flights()
        >>> flight, leads = flights.board("report")
        >>> leads
        True
    """

    def __init__(self) -> None:
        self._table: dict[str, Flight] = {}
        self._pid = os.getpid()

    def board(self, key: str) -> tuple[Flight, bool]:
        """Return the flight for *key*, and whether the caller leads it (or waits for it).

        Who could only wait for itself leads a flight of its own that nobody else sees: a
        producer that remembers its own key, and sync code on the thread of the loop which the
        leader needs in order to go on.
        """
        return self._board(key, sync=True)

    async def aboard(self, key: str) -> tuple[Flight, bool]:
        """Async twin of :meth:`board`."""
        return self._board(key, sync=False)

    def _board(self, key: str, *, sync: bool) -> tuple[Flight, bool]:
        if self._pid != os.getpid():
            # The leaders of the parent do not fly here: nobody would land them.
            self._table, self._pid = {}, os.getpid()
        mine = Flight(key, self._table)
        flight = self._table.setdefault(key, mine)
        if flight is mine:
            return flight, True
        if flight in _led.get() or (sync and flight.thread == threading.get_ident()):
            return Flight(key, None), True
        return flight, False


def guards_led() -> list[str]:
    """Return the owners of the locks under which this context makes values."""
    return [flight.guard for flight in _led.get() if flight.guard is not None]


# Which flights this context leads. Tasks and threads that the producer starts inherit it.
_led: ContextVar[tuple[Flight, ...]] = ContextVar("securely_cache_flights", default=())
