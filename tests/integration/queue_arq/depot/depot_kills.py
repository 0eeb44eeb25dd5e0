"""Kills a worker at a named point of a job's delivery, on whatever connection it works."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from depot_jobs import note

from securely.container import Provider
from securely.queue import Job
from securely.queue.contracts import Outcome, Turn

__all__ = ["DiesOnce", "KillProvider"]


class DiesOnce:
    """Middleware: `handle` has returned, and its executor dies before anybody is told."""

    def __init__(self, where: str) -> None:
        self._flag = Path(where)

    def handle(self, job: Job, proceed: Any) -> object:
        answer = proceed(job)
        if self._flag.exists():
            self._flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


class KillProvider(Provider):
    """Lets workers die where the variable DEPOT_KILL says, as in "returned:Answers"."""

    def boot(self) -> None:
        point, _, name = os.environ.get("DEPOT_KILL", "").partition(":")
        if point:
            for connection in ("arq", "sqlite"):
                queue = self.app.make("queue").connection(connection)
                queue._connection = FatalConnection(queue.driver, point, name)


class FatalConnection:
    """A connection whose seats die at *point* of a job whose name holds *name*.

    Points: `returned` (its outcome is here, settlement not begun), `settled` (after the step).
    """

    def __init__(self, connection: Any, point: str, name: str) -> None:
        self._connection = connection
        self._aim = (point, name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def join(self, queues: Sequence[str]) -> Any:
        return FatalSeat(self._connection.join(queues), *self._aim)


class FatalSeat:
    def __init__(self, seat: Any, point: str, name: str) -> None:
        self._seat = seat
        self._point = point
        self._name = name
        self._ids: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._seat, name)

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        is_it = any(outcome.id in self._ids for outcome in outcomes)
        if is_it and self._point == "returned":
            self._die()
        turn: Turn = self._seat.turn(outcomes, room)
        if is_it and self._point == "settled":
            self._die()
        self._ids.update(one.id for one in turn.deliveries if self._name in one.name)
        return turn

    def _die(self) -> None:
        note("killed", self._name)
        os.kill(os.getpid(), signal.SIGKILL)
