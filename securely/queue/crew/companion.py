"""Companion: another artisan command that runs beside a worker, for as long as the worker does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from securely.support import clock

__all__ = ["Companion"]

# One that ends sooner than this is not started again at once.
CALM_SECONDS: Final = 5.0
# For what it runs to end, when its worker ends; a second signal then says that it is urgent.
LEAVE_SECONDS: Final = 60.0
HURRY_SECONDS: Final = 5.0


class Companion:
    """Runs an artisan command as a process within a `with` block, and again whenever it ends.

    It dies with this process, however that dies.

    Args:
        base: The application's folder; the command runs there.
        arguments: The command line behind `artisan.py`.
        complain: Told in a line when it has ended badly.
    """

    def __init__(
        self, base: Path, arguments: Sequence[str], complain: Callable[[str], object]
    ) -> None:
        self._base = base
        self._arguments = tuple(arguments)
        self._complain = complain
        self._over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._over.clear()
        self._keeper = threading.Thread(target=self._keep, name="companion", daemon=True)
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for number, seconds in (
            (signal.SIGTERM, LEAVE_SECONDS),
            (signal.SIGTERM, HURRY_SECONDS),
            (signal.SIGKILL, HURRY_SECONDS),
        ):
            self._signal(number)
            if self._keeper is not None:
                self._keeper.join(seconds)
            if self._keeper is None or not self._keeper.is_alive():
                return

    def _keep(self) -> None:
        # The thread that starts a process must live on: with it, the process dies.
        while not self._over.is_set():
            began = clock.monotonic()
            code, why = -1, ""
            try:
                code = self._run_once()
            except OSError as error:  # there is no room for another process now
                why = str(error)
            if self._over.is_set():
                return
            if code:
                words = " ".join(self._arguments)
                why = f"could not be started ({why})" if why else f"ended with exit code {code}"
                self._complain(f"{words} {why}; it is started again.")
            if code or clock.monotonic() - began < CALM_SECONDS:
                self._over.wait(CALM_SECONDS)

    def _run_once(self) -> int:
        module = "securely.queue.crew.attached"
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-m", module, str(os.getpid()), "artisan.py", *self._arguments],
            cwd=self._base,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        if self._over.is_set():  # the block ended while it was started
            self._signal(signal.SIGTERM)
        return self._process.wait()

    def _signal(self, number: int) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                process.send_signal(number)
