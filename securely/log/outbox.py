"""Outbox: records that a thread of its own delivers, so that whoever logs does not wait."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakSet

from securely.log.emergency import words_of
from securely.log.hub import delivering
from securely.log.record import Record
from securely.support import clock
from securely.support.forking import renew_after_fork

__all__ = ["Outbox", "Tell"]

Tell = Callable[..., None]

# What `rate_max` is per.
_MINUTE_SECONDS: Final = 60.0
# A thread with nothing to do ends after so long: an application that logs one alert a day needs
# none in between.
_IDLE_SECONDS: Final = 30.0
# How often a record is tried again that the receiver asked to send later.
_TRIES_MAX: Final = 3


class Outbox:
    """A bounded queue, and one daemon thread that delivers what is in it.

    Putting something in takes a lock for an instant and never waits. What comes when the queue is
    full is dropped and counted. A forked child begins with an empty queue: what waits there is the
    parent's to deliver.

    Args:
        name: Of the channel, for what is told.
        deliver: Sends one record; returns how many seconds to wait before the same is tried again,
            or None.
        tell: Is told, once, of what could not be delivered.
        queue_max: How many records wait at most.
        flush_seconds: How long closing, and the end of the process, wait.
        rate_max: How many records are delivered per minute; 0 knows no limit.
        flush_at_fork: Whether a fork waits as well, for as long: a process that goes on as a
            daemon leaves the thread behind with its parent.

    Attributes:
        name: Of the channel, for what is told.
        dropped: How many records were not taken, because the queue was full.
    """

    def __init__(
        self,
        name: str,
        deliver: Callable[[Record], float | None],
        tell: Tell,
        *,
        queue_max: int = 1000,
        flush_seconds: float = 5.0,
        rate_max: int = 60,
        flush_at_fork: bool = False,
    ) -> None:
        self.dropped: int = 0
        self.name: str = name
        self._deliver = deliver
        self._tell = tell
        self._queue_max = queue_max
        self._flush_seconds = flush_seconds
        self._rate_max = rate_max
        self._flush_at_fork = flush_at_fork
        self._sent: deque[float] = deque()
        self._waiting: deque[Record] = deque()
        self._thread: threading.Thread | None = None
        self._current: Record | None = None
        self._is_closing = False
        self._changed = threading.Condition(threading.Lock())
        renew_after_fork(self, "_changed", _condition)
        renew_after_fork(self, "_waiting", deque)
        renew_after_fork(self, "_thread", _none)
        renew_after_fork(self, "_current", _none)
        renew_after_fork(self, "_is_closing", bool)
        _boxes.add(self)

    def put(self, record: Record) -> None:
        """Leave *record* to the thread; drop it if too many wait."""
        with self._changed:
            if len(self._waiting) >= self._queue_max:
                self.dropped += 1
                first = self.dropped == 1
            else:
                first = False
                self._waiting.append(record)
                self._start()
                self._changed.notify_all()
        if first:
            wait = f"{self._queue_max} messages wait to be delivered"
            self._report(f"is full: {wait}. What comes now is dropped and counted.", None, "full")

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until all has been delivered, for *seconds* at most; tell whether it has.

        Args:
            seconds: How long; None: as the channel is configured.
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and self._current is None,
                self._flush_seconds if seconds is None else seconds,
            )

    def close(self, seconds: float | None = None) -> bool:
        """Wait as :meth:`flush` does, hand on what is left, and end the thread.

        Returns:
            Whether all has been delivered.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        done = self.flush(seconds)
        with self._changed:
            self._is_closing = False
            # What is under way may arrive or not: better told twice than not at all.
            left = [*([] if self._current is None else [self._current]), *self._waiting]
            self._waiting.clear()
            self._current = None
            self._thread = None
            self._changed.notify_all()
            dropped, self.dropped = self.dropped, 0
        for record in left:
            self._report("could not deliver its messages in time.", record, "late")
        if dropped:
            self._report(f"has dropped {dropped} messages.", None, "dropped")
        return done

    def before_fork(self) -> None:
        """Wait as :meth:`flush` does, where it was asked for; a thread does not wait for itself."""
        is_idle = not self._waiting and self._current is None
        if self._flush_at_fork and not is_idle and threading.current_thread() is not self._thread:
            self.flush()

    def _report(self, what: str, record: Record | None, kind: str) -> None:
        self._tell(f'Log channel "{self.name}" {what}', record, kind=f"{self.name}: {kind}")

    def _start(self) -> None:
        if self._thread is None:
            _close_at_the_end_of_a_worker()
            self._thread = threading.Thread(target=self._run, name=f"log-{self.name}", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Deliver, one after the other, until there is nothing to do for a while."""
        delivering.set(True)
        me = threading.current_thread()
        while (record := self._next(me)) is not None:
            error: Exception | None = None
            try:
                self._try(record)
            except Exception as raised:  # the thread must go on, and who logged is long gone
                error = raised
            if self._thread is not me:
                return  # closing has told of this record
            if error is not None:
                kind = type(error).__qualname__
                self._report(f"could not deliver a message: {words_of(error)}", record, kind)
            with self._changed:
                if self._thread is me:
                    self._current = None
                self._changed.notify_all()

    def _next(self, me: threading.Thread) -> Record | None:
        """Return the next record when it may be delivered; None ends the thread."""
        with self._changed:
            while True:
                # After a close, another thread may have been started.
                if self._thread is not me:
                    return None
                pause = self._pause()
                if self._waiting and pause <= 0:
                    self._current = self._waiting.popleft()
                    return self._current
                woken = self._changed.wait(pause if self._waiting else _IDLE_SECONDS)
                if not woken and not self._waiting:
                    self._thread = None
                    return None

    def _pause(self) -> float:
        """Return how many seconds to wait, so that no more are sent per minute than may be."""
        if self._rate_max == 0:
            return 0.0
        now = clock.monotonic()
        while self._sent and now - self._sent[0] >= _MINUTE_SECONDS:
            self._sent.popleft()
        if len(self._sent) < self._rate_max:
            return 0.0
        return _MINUTE_SECONDS - (now - self._sent[0])

    def _try(self, record: Record) -> None:
        for _ in range(_TRIES_MAX):
            if self._rate_max:
                self._sent.append(clock.monotonic())
            pause = self._deliver(record)
            if pause is None:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing, pause)
        raise TimeoutError("The receiver asks to come back later, again and again.")


def _condition() -> threading.Condition:
    return threading.Condition(threading.Lock())


def _none() -> None:
    """Return nothing: what stands for a thread that is not there."""


_boxes: WeakSet[Outbox] = WeakSet()

# The workers of `multiprocessing` that have been told what to do at their end: this process alone,
# and none of those that it was forked from.
_told: set[int] = set()


def _close_at_the_end_of_a_worker() -> None:
    """Have :func:`_close_all` called where `atexit` is not: `multiprocessing` has its own list.

    That is emptied when a worker begins, so it is told by the worker.
    """
    # Whoever is a worker has imported both; they are not imported for anybody else.
    process: Any = sys.modules.get("multiprocessing.process")
    util: Any = sys.modules.get("multiprocessing.util")
    if process is None or util is None or process.parent_process() is None:
        return
    if os.getpid() not in _told:
        _told.clear()
        _told.add(os.getpid())
        util.Finalize(None, _close_all, exitpriority=0)


def _close_all() -> None:
    """Deliver what waits before the process ends."""
    for box in list(_boxes):
        box.close()


def _before_fork() -> None:
    for box in list(_boxes):
        box.before_fork()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_before_fork)
