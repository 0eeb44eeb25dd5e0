"""One executor: started, fed, watched and buried."""

from __future__ import annotations

import contextlib
import math
import signal
from collections import deque
from collections.abc import Callable, Container, Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from securely.queue.contracts import Defaults, Delivery, FailedJob, Kind, Outcome, Verdict
from securely.queue.crew.board import Board, State
from securely.queue.crew.fates import Remains, fate_of
from securely.queue.crew.link import (
    Cancel,
    Ends,
    FromExecutor,
    Hook,
    Link,
    Live,
    Quit,
    Revoke,
    Run,
    Start,
    Tell,
)
from securely.queue.crew.pace import Pace
from securely.queue.crew.process import Launch, Process
from securely.queue.crew.report import Ended
from securely.support import clock

__all__ = ["Child", "Limit", "Phase"]

HELD_BYTES_MAX: Final = 1 << 20  # large payloads are not hoarded
STALL_SECONDS: Final = 0.05  # without an outcome: what has not started is taken back
LAST_WORDS_SECONDS: Final = 0.1  # for the stacks of all threads, before it is killed
LAST_SECONDS: Final = 0.5  # between the end of its link and that of the process
HOOK_TOKEN: Final = -1  # on the board, where a delivery has a token of at least 1

Limit: TypeAlias = Callable[[Delivery | FailedJob], float | None]
"""After how many seconds a job, or its `failed()`, costs its executor its life; None for never."""

_DONE: Final = Kind.DONE  # looked up once: that takes as long as a call


class Phase(Enum):
    """Where an executor is in its life."""

    LOADING = "loading"
    READY = "ready"
    RETIRING = "retiring"  # it gets no more work
    LEAVING = "leaving"


