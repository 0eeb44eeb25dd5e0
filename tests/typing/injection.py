"""What both type checkers must say of injection. Never executed; mypy and basedpyright read it."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

from securely.cache.manager import CacheManager
from securely.container import Container
from securely.queue.manager import QueueManager


class Clerk:
    """What a container builds: it names what it needs."""

    def __init__(self, cache: CacheManager, queue: QueueManager) -> None:
        self.cache = cache
        self.queue = queue


def what_is_right(app: Container) -> None:
    """A class that is asked for comes back as itself, and has its types."""
    assert_type(app.make(CacheManager), CacheManager)
    assert_type(app.make(Clerk), Clerk)
    assert_type(app.make(Clerk).cache.remember("k", 60, lambda: 1), int)


def what_is_wrong(app: Container) -> None:
    """Each of these is an error under both checkers."""
    app.make(CacheManager).incremnt("k")  # type: ignore[attr-defined]  # misspelt
    app.make(Clerk).queue.push("not a job")  # type: ignore[arg-type]  # no job
