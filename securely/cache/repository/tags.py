"""Tagged: a store seen through tags: what they cover is forgotten together, on every driver.

Each tag has a version, which is random, and lies in the store beside the values. The versions of
all tags of an entry are part of its key there: with a new version of one of them, nobody finds the
entry any more. So a flush costs one write, however much it covers, and what it leaves behind goes
when its lifetime ends or room is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from securely.cache.contracts import Recalling, ReservedKey, Store
from securely.cache.exceptions import InvalidKey
from securely.support import entropy
from securely.support.missing import MISSING, Missing
from securely.support.steps import Steps, arun, call, run

__all__ = ["TaggedStore", "tag_names"]

# 64 bits: two versions of one tag never meet.
_VERSION_BYTES: Final = 8
# 128 bits of what the versions make together.
_SPACE_BYTES: Final = 16


def tag_names(tags: Iterable[object]) -> tuple[str, ...]:
    """Return the names in *tags*, each once and in one order: whoever names them means the same.

    Raises:
        TypeError: One is no text.
        ValueError: There is none.

    Example:
        >>> tag_names(["people", ["authors", "people"]])
        ('authors', 'people')
    """
    names: set[str] = set()
    for each in tags:
        is_one = isinstance(each, str) or not isinstance(each, Iterable)
        for name in cast("Iterable[object]", (each,) if is_one else each):
            if not isinstance(name, str):
                raise TypeError(f'A tag is text, not {name!r:.100}: tags("people", "authors").')
            names.add(name)
    if not names:
        raise ValueError('No tag is named. Name one at least: tags("people").')
    return tuple(sorted(names))


class TaggedStore:
    """A store whose keys are those of some tags.

    Args:
        store: Where the values lie.
        prefix: What each key that it is given begins with.
        tags: The names, sorted.
    """

    def __init__(self, store: Store, prefix: str, tags: tuple[str, ...]) -> None:
        self._store = store
        self._prefix = prefix
        # By the prefix first, so that flushing the store removes the versions, too.
        self._versions = [ReservedKey(f"{prefix}{InvalidKey.RESERVED}tag:{name}") for name in tags]

    def get(self, key: str) -> object:
        """Return the value, or MISSING."""
        return run(self._get(key))

    async def aget(self, key: str) -> object:
        """Async twin of :meth:`get`."""
        return await arun(self._get(key))

    def fresh(self, key: str) -> object:
        """Return the value as it is now, or MISSING."""
        return run(self._fresh(key))

    async def afresh(self, key: str) -> object:
        """Async twin of :meth:`fresh`."""
        return await arun(self._fresh(key))

    def many(self, keys: Sequence[str]) -> dict[str, object]:
        """Return the values of those *keys* that are there."""
        return run(self._many(keys))

    async def amany(self, keys: Sequence[str]) -> dict[str, object]:
        """Async twin of :meth:`many`."""
        return await arun(self._many(keys))

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there."""
        self._store.put(self._key(run(self._space()), key), value, seconds)

    async def aput(self, key: str, value: object, seconds: float | None) -> None:
        """Async twin of :meth:`put`."""
        await self._store.aput(self._key(await arun(self._space()), key), value, seconds)

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values* with one lifetime."""
        space = run(self._space())
        within = {self._key(space, key): value for key, value in values.items()}
        self._store.put_many(within, seconds)

    async def aput_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Async twin of :meth:`put_many`."""
        space = await arun(self._space())
        within = {self._key(space, key): value for key, value in values.items()}
        await self._store.aput_many(within, seconds)

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""
        return self._store.add(self._key(run(self._space()), key), value, seconds)

    async def aadd(self, key: str, value: object, seconds: float | None) -> bool:
        """Async twin of :meth:`add`."""
        return await self._store.aadd(self._key(await arun(self._space()), key), value, seconds)

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum."""
        return self._store.increment(self._key(run(self._space()), key), by, seconds)

    async def aincrement(self, key: str, by: float, seconds: float | None) -> int | float:
        """Async twin of :meth:`increment`."""
        within = self._key(await arun(self._space()), key)
        return await self._store.aincrement(within, by, seconds)

    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING."""
        return self._store.pull(self._key(run(self._space()), key))

    async def apull(self, key: str) -> object:
        """Async twin of :meth:`pull`."""
        return await self._store.apull(self._key(await arun(self._space()), key))

    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime; return whether it is there."""
        return self._store.touch(self._key(run(self._space()), key), seconds)

    async def atouch(self, key: str, seconds: float | None) -> bool:
        """Async twin of :meth:`touch`."""
        return await self._store.atouch(self._key(await arun(self._space()), key), seconds)

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for no end, or MISSING."""
        return self._store.ttl(self._key(run(self._space()), key))

    async def attl(self, key: str) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""
        return await self._store.attl(self._key(await arun(self._space()), key))

    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        return self._store.forget(self._key(run(self._space()), key))

    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""
        return await self._store.aforget(self._key(await arun(self._space()), key))

    def flush(self, prefix: str) -> None:
        """Forget what any of the tags covers, alone or with others."""
        self._store.put_many(self._renewed(), None)

    async def aflush(self, prefix: str) -> None:
        """Async twin of :meth:`flush`."""
        await self._store.aput_many(self._renewed(), None)

    def prune(self) -> int:
        """Remove what has expired, of the whole store."""
        return self._store.prune()

    async def aprune(self) -> int:
        """Async twin of :meth:`prune`."""
        return await self._store.aprune()

    def close(self) -> None:
        """Give the store's connections back."""
        self._store.close()

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        await self._store.aclose()

    def _get(self, key: str) -> Steps[object]:
        InvalidKey.check(key)
        space = yield from self._space(begins=False)
        if not space:
            return MISSING
        return (yield from call(self._store.get, self._store.aget, self._key(space, key)))

    def _fresh(self, key: str) -> Steps[object]:
        if not isinstance(store := self._store, Recalling):
            return (yield from self._get(key))
        InvalidKey.check(key)
        for name in self._versions:
            if (yield from call(store.fresh, store.afresh, name)) is MISSING:
                return MISSING
        space = yield from self._space(begins=False)
        return (yield from call(store.fresh, store.afresh, self._key(space, key)))

    def _many(self, keys: Sequence[str]) -> Steps[dict[str, object]]:
        for key in keys:
            InvalidKey.check(key)
        space = yield from self._space(begins=False)
        if not space:
            return {}
        within = {self._key(space, key): key for key in keys}
        found = yield from call(self._store.many, self._store.amany, list(within))
        return {within[key]: value for key, value in found.items()}

    def _space(self, *, begins: bool = True) -> Steps[str]:
        """Return what stands in the keys for the versions of the tags.

        Args:
            begins: Whether a tag that has no version gets one; else there is no space, and
                nothing in it.
        """
        found = yield from call(self._store.many, self._store.amany, self._versions)
        for name in self._versions:
            if name in found:
                continue
            if not begins:
                return ""
            # Of two that begin it at once, both go on with the one that came first. A store that
            # keeps nothing gives none back.
            mine = _version()
            yield from call(self._store.add, self._store.aadd, name, mine, None)
            kept = yield from call(self._store.get, self._store.aget, name)
            found[name] = mine if kept is MISSING else kept
        versions = ".".join(str(found[name]) for name in self._versions)
        return hashlib.blake2s(versions.encode(), digest_size=_SPACE_BYTES).hexdigest()

    def _key(self, space: str, key: str) -> str:
        InvalidKey.check(key)  # here, so that the error names the key as it was given
        return f"{self._prefix}{space}:{key.removeprefix(self._prefix)}"

    def _renewed(self) -> dict[str, object]:
        return {name: _version() for name in self._versions}


def _version() -> str:
    return entropy.token_hex(_VERSION_BYTES)
