"""Runs the cache vectors: operations in order on a fresh store, in memory, on disk and on Redis.

What Laravel did on its array store is done on ours and on disk, which must agree. What a row of
Redis holds is shown as PHP would have written the value: the format is ours.
"""

from __future__ import annotations

import atexit
import fnmatch
import functools
import math
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securely.cache import CacheEvent, Lock, LockTimeout, Repository, WrongType
from securely.cache.contracts import Store
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.disk import DiskStore
from securely.cache.drivers.redis import RedisStore
from securely.encryption import KeyRing
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING
from tests.golden.values import from_php, same, to_php
from tests.valkey import Valkey

__all__ = ["EXCEPTIONS", "run"]

EXCEPTIONS: Mapping[str, type[Exception] | tuple[type[Exception], ...]] = {
    "InvalidArgumentException": WrongType,
    "LockTimeoutException": LockTimeout,
    "RuntimeException": RuntimeError,
    "TypeError": TypeError,
}

_NOW = datetime(2026, 3, 15, 12, tzinfo=UTC).timestamp()
_SEAL = KeyRing(b"k" * 32).purpose("cache")
_PREFIX = "pre:"


def run(case: Mapping[str, Any]) -> object:
    """Do the operations of the case on the store that it names."""
    if case["store"] == "redis":
        with _redis() as (store, server):
            return _Session(store, server).answer(case["ops"])
    serialized = case["store"] == "array-serialized"
    memory = ArrayStore() if serialized else ArrayStore(serializer=None)
    answer = _Session(memory).answer(case["ops"])
    with _disk() as store:
        on_disk = _Session(store).answer(case["ops"])
    assert same(_comparable(answer), _comparable(on_disk)), (answer, on_disk)
    return answer


def _comparable(answer: Any) -> Any:
    if isinstance(answer, Exception):
        return [type(answer).__name__, str(answer)]
    if isinstance(answer, dict):
        return {key: _comparable(item) for key, item in answer.items()}
    return [_comparable(item) for item in answer] if isinstance(answer, list) else answer


@contextmanager
def _disk() -> Iterator[DiskStore]:
    folder = Path(tempfile.mkdtemp())
    store = DiskStore(folder, _SEAL)
    try:
        yield store
    finally:
        store.close()
        shutil.rmtree(folder)


@functools.cache
def _server() -> Valkey:
    server = Valkey()
    atexit.register(server.end)
    return server


@contextmanager
def _redis() -> Iterator[tuple[RedisStore, Valkey]]:
    server = _server()
    server.flush()
    store = RedisStore(server.address, _SEAL)
    try:
        yield store, server
    finally:
        store.close()


