"""Signals, as something that can be waited for together with sockets."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from securely.support.ending import heed_sigterm

__all__ = ["STOP", "Signals"]

# What asks a worker to stop: a service manager, Ctrl-C, Ctrl-\.
STOP: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_Handler = Callable[[int, FrameType | None], Any] | int | None


class Signals:
    """The signals a worker obeys, from the beginning of a `with` block to its end.

    They are noted, and a descriptor becomes readable; nothing is interrupted. Outside of the main
    thread, where Python delivers no signals, nothing is noted.

    Raises:
        Terminated: At the beginning, where the process was told to end before.
    """

    def __init__(self) -> None:
        self._noted: list[int] = []
        self._before: dict[int, _Handler] = {}
        self._reader, self._writer = os.pipe()
        self._wakeup_before = -1

    def __enter__(self) -> Signals:
        heed_sigterm()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        if threading.current_thread() is threading.main_thread():
            self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
            for number in (*STOP, signal.SIGUSR2, signal.SIGCONT):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._before:
            signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reader)
        os.close(self._writer)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted.append(number)

    def fileno(self) -> int:
        """Return the descriptor that is readable after a signal."""
        return self._reader

    def take(self) -> list[int]:
        """Return the signals since the last call, in order."""
        try:
            while os.read(self._reader, 512):
                pass
        except BlockingIOError:
            pass
        taken, self._noted = self._noted, []
        return taken
