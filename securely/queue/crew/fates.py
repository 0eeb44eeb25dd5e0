"""What follows from the death of an executor, for each delivery it held."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

import msgspec

from securely.queue.contracts import Charge, Delivery, Kind, Outcome, Verdict
from securely.queue.crew.board import State
from securely.queue.exceptions import WorkerLost

__all__ = ["Consequence", "Fate", "Remains", "fate_of", "judge"]

_ENCODE: Final = msgspec.json.encode


class Fate(Enum):
    """How far a delivery had come when its executor died."""

    HANDED = "handed"  # it had not begun
    STARTED = "started"  # it was running
    FINISHED = "finished"  # it was over, with nothing to settle but the removal of its row
    OVERDUE = "overdue"  # it was running, and the executor was killed for it
    CANCELLED = "cancelled"  # it was running, and had been told to stop


class Remains(NamedTuple):
    """A delivery that a dead executor held."""

    fate: Fate
    cell: int
    delivery: Delivery


class Consequence(NamedTuple):
    """What becomes of a delivery: settled with an outcome, or handed to another executor."""

    outcome: Outcome | None
    again: Delivery | None = None
    reason: str = ""


def fate_of(state: State, *, is_cancelled: bool, is_overdue: bool) -> Fate:
    """Return how far a delivery had come.

    Args:
        state: What the board says of it.
        is_cancelled: It had been told to stop.
        is_overdue: It had run for longer than it may.
    """
    if state is State.FINISHED:
        return Fate.FINISHED
    if state is State.HANDED:
        return Fate.HANDED
    if is_cancelled:
        return Fate.CANCELLED
    return Fate.OVERDUE if is_overdue else Fate.STARTED


def judge(remains: Remains, *, is_pardoned: bool) -> Consequence:
    """Return what becomes of a delivery whose executor is dead.

    Args:
        remains: The delivery, and how far it had come.
        is_pardoned: The executor was killed by us, for a reason that is not this delivery's.
    """
    fate, _, delivery = remains
    is_to_run = delivery.verdict is Verdict.RUN
    if fate is Fate.FINISHED:
        result = Consequence(_outcome(delivery, Kind.DONE))
    elif fate is Fate.HANDED and not is_to_run:
        result = Consequence(None, delivery)
    elif delivery.verdict is Verdict.CANCELLED:
        result = Consequence(_outcome(delivery, Kind.SKIP))  # it need not be decided any more
    elif not is_to_run:
        result = _give_up(delivery)  # not even deciding about it was survived: risk no further one
    elif fate is Fate.OVERDUE:
        result = Consequence(None, delivery._replace(verdict=Verdict.TIMED_OUT))
    elif fate is Fate.CANCELLED:
        result = Consequence(None, delivery._replace(verdict=Verdict.CANCELLED))
    elif fate is Fate.HANDED or is_pardoned:
        result = Consequence(_outcome(delivery, Kind.RETURN))
    else:
        result = Consequence(_outcome(delivery, Kind.RELEASE)._replace(charge=Charge.LOST))
    return result


def _give_up(delivery: Delivery) -> Consequence:
    error = WorkerLost(delivery.name, delivery.lost + 1)
    record = {"type": type(error).__qualname__, "message": str(error), "trace": ""}
    failure = _outcome(delivery, Kind.FAIL)._replace(error=_ENCODE(record))
    return Consequence(failure, reason=str(error))


def _outcome(delivery: Delivery, kind: Kind) -> Outcome:
    return Outcome(delivery.id, delivery.token, kind)
