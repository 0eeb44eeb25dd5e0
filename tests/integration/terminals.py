"""Programs in a pseudo-terminal of which they are the foreground, read and typed into."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from codecs import getincrementaldecoder
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from securely.support import clock

__all__ = ["CTRL_C", "Terminal"]

CTRL_C = "\x03"
SECONDS = 60
# A child cannot be given a controlling terminal by subprocess: this takes it, and becomes the rest.
LAUNCH = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Terminal:
    """Python with *words* in a terminal of its own; use it in a `with`, which ends what is left."""

    def __init__(
        self, *words: str, cwd: Path, variables: Mapping[str, str], columns: int = 80
    ) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._main, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *words],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            cwd=cwd,
            env={**variables, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(inner)
        self.seen = ""
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(SECONDS)
        os.close(self._main)

    def expect(self, text: str) -> str:
        """Wait until *text* is seen, behind what was expected before; return all up to it.

        Raises:
            AssertionError: It does not come in time, or the program ends before.
        """
        deadline = clock.perf() + SECONDS  # frozen time must not stop it
        while text not in self.seen[self._at :]:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} was not written; but:\n{self.seen}")
        until = self.seen.index(text, self._at) + len(text)
        found, self._at = self.seen[self._at : until], until
        return found

    def type(self, keys: str) -> None:
        """Press *keys*."""
        os.write(self._main, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for the end, and return the exit code; what was written is in `seen`."""
        deadline = clock.perf() + SECONDS
        while self._read(deadline):
            pass
        return self.process.wait(SECONDS)

    def _read(self, deadline: float) -> bool:
        left = deadline - clock.perf()
        ready, _, _ = select.select([self._main], [], [], max(left, 0))
        if not ready:
            return False
        try:
            piece = os.read(self._main, 65536)
        except OSError:  # Linux reports the end of a terminal as an error
            return False
        # Letters and ends of lines may be cut in two.
        self.seen = (self.seen + self._decoder.decode(piece)).replace("\r\n", "\n")
        return bool(piece)
