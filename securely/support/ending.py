"""Ending: SIGTERM unwinds a program as Ctrl-C does, also where an exception would be lost."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from signal import SIG_DFL, SIGTERM, getsignal, signal
from sys import exc_info
from threading import current_thread, main_thread
from typing import Final

__all__ = ["Terminated", "ended_by_sigterm", "heed_sigterm"]

_SIGNALLED: Final = 128  # and the number of the signal, as shells have it


class Terminated(SystemExit):
    """The process has been told to end, and unwinds.

    Args:
        exit_code: 143: 128 and the number of SIGTERM.
    """

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(exit_code)

    def __reduce__(self) -> tuple[type[Terminated], tuple[int]]:
        return type(self), (self.exit_code,)


class _Told:
    """Whether SIGTERM came since the outermost block began."""

    came = False


@contextmanager
def ended_by_sigterm() -> Generator[None]:
    """Within the block, let SIGTERM raise :class:`Terminated`, so that what closes is closed.

    Where a command or the one who started the process has a say about SIGTERM, it is left alone.

    Python raises what a handler raises wherever the program happens to be. In `__del__`, in a
    callback of a weak reference, or in an extension that asks Python for a name, nobody can raise
    it, and it is printed or taken for another error. So that it was told is remembered:
    :func:`heed_sigterm` raises it again, at the end of the block at the latest.
    """
    is_ours = current_thread() is main_thread() and getsignal(SIGTERM) == SIG_DFL
    try:
        if is_ours:
            _Told.came = False
            signal(SIGTERM, _terminate)
        yield
        if is_ours:
            heed_sigterm()
    finally:
        if is_ours:
            if getsignal(SIGTERM) is _terminate:
                signal(SIGTERM, SIG_DFL)
            _Told.came = False


def heed_sigterm() -> None:
    """Raise :class:`Terminated` where SIGTERM came in the block, and was lost.

    To be called before SIGTERM gets another handler, and before an error is told, since SIGTERM
    may have been its cause. What closes while the program unwinds is not ended once more.

    Example:
        >>> heed_sigterm()  # nobody was told to end
    """
    if _Told.came and current_thread() is main_thread() and not _unwinds():
        raise _terminated()


def _unwinds() -> bool:
    """Return whether Terminated is on its way: this is called by what closes meanwhile.

    An error of that has it for its context. One that has it for its cause took its place.
    """
    error = exc_info()[1]
    while error is not None and not isinstance(error, Terminated):
        error = None if error.__suppress_context__ else error.__context__
    return error is not None


def _terminate(_number: int, _frame: object) -> None:
    _Told.came = True
    raise _terminated()


def _terminated() -> Terminated:
    return Terminated(_SIGNALLED + SIGTERM)
