"""The child: runs user code, one job's life in one function.

`python -m securely.queue.executor LINK CONTROL PARENT NAME`, started by a supervisor. It loads
the application, tells that it is ready, and then answers each delivery with an outcome. It knows
no store. What a job has come to stands on the board before anyone is told, so that a death at any
moment leaves the truth behind.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from types import FrameType
from typing import Final, Protocol, cast

import msgspec

from securely.container import NotBooted, current
from securely.exceptions import SecurelyError
from securely.log import LogManager
from securely.queue.contracts import Delivery, FailedJob, Kind, Outcome, Verdict
from securely.queue.crew.bell import Bell
from securely.queue.crew.board import Board
from securely.queue.crew.inbox import Inbox, Item, Key
from securely.queue.crew.link import (
    Hook,
    HookDone,
    Link,
    Live,
    Ready,
    Refused,
    Report,
    Start,
    Tell,
    ToExecutor,
)
from securely.queue.crew.loading import Loaded, Place
from securely.queue.crew.signals import STOP
from securely.queue.crew.system import die_with, hold_lock, keep_from_forks, resident_bytes
from securely.queue.crew.telling import Telling
from securely.queue.delivery.failure import mask
from securely.queue.delivery.stopping import JobCancelled
from securely.queue.exceptions import JobTimedOut
from securely.support import clock
from securely.support.importing import import_object

__all__ = ["Executor", "main"]

MEMORY_SECONDS: Final = 0.1  # looking at our own memory costs as much as a small job
GATHER_SECONDS: Final = 0.0005  # jobs that are over sooner are told of together
SLEEP_SECONDS_MIN: Final = 0.1  # what is held back shall not come back at once, again and again
REASON_CHARS_MAX: Final = 200  # a line for people; all of it is kept with the failed job


# Looked up once: to look a member of an enumeration up takes as long as a call.
_DONE: Final = Kind.DONE
_RUN: Final = Verdict.RUN


class _Tasks(Protocol):
    def run(self, work: Awaitable[object]) -> None: ...
    def add(self, cell: int, delivery: Delivery) -> None: ...
    def take(self) -> Item: ...
    def stop(self, key: Key) -> None: ...
    def close(self) -> None: ...


class Executor:
    """Runs what its supervisor sends.

    Args:
        inbox: What is sent.
        board: Where is written how far each delivery has come.
        loaded: The application.
        concurrency: How many async jobs run at once.
        timeout: Seconds for jobs that name no timeout; None for no limit.
    """

    def __init__(
        self,
        inbox: Inbox,
        board: Board,
        loaded: Loaded,
        *,
        concurrency: int = 1,
        timeout: float | None = None,
    ) -> None:
        self._inbox = inbox
        self._board = board
        self._runner = loaded.runner
        self._close = loaded.close
        self._aboot = loaded.aboot
        self._telling = loaded.telling
        self._interrupt = loaded.interrupt
        self._follow = loaded.follow
        self._guard: Telling | None = None
        self._sleep = SLEEP_SECONDS_MIN
        self._concurrency = concurrency
        self._timeout = timeout
        self._tasks: _Tasks | None = None
        self._bell = Bell(inbox.cancelled)
        inbox.stop = self._stop
        self._looked_at = 0.0
        self._told_at = 0.0

    def prepare(self) -> None:
        """Let what boots in a loop do so, in the one that async jobs will run in."""
        if self._aboot is not None:
            self._in_loop().run(self._aboot())

    def introduce(self, start: Start) -> None:
        """Tell listeners for which worker this executor works, and heed those that hold back."""
        if self._telling is None:
            return
        self._telling.begin(start.defaults.connection, start.queues, start.worker)
        # Asked once: an application says who listens while it boots, and most have nobody.
        self._guard = self._telling if self._telling.guards else None
        self._sleep = max(start.sleep, SLEEP_SECONDS_MIN)

    def heed_signals(self) -> None:
        """Tell running jobs of signals that say to stop; the supervisor passes its own on."""
        if self._interrupt is not None:
            for number in STOP:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._interrupt is not None:
            self._interrupt(number)

    def _stop(self, key: Key) -> None:
        """Stop what is cancelled, where it runs; called in the thread of the inbox."""
        self._bell.look()
        if self._tasks is not None:
            self._tasks.stop(key)

    def work(self) -> None:
        """Run deliveries and hooks until told to quit; then close the application."""
        self._inbox.watch()
        self._inbox.send(Ready(self._telling is not None and self._telling.is_wanted))
        while True:
            item = self._next()
            if isinstance(item, tuple):
                self._perform(*item)
                continue
            self._inbox.flush()  # what takes its time here is no delivery, and nobody asks again
            if isinstance(item, Hook):
                self._mourn(item.failed, item.cell)
            elif isinstance(item, Tell):
                self._tell(item.event, item.details)
            elif isinstance(item, Live):
                self._follow(item.names)
            else:
                break
        if self._tasks is not None:
            self._tasks.close()
        self._tell(
            "WorkerStopping",
            {"reason": item.reason, "status": item.status, "processed": item.processed},
        )
        self._close()

    def _tell(self, event: str, details: Mapping[str, object]) -> None:
        if self._telling is not None:
            self._telling.tell(event, details)

    def _next(self) -> Item:
        """Return what is to be done next outside of the event loop."""
        if self._tasks is None:
            item = self._inbox.take()
            if not isinstance(item, tuple) or not self._is_async(*item):
                return item
            self._in_loop().add(*item)
        return self._in_loop().take()

    def _in_loop(self) -> _Tasks:
        if self._tasks is None:
            from securely.queue.crew.tasks import Tasks

            self._tasks = Tasks(
                self._inbox, self._concurrency, self._is_async, self._perform_async, self._limit
            )
        return self._tasks

    def _is_async(self, cell: int, delivery: Delivery) -> bool:
        # To learn its colour is to import its module: from here on a death is this job's.
        self._board.start(cell, clock.monotonic())
        return self._runner.is_async(delivery)

    # -- one job

    def _perform(self, cell: int, delivery: Delivery) -> None:
        began = clock.monotonic()
        if self._guard is not None and not self._guard.allows(delivery):
            self._report(cell, self._held_back(delivery), began)
            return
        # In a copy of the context: what a job leaves in context variables ends with it.
        outcome = copy_context().run(self._attempt, cell, delivery, began)
        self._report(cell, outcome, began)

    def _attempt(self, cell: int, delivery: Delivery, began: float) -> Outcome:
        limit = self._limit(delivery)
        try:
            try:
                if delivery.verdict is _RUN:
                    self._bell.begin(delivery.name, (cell, delivery.token))
                if limit is not None:
                    self._bell.set(delivery.name, limit, began)
                return self._runner.run(delivery)
            finally:
                self._bell.unset()
        # Both: outside of the job's own code, which the runner guards.
        except JobTimedOut:
            return self._runner.run(delivery._replace(verdict=Verdict.TIMED_OUT))
        except JobCancelled:
            return self._runner.run(delivery._replace(verdict=Verdict.CANCELLED))

    def _mourn(self, failed: FailedJob, cell: int) -> None:
        """Run a `failed()` hook; it may take as long as a run of its job."""
        began = clock.monotonic()
        self._board.start(cell, began)
        # What rings when the hook has just ended is nobody's.
        with suppress(JobTimedOut):
            copy_context().run(self._run_hook, failed, began)
        self._inbox.send(HookDone(cell))

    def _run_hook(self, failed: FailedJob, began: float) -> None:
        limit = self._limit(failed)
        if limit is None:
            self._runner.run_failed_hook(failed)
            return
        self._bell.set(f"failed() of {failed.name}", limit, began)
        try:
            self._runner.run_failed_hook(failed)
        finally:
            self._bell.unset()

    async def _perform_async(self, cell: int, delivery: Delivery, began: float) -> None:
        if self._guard is not None and not await self._guard.aallows(delivery):
            outcome = self._held_back(delivery)
        else:
            outcome = await self._runner.arun(delivery)
        self._report(cell, outcome, began)

    def _held_back(self, delivery: Delivery) -> Outcome:
        return Outcome(delivery.id, delivery.token, Kind.RELEASE, self._sleep)

    def _limit(self, one: Delivery | FailedJob) -> float | None:
        return (self._timeout if one.timeout is None else one.timeout) or None

    def _report(self, cell: int, outcome: Outcome, began: float) -> None:
        now = clock.monotonic()
        is_mere_end = outcome.kind is _DONE and outcome.result_seconds is None
        if not is_mere_end or outcome.successors or outcome.is_member:
            reason = "" if outcome.error is None else _reason(outcome.error)
            self._inbox.send(Report(cell, outcome, now - began, reason, self._memory(now)))
            return
        # Nothing follows from it: whoever reads the board may settle it in our place.
        self._board.finish(cell)
        self._inbox.gather(cell, now - began)
        if now - self._told_at > GATHER_SECONDS:
            self._told_at = now
            self._inbox.flush(self._memory(now))

    def _memory(self, now: float) -> int:
        """Return our resident bytes; 0 where they were looked at a moment ago."""
        if now - self._looked_at <= MEMORY_SECONDS:
            return 0
        self._looked_at = now
        return resident_bytes()


def _reason(error: bytes) -> str:
    try:
        record = msgspec.json.decode(error, type=dict[str, object])
    except msgspec.MsgspecError:
        return mask(error.decode(errors="replace"))[:REASON_CHARS_MAX]
    kind = str(record.get("type", "")).rpartition(".")[2]
    message = str(record.get("message", "")).strip()
    first = message.splitlines()[0] if message else ""
    return (f"{kind}: {first}" if first else kind)[:REASON_CHARS_MAX]


def _heed_errors() -> None:
    """Have what leaves threads and finalisers of jobs reported, where an application does that."""
    with suppress(NotBooted):  # one that was loaded by other means
        if (handle := getattr(current(), "handle_errors", None)) is not None:
            handle()


def _masked(text: str) -> str:
    """Hide what is secret in *text*, as the log does if it can be asked."""
    try:
        return current().make(LogManager).masker.unbounded(text)
    except Exception:  # no application, or no log
        return mask(text)


def _explain(error: BaseException) -> str:
    """Say in one line why the application could not be loaded, and where."""
    if isinstance(error, SecurelyError):
        return _masked(str(error))
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return _masked(f"{type(error).__name__}: {error}{where}")


def _stay_calm() -> None:
    """Leave signals to the supervisor: a service manager may send them to every process.

    A handler that does nothing, not SIG_IGN: programs that a job starts would inherit that.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, _ignore)


