"""ArqSeat: a worker's place at the arq store, for the supervisor's own thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from securely.queue.contracts import FailedJob, Measure, Outcome, Reaped, Turn
from securely.queue.crew.board import boot_id, read
from securely.queue.drivers import arq_metrics
from securely.queue.drivers.arq_failed import failed_job
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_worker import LoopThread, SeatWorker, Terms
from securely.queue.drivers.sqlite_files import hold, is_free, remove_files

__all__ = ["ArqSeat"]


class ArqSeat:
    """A worker's place at the arq store, from `join()` to :meth:`leave`.

    Not thread safe: a worker has one control flow. A thread of its own renews the leases, whatever
    the supervisor waits for.

    Args:
        server: Where the jobs are.
        terms: On what terms it works.
        home: The directory of the workers' files.

    Raises:
        QueueUnavailable: The server does not answer, or *home* cannot be used.
    """

    def __init__(self, server: ArqServer, terms: Terms, home: Path) -> None:
        self.id: str = terms.worker
        self.home: Path = home
        self._server = server
        # What scripts are told that take jobs from workers; results are kept of cancelled ones.
        self._me = {"worker": self.id, "keep": terms.result_seconds * 1_000}
        self._lock = hold(home / f"{self.id}.lock")
        self._infos: Sequence[bytes] = ()
        self._bell, self._far_bell = os.pipe()
        for end in (self._bell, self._far_bell):
            os.set_blocking(end, False)
        self._thread = LoopThread(f"queue-{server.connection}")
        try:
            self._worker: SeatWorker = self._thread.call(self._begin(terms))
        except BaseException:
            self._let_go()
            remove_files(home, self.id)
            raise

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        """Settle *outcomes* and claim up to *room* jobs, in one step.

        Raises:
            StoreFull: The server has no room; nothing was settled or claimed.
            QueueUnavailable: The server does not answer. What came of this turn is learnt, and
                told, with the next one.
        """
        return self._worker.turn(outcomes, room)

    def reap(self) -> Reaped:
        """Look for dead workers and take care of what they held.

        Those of this machine are dead once their locks are free; others when they have not
        renewed their lease.

        Raises:
            StoreFull: The server has no room.
            QueueUnavailable: The server does not answer.
        """
        dead, waiting = self._find_dead()
        answer = self._ask("reap", {**self._me, "dead": dead or {"": {"": 0}}})
        returned, charged, settled, hooks, self._infos, to_stop = answer
        for worker in dead:
            remove_files(self.home, worker)
        return Reaped(
            returned,
            charged,
            settled,
            (),
            [self._failed(uuid, row) for uuid, row in hooks],
            waiting,
            self._worker.ids_of(to_stop) if to_stop else (),
        )

    def peers(self) -> Sequence[int]:
        """Return the process ids of the other workers at this store on this machine."""
        infos = [msgspec.json.decode(info) for info in self._infos]
        here = boot_id().hex()
        return [
            info["pid"] for info in infos if info["boot"] == here and info["pid"] != os.getpid()
        ]

    def hook_done(self, failed_id: int) -> None:
        """Record that the `failed()` hook of this failed job has run."""
        self._ask("admin", {"what": "hook_done", "id": str(failed_id)})

    def measure(self, measures: Sequence[Measure]) -> None:
        """Add *measures* to what is kept for a while: one hash for each minute."""
        if kept := self._server.metrics_seconds:
            self._server.ask(*arq_metrics.commands(self._server.prefix, measures, kept))

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when a job may be waiting."""
        return self._bell

    def drain(self) -> None:
        """Swallow pending wake-ups, so that :meth:`fileno` is quiet again."""
        with suppress(BlockingIOError):
            while os.read(self._bell, 4096):
                pass

    def leave(self, held: Sequence[Outcome] = ()) -> None:
        """Settle *held*, give back everything else this worker holds, and remove the worker.

        The lock is dropped whatever happens, so that others take over what could not be settled.
        """
        if self._lock < 0:
            return
        left = False
        try:
            if held:
                self.turn(held, 0)
            # First the loop: it would say that this worker is there.
            self._thread.call(self._worker.halt())
            self._ask("leave", self._me)
            left = True
        finally:
            with suppress(Exception):
                self._thread.call(self._worker.close())
            if left:
                # Not when it is still known: whoever takes over needs the board.
                remove_files(self.home, self.id)
            self._let_go()

    async def _begin(self, terms: Terms) -> SeatWorker:
        """Say that a worker is there, and let it work."""
        worker = SeatWorker(self._server, terms, self._far_bell)
        try:
            await worker.renew()
        except BaseException:
            await worker.close()
            raise
        worker.main_task = worker.loop.create_task(worker.work())
        return worker

    def _let_go(self) -> None:
        self._thread.close()
        os.close(self._bell)
        os.close(self._far_bell)
        os.close(self._lock)
        self._lock = -1

    def _ask(self, name: str, arguments: object) -> Any:
        return self._server.run(name, arguments)

    def _find_dead(self) -> tuple[dict[str, dict[str, int]], int]:
        """Return the dead workers of this machine with what their boards say, and who is dying."""
        dead: dict[str, dict[str, int]] = {}
        waiting = 0
        for path in self.home.glob("*.lock"):
            worker = path.name.removesuffix(".lock")
            if "." in worker or worker == self.id or not is_free(path):
                continue
            if not all(map(is_free, self.home.glob(f"{worker}.*.executor.lock"))):
                waiting += 1
                continue
            states = read(self.home / f"{worker}.board")
            dead[worker] = {f"{id_}:{token}": int(state) for (id_, token), state in states.items()}
        return dead, waiting

    def _failed(self, uuid: bytes, row: Sequence[bytes]) -> FailedJob:
        return failed_job(self._server.connection, uuid, row)
