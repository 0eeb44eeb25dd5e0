"""The process of an executor, as the operating system and its two links know it.

It belongs to a session of its own, so that Ctrl-C in a terminal reaches the supervisor alone.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

import msgspec

from securely.queue.crew.link import FromExecutor, Link, ToControl
from securely.queue.crew.loading import Place

__all__ = ["Launch", "Process"]

_DECODER: Final = msgspec.msgpack.Decoder(FromExecutor)


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start an executor.

    Attributes:
        place: The application.
        loader: `package.module:function` that turns its place into what runs jobs.
        python: The interpreter, with its options.
        prints_to: The descriptor to which jobs print; None for the worker's own output.
        queues: What the worker serves, for those who listen to it.
        connection: The connection that it was told to work; None for the default one.
        sleep: Seconds that a job waits which a listener holds back.
    """

    place: Place
    loader: str = "securely.queue.crew.loading:load_application"
    python: tuple[str, ...] = (sys.executable,)
    prints_to: int | None = None
    queues: tuple[str, ...] = ()
    sleep: float = 1.0
    connection: str | None = None


class Process:
    """A process that has been started, and waits to be told what it is to load.

    Args:
        launch: How to start it.
        name: What it is called in the list of processes.

    Attributes:
        link: What both sides tell each other of deliveries.
        control: What it is told while its main thread is busy with a job.
    """

    def __init__(self, launch: Launch, name: str) -> None:
        ours, theirs = socket.socketpair()
        control, their_control = socket.socketpair()
        self.link: Link[FromExecutor] = Link(ours, _DECODER)
        # (Nothing comes back on it; a decoder it must have.)
        self.control: Link[ToControl] = Link(control, msgspec.msgpack.Decoder(ToControl))
        command = [*launch.python, "-m", "securely.queue.executor"]
        ends = (theirs.fileno(), their_control.fileno())
        with theirs, their_control:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [*command, *map(str, ends), str(os.getpid()), name],
                stdin=subprocess.DEVNULL,
                stdout=launch.prints_to,
                pass_fds=ends,
                start_new_session=True,
            )

    @property
    def died_of(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        if code is None:
            return "is still alive"
        if code >= 0:
            return f"exited with status {code}"
        try:
            return f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"was killed by signal {-code}"

    def post(self, message: msgspec.Struct) -> None:
        """Tell it something; its death is noticed, and dealt with, on reading."""
        with contextlib.suppress(EOFError):
            self.link.post(message)

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, at most *seconds*; False if it still lives."""
        try:
            self._process.wait(None if seconds == math.inf else seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Close both links."""
        self.link.close()
        self.control.close()
