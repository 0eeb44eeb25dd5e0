"""A clock that stands still, a cache in memory, and who listens to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from securely.cache import CacheEvent, Repository
from securely.cache.drivers.array import ArrayStore
from securely.support import clock
from securely.support.clock import FrozenClock


class Listeners:
    """Records the events that it is told, of the kinds somebody listens to."""

    def __init__(self) -> None:
        self.kinds: set[type[CacheEvent]] | None = None
        self.told: list[CacheEvent] = []
        self.colours: set[str] = set()

    def has_listeners(self, event: type[CacheEvent], /) -> bool:
        return self.kinds is None or event in self.kinds

    def dispatch(self, event: CacheEvent, /) -> object:
        self.colours.add("sync")
        self.told.append(event)
        return None

    async def adispatch(self, event: CacheEvent, /) -> object:
        self.colours.add("async")
        self.told.append(event)
        return None

    @property
    def names(self) -> list[tuple[str, object]]:
        return [(type(event).__name__, getattr(event, "key", None)) for event in self.told]


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    """A clock that stands still until it is moved."""
    with clock.using(FrozenClock(at=1_700_000_000.0)) as frozen:
        assert isinstance(frozen, FrozenClock)
        yield frozen


@pytest.fixture
def listeners() -> Listeners:
    """Who is told of every event."""
    return Listeners()


@pytest.fixture
def cache(listeners: Listeners) -> Repository:
    """A cache in memory with a prefix, whose events are heard."""
    return Repository(ArrayStore(), name="memory", prefix="app:", events=listeners)
