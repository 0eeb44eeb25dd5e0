"""The processes of one supervisor that serve the same queues: started, replaced, let go."""

from __future__ import annotations

import math
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from securely.queue.crew.orders import MEMORY_STATUS
from securely.support import clock

__all__ = ["Pool", "Workman"]

CALM_SECONDS: Final = 1.0  # a process that has lived shorter may not be able to live at all
# Nor may one that fails before this: it may have been loading the application all the time.
LOADED_SECONDS: Final = 60.0
_WELL: Final = (0, MEMORY_STATUS)  # exit codes of a worker that has worked
# Seconds before the next try, by how many in a row have lived too short.
DELAYS: Final = (0.0, 0.3, 1.0, 3.0, 10.0)


@dataclass(slots=True)
class Workman:
    """A worker process.

    Attributes:
        process: Its process; what it reads ends when we die.
        since: The monotonic time of its start.
    """

    process: subprocess.Popen[bytes]
    since: float

    def signal(self, number: int) -> None:
        """Send it a signal, if it still lives."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)


class Pool:
    """Keeps as many processes as are wanted.

    Args:
        queues: What they serve.
        start: Starts one.
        say: Told in a line what happens.
        wanted: How many there are to be.
    """

    def __init__(
        self,
        queues: tuple[str, ...],
        start: Callable[[], subprocess.Popen[bytes]],
        say: Callable[[str], object],
        wanted: int,
    ) -> None:
        self.queues: tuple[str, ...] = queues
        self.wanted: int = wanted
        self.workmen: list[Workman] = []
        self.leaving: list[Workman] = []
        self._start = start
        self._say = say
        self._shortlived = 0
        self._start_at = -math.inf
        self._failed_at = -math.inf

    @property
    def alive(self) -> int:
        """How many processes there are, those included that are to go."""
        return len(self.workmen) + len(self.leaving)

    @property
    def is_living(self) -> bool:
        """Whether any process has not ended yet."""
        return any(one.process.poll() is None for one in (*self.workmen, *self.leaving))

    def tend(self, *, starts: bool) -> None:
        """Bury the dead, let go of those that are too many, and start those that are missing.

        Args:
            starts: Whether to start any.
        """
        now = clock.monotonic()
        self.leaving = [one for one in self.leaving if one.process.poll() is None]
        for one in [one for one in self.workmen if one.process.poll() is not None]:
            self._bury(one, now, quietly=not starts)
        while len(self.workmen) > self.wanted:
            self._retire(self.workmen.pop())  # the youngest has least in its caches
        if any(one.since >= self._failed_at for one in self.workmen if _is_loaded(one, now)):
            self._shortlived = 0
        while starts and len(self.workmen) < self.wanted and now >= self._start_at:
            try:
                self.workmen.append(Workman(self._start(), now))
            except OSError as error:  # no process or memory to be had now; those that live, live on
                again = self._put_off(now)
                self._say(f"A worker could not be started: {error}; it is tried again {again}.")
                break

    def starts_at(self) -> float:
        """Return the monotonic time at which a missing process may be started."""
        return self._start_at if len(self.workmen) < self.wanted else math.inf

    def signal(self, number: int) -> None:
        """Send a signal to all processes."""
        for one in (*self.workmen, *self.leaving):
            one.signal(number)

    def retire(self) -> None:
        """Ask all processes to stop after their current jobs."""
        self.wanted = 0
        while self.workmen:
            self._retire(self.workmen.pop())

    def kill(self) -> None:
        """Kill what is left, and wait for its end."""
        self.signal(signal.SIGKILL)
        for one in (*self.workmen, *self.leaving):
            one.process.wait()
        self.workmen, self.leaving = [], []

    def _retire(self, one: Workman) -> None:
        one.signal(signal.SIGTERM)
        self.leaving.append(one)

    def _bury(self, one: Workman, now: float, *, quietly: bool) -> None:
        self.workmen.remove(one)
        code = one.process.returncode
        if quietly:  # it was paused before it could hear of that, and is started when we go on
            return
        if _is_loaded(one, now) or (code in _WELL and now - one.since >= CALM_SECONDS):
            self._shortlived = 0
            self._start_at = now
            again = "at once"
        else:
            again = self._put_off(now)
        ending = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        self._say(f"Worker {one.process.pid} {ending}; another one starts {again}.")

    def _put_off(self, now: float) -> str:
        """Take note of a failure, and return when the next process is started."""
        self._failed_at = now
        delay = DELAYS[self._shortlived]
        self._shortlived = min(self._shortlived + 1, len(DELAYS) - 1)
        self._start_at = now + delay
        return f"in {delay:g} s" if delay else "at once"


def _is_loaded(one: Workman, now: float) -> bool:
    return now - one.since >= LOADED_SECONDS
