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


class Once:
    """Is queued once for each order."""

    queued = True
    connection = "sqlite"
    unique_for = "1h"

    def unique(self) -> str:
        return "until_processing"

    def unique_id(self, event: OrderShipped) -> int:
        return event.number

    def handle(self, event: OrderShipped) -> None: ...


class OnceToo:
    queued = True
    connection = "sqlite"
    unique = True

    def handle(self, event: OrderShipped) -> None: ...


class Latest:
    """Waits for the last one of an order."""

    queued = True
    connection = "sqlite"
    debounce = 30
    debounce_max_wait = "5m"

    def debounce_id(self, event: OrderShipped) -> int:
        return event.number

    def handle(self, event: OrderShipped) -> None: ...


class Undecided:
    queued = True
    unique = True
    debounce = 5

    def handle(self, event: OrderShipped) -> None: ...


class Secret:
    """Keeps its event to itself, and not for long."""

    queued = True
    connection = "sqlite"
    encrypted = True
    expires_after = "1m"

    def handle(self, event: OrderShipped) -> None:
        HEARD.append(("secret", event.number))


class Final:
    queued = True
    connection = "sqlite"
    tries = 5
    dont_retry = (LookupError,)

    def handle(self, event: OrderShipped) -> None:
        raise (KeyError if event.number == 1 else ValueError)(event.number)


class Silent:
    """Has methods of options that say nothing of this event."""

    queued = True

    def tries(self, event: OrderShipped) -> None: ...

    def unique(self, event: OrderShipped) -> None: ...

    def handle(self, event: OrderShipped) -> None: ...