class _Session:
    """One case: a cache with a clock of its own, and all that was seen of it."""

    def __init__(self, store: Store, server: Valkey | None = None) -> None:
        self._store = store
        self._server = server
        self._deferred: list[Callable[[], object]] = []
        self._cache = Repository(
            store,
            prefix=_PREFIX,
            events=self,
            defer=lambda function, _name, _always: self._deferred.append(function),
        )
        self._locks: dict[str, Lock] = {}
        self._callbacks: list[str] = []
        self._events: list[list[Any]] = []
        self._by_map = False

    def has_listeners(self, event: type[CacheEvent], /) -> bool:
        del event
        return True

    def dispatch(self, event: Any, /) -> object:
        keys = getattr(event, "keys", None)
        if keys is not None:
            # What PHP's recorder saw: of a map of keys to defaults, no first one.
            key = "" if self._by_map or not keys else keys[0]
        else:
            key = getattr(event, "key", None)
        self._events.append([type(event).__name__, key])
        return None

    async def adispatch(self, event: CacheEvent, /) -> object:
        return self.dispatch(event)

    def answer(self, operations: list[list[Any]]) -> dict[str, Any]:
        results: list[Any] = []
        with clock.using(FrozenClock(at=_NOW)) as self._clock:
            for name, *arguments in operations:
                try:
                    results.append(_shown(self._do(name, arguments)))
                except Exception as error:  # what it raises is its answer
                    results.append(error)
        return {"results": results, "callbacks": self._callbacks, "events": self._events}

    def _do(self, name: str, arguments: list[Any]) -> Any:
        if name in _SPECIAL:
            return _SPECIAL[name](self, *arguments)
        if name.startswith("@lock."):
            return self._on_lock(name.removeprefix("@lock."), *arguments)
        return self._call(self._cache, name, arguments)

    def _call(self, cache: Any, name: str, arguments: list[Any]) -> Any:
        given = [self._given(argument) for argument in arguments]
        self._by_map = name == "getMultiple" or (name == "many" and isinstance(given[0], dict))
        if name in _OTHER_WORDS:
            return _OTHER_WORDS[name](cache, *given)
        return getattr(cache, _snake(name))(*given)

    def _given(self, value: Any) -> Any:
        """Return the argument that *value* stands for."""
        if isinstance(value, dict):
            if "$cb" in value:
                return self._callback(value["$cb"], value.get("name", ""))
            if "$interval" in value:
                return _interval(value["$interval"])
            if "$at" in value:
                return datetime.fromtimestamp(_NOW + value["$at"], UTC)
            if not any(key.startswith("$") for key in value):
                return {key: self._given(item) for key, item in value.items()}
        return from_php(value)

    def _callback(self, value: Any, name: str) -> Callable[[], Any]:
        def callback(*_value: Any) -> Any:
            self._callbacks.append(name)
            if isinstance(value, dict) and "$throw" in value:
                raise RuntimeError(value["$throw"])
            return from_php(value)

        return callback

    def _advance(self, seconds: float) -> None:
        assert isinstance(self._clock, FrozenClock)
        self._clock.travel(seconds)
        if self._server is not None:
            self._server.travel(seconds)

    def _lock(self, handle: str, name: str, seconds: float = 0, owner: str | None = None) -> str:
        self._locks[handle] = self._cache.lock(name, seconds, owner)
        return "made"

    def _restore_lock(self, handle: str, name: str, owner: str) -> str:
        self._locks[handle] = self._cache.restore_lock(name, owner)
        return "made"

    def _on_lock(self, name: str, handle: str, *arguments: Any) -> Any:
        lock = self._locks[handle]
        if name == "owner":
            return lock.owner
        found = getattr(lock, _snake(name))(*map(self._given, arguments))
        return None if name == "forceRelease" else found

    def _tags(self, names: list[str], method: str, *arguments: Any) -> Any:
        return self._call(self._cache.tags(*names), method, list(arguments))

    def _limiter(self, method: str, *arguments: Any) -> Any:
        from securely.cache.limiter import RateLimiter

        return self._call(RateLimiter(self._cache), method, list(arguments))

    def _run_deferred(self) -> None:
        while self._deferred:
            self._deferred.pop(0)()

    def _raw(self, key: str) -> Any:
        """Return what Redis holds: a value as PHP would have written it, and its lifetime."""
        if self._server is None:
            return None
        with self._server.client as client:
            place = f"cache:redis:{key}"
            left = client.pttl(place)
            kind = client.type(place).decode()
        value = self._store.get(key)
        return {
            "type": kind,
            "value": None if value is MISSING else _written(value),
            "ttl": -(-left // 1_000) if left >= 0 else left,
        }

    def _keys(self, pattern: str) -> list[str]:
        if self._server is None:
            return []
        with self._server.client as client:
            keys = [key.decode().partition(":redis:")[2] for key in client.keys("*")]
        return sorted(key for key in keys if fnmatch.fnmatchcase(key, pattern))


_SPECIAL: Mapping[str, Callable[..., Any]] = {
    "@advance": _Session._advance,
    "@lock": _Session._lock,
    "@restoreLock": _Session._restore_lock,
    "@tags": _Session._tags,
    "@rl": _Session._limiter,
    "@raw": _Session._raw,
    "@keys": _Session._keys,
    "@runDeferred": _Session._run_deferred,
}


def _array(cache: Any, key: str, *default: Any) -> Any:
    """PHP's array is a list or a dict."""
    read = cache.dict if any(isinstance(each, dict) for each in default) else cache.list
    try:
        return read(key, *default)
    except WrongType as error:
        if error.found == "dict":
            return cache.dict(key)
        raise


def _flush(cache: Any) -> bool:
    cache.flush()
    return True


def _forget_many(cache: Any, keys: list[str]) -> bool:
    return bool(cache.forget_many(keys) == len(keys))


def _get(cache: Any, key: Any, *default: Any) -> Any:
    return cache.get(key, *default)


# Laravel's other words for the same, and what is Python's own.
_OTHER_WORDS: Mapping[str, Callable[..., Any]] = {
    "array": _array,
    "clear": _flush,
    "delete": lambda cache, key: cache.forget(key),
    "deleteMultiple": _forget_many,
    "flush": _flush,
    "getMultiple": lambda cache, *given: cache.many(*given),
    "offsetExists": lambda cache, key: key in cache,
    "offsetGet": lambda cache, key: cache[key],
    "offsetSet": lambda cache, key, value: cache.__setitem__(key, value),
    "offsetUnset": lambda cache, key: cache.__delitem__(key),
    "sear": lambda cache, key, produce: cache.remember_forever(key, produce),
    "set": lambda cache, *given: cache.put(*given),
    "setMultiple": lambda cache, *given: cache.put_many(*given),
}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _interval(text: str) -> timedelta:
    """Return an ISO 8601 duration of days, hours, minutes and seconds."""
    found = re.fullmatch(r"-?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    assert found is not None, text
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if text.startswith("-") else length


def _shown(value: Any) -> Any:
    return to_php(list(value) if isinstance(value, tuple) else value)


def _written(value: Any) -> str:
    """Return what Laravel's redis store writes for *value*."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value) if math.isfinite(value) else _php(value)
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
        return value
    return _php(value)


def _php(value: Any) -> str:
    """Return `serialize($value)`."""
    if value is None:
        return "N;"
    if isinstance(value, bool):
        return f"b:{int(value)};"
    if isinstance(value, int):
        return f"i:{value};"
    if isinstance(value, float):
        return f"d:{str(to_php(value)).upper()};"
    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'
    items = value.items() if isinstance(value, dict) else enumerate(value)
    inside = "".join(f"{_php(key)}{_php(item)}" for key, item in items)
    return f"a:{len(value)}:{{{inside}}}"
