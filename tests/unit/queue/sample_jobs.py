"""Jobs for the tests of the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from securely.queue.delivery.interaction import current_interaction
from securely.queue.delivery.stopping import JobCancelled
from securely.queue.exceptions import Drop, Fail, JobTimedOut, Release
from securely.queue.job import Job
from securely.support.backoff import Backoff

JOURNAL: list[Any] = []
INTERRUPT: list[Any] = []


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str


class Address(BaseModel):
    street: str
    number: int


@dataclass
class Stranger:
    """No annotation of any job names it."""

    name: str = "?"


class Plain(Job):
    def __init__(self, number: int) -> None:
        self.number = number
        JOURNAL.append("init")

    def handle(self) -> None:
        JOURNAL.append(self.number)


@dataclass
class Rich(Job):
    at: datetime
    price: Money
    colours: list[Colour]
    address: Address | None = None
    prices: dict[str, Money] = field(default_factory=dict)
    id: UUID = field(default_factory=lambda: UUID(int=7))
    path: PurePosixPath = field(default_factory=lambda: PurePosixPath("/srv"))
    pair: tuple[int, bytes] = (1, b"\x00\xff")

    def __post_init__(self) -> None:
        JOURNAL.append("post init")

    def handle(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Frozen(Job):
    number: int
    text: str = "default"

    def handle(self) -> None:
        JOURNAL.append((self.number, self.text, self.attempts))


class Slotted(Job):
    __slots__ = ("__private", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.__private = number * 2

    def handle(self) -> None: ...

    def private(self) -> int:
        return self.__private


class Loose(Job):
    """Takes anything, and names no classes."""

    def __init__(self, **data: object) -> None:
        self.__dict__.update(data)

    def handle(self) -> None: ...


class Options(Job):
    tries = 5
    backoff = [1, "5s"]  # noqa: RUF012  # as authors write it
    timeout = "2m"
    fail_on_timeout = True
    max_exceptions = 2
    retry_until = datetime(2030, 1, 1, tzinfo=UTC)
    max_lost = 1
    priority = 4

    def handle(self) -> None: ...

    def display_name(self) -> str:
        return "options, shown"

    def tags(self) -> list[str]:
        return ["tag:1"]


class Methods(Job):
    def __init__(self, tries: int) -> None:
        self.number = tries

    def tries(self) -> int:
        return self.number

    def backoff(self) -> Backoff:
        return Backoff.exponential(2, cap=60)

    def retry_until(self) -> str:
        return "10m"

    def handle(self) -> None: ...


class OwnTries(Job):
    def __init__(self, tries: int) -> None:
        self.tries = tries

    def handle(self) -> None: ...


class NoHandle(Job):
    pass


class Service:
    """Something that handle() asks for."""


class Injected(Job):
    def handle(self, service: Service) -> None:
        JOURNAL.append(type(service).__name__)


class Twice(Job):
    """Two services of one scope."""

    def handle(self, first: Service, second: Service) -> None:
        JOURNAL.append((first, second))


class JobError(Exception):
    pass


@dataclass
class Acts(Job):
    """Does what it is told."""

    act: str
    hook: bool = True

    def handle(self) -> None:
        JOURNAL.append("run")
        for step in self.act.split(";"):
            self.step(*step.split(":"))

    def step(self, name: str, value: str = "") -> None:  # noqa: C901, PLR0912  # a table of acts
        if name == "throw":
            raise JobError(value or "boom")
        if name == "release":
            self.release(float(value))
        elif name == "raise_release":
            raise Release(value)
        elif name == "fail":
            self.fail(value or None)
        elif name == "fail_error":
            self.fail(JobError(value))
        elif name == "raise_fail":
            raise Fail(value)
        elif name == "delete":
            self.delete()
        elif name == "raise_drop":
            raise Drop
        elif name == "time_out":
            raise JobTimedOut("Acts", 1.0)
        elif name == "exit":
            raise SystemExit(3)
        elif name == "cancelled":
            raise JobCancelled("Acts")
        elif name == "cancelled_throw":
            try:
                raise JobCancelled("Acts")
            finally:
                raise JobError("not now")

    def failed(self, error: BaseException) -> None:
        JOURNAL.append(("failed", type(error).__name__, str(error), self))


class Unhooked(Job):
    def handle(self) -> None:
        raise JobError("no hook")


class BrokenHook(Job):
    def handle(self) -> None:
        raise JobError("first")

    def failed(self, error: BaseException) -> None:
        raise RuntimeError("the hook itself")


class QuietHook(Job):
    def handle(self) -> None:
        raise JobError("x")

    async def failed(self) -> None:
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        JOURNAL.append("quiet hook")


@dataclass
class AskingHook(Job):
    """Its hook asks what it may, and tries to *change* what is over."""

    change: str = ""

    def handle(self) -> None:
        raise JobError("x")

    def failed(self, error: BaseException) -> None:
        JOURNAL.append((self.attempts, self.job_id, self.batch(), current_interaction().queue))
        if self.change.endswith("_chain"):
            getattr(self, self.change)(Plain(1))
        elif self.change:
            getattr(self, self.change)()


@dataclass
class Interruptible(Job):
    """Is interrupted by *INTERRUPT* while it runs, twice."""

    act: str = ""

    def interrupted(self, signal: int) -> None:
        JOURNAL.append(("interrupted", signal, self.attempts, self.should_stop))
        if self.act == "throw":
            raise JobError("in interrupted()")
        if self.act == "release":
            raise Release(30)

    def handle(self) -> None:
        JOURNAL.append(self.should_stop)
        INTERRUPT[0](15)
        INTERRUPT[0](2)
        JOURNAL.append(self.should_stop)


@dataclass
class AsyncInterruptible(Interruptible):
    async def handle(self) -> None:  # type: ignore[override]  # the other colour
        Interruptible.handle(self)
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop


class HookWithService(Job):
    def handle(self) -> None:
        raise JobError("x")

    def failed(self, problem: BaseException, service: Service) -> None:
        JOURNAL.append((str(problem), type(service).__name__))


class Async(Job):
    def __init__(self, act: str = "") -> None:
        self.act = act

    async def handle(self, service: Service) -> None:
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        JOURNAL.append(("async", type(service).__name__, self.attempts))
        if self.act == "throw":
            raise JobError("async boom")
        if self.act == "release":
            self.release(5)
        if self.act == "cancelled":
            gone = asyncio.get_running_loop().create_future()
            gone.cancel()
            await gone
        if self.act == "wait":
            await asyncio.Event().wait()


class Limited(Job):
    tries = 3
    backoff = [10, 20]  # noqa: RUF012  # as authors write it

    def handle(self) -> None:
        raise JobError("again")


class Dated(Job):
    retry_until = "30s"

    def handle(self) -> None:
        JOURNAL.append("dated")
        raise JobError("again")


class Bracketed(Job):
    def __init__(self, *, skip: bool = False) -> None:
        self.skip = skip

    def middleware(self) -> list[object]:
        def inner(job: Job, next: Callable[[Job], object]) -> object:  # noqa: A002  # Laravel's word
            JOURNAL.append("inner in")
            answer = None if self.skip else next(job)
            JOURNAL.append("inner out")
            return answer

        return [Outer(), inner]

    def handle(self) -> None:
        JOURNAL.append(("handle", current_interaction().queue))


class Outer:
    def handle(self, job: Job, next: Callable[[Job], object]) -> object:  # noqa: A002  # Laravel's word
        JOURNAL.append("outer in")
        answer = next(job)
        JOURNAL.append("outer out")
        return answer


class AsyncOuter:
    async def handle(self, job: Job, next: Callable[[Job], Any]) -> object:  # noqa: A002  # Laravel's word
        JOURNAL.append("async outer in")
        answer = await next(job)
        JOURNAL.append("async outer out")
        return answer


class AsyncBracketed(Job):
    def middleware(self) -> list[object]:
        return [Outer(), AsyncOuter()]

    async def handle(self) -> None:
        JOURNAL.append("async handle")


class Elsewhere(Job):
    queue = "mail"
    connection = "second"
    delay = "1m"

    def handle(self) -> None: ...


class Knows(Job):
    def handle(self) -> None:
        JOURNAL.append((self.attempts, self.job_id))


@dataclass
class Secret(Job):
    card: str
    encrypted = True

    def handle(self) -> None:
        JOURNAL.append(self.card)


@dataclass
class OnlyOne(Job):
    number: int
    unique = True
    unique_for = "1m"

    def unique_id(self) -> str:
        return str(self.number)

    def handle(self) -> None:
        JOURNAL.append(self.number)


class UntilBegun(Job):
    unique = "until_processing"

    def handle(self) -> None:
        JOURNAL.append("begun")


@dataclass
class Settled(Job):
    number: int
    debounce = 30
    debounce_max_wait = "2m"

    def debounce_id(self) -> str:
        return str(self.number)

    def handle(self) -> None:
        JOURNAL.append(self.number)


ORDERS_GONE: set[int] = set()


@dataclass(frozen=True)
class Order:
    number: int

    def __queue_ref__(self) -> int:
        return self.number

    @classmethod
    def __from_queue_ref__(cls, reference: int) -> Order | None:
        return None if reference in ORDERS_GONE else cls(reference)


@dataclass
class ShipOrder(Job):
    order: Order

    def handle(self) -> None:
        JOURNAL.append(self.order)


class ShipOrderQuietly(ShipOrder):
    delete_when_missing = True


class Perishable(Job):
    expires_after = "1m"

    def handle(self) -> None:
        JOURNAL.append("fresh")


class Stubborn(Job):
    tries = 5
    dont_retry = (JobError,)

    def handle(self) -> None:
        raise JobError("for good")


class Hold:
    def handle(self, job: Job, next_: Callable[[Job], object]) -> object:
        job.release(5)
        return None


class UntilBegunHeld(UntilBegun):
    def middleware(self) -> list[object]:
        return [Hold()]


class UntilBegunAsync(Job):
    unique = "until_processing"

    async def handle(self) -> None:
        JOURNAL.append("begun")


class MixedBracketed(Job):
    """A sync job within an async middleware."""

    def middleware(self) -> list[object]:
        return [AsyncOuter()]

    def handle(self) -> str:
        JOURNAL.append("handle")
        return "done"
