"""In front of a store: remembers for one request, job or command what it has said."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from securely.cache.drivers.base import LayeredStore, Use
from securely.cache.place import Memory
from securely.cache.repository import Repository
from securely.support.missing import MISSING
from securely.support.steps import Steps, arun, call, run

__all__ = ["MemoStore"]

T = TypeVar("T")

# What nobody can change is given out as it is; of the rest each reader gets a copy.
_IMMUTABLE: Final = frozenset({type(None), bool, int, float, str, bytes, type(MISSING)})


class MemoStore(LayeredStore):
    """Remembers what a repository has said, that a key is absent included.

    Whatever writes a key makes it be asked for again. It tells no events of its own: the
    repository tells of what it is asked. A lifetime that ends meanwhile is not noticed.

    Args:
        inner: What is asked.
        memory: Gives where the answers are kept: that of the current scope.

    Source: Laravel 13, Illuminate\\Cache\\MemoizedStore.

    Example:
        >>> from securely.cache.drivers.array import ArrayStore
        >>> inner = Repository(ArrayStore())
        >>> memory = Memory()
        >>> memo = MemoStore(inner, lambda: memory)
        >>> memo.get("key")
        MISSING
        >>> inner.put("key", 1)
        True
        >>> memo.get("key")
        MISSING
    """

    def __init__(self, inner: Repository, memory: Callable[[], Memory]) -> None:
        self._inner = inner
        self._memory = memory

    def fresh(self, key: str) -> object:
        """Return the value as the repository has it now, or MISSING; it is remembered."""
        return run(self._fresh(key))

    async def afresh(self, key: str) -> object:
        """Async twin of :meth:`fresh`."""
        return await arun(self._fresh(key))

    def _fresh(self, key: str) -> Steps[object]:
        memory, place = self._memory(), self._inner.place
        writes = memory.writes
        # No events: who asks has looked before, and told of that.
        value = yield from place.fresh(place.prefix + key)
        if memory.writes == writes:
            memory.of(place)[key] = _copied(value)
        return value

    def _get(self, key: str) -> Steps[object]:
        memory = self._memory()
        known = memory.of(self._inner.place)
        if key in known:
            return _copied(known[key])
        writes = memory.writes
        value = yield from call(self._inner.get, self._inner.aget, key, MISSING)
        if memory.writes == writes:
            known[key] = _copied(value)
        return value

    def _many(self, keys: Sequence[str]) -> Steps[dict[str, object]]:
        memory = self._memory()
        known = memory.of(self._inner.place)
        found = {key: _copied(known[key]) for key in keys if key in known}
        absent = [key for key in keys if key not in found]
        if absent:
            writes = memory.writes
            fresh = yield from call(self._inner.many, self._inner.amany, absent, MISSING)
            if memory.writes == writes:
                known.update({key: _copied(value) for key, value in fresh.items()})
            found.update(fresh)
        return {key: found[key] for key in keys if found[key] is not MISSING}

    def _perform(self, use: Use[T], keys: Sequence[str] | None = ()) -> Steps[T]:
        try:
            return (yield from use(self._inner))
        finally:
            # Also where it failed: it may have been done.
            if keys is None or keys:
                self._memory().drop(self._inner.place, keys)


def _copied(value: object) -> object:
    return value if type(value) in _IMMUTABLE else copy.deepcopy(value)
