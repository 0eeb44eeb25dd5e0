"""Place: where a repository keeps its values, and who is told. Memory: what was read there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from securely.cache.contracts import Recalling, Store
from securely.cache.events import CacheEvent, CacheHit, CacheMissed
from securely.cache.flights import Flights
from securely.support.durations import Duration, seconds_until
from securely.support.missing import MISSING
from securely.support.steps import Steps, call

__all__ = ["Defer", "Events", "Memory", "Place", "Ttl", "to_seconds"]

Ttl: TypeAlias = Duration | datetime | None
"""How long a value is kept: seconds, a timedelta, "10m", or an aware datetime as its end. None
is for ever (or until it is evicted); zero, less, and an end that has passed mean not at all."""


Defer: TypeAlias = Callable[[Callable[[], object], str, bool], object]
"""Does a function later: given the function, a name (the last one of a name is done), and whether
it is done after what has failed, too. One that does it at once returns what is to be awaited of an
async function."""


class Events(Protocol):
    """Who is told of events; a :class:`securely.events.Dispatcher` is one."""

    def has_listeners(self, event: type[CacheEvent], /) -> bool:
        """Return whether anybody listens to *event*; asked at each operation, so it is cheap."""
        ...

    def dispatch(self, event: CacheEvent, /) -> object:
        """Tell the listeners."""
        ...

    async def adispatch(self, event: CacheEvent, /) -> object:
        """Async twin of :meth:`dispatch`."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository keeps its values: a store, its name, and what stands before each key.

    Attributes:
        store: Where the values are.
        name: What it is called in events and errors.
        prefix: What stands before each key.
        events: Who is told what happens.
        flights: The making of values that is under way.
        defer: What does something when the request, the job or the command is over; None does
            it at once.
        tags: What the keys are seen through.
        root: What the store itself puts before the keys it is given, if it stands before another:
            so that both speak of one key alike.
    """

    store: Store
    name: str
    prefix: str
    events: Events | None = None
    flights: Flights = field(default_factory=Flights)
    defer: Defer | None = None
    tags: tuple[str, ...] = ()
    root: str = ""

    def tagged(self, store: Store, tags: tuple[str, ...]) -> Place:
        """Return this place seen through *tags*, which *store* knows."""
        return replace(self, store=store, tags=tags)

    def seat(self, key: str) -> str:
        """Return what names *key* among the flights of a store, however it is seen."""
        return self.named("", self.root + self.prefix + key)

    def named(self, kind: str, key: str) -> str:
        """Return a name for *key* that tells apart what it is seen through, after *kind*."""
        if not self.tags:
            return f"{kind}:{key}"
        # With number and lengths, no two lists of tags and keys make the same name.
        tags = "".join(f"{len(tag)}:{tag}," for tag in self.tags)
        return f"{kind}.{len(self.tags)}:{tags}{key}"

    def fresh(self, key: str) -> Steps[object]:
        """Return what the store holds under the whole *key* now, whatever it remembers of it."""
        if isinstance(store := self.store, Recalling):
            return call(store.fresh, store.afresh, key)
        return call(self.store.get, self.store.aget, key)

    def watched(self, kinds: tuple[type[CacheEvent], ...]) -> bool:
        """Return whether anybody listens to any of *kinds*."""
        if (events := self.events) is not None:
            for kind in kinds:
                if events.has_listeners(kind):
                    return True
        return False

    def tell(self, event: CacheEvent) -> Steps[None]:
        """Tell the listeners of *event*."""
        if (events := self.events) is not None and events.has_listeners(type(event)):
            if self.tags:
                event = replace(event, tags=self.tags)
            yield from call(events.dispatch, events.adispatch, event)

    def outcome(self, key: str, value: object) -> CacheEvent:
        """Return what a read of *key* came to: a hit, or a miss."""
        if value is MISSING:
            return CacheMissed(self.name, key)
        return CacheHit(self.name, key, value)


class Memory:
    """What stores have said within one scope, by store and key; see ``Cache.memo``.

    Attributes:
        writes: Grows with every write: an answer that was under way meanwhile may be old.
    """

    def __init__(self) -> None:
        self.writes: int = 0
        self._known: dict[tuple[str, str], dict[str, object]] = {}

    def of(self, place: Place) -> dict[str, object]:
        """Return what is known of *place*, by key; MISSING for what is absent."""
        return self._known.setdefault((place.name, place.prefix), {})

    def drop(self, place: Place, keys: Sequence[str] | None) -> None:
        """Forget what is known of *keys* of *place*; None for all."""
        self.writes += 1
        known = self.of(place)
        for key in list(known) if keys is None else keys:
            known.pop(key, None)


def to_seconds(ttl: Ttl) -> float | None:
    """Return *ttl* as seconds from now, None for no end."""
    return None if ttl is None else seconds_until(ttl)
