"""Listener: a worker that is started anew whenever a file of the application has changed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from securely.queue.crew.signals import STOP, Signals
from securely.support import clock

__all__ = ["Listener", "SourceFiles"]

LOOK_SECONDS: Final = 0.3  # between looks at the files and at the worker
CALM_SECONDS: Final = 1.0  # a worker that ends sooner than this is not started again at once
SUFFIXES: Final = frozenset({".py", ".yaml", ".yml"})
# What is no code of the application, or written while it runs.
PASSED_OVER: Final = frozenset({"__pycache__", "cache", "node_modules", "storage", "vendor"})


class SourceFiles:
    """The files whose change makes a worker stale: code, configuration and `.env`.

    Folders that are hidden, hold an environment of Python, or are written by the application are
    passed over.

    Args:
        base: The application's folder.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self._seen: dict[str, tuple[int, int]] = {}

    def look(self) -> None:
        """Remember the files as they are now."""
        self._seen = self._states()

    def changed(self) -> str | None:
        """Return a file that came, went or changed since :meth:`look`, relative to the base."""
        now = self._states()
        differing = sorted(
            path
            for path in {*self._seen, *now}
            if self._seen.get(path, None) != now.get(path, None)
        )
        return os.path.relpath(differing[0], self._base) if differing else None

    def _states(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for path in self._paths():
            try:
                state = path.stat()
            except OSError:  # it went between the listing and the look
                continue
            found[str(path)] = (state.st_mtime_ns, state.st_size)
        return found

    def _paths(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self._base):
            if "pyvenv.cfg" in files:
                folders.clear()
                continue
            folders[:] = [
                name for name in folders if not name.startswith(".") and name not in PASSED_OVER
            ]
            for name in files:
                if Path(name).suffix in SUFFIXES or name.startswith(".env"):
                    yield Path(folder, name)


class Listener:
    """Runs a worker as a process, and starts it anew when a file has changed.

    The worker is asked to stop, and finishes its running jobs first. One that could not go on, for
    instance because of a mistake in a file, is started again after the next change.

    Args:
        base: The application's folder; the worker runs there.
        arguments: The command line behind `artisan.py`.
        say: Told in a line what happens.
    """

    def __init__(self, base: Path, arguments: Sequence[str], say: Callable[[str], object]) -> None:
        self._base = base
        self._arguments = tuple(arguments)
        self._say = say
        self._files = SourceFiles(base)
        self._signals = Signals()
        self._is_stopping = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Listen until a signal says to stop; return the last worker's exit code."""
        with self._signals:
            while True:
                code = self._work()
                if code == 1:
                    self._await_change()
                if self._is_stopping:
                    return code

    def _await_change(self) -> None:
        if not self._is_stopping:
            self._say("The worker could not go on; it is started again after a change.")
        while not self._is_stopping and self._files.changed() is None:
            self._wait(LOOK_SECONDS)

    def _work(self) -> int:
        """Start a worker, and return its exit code once it has ended."""
        began = clock.monotonic()
        self._files.look()
        self._process = self._start()
        is_stale = False
        try:
            while (code := self._process.poll()) is None:
                if not is_stale and (path := self._files.changed()) is not None:
                    is_stale = True
                    self._say(f"{path} has changed: the worker starts anew after its current jobs.")
                    self._process.send_signal(signal.SIGTERM)
                self._wait(LOOK_SECONDS)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        if not (is_stale or self._is_stopping) and clock.monotonic() - began < CALM_SECONDS:
            self._wait(CALM_SECONDS)
        return 0 if is_stale and code != 1 else code

    def _start(self) -> subprocess.Popen[bytes]:
        # In a session of its own: Ctrl-C in a terminal reaches this process alone, which passes
        # on one signal, and not two, of which the second would give the jobs up.
        module = "securely.queue.crew.attached"
        return subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-m", module, str(os.getpid()), "artisan.py", *self._arguments],
            cwd=self._base,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait(self, seconds: float) -> None:
        """Wait, at most *seconds*, and pass on the signals that came."""
        select.select([self._signals.fileno()], [], [], seconds)
        for number in self._signals.take():
            self._is_stopping = self._is_stopping or number in STOP
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM if number in STOP else number)
