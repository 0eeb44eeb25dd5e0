"""Spinner: shows that something is being done, for as long as it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

__all__ = ["Spinner"]

_FRAMES = "⠂⠒⠐⠰⠠⠤⠄⠆"
# Fast enough to look alive, slow enough to cost nothing; seconds.
_FRAME_SECONDS = 0.075


class Spinner:
    """Draws one frame after the other in a thread of its own, until the block ends.

    Args:
        message: What stands after the spinner.
        write: Writes to the terminal, codes included.

    Example:
        >>> drawn = []
        >>> with Spinner("Loading", drawn.append):
        ...     pass
        >>> drawn[0].endswith(" Loading"), drawn[-1]
        (True, '\\r\\x1b[K\\x1b[?25h')
    """

    def __init__(self, message: str, write: Callable[[str], None]) -> None:
        self._message = message
        self._write = write
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._spin, name="securely-spinner", daemon=True)

    def __enter__(self) -> Spinner:
        self._draw(0)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._write("\r\x1b[K\x1b[?25h")

    def _spin(self) -> None:
        number = 0
        while not self._over.wait(_FRAME_SECONDS):
            number += 1
            self._draw(number)

    def _draw(self, number: int) -> None:
        frame = _FRAMES[number % len(_FRAMES)]
        self._write(f"\x1b[?25l\r\x1b[K \x1b[36m{frame}\x1b[0m {self._message}")
