"""Leases: that a member lives is a key on the server, which a thread of its process renews."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final

from securely.queue.drivers.arq_server import ArqServer
from securely.queue.exceptions import QueueError
from securely.support import clock, entropy
from securely.support.forking import renew_after_fork

__all__ = ["Lease"]

_RANDOM_BYTES: Final = 4  # beside the microsecond
_RENEWALS: Final = 3  # within one lease: two may fail
_RETRY_SECONDS: Final = 1.0  # after a renewal that failed


class Lease:
    """That a member lives, as all machines see it.

    Args:
        server: Where it is said.
        host: The name of the machine.
        seconds: For how long it is believed without a word of it.
    """

    def __init__(self, server: ArqServer, host: str, seconds: float) -> None:
        self.server = server
        self.host = host
        self.seconds = seconds
        self._mutex = threading.Lock()
        renew_after_fork(self, "_mutex", threading.Lock)
        self._id: str = ""
        self._pid: int = 0
        self._stop: threading.Event | None = None

    @property
    def milliseconds(self) -> int:
        """How long it is, as the server is told."""
        return max(1, int(self.seconds * 1_000))

    def member(self) -> str:
        """Return the id of the member that this process is; a new one in a child that was forked.

        Raises:
            QueueError: The server cannot be used.
        """
        with self._mutex:
            if self._pid != os.getpid():
                self._join()
            elif self._stop is None:
                self._start()
            return self._id

    def renew(self) -> bool:
        """Prolong it; False when it was over: it is never taken up again.

        Raises:
            QueueError: The server cannot be used.
        """
        with self._mutex:
            member = self._id if self._pid == os.getpid() else ""
        told = {"member": member, "host": self.host, "lease": self.milliseconds}
        return bool(member) and bool(self.server.run("tick", {"what": "renew", **told}))

    def lapse(self, member: str) -> None:
        """Note that *member* counts as dead: who asks next is a new one."""
        with self._mutex:
            if member == self._id:
                self._pid = 0
                self._rest()

    def rest(self) -> None:
        """Renew it no more, until somebody asks for the member again."""
        with self._mutex:
            self._rest()

    def leave(self) -> None:
        """Say that the member is gone.

        Raises:
            QueueError: The server cannot be used; the lease will be over.
        """
        with self._mutex:
            member, is_mine = self._id, self._pid == os.getpid()
            self._pid = 0
            self._rest()
        if is_mine:
            self.server.run("tick", {"what": "leave", "member": member, "host": self.host})

    def _join(self) -> None:
        self._stop = None  # in a child: the thread was its parent's
        id_ = f"{int(clock.timestamp() * 1e6):x}{entropy.token_hex(_RANDOM_BYTES)}"
        told = {"member": id_, "lease": self.milliseconds}
        self.server.run("tick", {"what": "join", **told})
        self._id, self._pid = id_, os.getpid()
        self._start()

    def _start(self) -> None:
        self._stop = stop = threading.Event()
        # It does not keep the lease alive: a member that nobody has any more is to die.
        arguments = (weakref.ref(self), stop, self.seconds / _RENEWALS)
        threading.Thread(target=_keep, args=arguments, name="schedule-lease", daemon=True).start()

    def _rest(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def __del__(self) -> None:
        if self._stop is not None:
            self._stop.set()


def _keep(of: weakref.ref[Lease], stop: threading.Event, seconds: float) -> None:
    """Renew a lease, in a thread of its own, until it is over or nobody needs it."""
    pause = seconds
    # The server's clock is what counts, which no frozen clock can move: a real wait.
    while not stop.wait(pause):
        lease = of()
        if lease is None:
            return
        pause = seconds
        try:
            if not lease.renew():
                return
        except QueueError:
            pause = min(seconds, _RETRY_SECONDS)
        del lease
