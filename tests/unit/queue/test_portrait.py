"""Portraits: classes whose instances travel in the payload of a job that stands for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

import pytest

from securely.queue import InvalidPayload, Job, NotQueueable
from securely.queue.delivery.portrait import Portrait
from securely.queue.delivery.told import said, tell


class Kind(Enum):
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Letter:
    number: int
    kind: Kind
    on: date
    note: str = ""


class Order:
    """An entity: kept as a reference."""

    gone: bool = False

    def __init__(self, id_: int) -> None:
        self.id = id_

    def __queue_ref__(self) -> int:
        return self.id

    @classmethod
    def __from_queue_ref__(cls, ref: int) -> Order | None:
        return None if ref == 404 else cls(ref)


@dataclass
class Shipped:
    order: Order


class Carrier(Job):
    def handle(self) -> None: ...


def test_an_instance_comes_back_from_its_bytes_without_its_constructor() -> None:
    letter = Letter(7, Kind.PAID, date(2026, 1, 31), "x")

    portrait = Portrait(Letter)

    assert portrait.decode(portrait.encode(letter)) == letter


def test_an_entity_travels_as_its_reference() -> None:
    portrait = Portrait(Shipped)

    data = portrait.encode(Shipped(Order(5)))

    assert data == b'{"order":5}'
    assert portrait.decode(data).order.id == 5


def test_an_entity_that_is_gone_is_named() -> None:
    from securely.queue.exceptions import EntityNotFound

    portrait = Portrait(Shipped)

    with pytest.raises(EntityNotFound, match="Order"):
        portrait.decode(portrait.encode(Shipped(Order(404))))


def test_what_has_no_written_form_is_named_with_its_class() -> None:
    with pytest.raises(NotQueueable, match=r"Letter.*note"):
        Portrait(Letter).encode(Letter(1, Kind.PAID, date.min, object()))  # type: ignore[arg-type]


def test_bytes_of_another_class_are_refused() -> None:
    with pytest.raises(InvalidPayload, match="Letter"):
        Portrait(Letter).decode(b"nonsense")


def test_what_something_says_of_its_jobs_becomes_what_the_job_says() -> None:
    class Owner:
        tries = 4
        queue = Kind.PAID

        def backoff(self, channel: str) -> list[int]:
            return [1, 2] if channel == "mail" else [9]

        def delay(self) -> str:
            return "5m"

    job: Any = Carrier()

    tell(job, Owner(), "mail")

    assert (job.tries, job.queue, job.backoff, job.delay) == (4, "paid", [1, 2], 300.0)
    assert job.timeout is None


def test_a_delay_that_is_none_is_refused() -> None:
    class Owner:
        delay = "soon"

    with pytest.raises(NotQueueable, match="delay"):
        tell(Carrier(), Owner())


def test_nothing_is_said_by_what_has_no_such_name() -> None:
    assert said(object(), "tries") is None
