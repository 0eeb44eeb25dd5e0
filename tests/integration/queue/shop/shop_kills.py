"""A seat that kills its supervisor at a named point, as a power cut of this one process would."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any

from securely.queue.contracts import Kind, Outcome, Turn

__all__ = ["FatalConnection"]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class FatalConnection:
    """A connection whose seats die at *point*.

    Points: `claimed` (committed, nothing handed over), `returned` (outcomes are here, settlement
    not begun), `settling` (before the commit of a settlement), `settled` (after it),
    `settled-claimed` (the same, having claimed more), `failed` (failure recorded, hook not run).
    """

    def __init__(self, connection: Any, point: str) -> None:
        self._connection = connection
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def join(self, queues: Sequence[str]) -> Any:
        return FatalSeat(self._connection.join(queues), self._point)


class FatalSeat:
    def __init__(self, seat: Any, point: str) -> None:
        self._seat = seat
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._seat, name)

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        point = self._point
        if outcomes and point == "returned":
            die()
        if outcomes and point == "settling":
            connection = self._seat._database.connection()
            connection.set_trace_callback(lambda sql: die() if sql.startswith("COMMIT") else None)
        turn: Turn = self._seat.turn(outcomes, room)
        if turn.deliveries and point == "claimed":
            die()
        if outcomes and point == "settled":
            die()
        if outcomes and turn.deliveries and point == "settled-claimed":
            die()
        if point == "failed" and any(outcome.kind is Kind.FAIL for outcome in outcomes):
            die()
        return turn
