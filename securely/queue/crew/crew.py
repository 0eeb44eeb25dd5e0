"""All executors of a worker: started, replaced, fed in turn, and told to go."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from securely.queue.contracts import Defaults, Delivery, FailedJob, Verdict
from securely.queue.crew.board import Board
from securely.queue.crew.child import Child, Phase
from securely.queue.crew.link import Live, Quit
from securely.queue.crew.pace import HELD_MAX, Pace
from securely.queue.crew.process import Launch
from securely.support import clock

__all__ = ["Crew", "Size", "Slot"]

# Seconds before an executor is tried again whose predecessors ended before they were ready.
DELAYS: Final = (0.0, 0.1, 0.3, 1.0)
AT_ONCE: Final = Quit()  # where no reason is known: something broke
RENEWED: Final = Quit("renewed", 0)  # to an executor that another takes the place of
QUIT_SECONDS: Final = 5.0  # an executor has this long to close the application


@dataclass(frozen=True, slots=True)
class Size:
    """How many executors there are, and what each takes.

    Attributes:
        processes: Executors.
        concurrency: Async jobs at once in each.
        prefetch: Deliveries each holds beyond what runs; None to follow the jobs.
        overtime: Seconds after a job's own time until its executor is killed.
    """

    processes: int = 1
    concurrency: int = 1
    prefetch: int | None = None
    overtime: float = 5.0


@dataclass(slots=True)
class Slot:
    """The place of one executor, which outlives it."""

    cells: deque[int]
    child: Child | None = None
    stillborn: int = 0  # executors in a row that died before they were ready
    start_at: float = 0.0


class Crew:
    """The executors of one worker.

    Args:
        worker: The worker's id.
        home: The directory of the board and of the executors' locks.
        launch: How to start one.
        size: How many, and how busy.
        defaults: What jobs get that say nothing themselves.
    """

    def __init__(
        self, worker: str, home: Path, launch: Launch, size: Size, defaults: Defaults
    ) -> None:
        cells = 2 * (HELD_MAX + size.concurrency)
        self._worker = worker
        self._home = home
        self._launch = launch
        self._size = size
        self._defaults = defaults
        self._board = Board(home / f"{worker}.board", cells * size.processes)
        self._slots = [
            Slot(deque(range(n * cells, (n + 1) * cells))) for n in range(size.processes)
        ]
        self._carried: deque[Delivery] = deque()
        self._numbers = 0

    # -- who is there

    @property
    def children(self) -> list[Child]:
        """The executors that live."""
        return [slot.child for slot in self._slots if slot.child is not None]

    @property
    def ready(self) -> list[Child]:
        """The executors that take deliveries."""
        return [child for child in self.children if child.phase is Phase.READY]

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in anybody's hands."""
        return not self._carried and all(child.is_idle for child in self.children)

    @property
    def room(self) -> int:
        """How many deliveries the executors would take now."""
        return max(0, sum(child.room for child in self.children) - len(self._carried))

    @property
    def is_starving(self) -> bool:
        """Whether a ready executor has nothing to do."""
        return any(not child.held for child in self.ready)

    @property
    def is_hungry(self) -> bool:
        """Whether some executor has enough room to be worth a claim."""
        return any(4 * child.room >= child.pace.target for child in self.ready if child.room)

    def grow(self) -> None:
        """Let the executors hold more: there was as much work as they could take."""
        for child in self.ready:
            child.pace.grow()

    def linger(self) -> float:
        """Return for how many seconds outcomes may wait for company."""
        return min((child.pace.linger(len(child.held)) for child in self.ready), default=0.0)

    # -- birth and death

    def start(self) -> list[Child]:
        """Start the executors that are missing and due, and return them."""
        now = clock.monotonic()
        born: list[Child] = []
        for slot in self._slots:
            if slot.child is None and now >= slot.start_at:
                pace = Pace(self._size.concurrency, self._size.prefetch)
                child = Child(self._worker, self._numbers, self._board, slot.cells, pace)
                self._numbers += 1
                child.start(self._launch, self._home, self._size.concurrency, self._defaults)
                slot.child = child
                born.append(child)
        return born

    def welcome(self, child: Child, *, listens: bool = False) -> None:
        """Take note that *child* is ready, and whether it wants to be told of the worker."""
        if child.phase is Phase.LOADING:
            child.phase = Phase.READY
        child.listens = listens
        self._slot(child).stillborn = 0

    def lose(self, child: Child) -> bool:
        """Take *child*, who is buried, off its slot; False when the slot is given up.

        A slot is given up after several executors in a row that died before they were ready.
        """
        slot = self._slot(child)
        slot.child = None
        if child.phase is not Phase.LOADING:
            return True
        slot.stillborn += 1
        if slot.stillborn > len(DELAYS) - 1:
            return False
        slot.start_at = clock.monotonic() + DELAYS[slot.stillborn]
        return True

    def _slot(self, child: Child) -> Slot:
        return next(slot for slot in self._slots if slot.child is child)

    # -- work

    def hand(self, deliveries: Sequence[Delivery]) -> None:
        """Hand *deliveries* over, in order, to the executors with most room."""
        self._carried.extend(deliveries)
        while self._carried:
            ready = [child for child in self.ready if child.cells_free]
            if not ready:
                break
            child = ready[0]
            if len(ready) == 1:
                share = min(len(self._carried), child.cells_free)
            else:
                child, share = max(ready, key=lambda one: one.room), 1
            self._assign(child, [self._carried.popleft() for _ in range(share)])
        for child in self.children:
            child.dispatch()

    def _assign(self, child: Child, deliveries: Sequence[Delivery]) -> None:
        child.assign(deliveries)
        limits = [limit for one in deliveries if (limit := self.limit(one)) is not None]
        if limits:
            child.expect(min(limits))

    def limit(self, one: Delivery | FailedJob) -> float | None:
        """Return after how many seconds a job, or a hook, costs its executor its life.

        None for never. A `failed()` may take as long as a run of its job.
        """
        seconds = self._defaults.timeout if one.timeout is None else one.timeout
        return seconds + self._size.overtime if seconds else None

    def tend(self) -> list[tuple[Child, str]]:
        """Kill executors whose job or hook is overdue; take back what stalled ones did not start.

        Returns:
            The name of each that is overdue, with the executor that is killed for it.
        """
        now = clock.monotonic()
        overdue: list[tuple[Child, str]] = []
        for child in self.children:
            if now >= child.overdue_at and child.find_overdue(self.limit):
                overdue += [(child, name) for name in child.condemn()]
            elif now >= child.stalled_at:
                child.check_stall()
        return overdue

    def wakes_at(self) -> float:
        """Return the monotonic time of the next :meth:`tend` or :meth:`start` that matters."""
        starts = (slot.start_at for slot in self._slots if slot.child is None)
        checks = (min(child.overdue_at, child.stalled_at) for child in self.children)
        return min((*starts, *checks), default=math.inf)

    def cancel(self, ids: Container[int]) -> list[Delivery]:
        """Have the executors stop what has these ids; return what of it nobody was given yet."""
        for child in self.children:
            child.cancel(ids, self._size.overtime)
        here = [one for one in self._carried if one.id in ids and one.verdict is Verdict.RUN]
        self._carried = deque(one for one in self._carried if one not in here)
        return here

    def recall(self) -> list[Delivery]:
        """Take back what nobody has begun: ask the executors, and return what is still here."""
        for child in self.children:
            child.revoke()
        here = [delivery for delivery in self._carried if delivery.verdict is Verdict.RUN]
        self._carried = deque(one for one in self._carried if one.verdict is not Verdict.RUN)
        return here

    def tell(self, event: str, **details: float | str) -> None:
        """Have one executor tell an event of the worker, where somebody listens."""
        for child in self.ready:
            if child.listens:
                child.tell(event, details)
                return

    # -- a change of the settings

    def trial(self) -> Child:
        """Start an executor that gets no work, to see whether the application can be loaded."""
        pace = Pace(self._size.concurrency, self._size.prefetch)
        child = Child(self._worker, self._numbers, self._board, deque(), pace)
        self._numbers += 1
        concurrency = self._size.concurrency
        child.start(self._launch, self._home, concurrency, self._defaults, is_trial=True)
        return child

    def end_trial(self, child: Child) -> None:
        """End the executor of a trial: it has run no job."""
        if child.phase is Phase.READY:
            child.quit(RENEWED)
        else:
            child.kill()
        child.bury()

    def follow(self, change: Live) -> None:
        """Have the executors follow a change without beginning anew."""
        for child in self.children:
            child.follow(change)

    @property
    def first_to_load(self) -> int:
        """The number of the first executor that has not loaded yet, or of the next one."""
        loading = (one.number for one in self.children if one.phase is Phase.LOADING)
        return min(loading, default=self._numbers)

    def renew(self, first: int = 0) -> range:
        """Let others take the place of those from number *first* on, when nothing is in hand.

        Returns:
            What :meth:`is_renewed` is to be asked with: their numbers.
        """
        old = range(first, self._numbers)
        for child in self.children:
            if child.number in old:
                child.retire()
        return old

    def is_renewed(self, old: range) -> bool:
        """Whether none of *old* is left, and the others have loaded."""
        return all(
            slot.child is not None
            and slot.child.number not in old
            and slot.child.phase is Phase.READY
            for slot in self._slots
        )

    def let_go(self) -> None:
        """Ask those that retire and have nothing in hand to close the application."""
        for child in self.children:
            if child.phase is Phase.RETIRING and child.is_idle:
                child.quit(RENEWED)

    # -- the end

    def dismiss(self, farewell: Quit = AT_ONCE) -> None:
        """Ask the executors to close the application; kill those that take too long."""
        for child in self.children:
            if child.phase is Phase.LOADING:
                child.kill()
            else:
                child.quit(farewell)
        end = clock.monotonic() + QUIT_SECONDS
        for slot in self._slots:
            if slot.child is not None:
                slot.child.wait(max(0.0, end - clock.monotonic()))
                slot.child.bury()
                slot.child = None

    def interrupt(self, number: int) -> None:
        """Pass on a signal that says to stop, for the jobs that run."""
        for child in self.children:
            child.interrupt(number)

    def kill(self) -> None:
        """Kill all executors."""
        for child in self.children:
            child.kill()

    def close(self) -> None:
        """Let go of the board."""
        self._board.close()
