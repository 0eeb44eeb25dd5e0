"""Events and listeners for the tests of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

HEARD: list[Any] = []


@dataclass(frozen=True)
class Line:
    price: Decimal


@dataclass(frozen=True)
class OrderShipped:
    number: int
    lines: tuple[Line, ...]


class Register:
    """A service."""


class Pool:
    """A service whose factory is async."""


class SendMail:
    queued = True
    queue = "mail"
    delay = "1m"
    tries = 4
    backoff = [1, 2]  # noqa: RUF012  # as authors write it

    def handle(self, event: OrderShipped, register: Register) -> None:
        HEARD.append((event, type(register).__name__))


class SendAsync:
    queued = True

    async def handle(self, event: OrderShipped) -> None:
        HEARD.append(("async", event))


class Fails:
    queued = True

    def handle(self, event: OrderShipped) -> None:
        raise ValueError("no mail today")

    def failed(self, event: OrderShipped, error: BaseException) -> None:
        HEARD.append(("failed", event, str(error)))


class FailsAsync:
    queued = True

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def handle(self, event: OrderShipped) -> None:
        raise ValueError("no mail today")

    async def failed(self, event: OrderShipped, error: BaseException, register: Register) -> None:
        HEARD.append(("failed", type(self.pool).__name__, str(error), type(register).__name__))


async def afail(event: OrderShipped) -> None:
    raise ValueError("no report today")


async def anote(event: OrderShipped, error: BaseException) -> None:
    HEARD.append(("caught", str(error)))


class ByName:
    queued = True

    def handle(self, number: int, text: str) -> None:
        HEARD.append((number, text))
