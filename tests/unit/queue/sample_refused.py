"""What is no job, or none that could run, in a module that can be imported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from securely.queue import task
from securely.queue.job import Job

RAN: list[Any] = []


class Fine(Job):
    def handle(self) -> None: ...


class Generates(Job):
    def handle(self) -> Iterator[int]:
        yield 1


class GeneratesAsync(Job):
    async def handle(self) -> AsyncIterator[int]:
        yield 1


class NamesNoQueue(Job):
    queue = ""

    def handle(self) -> None: ...


class Ordered(Job):
    priority = 2.5  # type: ignore[assignment]

    def handle(self) -> None: ...


class Stage:
    def handle(self, job: Job, next_: Any) -> object:
        RAN.append("stage")
        return next_(job)


class Attributes(Job):
    """Says with attributes what others say with methods."""

    middleware = [Stage()]  # type: ignore[assignment]  # noqa: RUF012
    tags = ("a", 7)  # type: ignore[assignment]
    display_name = "Attributes of a job"  # type: ignore[assignment]
    unique_id = "one"  # type: ignore[assignment]
    unique = True

    def handle(self) -> None:
        RAN.append("run")


class OneTag(Job):
    tags = "vip"  # type: ignore[assignment]

    def handle(self) -> None: ...


class NoTags(Job):
    tags = 5  # type: ignore[assignment]

    def handle(self) -> None: ...


@task
def greet(name: str) -> None: ...


@task
def counting(most: int) -> Iterator[int]:
    yield from range(most)


def function() -> None: ...


def generating() -> Iterator[int]:
    yield 1