class Child:
    """An executor process, from :meth:`start` to :meth:`bury`.

    Args:
        worker: The worker's id.
        number: Which of the worker's executors this is; never used again.
        board: The worker's board.
        cells: The free cells of the board for this child; its successor goes on with them.
        pace: How many deliveries it holds.
    """

    def __init__(
        self, worker: str, number: int, board: Board, cells: deque[int], pace: Pace
    ) -> None:
        self.number = number
        self.phase: Phase = Phase.LOADING
        self.pace = pace
        self.memory: int = 0
        self.listens = False
        self.held: dict[int, Delivery] = {}
        self.overdue: set[int] = set()
        self.cancelled: dict[int, float] = {}  # cells, and when each was told to stop
        self.last_progress: float = clock.monotonic()
        self.overdue_at: float = math.inf
        self.stalled_at: float = math.inf
        self._worker = worker
        self._board = board
        self._free = cells
        self._bytes = 0
        self._hooks: dict[int, FailedJob] = {}
        self._outgoing: list[tuple[int, Delivery]] = []
        self._was_revoked = False
        self._is_condemned = False
        self._grace = 0.0
        self._process: Process | None = None

    # -- life

    def start(
        self,
        launch: Launch,
        home: Path,
        concurrency: int,
        defaults: Defaults,
        *,
        is_trial: bool = False,
    ) -> None:
        """Start the process and send it what it needs to load the application."""
        name = f"{self._worker}.{self.number}"
        self._process = Process(launch, name)
        self._started.post(
            Start(
                worker=self._worker,
                number=self.number,
                place=launch.place,
                loader=launch.loader,
                board=str(self._board.path),
                lock=str(home / f"{name}.executor.lock"),
                concurrency=concurrency,
                defaults=defaults,
                queues=launch.queues,
                sleep=launch.sleep,
                connection=launch.connection,
                is_trial=is_trial,
            )
        )

    @property
    def link(self) -> Link[FromExecutor]:
        """What both sides tell each other of deliveries."""
        return self._started.link

    @property
    def died_of(self) -> str:
        """How the process ended, in words."""
        return self._started.died_of

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing in hand."""
        return not self.held and not self._hooks

    def quit(self, farewell: Quit) -> None:
        """Ask it to close the application and exit."""
        self.phase = Phase.LEAVING
        self._started.post(farewell)

    def tell(self, event: str, details: dict[str, float | int | str]) -> None:
        """Have it tell an event of the worker."""
        self._started.post(Tell(event, details))

    def follow(self, change: Live) -> None:
        """Have it follow a change of the settings between two jobs."""
        self._started.post(change)

    def retire(self) -> None:
        """Give it no more, and take back what it has not begun; one that still loads is killed."""
        if self.phase is Phase.LOADING:  # it has nothing in hand, and perhaps never will
            self.phase = Phase.LEAVING
            self.kill()
            return
        self.phase = Phase.RETIRING
        self.revoke()

    def interrupt(self, number: int) -> None:
        """Pass on a signal that says to stop, for what runs there and wants to know."""
        if self.held and self.phase is not Phase.LOADING and self._process is not None:
            self._process.signal(number)

    def kill(self) -> None:
        """Kill it; :meth:`bury` tells what it held."""
        if self._process is not None:
            self._process.signal(signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, at most *seconds*; False if it still lives."""
        return self._started.wait(seconds)

    def bury(self) -> list[Remains]:
        """Make sure that it is dead, and tell what it held."""
        if not self.wait(LAST_SECONDS):
            self.kill()
            self.wait(math.inf)
        self._started.close()
        remains: list[Remains] = []
        for cell, delivery in self.held.items():
            state, _ = self._board.look(cell)
            fate = fate_of(
                state, is_cancelled=cell in self.cancelled, is_overdue=cell in self.overdue
            )
            remains.append(Remains(fate, cell, delivery))
        self.held.clear()
        return remains

    @property
    def _started(self) -> Process:
        assert self._process is not None, "not started"  # noqa: S101  # a bug of ours
        return self._process

    # -- deliveries

    @property
    def room(self) -> int:
        """How many deliveries it would take now."""
        if self.phase is not Phase.READY or self._bytes > HELD_BYTES_MAX:
            return 0
        target = self.pace.target
        if self.is_stalled:
            target = 0 if self._was_revoked else self.pace.concurrency
        return max(0, min(target - len(self.held), len(self._free)))

    @property
    def cells_free(self) -> int:
        """How many deliveries the board has room for."""
        return len(self._free)

    @property
    def is_stalled(self) -> bool:
        """Whether it holds something and has shown no progress for a while."""
        return bool(self.held) and clock.monotonic() - self.last_progress > STALL_SECONDS

    def assign(self, deliveries: Sequence[Delivery]) -> None:
        """Take *deliveries* for the next :meth:`dispatch`."""
        free, place, held, outgoing = self._free, self._board.place, self.held, self._outgoing
        for delivery in deliveries:
            cell = free.popleft()
            place(cell, delivery.id, delivery.token)
            held[cell] = delivery
            outgoing.append((cell, delivery))
            self._bytes += len(delivery.payload)

    def dispatch(self) -> None:
        """Hand over what was assigned."""
        if self._outgoing:
            batch, self._outgoing = self._outgoing, []
            now = clock.monotonic()
            if len(self.held) == len(batch):
                self.last_progress = now
            self.stalled_at = min(self.stalled_at, now + STALL_SECONDS)
            self._started.post(Run(batch))

    def take_back(self, cell: int, now: float) -> Delivery | None:
        """Forget what was on *cell*, and return it; the cell stays taken until :meth:`free`.

        Args:
            cell: Its cell of the board.
            now: The monotonic time at which it ended, or went back.
        """
        delivery = self.held.pop(cell, None)
        if delivery is not None:
            self._bytes -= len(delivery.payload)
            self.last_progress = max(self.last_progress, now)
            self.stalled_at = now + STALL_SECONDS if self.held else math.inf
            self._was_revoked = False
        return delivery

    def observe(self, seconds: float, memory: int) -> None:
        """Take note of how long a job ran, and of the process's bytes where it has looked."""
        self.pace.observe(seconds)
        self.memory = memory or self.memory

    def conclude(self, told: Ends) -> list[Ended]:
        """Forget what has ended well, and return it with its outcomes."""
        last, seconds = told.ends[-1]
        # One that is busy with something long tells late: it has made no progress since then.
        at = self._board.look(last)[1] + seconds
        ended: list[Ended] = []
        for cell, seconds in told.ends:
            self.observe(seconds, told.memory)
            if (delivery := self.take_back(cell, at)) is not None:
                outcome = Outcome(delivery.id, delivery.token, _DONE)
                ended.append(Ended(delivery, outcome, seconds, "", partial(self.free, cell)))
        return ended

    def return_unstarted(self, cells: list[int], now: float) -> list[tuple[int, Delivery]]:
        """Forget what was on *cells*, which were revoked, and return it."""
        progress = self.last_progress
        taken = [(cell, self.take_back(cell, now)) for cell in cells]
        self.last_progress = progress
        self._was_revoked = True
        return [(cell, delivery) for cell, delivery in taken if delivery is not None]

    def free(self, cell: int) -> None:
        """Allow *cell* to be used again: its settlement is committed."""
        self.cancelled.pop(cell, None)
        self._free.append(cell)

    def check_stall(self) -> None:
        """Take back what has not begun if there was no outcome for a while.

        And what has ended, while it is busy with something longer, and was not told of.
        """
        now = clock.monotonic()
        if now < self.stalled_at:
            return
        waiting = len(self.held) > 1 and any(
            self._board.look(cell)[0] is not State.STARTED for cell in self.held
        )
        self.stalled_at = now + STALL_SECONDS if waiting else math.inf
        if waiting:
            self.revoke()

    def revoke(self) -> None:
        """Ask it to give back what it has not started."""
        with contextlib.suppress(EOFError):  # its death is noticed on reading
            control = self._started.control
            control.flush()
            if not control.is_backed_up:  # or it is asked often enough
                control.post(Revoke())

    def cancel(self, ids: Container[int], grace: float) -> None:
        """Have it stop those of its deliveries that have these ids; once each.

        What goes on all the same for *grace* seconds costs its life.
        """
        now = clock.monotonic()
        for cell, delivery in self.held.items():
            if delivery.id not in ids or delivery.verdict is not Verdict.RUN:
                continue
            if cell not in self.cancelled:
                self.cancelled[cell] = now
                self._grace = grace
                self.expect(grace)
                with contextlib.suppress(EOFError):  # as above
                    self._started.control.post(Cancel(cell, delivery.token))
        with contextlib.suppress(EOFError):
            self._started.control.flush()

    def was_cancelled(self, cell: int, delivery: Delivery) -> bool:
        """Return whether *delivery*, on *cell*, was told to stop: by this one, or one before it."""
        return cell in self.cancelled or delivery.verdict is Verdict.CANCELLED

    # -- hard deadlines

    def expect(self, seconds: float) -> None:
        """Look at the clock again in *seconds*, when a job just handed over may be overdue."""
        self.overdue_at = min(self.overdue_at, clock.monotonic() + seconds)

    def condemn(self) -> list[str]:
        """Give it a moment for its last words, then kill it; return what is overdue, once."""
        if self._is_condemned:
            self.overdue_at = math.inf
            self.kill()
            return []
        self._is_condemned = True
        self.overdue_at = clock.monotonic() + LAST_WORDS_SECONDS
        names = {cell: delivery.name for cell, delivery in self.held.items()}
        names |= {cell: f"failed() of {failed.name}" for cell, failed in self._hooks.items()}
        return [names[cell] for cell in sorted(self.overdue)]

    def ask_for_stacks(self) -> None:
        """Have it write on its error output where all its threads are."""
        self._started.signal(signal.SIGUSR1)

    def find_overdue(self, limit: Limit) -> bool:
        """Note what has run for longer than *limit* says, and tell whether anything has."""
        if self._is_condemned:
            return True
        now = clock.monotonic()
        self.overdue_at = math.inf
        running: dict[int, Delivery | FailedJob] = {**self.held, **self._hooks}
        for cell, one in running.items():
            state, at = self._board.look(cell)
            has_started = state is State.STARTED
            seconds = limit(one)
            end = math.inf if seconds is None else (at if has_started else now) + seconds
            if has_started and cell in self.cancelled:
                end = min(end, max(at, self.cancelled[cell]) + self._grace)
            if end <= now:
                self.overdue.add(cell)
            else:
                self.overdue_at = min(self.overdue_at, end)
        return bool(self.overdue)

    # -- failed() hooks

    def hook(self, failed: FailedJob, seconds: float | None) -> None:
        """Have it run the hook of *failed*; longer than *seconds* costs its life."""
        cell = self._free.popleft()
        self._board.place(cell, failed.id, HOOK_TOKEN)
        self._hooks[cell] = failed
        if seconds is not None:
            self.expect(seconds)
        self._started.post(Hook(cell, failed))

    def hook_done(self, cell: int) -> FailedJob:
        """Forget the hook on *cell*, which has run, and return its job."""
        self._free.append(cell)
        return self._hooks.pop(cell)

    def bury_hooks(self) -> list[tuple[FailedJob, bool]]:
        """Return the hooks that it had been given, and whether each may be what it died of."""
        buried: list[tuple[FailedJob, bool]] = []
        for cell in list(self._hooks):
            is_suspect = self._board.look(cell)[0] is not State.HANDED
            if self.overdue:
                is_suspect = cell in self.overdue
            buried.append((self.hook_done(cell), is_suspect))
        return buried
