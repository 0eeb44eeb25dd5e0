"""Background: starts the process that runs a task while we go on."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Final

from securely.schedule.contracts import Grant
from securely.schedule.running.processes.children import Children, Process
from securely.schedule.running.ways.child import ARTISAN
from securely.support import clock

__all__ = ["COMMAND", "Background", "tell_adopted"]

# The hidden command that takes a run over.
COMMAND: Final = "schedule:finish"

# For the start of an application, on a machine that is busy.
_ADOPTED_SECONDS: Final = 60.0

# Written by the process once the run is its own; no text that explains a failure contains it.
_ADOPTED: Final = b"\x06"

# The end of what a process writes that fails to start.
_LAST_WORDS_BYTES: Final = 4_096

# Of the pipe at once.
_CHUNK_BYTES: Final = 4_096


class Background:
    """Starts processes that outlive us, and knows when each has taken its run over.

    Args:
        children: Starts processes.
    """

    def __init__(self, children: Children) -> None:
        self._children = children

    def start(self, grant: Grant) -> None:
        """Start the process that runs *grant*, and wait until the run is its own.

        Raises:
            OSError: It cannot be started, or it has ended without taking the run over.
        """
        if not hasattr(os, "killpg"):  # Windows
            raise OSError("tasks in the background need a system with process groups")
        claim = grant.claim
        process = self._children.detach(
            [sys.executable, ARTISAN, COMMAND, "--", claim.task, str(claim.at), str(grant.token)]
        )
        try:
            words, is_adopted = _heard(process)
        except BaseException:
            _kill(process)
            raise
        # Somebody has to wait for it, or it stays a zombie as long as we live.
        threading.Thread(target=process.wait, name=f"schedule-{process.pid}", daemon=True).start()
        if not is_adopted:
            _kill(process)
            said = words.decode("utf-8", "replace").strip()
            last = said.splitlines()[-1] if said else "it said nothing"
            raise ChildProcessError(f"the background process did not take the run over: {last}")


def tell_adopted() -> None:
    """Tell who has started this process that the run is ours, and let go of its pipe."""
    with suppress(OSError):  # it has died meanwhile; the run is ours all the same
        os.write(1, _ADOPTED)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)


def _heard(process: Process) -> tuple[bytes, bool]:
    """Return what *process* writes until the run is its own, or its end, and which it was."""
    import select

    words = b""
    until = clock.monotonic() + _ADOPTED_SECONDS
    stream = process.stdout
    if stream is None:
        return words, False
    with stream:
        while (left := until - clock.monotonic()) > 0:
            if not select.select([stream], [], [], left)[0]:
                break
            data = os.read(stream.fileno(), _CHUNK_BYTES)
            if _ADOPTED in data:
                return words, True
            if not data:
                return words, False
            words = (words + data)[-_LAST_WORDS_BYTES:]
    return b"it took too long", False


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
