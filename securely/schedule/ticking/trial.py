"""Trial: another process reads the tasks as they would be, and gets none to run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from securely.support import clock

__all__ = ["Trial", "trial_line"]

# An application that has not loaded by then never will; whoever asked has given up long before.
TRIAL_SECONDS: Final = 60.0
# Between the end of what it says and that of the process.
_LAST_SECONDS: Final = 1.0
_CHUNK_BYTES: Final = 1 << 16
_SAID_BYTES_MAX: Final = 1 << 16  # the reason stands first; what follows is read and dropped
_REASON_LETTERS_MAX: Final = 300  # of what it has said: a line for people
_ATTACHED: Final = "securely.queue.crew.attached"


class Trial:
    """A process that reads the tasks. It is over when its descriptor is readable to its end.

    Args:
        line: The command line that reads the tasks and ends with 0.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, line: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # our own command line
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stderr is not None, "it is a pipe"  # noqa: S101  # a bug of ours
        self._errors = self._process.stderr
        self._ends_at = clock.monotonic() + TRIAL_SECONDS
        self._said = b""

    def fileno(self) -> int:
        """Return the descriptor that is readable when it says something, or is over."""
        return self._errors.fileno()

    def seconds_left(self) -> float:
        """Return for how long it may go on."""
        return max(0.0, self._ends_at - clock.monotonic())

    def hear(self) -> bool:
        """Take what it says, once there is something; tell whether that was all."""
        chunk = os.read(self._errors.fileno(), _CHUNK_BYTES)
        self._said = (self._said + chunk)[:_SAID_BYTES_MAX]
        return not chunk

    def verdict(self) -> str:
        """Return why the tasks cannot be read; empty if they can. Nothing of it is left then."""
        if not self.seconds_left():
            self.end()
            return f"The tasks could not be read within {TRIAL_SECONDS:g} seconds."
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_SECONDS)
        self.end()
        code = self._process.returncode
        if not code:
            return ""
        lines = [line.strip() for line in self._said.decode(errors="replace").splitlines()]
        said = next((line for line in lines if line), "").removeprefix("ERROR").strip()
        return said[:_REASON_LETTERS_MAX] or f"Who was to read the tasks {_ended_by(code)}."

    def end(self) -> None:
        """End it, and whatever it has started, if it goes on."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._errors.close()


def trial_line() -> list[str]:
    """Return the command line of this process, with a command that only reads the tasks.

    It ends with this process, where that was started by the path of a script.
    """
    line = [*sys.orig_argv]
    at = line.index("schedule:work") if "schedule:work" in line else len(line)
    reads = ["schedule:list", "--json"]
    if sys.argv[0] not in line[:at]:
        return [sys.executable, *line[1:at], *reads]
    # What stands before the script may bind this process to its parent, which is not that one's.
    script = line[line.index(sys.argv[0]) : at]
    return [sys.executable, "-m", _ATTACHED, str(os.getpid()), *script, *reads]


def _ended_by(code: int) -> str:
    if code > 0:
        return f"exited with status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
