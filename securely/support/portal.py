"""Run a coroutine from sync code: one background loop per process."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, TypeVar

from securely.exceptions import SecurelyError
from securely.support.forking import renew_after_fork

__all__ = ["Portal", "PortalReentered", "portal"]

T = TypeVar("T")


class PortalReentered(SecurelyError, RuntimeError):
    """Code that runs on the portal's loop called the portal: it would wait for itself."""

    def __init__(self) -> None:
        super().__init__(
            "Sync code on the portal's own loop asked it to run a coroutine, and would wait for "
            "itself. Call the async twin there."
        )

    def __reduce__(self) -> tuple[type[PortalReentered], tuple[()]]:
        return type(self), ()


class Portal:
    """A loop in a thread of its own, for sync code that needs something async.

    What an async driver keeps (connections, locks) belongs to one loop; so all sync callers of a
    process share this one. Use :func:`portal`; a second one is for tests.

    Example:
        >>> async def answer() -> int:
        ...     return 42
        >>> portal().run(answer())
        42
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a loop that waits for the next caller must not keep the process alive.
        self._thread = threading.Thread(target=self._serve, name="securely-portal", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run *coroutine* on the portal's loop and return its result; the caller's context holds.

        Raises:
            PortalReentered: This is the portal's own thread.
        """
        if threading.get_ident() == self._thread.ident:
            coroutine.close()
            raise PortalReentered
        outcome: Future[T] = Future()
        tasks: list[asyncio.Task[None]] = []

        async def perform() -> None:
            try:
                outcome.set_result(await coroutine)
            except BaseException as error:  # it is raised again where it was asked for
                outcome.set_exception(error)

        def start() -> None:
            tasks.append(self._loop.create_task(perform()))

        self._loop.call_soon_threadsafe(start, context=copy_context())
        try:
            return outcome.result()
        except BaseException:
            # Ctrl-C reaches the waiting thread, not the loop: what it waited for stops as well.
            if not outcome.done():
                self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            raise

    def close(self) -> None:
        """Stop the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


_lock = threading.Lock()
_portal: Portal | None = None


def portal() -> Portal:
    """Return the portal of this process, opening it on first use."""
    global _portal  # noqa: PLW0603  # one per process is the point
    if _portal is None:
        with _lock:
            if _portal is None:
                _portal = Portal()
    return _portal


# The thread of the parent does not exist in the child.
renew_after_fork(sys.modules[__name__], "_lock", threading.Lock)
renew_after_fork(sys.modules[__name__], "_portal", lambda: None)
