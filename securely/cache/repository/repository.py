"""Repository: everything that can be done with the values of one store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from securely.cache.contracts import Store
from securely.cache.flights import Flights
from securely.cache.lock import Lock
from securely.cache.place import Defer, Events, Place, Ttl, to_seconds
from securely.cache.repository.remembering import Remembering
from securely.cache.repository.tags import TaggedStore, tag_names
from securely.support.durations import Duration
from securely.support.missing import MISSING

__all__ = ["Repository", "TaggedRepository"]

# How long what is set as an item is kept; as in Laravel.
_ITEM_SECONDS: Final = 3_600


class Repository(Remembering):
    """Values by key, kept for a time. Every method has an async twin with an ``a`` before it.

    Args:
        store: Where they are kept.
        name: What the store is called in events and errors.
        prefix: Stands before each key in the store, so that applications may share one.
        events: Who is told what happens; None for nobody.
        defer: What does something later; None does it at once.

    Example:
        >>> from securely.cache.drivers.array import ArrayStore
        >>> cache = Repository(ArrayStore())
        >>> cache.remember("answer", "10m", lambda: 42)
        42
        >>> cache.get("answer"), cache.get("question", "unknown")
        (42, 'unknown')
    """

    def __init__(
        self,
        store: Store,
        *,
        name: str = "cache",
        prefix: str = "",
        events: Events | None = None,
        defer: Defer | None = None,
    ) -> None:
        self._place = Place(store, name, prefix, events, Flights(), defer)
        self._item_ttl: Ttl = _ITEM_SECONDS

    @classmethod
    def at(cls, place: Place) -> Repository:
        """Return a repository at *place*, whose flights it shares with others there."""
        made = Repository(place.store)
        made._place = place
        return made

    @property
    def place(self) -> Place:
        """Where this repository keeps its values."""
        return self._place

    @property
    def default_cache_time(self) -> Ttl:
        """How long what is set as an item is kept (``cache["key"] = value``); an hour unless set.

        Source: Laravel 13, Illuminate\\Cache\\Repository::setDefaultCacheTime.
        """
        return self._item_ttl

    @default_cache_time.setter
    def default_cache_time(self, ttl: Ttl) -> None:
        """Keep items for *ttl*."""
        to_seconds(ttl)  # raises InvalidDuration for what is none
        self._item_ttl = ttl

    def tags(self, *tags: str | Iterable[str]) -> TaggedRepository:
        """Return this store seen through *tags*: what they cover can be flushed together.

        An entry is found only with all the tags it was stored with, in any order. A flush of one
        of them forgets it.

        Raises:
            ValueError: No tag is named.

        Example:
            >>> from securely.cache.drivers.array import ArrayStore
            >>> cache = Repository(ArrayStore())
            >>> cache.tags("people", "authors").put("ann", 1, "1h")
            True
            >>> cache.tags("authors", "people").get("ann"), cache.get("ann")
            (1, None)
            >>> cache.tags("people").flush()
            >>> cache.tags("people", "authors").get("ann")
        """
        return TaggedRepository(self, tag_names(tags))

    def __getitem__(self, key: str) -> object:
        value = self._read(key)
        if value is MISSING:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: object) -> None:
        self.put(key, value, self.default_cache_time)

    def __delitem__(self, key: str) -> None:
        if not self.forget(key):
            raise KeyError(key)

    def __contains__(self, key: str) -> bool:
        return self.has(key)

    def close(self) -> None:
        """Give the store's connections and files back; it opens them again when used."""
        self.driver.close()

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        await self.driver.aclose()


class TaggedRepository(Repository):
    """The values that some tags cover; see :meth:`Repository.tags`.

    Args:
        parent: The repository that they lie in; its locks are these, too.
        tags: The names, sorted.
    """

    def __init__(self, parent: Repository, tags: tuple[str, ...]) -> None:
        self._parent = parent
        place = parent.place
        store = TaggedStore(place.store, place.prefix, tags)
        self._place = place.tagged(store, tags)
        self._item_ttl = parent.default_cache_time

    def lock(
        self,
        name: str,
        seconds: Duration | None = 0,
        owner: str | None = None,
        *,
        wait: Duration = 10,
        bound: bool | None = None,
    ) -> Lock:
        """Return a lock of the repository itself: locks have no tags."""
        return self._parent.lock(name, seconds, owner, wait=wait, bound=bound)

    def flush_locks(self) -> None:
        """Free the locks of the repository itself: locks have no tags."""
        self._parent.flush_locks()

    async def aflush_locks(self) -> None:
        """Async twin of :meth:`flush_locks`."""
        await self._parent.aflush_locks()
