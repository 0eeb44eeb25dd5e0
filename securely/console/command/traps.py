"""Traps: what is called when a signal comes; latest first, and restored when the command ends."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from securely.support.ending import heed_sigterm

__all__ = ["Original", "Trap", "Traps", "wake_on_signals"]


class Trap:
    """One callback for one signal, and the loop that shall call it; None where there is none."""

    __slots__ = ("callback", "loop", "number")

    def __init__(self, number: int, callback: Callable[..., object], loop: Any) -> None:
        self.number: int = number
        self.callback: Callable[..., object] = callback
        self.loop: Any = loop

    def install(self) -> None:
        """Have the signal call what is trapped."""
        if self.loop is not None and not self.loop.is_closed():
            # A loop that sleeps is woken by its own handlers only.
            with suppress(NotImplementedError):  # Windows
                self.loop.add_signal_handler(self.number, _fire, self.number)
                return
        import signal

        signal.signal(self.number, lambda number, _frame: _fire(number))


class Original(NamedTuple):
    """What was there before the first trap of a signal."""

    handler: Any
    handle: Any
    loop: Any

    def restore(self, number: int) -> None:
        """Put it back."""
        import signal

        if self.handle is not None and not self.loop.is_closed():
            self.loop.add_signal_handler(number, self.handle._callback, *self.handle._args)
            return
        # None stands for a handler that Python did not install, and so cannot install again.
        signal.signal(number, signal.SIG_DFL if self.handler is None else self.handler)


class Traps:
    """The traps of one run of a command."""

    __slots__ = ("_own",)

    def __init__(self) -> None:
        self._own: list[Trap] = []

    def add(self, signals: int | Iterable[int], callback: Callable[..., object]) -> list[Trap]:
        """Trap each of *signals* that can be trapped here; return what was added.

        Raises:
            OSError: The system lets nobody trap that signal (SIGKILL, SIGSTOP).
            Terminated: The process was told to end before.
        """
        import signal  # most commands trap nothing

        heed_sigterm()
        added: list[Trap] = []
        if threading.current_thread() is not threading.main_thread():
            return added  # Python hands signals to the main thread only
        for number in [signals] if isinstance(signals, int) else signals:
            if sys.platform == "win32" and number not in _WINDOWS:
                continue
            stack = _stacks.setdefault(number, [])
            trap = Trap(number, callback, _running_loop())
            previous = signal.getsignal(number)
            # asyncio gives nobody back what a loop's own handler of a signal was.
            handle = getattr(trap.loop, "_signal_handlers", {}).get(number)
            trap.install()
            if not stack:
                _originals[number] = Original(previous, handle, trap.loop)
            stack.append(trap)
            added.append(trap)
        self._own += added
        return added

    def remove(self, added: Iterable[Trap]) -> None:
        """Take traps away; what they have hidden is there again."""
        for trap in reversed([*added]):
            if trap in self._own:
                self._own.remove(trap)
                _drop(trap)

    def close(self) -> None:
        """Take all traps away."""
        self.remove([*self._own])


# The traps of each signal, outer commands first; and what was there before the first of them.
# Only the main thread touches them.
_stacks: dict[int, list[Trap]] = {}
_originals: dict[int, Original] = {}
# Tasks of async callbacks: a loop keeps weak references only.
_tasks: set[Any] = set()

# SIGINT and SIGBREAK: what Windows can hand to a process.
_WINDOWS: Final = frozenset({2, 21})


def wake_on_signals() -> None:
    """Have every signal wake the running loop, as long as it runs.

    asyncio asks for that only with the first handler of its own. Without it, a Ctrl-C that comes
    right before the loop goes to sleep is not seen before something else wakes it: the command
    hangs until the next one (seen once in twenty runs of a test that presses it early).
    """
    import signal

    loop = _running_loop()
    # A signal that nobody sends, and that does nothing where nobody handles it.
    number = getattr(signal, "SIGURG", None)
    if number is not None and threading.current_thread() is threading.main_thread():
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, _ignore)


def _ignore() -> None:
    """Do nothing: the loop is awake, which is all."""


def _drop(trap: Trap) -> None:
    stack = _stacks[trap.number]
    was_last = stack[-1] is trap
    stack.remove(trap)
    if not was_last:
        return
    if trap.loop is not None and not trap.loop.is_closed():
        with suppress(NotImplementedError):
            trap.loop.remove_signal_handler(trap.number)
    if stack:
        stack[-1].install()
        return
    _originals.pop(trap.number).restore(trap.number)


def _fire(number: int) -> None:
    for trap in reversed([*_stacks.get(number, ())]):
        result = trap.callback(number) if _takes_number(trap.callback) else trap.callback()
        if inspect.iscoroutine(result):
            _perform(result)


def _perform(coroutine: Coroutine[Any, Any, object]) -> None:
    import asyncio

    loop = _running_loop()
    if loop is None:
        asyncio.run(coroutine)
        return

    def start() -> None:
        task = loop.create_task(coroutine)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    loop.call_soon_threadsafe(start)


def _takes_number(callback: Callable[..., object]) -> bool:
    try:
        inspect.signature(callback).bind(0)
    except TypeError:
        return False
    except ValueError:  # written in C, and silent about what it takes
        return True
    return True


def _running_loop() -> Any:
    # A process that never imported asyncio has no loop, and need not pay for the import.
    asyncio = sys.modules.get("asyncio")
    return asyncio._get_running_loop() if asyncio is not None else None
