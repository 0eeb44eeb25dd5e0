"""Lanes: the threads that tasks run in: those of a minute in order, others at once.

A task that takes long keeps no other minute and no other tick waiting; of the tasks of one minute,
each waits for those that are defined before it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from securely.schedule.ticking.clockwork import Tick

__all__ = ["LANES_MAX", "Lanes"]

# So many ticks run at once in a process; those that come then wait for one that ends.
LANES_MAX: Final = 64

# Between questions whether a tick that waits for room still wants it.
ROOM_SECONDS: Final = 5.0

# For so long a thread waits for more: that of a minute is used in the next one.
IDLE_SECONDS: Final = 90.0

_Orders: TypeAlias = "SimpleQueue[Sequence[Tick] | None]"


class Lanes:
    """The threads of one process.

    One that has nothing to do is used again: a new one would open the ledger's store anew, and that
    costs more than to ask for a tick.

    Args:
        run: Runs a tick; it raises nothing that a task does.
        give_up: Asked about a tick that waits for room now and then: True once it is too late.
    """

    def __init__(self, run: Callable[[Tick], object], give_up: Callable[[Tick], bool]) -> None:
        self._run = run
        self._give_up = give_up
        self._room = threading.BoundedSemaphore(LANES_MAX)
        self._idle: list[_Orders] = []
        self._busy = 0
        self._changes = threading.Condition()
        self._is_closed = False

    def put(self, ticks: Sequence[Tick]) -> None:
        """Run *ticks* one after the other, beside all that runs already."""
        with self._changes:
            orders = self._idle.pop() if self._idle else None
            self._busy += 1
        if orders is not None:
            orders.put(ticks)
            return
        try:
            threading.Thread(target=self._serve, args=(ticks,), daemon=True).start()
        except BaseException:  # the system has no room for it
            self._end()
            raise

    def close(self) -> None:
        """Start nothing further: what waits in a lane is left to others."""
        self._is_closed = True

    def join(self, seconds: float) -> bool:
        """Wait, at most *seconds*, and return whether nothing runs any more."""
        with self._changes:
            if not self._changes.wait_for(lambda: not self._busy, seconds):
                return False
            for orders in self._idle:
                orders.put(None)
            self._idle.clear()
            return True

    def _serve(self, ticks: Sequence[Tick] | None) -> None:
        """Run what is ordered, until nothing more is."""
        orders: _Orders = SimpleQueue()
        while ticks is not None:
            threading.current_thread().name = f"schedule-{ticks[0].task.id}"
            try:
                self._drive(ticks)
            except BaseException:
                self._end()
                raise
            self._end(orders)
            ticks = self._next(orders)

    def _end(self, orders: _Orders | None = None) -> None:
        """Note that a lane has ended, and that its thread is free, if it is."""
        with self._changes:
            self._busy -= 1
            if orders is not None:
                self._idle.append(orders)
            self._changes.notify_all()

    def _next(self, orders: _Orders) -> Sequence[Tick] | None:
        """Wait for the next order; None if there is none for long."""
        try:
            return orders.get(timeout=IDLE_SECONDS)
        except Empty:
            with self._changes:
                if orders in self._idle:
                    self._idle.remove(orders)
                    return None
        return orders.get()  # it was ordered in this moment

    def _drive(self, ticks: Sequence[Tick]) -> None:
        for tick in ticks:
            try:
                self._drive_one(tick)
            except Exception:  # a border: the others of its minute run all the same
                thread = threading.current_thread()
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), thread)))

    def _drive_one(self, tick: Tick) -> None:
        while not self._room.acquire(timeout=ROOM_SECONDS):
            if self._is_closed or self._give_up(tick):
                return
        try:
            if not self._is_closed:
                self._run(tick)
        finally:
            self._room.release()
