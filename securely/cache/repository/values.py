"""Values: get, put, add, increment, pull, touch, forget … on one store, and the twins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import isawaitable
from typing import Final, TypeVar, cast, overload

from securely.cache.contracts import MeasuredStore, ReservedKey, Store
from securely.cache.events import (
    CacheFlushed,
    CacheFlushing,
    CacheHit,
    CacheMissed,
    ForgettingKey,
    KeyForgetFailed,
    KeyForgotten,
    KeyWritten,
    RetrievingKey,
    RetrievingManyKeys,
    WritingKey,
    WritingManyKeys,
)
from securely.cache.exceptions import InvalidKey
from securely.cache.place import Place, Ttl, to_seconds
from securely.cache.repository.reads import TypedReads
from securely.support.missing import MISSING, Missing
from securely.support.steps import Steps, arun, call, run, sync_step

__all__ = ["Values"]

T = TypeVar("T")

# The kinds of events that an operation may cause: when nobody listens to any of them, it is done
# without a thought of events.
_ON_READ: Final = (RetrievingKey, CacheHit, CacheMissed)
_ON_READ_MANY: Final = (RetrievingManyKeys, CacheHit, CacheMissed)
_ON_WRITE: Final = (WritingKey, KeyWritten)
_ON_WRITE_MANY: Final = (WritingManyKeys, KeyWritten)
_ON_FORGET: Final = (ForgettingKey, KeyForgotten, KeyForgetFailed)
_ON_FLUSH: Final = (CacheFlushing, CacheFlushed)
# What no key begins with that is written here; asked inline, since a call costs as much as a put.
_RESERVED: Final = InvalidKey.RESERVED


class Values(TypedReads):
    """Values by key, kept for a time; see :class:`~securely.cache.repository.Repository`."""

    @property
    def place(self) -> Place:
        """Where the values are kept."""
        raise NotImplementedError

    @property
    def driver(self) -> Store:
        """The store itself; its keys have the prefix."""
        return self.place.store

    def get(self, key: str, default: object = None) -> object:
        """Return the value of *key*, or *default*. A stored None is a value.

        Args:
            key: The key.
            default: What to return when it is absent; a callable is called, then only.
        """
        value = self._read(key)
        return _given(default) if value is MISSING else value

    async def aget(self, key: str, default: object = None) -> object:
        """Async twin of :meth:`get`."""
        value = await self._aread(key)
        return await _agiven(default) if value is MISSING else value

    def many(
        self, keys: Iterable[str] | Mapping[str, object], default: object = None
    ) -> dict[str, object]:
        """Return the values of *keys*, in their order.

        Args:
            keys: The keys, or a map of keys to the default of each.
            default: What an absent key without one of its own gets.
        """
        return run(self._many(self.place, keys, default))

    async def amany(
        self, keys: Iterable[str] | Mapping[str, object], default: object = None
    ) -> dict[str, object]:
        """Async twin of :meth:`many`."""
        return await arun(self._many(self.place, keys, default))

    def has(self, key: str) -> bool:
        """Return whether *key* is there."""
        return self._read(key) is not MISSING

    async def ahas(self, key: str) -> bool:
        """Async twin of :meth:`has`."""
        return await self._aread(key) is not MISSING

    def missing(self, key: str) -> bool:
        """Return whether *key* is absent."""
        return self._read(key) is MISSING

    async def amissing(self, key: str) -> bool:
        """Async twin of :meth:`missing`."""
        return await self._aread(key) is MISSING

    def put(self, key: str, value: object, ttl: Ttl = None) -> bool:
        """Store *value*, replacing what was there.

        Returns:
            True. With a *ttl* of zero or less the key is forgotten instead: whether it was there.

        Raises:
            ValueTooLarge: The store does not take values of that size.
            Unserializable: The value has no safe written form.
        """
        place, seconds = self.place, to_seconds(ttl)
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if seconds is not None and seconds <= 0:
            return self.forget(key)
        if place.watched(_ON_WRITE):
            return run(self._put(place, key, value, seconds))
        place.store.put(place.prefix + key, value, seconds)
        return True

    async def aput(self, key: str, value: object, ttl: Ttl = None) -> bool:
        """Async twin of :meth:`put`."""
        place, seconds = self.place, to_seconds(ttl)
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if seconds is not None and seconds <= 0:
            return await self.aforget(key)
        if place.watched(_ON_WRITE):
            return await arun(self._put(place, key, value, seconds))
        await place.store.aput(place.prefix + key, value, seconds)
        return True

    def put_many(self, values: Mapping[str, object], ttl: Ttl = None) -> bool:
        """Store all *values* with one lifetime; what it returns is as for :meth:`put`."""
        return run(self._put_many(self.place, values, to_seconds(ttl)))

    async def aput_many(self, values: Mapping[str, object], ttl: Ttl = None) -> bool:
        """Async twin of :meth:`put_many`."""
        return await arun(self._put_many(self.place, values, to_seconds(ttl)))

    def forever(self, key: str, value: object) -> bool:
        """Store *value* without an end; it may still be evicted where there is no room."""
        return self.put(key, value)

    async def aforever(self, key: str, value: object) -> bool:
        """Async twin of :meth:`forever`."""
        return await self.aput(key, value)

    def add(self, key: str, value: object, ttl: Ttl = None) -> bool:
        """Store *value* only if *key* is absent; of several callers one does.

        Returns:
            Whether it was stored; False for a *ttl* of zero or less.
        """
        place, seconds = self.place, to_seconds(ttl)
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if seconds is not None and seconds <= 0:
            return False
        return place.store.add(place.prefix + key, value, seconds)

    async def aadd(self, key: str, value: object, ttl: Ttl = None) -> bool:
        """Async twin of :meth:`add`."""
        place, seconds = self.place, to_seconds(ttl)
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if seconds is not None and seconds <= 0:
            return False
        return await place.store.aadd(place.prefix + key, value, seconds)

    @overload
    def increment(self, key: str, by: int = 1, ttl: Ttl = None) -> int: ...
    @overload
    def increment(self, key: str, by: float, ttl: Ttl = None) -> float: ...
    def increment(self, key: str, by: float = 1, ttl: Ttl = None) -> int | float:
        """Add *by* to a number and return the sum; no other process comes between.

        Args:
            key: Absent, it starts at 0.
            by: How much. A float makes the number a float, and that it stays.
            ttl: The lifetime of a number that starts here; one that is there keeps its own.

        Raises:
            NotNumeric: The value is no number.
        """
        place = self.place
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        _check_number(by)
        return place.store.increment(place.prefix + key, by, _new(ttl))

    @overload
    async def aincrement(self, key: str, by: int = 1, ttl: Ttl = None) -> int: ...
    @overload
    async def aincrement(self, key: str, by: float, ttl: Ttl = None) -> float: ...
    async def aincrement(self, key: str, by: float = 1, ttl: Ttl = None) -> int | float:
        """Async twin of :meth:`increment`."""
        place = self.place
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        _check_number(by)
        return await place.store.aincrement(place.prefix + key, by, _new(ttl))

    @overload
    def decrement(self, key: str, by: int = 1, ttl: Ttl = None) -> int: ...
    @overload
    def decrement(self, key: str, by: float, ttl: Ttl = None) -> float: ...
    def decrement(self, key: str, by: float = 1, ttl: Ttl = None) -> int | float:
        """Take *by* from a number and return what is left; as :meth:`increment` otherwise."""
        _check_number(by)
        return self.increment(key, -by, ttl)

    @overload
    async def adecrement(self, key: str, by: int = 1, ttl: Ttl = None) -> int: ...
    @overload
    async def adecrement(self, key: str, by: float, ttl: Ttl = None) -> float: ...
    async def adecrement(self, key: str, by: float = 1, ttl: Ttl = None) -> int | float:
        """Async twin of :meth:`decrement`."""
        _check_number(by)
        return await self.aincrement(key, -by, ttl)

    def pull(self, key: str, default: object = None) -> object:
        """Remove *key* and return its value, or *default*; of two callers one gets the value."""
        value = run(self._pull(self.place, key))
        return _given(default) if value is MISSING else value

    async def apull(self, key: str, default: object = None) -> object:
        """Async twin of :meth:`pull`.

        A task that is cancelled in it never gets the value, which may be removed all the same.
        """
        value = await arun(self._pull(self.place, key))
        return await _agiven(default) if value is MISSING else value

    def touch(self, key: str, ttl: Ttl) -> bool:
        """Give *key* a new lifetime, counted from now; return whether it is there.

        With a *ttl* of zero or less the key is forgotten.
        """
        place, seconds = self.place, to_seconds(ttl)
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if seconds is not None and seconds <= 0:
            return self.forget(key)
        return place.store.touch(place.prefix + key, seconds)

    async def atouch(self, key: str, ttl: Ttl) -> bool:
        """Async twin of :meth:`touch`."""
        place, seconds = self.place, to_seconds(ttl)
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if seconds is not None and seconds <= 0:
            return await self.aforget(key)
        return await place.store.atouch(place.prefix + key, seconds)

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that *key* has left, None if it has no end, MISSING if absent."""
        place = self.place
        _check(key)
        return place.store.ttl(place.prefix + key)

    async def attl(self, key: str) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""
        place = self.place
        _check(key)
        return await place.store.attl(place.prefix + key)

    def forget(self, key: str) -> bool:
        """Remove *key*; return whether it was there."""
        place = self.place
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if place.watched(_ON_FORGET):
            return run(self._forget(place, key))
        return place.store.forget(place.prefix + key)

    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""
        place = self.place
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        if place.watched(_ON_FORGET):
            return await arun(self._forget(place, key))
        return await place.store.aforget(place.prefix + key)

    def forget_many(self, keys: Iterable[str]) -> int:
        """Remove *keys*; return how many of them were there."""
        return sum([self.forget(key) for key in _several("forget_many", keys)])

    async def aforget_many(self, keys: Iterable[str]) -> int:
        """Async twin of :meth:`forget_many`."""
        return sum([await self.aforget(key) for key in _several("aforget_many", keys)])

    def flush(self, *, everything: bool = False) -> None:
        """Remove every key with this repository's prefix; locks stay.

        Args:
            everything: Whether keys with other prefixes go as well: those of other applications
                that share the store. A memo and a failover keep to the prefixes of their stores,
                and tags to what they cover.
        """
        run(self._flush(self.place, everything))

    async def aflush(self, *, everything: bool = False) -> None:
        """Async twin of :meth:`flush`."""
        await arun(self._flush(self.place, everything))

    def prune(self) -> int:
        """Remove what has expired; return how many entries that were."""
        return self.driver.prune()

    async def aprune(self) -> int:
        """Async twin of :meth:`prune`."""
        return await self.driver.aprune()

    def stats(self) -> dict[str, int | float | str]:
        """Return what the store tells of itself, by name: entries, bytes, limits; empty if none."""
        place = self.place
        return place.store.stats(place.prefix) if isinstance(place.store, MeasuredStore) else {}

    async def astats(self) -> dict[str, int | float | str]:
        """Async twin of :meth:`stats`."""
        place = self.place
        if isinstance(place.store, MeasuredStore):
            return await place.store.astats(place.prefix)
        return {}

    def _read(self, key: str) -> object:
        # By hand in both colours: through steps, a hit in memory took eight times as long.
        place = self.place
        try:
            if place.watched(_ON_READ):
                return run(self._watched_read(place, key))
            return place.store.get(place.prefix + key)
        except TypeError:
            _check(key)
            raise

    async def _aread(self, key: str) -> object:
        place = self.place
        try:
            if place.watched(_ON_READ):
                return await arun(self._watched_read(place, key))
            return await place.store.aget(place.prefix + key)
        except TypeError:
            _check(key)
            raise

    def _watched_read(self, place: Place, key: str) -> Steps[object]:
        yield from place.tell(RetrievingKey(place.name, key))
        value = yield from call(place.store.get, place.store.aget, place.prefix + key)
        yield from place.tell(place.outcome(key, value))
        return value

    def _many(
        self, place: Place, keys: Iterable[str] | Mapping[str, object], default: object
    ) -> Steps[dict[str, object]]:
        names = _several("many", keys)
        defaults: Mapping[str, object] = (
            cast("Mapping[str, object]", keys) if isinstance(keys, Mapping) else {}
        )
        for name in names:
            _check(name)
        watched = place.watched(_ON_READ_MANY)
        if watched:
            yield from place.tell(RetrievingManyKeys(place.name, names))
        whole = [place.prefix + name for name in names]
        found = yield from call(place.store.many, place.store.amany, whole)
        values: dict[str, object] = {}
        for name, key in zip(names, whole, strict=True):
            value = found.get(key, MISSING)
            if watched:
                yield from place.tell(place.outcome(name, value))
            if value is MISSING:
                value = yield from call(_given, _agiven, defaults.get(name, default))
            values[name] = value
        return values

    def _put(self, place: Place, key: str, value: object, seconds: float | None) -> Steps[bool]:
        yield from place.tell(WritingKey(place.name, key, value, seconds))
        yield from call(place.store.put, place.store.aput, place.prefix + key, value, seconds)
        yield from place.tell(KeyWritten(place.name, key, value, seconds))
        return True

    def _put_many(
        self, place: Place, values: Mapping[str, object], seconds: float | None
    ) -> Steps[bool]:
        if not isinstance(values, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise TypeError(
                f"put_many takes a dict of keys and values, not {type(values).__name__}: "
                'put_many({"a": 1, "b": 2}, 60).'
            )
        if seconds is not None and seconds <= 0:
            return bool((yield from call(self.forget_many, self.aforget_many, values)))
        names, contents = tuple(values), tuple(values.values())
        for name in names:
            if name.__class__ is not str or name[:1] == _RESERVED:
                _refuse(name)
        watched = place.watched(_ON_WRITE_MANY)
        if watched:
            yield from place.tell(WritingManyKeys(place.name, names, contents, seconds))
        whole = {place.prefix + name: value for name, value in values.items()}
        yield from call(place.store.put_many, place.store.aput_many, whole, seconds)
        if watched:
            for name, value in values.items():
                yield from place.tell(KeyWritten(place.name, name, value, seconds))
        return True

    def _pull(self, place: Place, key: str) -> Steps[object]:
        if key.__class__ is not str or key[:1] == _RESERVED:
            _refuse(key)
        watched = place.watched(_ON_READ) or place.watched(_ON_FORGET)
        if watched:
            yield from place.tell(RetrievingKey(place.name, key))
        value = yield from call(place.store.pull, place.store.apull, place.prefix + key)
        if watched:
            yield from place.tell(place.outcome(key, value))
            done = KeyForgetFailed if value is MISSING else KeyForgotten
            yield from place.tell(ForgettingKey(place.name, key))
            yield from place.tell(done(place.name, key))
        return value

    def _forget(self, place: Place, key: str) -> Steps[bool]:
        yield from place.tell(ForgettingKey(place.name, key))
        was_there = yield from call(place.store.forget, place.store.aforget, place.prefix + key)
        done = KeyForgotten if was_there else KeyForgetFailed
        yield from place.tell(done(place.name, key))
        return was_there

    def _flush(self, place: Place, everything: bool) -> Steps[None]:
        watched = place.watched(_ON_FLUSH)
        if watched:
            yield from place.tell(CacheFlushing(place.name))
        prefix = "" if everything else place.prefix
        yield from call(place.store.flush, place.store.aflush, prefix)
        if watched:
            yield from place.tell(CacheFlushed(place.name))


def _check(key: object) -> None:
    """Raise InvalidKey for what is no text."""
    if not isinstance(key, str):
        raise InvalidKey(key)


def _refuse(key: str) -> None:
    """Raise InvalidKey for what is no text, or for a reserved key, unless the cache itself asks."""
    _check(key)
    if key[:1] == _RESERVED and not isinstance(key, ReservedKey):
        raise InvalidKey(key)


def _several(method: str, keys: Iterable[str]) -> tuple[str, ...]:
    """Return *keys*; a single text is an iterable of letters, and never meant as such."""
    if isinstance(keys, str) or not isinstance(keys, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
        raise TypeError(
            f"{method} takes several keys, not {keys!r:.100}: {method}([{keys!r:.100}])."
        )
    return tuple(keys)


def _check_number(by: object) -> None:
    if isinstance(by, bool) or not isinstance(by, (int, float)):
        raise TypeError(f"A number is incremented by a number, not by {by!r:.100}.")


def _given(default: object) -> object:
    """Return *default*, or what it gives when it is called."""
    return run(sync_step(default, "aget")) if callable(default) else default


async def _agiven(default: object) -> object:
    """Async twin of :func:`_given`; what it gives may be awaitable."""
    given = default() if callable(default) else default
    return await given if isawaitable(given) else given


def _new(ttl: Ttl) -> float | None:
    """Return the lifetime of a number that starts; zero and less can not be kept at all."""
    seconds = to_seconds(ttl)
    return seconds if seconds is None or seconds > 0 else 0.0