def _ignore(number: int, frame: FrameType | None) -> None:
    pass


def main(arguments: list[str]) -> int:
    """Be an executor. The arguments are two descriptors, the supervisor's pid, and a name."""
    link_end, control_end, parent = (int(argument) for argument in arguments[:3])
    die_with(parent)
    faulthandler.register(signal.SIGUSR1, all_threads=True)  # asked for before a kill
    _stay_calm()
    for descriptor in (link_end, control_end):
        os.set_inheritable(descriptor, False)
    keep_from_forks(link_end, control_end)
    decoder = cast("msgspec.msgpack.Decoder[ToExecutor]", msgspec.msgpack.Decoder(ToExecutor))
    link = Link(socket.socket(fileno=link_end), decoder)
    inbox = Inbox(link, socket.socket(fileno=control_end))
    try:
        start = _await_start(link)
    except EOFError:
        return 1  # the supervisor is gone
    hold_lock(Path(start.lock))
    try:
        loader = cast("Callable[[Place], Loaded]", import_object(start.loader))
        loaded = loader(start.place)
        _heed_errors()
        loaded.runner.configure(start.defaults)
        if start.is_trial:
            loaded.prove(start.connection)
        executor = Executor(
            inbox,
            Board(Path(start.board)),
            loaded,
            concurrency=start.concurrency,
            timeout=start.defaults.timeout,
        )
        executor.prepare()
        executor.introduce(start)
        executor.heed_signals()
    except Exception as error:  # a border: whatever it is, the supervisor says it
        inbox.send(Refused(_explain(error)))
        inbox.close()
        return 1
    # What the application has loaded stays: the collector need not walk it between jobs.
    gc.collect()
    gc.freeze()
    executor.work()
    return 0


def _await_start(link: Link[ToExecutor]) -> Start:
    while True:
        for message in link.receive(wait=True):
            assert isinstance(message, Start), "the first frame is Start"  # noqa: S101  # a bug
            return message


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
