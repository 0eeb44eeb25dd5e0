"""What the parts of the suite share: envelopes, outcomes, seats and a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count

import pytest

from securely.queue.contracts import Delivery, Envelope, Kind, Outcome, Seat, Workable
from securely.support import clock
from securely.support.clock import FrozenClock

__all__ = ["WorkedSuite", "done", "ended", "envelope", "members_done", "names", "run_dry"]

_numbers = count(1)


def envelope(
    name: str = "job",
    queue: str = "default",
    *,
    delay: float = 0.0,
    priority: int = 0,
    max_lost: int = 3,
    payload: bytes = b"payload",
) -> Envelope:
    """Return an envelope with a uuid of its own."""
    uuid = f"00000000-0000-7000-8000-{next(_numbers):012d}"
    return Envelope(
        uuid, name, queue, payload, delay=delay, priority=priority, max_lost=max_lost, timeout=9.5
    )


def done(deliveries: Sequence[Delivery]) -> list[Outcome]:
    """Return that *deliveries* have ended well."""
    return [Outcome(delivery.id, delivery.token, Kind.DONE) for delivery in deliveries]


def ended(
    delivery: Delivery,
    kind: Kind = Kind.DONE,
    *successors: Envelope,
    error: bytes = b"{}",
    is_member: bool = False,
) -> Outcome:
    """Return that *delivery* ended as *kind* says, and what follows from it."""
    return Outcome(
        delivery.id,
        delivery.token,
        kind,
        error=error if kind is Kind.FAIL else None,
        successors=successors,
        is_member=is_member,
    )


def names(deliveries: Sequence[Delivery]) -> list[str]:
    """Return what people call them."""
    return [delivery.name for delivery in deliveries]


def run_dry(seat: Seat, held: Sequence[Delivery] = ()) -> list[str]:
    """Settle *held*, run all that can be claimed, one after the other; return their names."""
    ran: list[str] = []
    outcomes = members_done(held)
    while deliveries := seat.turn(outcomes, 1).deliveries:
        ran += names(deliveries)
        outcomes = members_done(deliveries)
    return ran


def members_done(deliveries: Sequence[Delivery]) -> list[Outcome]:
    """Return that *deliveries* have ended well, and that a batch may count them."""
    return [ended(delivery, is_member=True) for delivery in deliveries]


class WorkedSuite:
    """Fixtures for a connection that workers take jobs from. Give it a fixture `connection`."""

    @pytest.fixture
    def frozen(self) -> Iterator[FrozenClock]:
        """A clock that only the test moves."""
        with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
            assert isinstance(frozen, FrozenClock)
            yield frozen

    @pytest.fixture
    def join(self, connection: Workable) -> Iterator[Callable[..., Seat]]:
        """Take seats, and leave them all at the end."""
        seats: list[Seat] = []

        def take(*queues: str) -> Seat:
            seats.append(connection.join(queues or ("default",)))
            return seats[-1]

        yield take
        for seat in seats:
            seat.leave()
