"""Threaded: runs a sync engine for loops: a few threads for single calls, one per transaction.

They are threads of their own, and not the loop's default ones: who waits for a lock here must not
take the threads that everybody else needs, and the other way round.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar, cast

from securely.support.forking import renew_after_fork

__all__ = ["Threaded", "Worker"]

P = ParamSpec("P")
T = TypeVar("T")

# SQLite and LMDB read in parallel, and write one after the other; more threads would only wait.
_THREADS: Final = 4
# How many threads of ended transactions are kept for the next ones, with their connections.
_IDLE_MAX: Final = 4


class Worker:
    """One thread that does one thing after the other, for a transaction of a loop."""

    def __init__(self, owner: Threaded, name: str) -> None:
        self._owner = owner
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"{_name(name)}-transaction")
        self._ident = self._pool.submit(threading.get_ident).result()
        self._pid = os.getpid()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *work* in the thread; it is run to its end, though the task be cancelled."""
        import asyncio  # who is here has imported it; a sync program need not

        future: Future[T] = self._pool.submit(work, *args, **kwargs)
        return await asyncio.shield(asyncio.wrap_future(future))

    def queue(self, work: Callable[[], object]) -> None:
        """Run *work* in the thread after what it does now; nobody waits for it."""
        self._pool.submit(work)

    def is_here(self) -> bool:
        """Return whether this is the thread."""
        return threading.get_ident() == self._ident

    def end(self) -> None:
        """Give the thread back, when it has done what it was asked."""
        self._owner.give_back(self)

    def stop(self) -> None:
        """Let the thread end after what it does now."""
        if self._pid == os.getpid():
            self._pool.shutdown(wait=False)


class Threaded:
    """An engine that is written in the sync colour, and run in threads for loops."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._threads: ThreadPoolExecutor | None = None
        self._idle: list[Worker] = []
        # The threads of a parent do not exist in its child.
        renew_after_fork(self, "_threads", lambda: None)
        renew_after_fork(self, "_idle", list)

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *work*, which uses this engine, without holding up the loop."""
        import asyncio  # as above
        from contextvars import copy_context

        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=_name(self.name))
        context = copy_context()
        call = cast("Callable[..., Any]", context.run)
        return cast(
            "T", await asyncio.wrap_future(self._threads.submit(call, work, *args, **kwargs))
        )

    def session(self) -> Worker:
        """Return a thread for one transaction of a loop."""
        try:
            return self._idle.pop()
        except IndexError:
            return Worker(self, self.name)

    def give_back(self, worker: Worker) -> None:
        """Keep *worker* for the next transaction, or let it end."""
        if len(self._idle) < _IDLE_MAX:
            self._idle.append(worker)
        else:
            worker.stop()

    def close(self) -> None:
        """Let the threads end after what they do now; a later use starts others."""
        threads, self._threads = self._threads, None
        if threads is not None:
            # What they do has connections that are closed next; but no thread waits for itself.
            here = threading.current_thread().name
            threads.shutdown(wait=not here.startswith(_name(self.name)))
        while self._idle:
            self._idle.pop().stop()


def _name(database: str) -> str:
    """Return what the names of the threads of a database begin with."""
    return f"store-{database}"
