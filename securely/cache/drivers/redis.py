"""On Redis or Valkey: many processes, many machines; native in both colours."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from securely.cache.contracts import Seal
from securely.cache.drivers.redis_server import RedisServer, is_wrong_kind
from securely.cache.envelopes import Envelopes, ForeignRow
from securely.cache.exceptions import EntryRefused, InvalidKey, NotNumeric, StoreUnavailable
from securely.cache.manager import Materials
from securely.cache.options import RedisOptions
from securely.support import clock, entropy
from securely.support.missing import MISSING, Missing
from securely.support.redis import Address
from securely.support.serializer import Serializer, Undecodable
from securely.support.steps import Steps, arun, call, run

__all__ = ["RedisStore"]

# A row is the end of its lifetime (wall seconds; -1 for none), and the envelope of its value.
_END: Final = struct.Struct(">d")
# Its first bytes, end and signature, are those of no other row: enough to compare by.
_HEAD_BYTES: Final = _END.size + 33
# The server ends an entry by its own clock. One that it still has so long after its signed end
# was put back or prolonged by a stranger; shorter than that, the machines' clocks may differ.
_APART_SECONDS: Final = 5.0
# Far beyond any lifetime, and what the server can still add to the time of day.
_MILLISECONDS_MAX: Final = 2**53
# Keys of one MGET, and about as many of one step of a scan.
_CHUNK_KEYS: Final = 1_000
# Before a counter is tried again that somebody else has changed: at most so long.
_PAUSE_SECONDS_MIN: Final = 0.000_5
_PAUSE_SECONDS_MAX: Final = 0.02

# All that is done to a key that must still be as it was read; the server runs a script as one.
_SWAP: Final = (
    f"if redis.call('getrange', KEYS[1], 0, {_HEAD_BYTES - 1}) ~= ARGV[1] then return 0 end "
    "redis.call('set', KEYS[1], ARGV[2], unpack(ARGV, 3)) return 1"
)
_DROP: Final = (
    f"if redis.call('getrange', KEYS[1], 0, {_HEAD_BYTES - 1}) ~= ARGV[1] then return 0 end "
    "return redis.call('unlink', KEYS[1])"
)
_RELEASE: Final = (
    "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('del', KEYS[1])"
)
_REFRESH: Final = (
    "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end "
    "if ARGV[2] then redis.call('pexpire', KEYS[1], ARGV[2]) "
    "else redis.call('persist', KEYS[1]) end return 1"
)


_PROLONGED: Final = (
    "its end has passed and the server still has it: it was put back or prolonged, or the clocks "
    f"of two machines differ by more than {_APART_SECONDS:g} seconds"
)


class _Refused(Exception):  # never leaves this module
    """A row is not ours: why, and how it begins."""

    def __init__(self, reason: str, head: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.head = head


# How it shows that something is not ours: by what lies there, or by what the server says of it.
_REFUSED: Final = (_Refused, StoreUnavailable)


class _Entry(NamedTuple):
    value: object
    expires: float | None
    head: bytes


class RedisStore:
    """Values and locks on a Redis server (6.2 or later, or Valkey), for all who reach it.

    Each entry is signed as on disk (:class:`securely.cache.envelopes.Envelopes`), numbers
    included: a counter is read, verified, added to, signed, and written if nobody else has done
    so meanwhile. Lifetimes are kept by the server. Keys are ``cache:<store>:<key>``, locks
    ``lock:<store>:<name>``; nothing else in the database is touched.

    Args:
        address: Where the server is.
        seal: What signs, such as ``keys.purpose("cache")``.
        name: The store's name, for errors, and part of the keys and of what is signed.
        serializer: What turns values into bytes.
        report: Told of each entry that is refused.
        value_bytes_max: The largest value that is taken.

    Raises:
        MissingExtra: redis-py is not installed.
    """

    def __init__(
        self,
        address: Address,
        seal: Seal,
        *,
        name: str = "redis",
        serializer: Serializer | None = None,
        report: Callable[[EntryRefused], None] = lambda _: None,
        value_bytes_max: int = 2**26,
    ) -> None:
        self._name = name
        self._server = RedisServer(name, address)
        self._envelopes = Envelopes(
            name, "values", seal, serializer or Serializer(), value_bytes_max
        )
        self._report = report
        self._values = f"cache:{quote(name, safe='')}:".encode()
        self._locks = f"lock:{quote(name, safe='')}:".encode()

    @classmethod
    def build(cls, name: str, options: RedisOptions, materials: Materials) -> RedisStore:
        """Return the store *name* as its options have it."""
        address = Address(
            host=options.host,
            port=options.port,
            path=options.path,
            database=options.database,
            username=options.username,
            password=options.password.get_secret_value() if options.password else None,
            tls=options.tls,
            timeout_seconds=options.timeout_seconds,
            connect_timeout_seconds=options.connect_timeout_seconds,
            retries=options.retries,
            connections_max=options.connections_max,
        )
        return cls(
            address,
            materials.seal(),
            name=name,
            serializer=Serializer(resolve=materials.resolve, setting=materials.setting),
            report=materials.report,
            value_bytes_max=options.value_bytes_max,
        )

    def get(self, key: str) -> object:
        """Return the value, or MISSING."""
        # By hand in both colours: it is what is done most.
        place = self._values + _bytes(key)
        try:
            row = self._server.send("GET", place)
            return MISSING if row is None else self._opened(key, row).value
        except _REFUSED as error:
            run(self._refuse(key, error))
            return MISSING

    async def aget(self, key: str) -> object:
        """Async twin of :meth:`get`."""
        place = self._values + _bytes(key)
        try:
            row = await self._server.asend("GET", place)
            return MISSING if row is None else self._opened(key, row).value
        except _REFUSED as error:
            await arun(self._refuse(key, error))
            return MISSING

    def many(self, keys: Sequence[str]) -> dict[str, object]:
        """Return the values of those *keys* that are there, asked for a thousand at a time."""
        return run(self._many(keys))

    async def amany(self, keys: Sequence[str]) -> dict[str, object]:
        """Async twin of :meth:`many`."""
        return await arun(self._many(keys))

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there."""
        self._server.send(*self._set(key, value, seconds))

    async def aput(self, key: str, value: object, seconds: float | None) -> None:
        """Async twin of :meth:`put`."""
        await self._server.asend(*self._set(key, value, seconds))

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values* or none, in one transaction."""
        if commands := [self._set(key, value, seconds) for key, value in values.items()]:
            self._server.send_all(commands)

    async def aput_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Async twin of :meth:`put_many`."""
        if commands := [self._set(key, value, seconds) for key, value in values.items()]:
            await self._server.asend_all(commands)

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""
        return run(self._add(key, value, seconds))

    async def aadd(self, key: str, value: object, seconds: float | None) -> bool:
        """Async twin of :meth:`add`."""
        return await arun(self._add(key, value, seconds))

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum.

        It is written only over what was read: who was overtaken reads and adds again.
        """
        return run(self._increment(key, by, seconds))

    async def aincrement(self, key: str, by: float, seconds: float | None) -> int | float:
        """Async twin of :meth:`increment`."""
        return await arun(self._increment(key, by, seconds))

    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING."""
        return run(self._pull(key))

    async def apull(self, key: str) -> object:
        """Async twin of :meth:`pull`."""
        return await arun(self._pull(key))

    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime; return whether it is there."""
        return run(self._touch(key, seconds))

    async def atouch(self, key: str, seconds: float | None) -> bool:
        """Async twin of :meth:`touch`."""
        return await arun(self._touch(key, seconds))

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for no end, or MISSING."""
        return _left(run(self._read(key)))

    async def attl(self, key: str) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""
        return _left(await arun(self._read(key)))

    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        return self.pull(key) is not MISSING

    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""
        return await self.apull(key) is not MISSING

    def flush(self, prefix: str) -> None:
        """Remove every key that begins with *prefix*; locks stay.

        The server is asked for its keys a thousand at a time, and goes on with other work.
        """
        run(self._scan(self._values + _bytes(prefix), remove=True))

    async def aflush(self, prefix: str) -> None:
        """Async twin of :meth:`flush`."""
        await arun(self._scan(self._values + _bytes(prefix), remove=True))

    def prune(self) -> int:
        """Return 0: the server removes what has expired by itself."""
        return 0

    async def aprune(self) -> int:
        """Async twin of :meth:`prune`."""
        return 0

    def stats(self, prefix: str) -> dict[str, int | float | str]:
        """Return entries and locks with *prefix*, and the memory of the whole server."""
        return run(self._stats(prefix))

    async def astats(self, prefix: str) -> dict[str, int | float | str]:
        """Async twin of :meth:`stats`."""
        return await arun(self._stats(prefix))

    def close(self) -> None:
        """Close the connections of all threads; those of an event loop close with it."""
        self._server.close()

    async def aclose(self) -> None:
        """Async twin of :meth:`close`; closes those of the running loop as well."""
        await self._server.aclose()

    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Take the lock if nobody holds it; it ends by *seconds* alone."""
        return bool(self._server.send(*self._taking(name, owner, seconds)))

    async def aacquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Async twin of :meth:`acquire`."""
        return bool(await self._server.asend(*self._taking(name, owner, seconds)))

    def release(self, name: str, owner: str) -> bool:
        """Free the lock if *owner* holds it; return whether it did."""
        return bool(self._server.send(*self._held(_RELEASE, name, owner)))

    async def arelease(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`release`."""
        return bool(await self._server.asend(*self._held(_RELEASE, name, owner)))

    def refresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Let the lock end *seconds* from now if *owner* holds it."""
        return bool(self._server.send(*self._held(_REFRESH, name, owner, *_span(seconds))))

    async def arefresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Async twin of :meth:`refresh`."""
        return bool(await self._server.asend(*self._held(_REFRESH, name, owner, *_span(seconds))))

    def detach(self, name: str, owner: str) -> bool:
        """Return whether *owner* holds the lock; it outlives its process anyway."""
        return self.holder(name) == owner

    async def adetach(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`detach`."""
        return await self.aholder(name) == owner

    def holder(self, name: str) -> str | None:
        """Return the token of who holds the lock now, or None."""
        return _owner(self._server.send("GET", self._locks + _bytes(name)))

    async def aholder(self, name: str) -> str | None:
        """Async twin of :meth:`holder`."""
        return _owner(await self._server.asend("GET", self._locks + _bytes(name)))

    def force_release(self, name: str) -> bool:
        """Free the lock, whoever holds it; return whether somebody did."""
        return bool(self._server.send("DEL", self._locks + _bytes(name)))

    async def aforce_release(self, name: str) -> bool:
        """Async twin of :meth:`force_release`."""
        return bool(await self._server.asend("DEL", self._locks + _bytes(name)))

    def flush_locks(self, prefix: str) -> None:
        """Free every lock whose name begins with *prefix*, whoever holds it."""
        run(self._scan(self._locks + _bytes(prefix), remove=True))

    async def aflush_locks(self, prefix: str) -> None:
        """Async twin of :meth:`flush_locks`."""
        await arun(self._scan(self._locks + _bytes(prefix), remove=True))

    def _ask(self, *command: Any) -> Steps[Any]:
        return call(self._server.send, self._server.asend, *command)

    def _set(self, key: str, value: object, seconds: float | None, *how: str) -> tuple[Any, ...]:
        """Return the command that stores *value*."""
        row = self._row(key, value, None if seconds is None else clock.timestamp() + seconds)
        return ("SET", self._values + key.encode(), row, *how, *_lifetime(seconds))

    def _row(self, key: str, value: object, expires: float | None) -> bytes:
        end = _END.pack(-1.0 if expires is None else expires)
        return end + self._envelopes.close(key, value, expires)

    def _read(self, key: str) -> Steps[_Entry | None]:
        """Return the entry of *key*, if there is one that is ours."""
        place = self._values + _bytes(key)
        try:
            row = yield from self._ask("GET", place)
            return None if row is None else self._opened(key, row)
        except _REFUSED as error:
            yield from self._refuse(key, error)
            return None

    def _opened(self, key: str, row: bytes) -> _Entry:
        try:
            if len(row) < _HEAD_BYTES:
                raise ForeignRow("it is too short to be signed")  # noqa: TRY301  # one place answers
            (end,) = _END.unpack_from(row)
            expires = None if end == -1.0 else end
            value = self._envelopes.open(key, row[_END.size :], expires)
            if expires is not None and expires + _APART_SECONDS <= clock.timestamp():
                raise ForeignRow(_PROLONGED)  # noqa: TRY301  # as above
        except (ForeignRow, Undecodable) as error:
            raise _Refused(str(error), row[:_HEAD_BYTES]) from error
        return _Entry(value, expires, row[:_HEAD_BYTES])

    def _refuse(self, key: str, error: _Refused | StoreUnavailable) -> Steps[None]:
        """Remove and report what is not ours, as *error* says."""
        place = self._values + _bytes(key)
        if isinstance(error, _Refused):
            # Not what somebody else has written there meanwhile.
            yield from self._ask("EVAL", _DROP, 1, place, error.head)
            reason = error.reason
        elif is_wrong_kind(error):
            yield from self._ask("UNLINK", place)
            reason = "it is not text"
        else:
            raise error
        self._report(EntryRefused(self._name, key, reason))

    def _many(self, keys: Sequence[str]) -> Steps[dict[str, object]]:
        found: dict[str, object] = {}
        places = [self._values + _bytes(key) for key in keys]
        for start in range(0, len(keys), _CHUNK_KEYS):
            chunk = slice(start, start + _CHUNK_KEYS)
            rows = yield from self._ask("MGET", *places[chunk])
            for key, row in zip(keys[chunk], rows, strict=True):
                if row is not None:
                    try:
                        found[key] = self._opened(key, row).value
                    except _Refused as error:
                        yield from self._refuse(key, error)
        return found

    def _add(self, key: str, value: object, seconds: float | None) -> Steps[bool]:
        command = self._set(key, value, seconds, "NX")
        while not (yield from self._ask(*command)):
            # What is there may be foreign: then it is removed, and the next attempt succeeds.
            if (yield from self._read(key)) is not None:
                return False
        return True

    def _increment(self, key: str, by: float, seconds: float | None) -> Steps[int | float]:
        pause = _PAUSE_SECONDS_MIN
        while True:
            entry = yield from self._read(key)
            if entry is None:
                if seconds is not None and seconds <= 0:
                    return by
                if (yield from self._ask(*self._set(key, by, seconds, "NX"))):
                    return by
            else:
                value = entry.value
                if isinstance(value, bool) or not isinstance(value, (int, float)):
                    raise NotNumeric(key, type(value).__name__)
                total = value + by
                row = self._row(key, total, entry.expires)
                if (yield from self._swap(key, entry, row, "KEEPTTL")):
                    return total
            # Somebody was faster. Jitter, or those who collided would do so again.
            yield from call(clock.sleep, clock.asleep, entropy.uniform(0, pause))
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)

    def _swap(self, key: str, entry: _Entry, row: bytes, *lifetime: Any) -> Steps[bool]:
        """Write *row* if *entry* is still there; return whether it was."""
        place = self._values + key.encode()
        try:
            done = yield from self._ask("EVAL", _SWAP, 1, place, entry.head, row, *lifetime)
        except StoreUnavailable as error:
            if is_wrong_kind(error):
                return False
            raise
        return bool(done)

    def _pull(self, key: str) -> Steps[object]:
        try:
            row = yield from self._ask("GETDEL", self._values + _bytes(key))
            return MISSING if row is None else self._opened(key, row).value
        except _REFUSED as error:
            yield from self._refuse(key, error)
            return MISSING

    def _touch(self, key: str, seconds: float | None) -> Steps[bool]:
        while True:
            entry = yield from self._read(key)
            if entry is None:
                return False
            # Written anew, since the signature covers the end of the lifetime.
            expires = None if seconds is None else clock.timestamp() + seconds
            row = self._row(key, entry.value, expires)
            if (yield from self._swap(key, entry, row, *_lifetime(seconds))):
                return True

    def _stats(self, prefix: str) -> Steps[dict[str, int | float | str]]:
        name = _bytes(prefix)
        memory = yield from self._ask("INFO", "memory")
        return {
            "entries": (yield from self._scan(self._values + name)),
            "locks": (yield from self._scan(self._locks + name)),
            "server": self._server.place,
            "server_bytes": memory["used_memory"],
            "server_bytes_max": memory["maxmemory"] or "no limit",
        }

    def _scan(self, prefix: bytes, *, remove: bool = False) -> Steps[int]:
        """Count the keys with *prefix*, about a thousand at a time, and remove them if told so."""
        pattern = b"".join(_escaped(prefix)) + b"*"
        cursor = count = 0
        while True:
            step = yield from self._ask("SCAN", cursor, "MATCH", pattern, "COUNT", _CHUNK_KEYS)
            cursor, keys = step
            count += len(keys)
            if remove and keys:
                yield from self._ask("UNLINK", *keys)
            if cursor == 0:
                return count

    def _taking(self, name: str, owner: str, seconds: float | None) -> tuple[Any, ...]:
        place = self._locks + _bytes(name)
        return ("SET", place, _token(owner), "NX", *_lifetime(seconds))

    def _held(self, script: str, name: str, owner: str, *rest: Any) -> tuple[Any, ...]:
        return ("EVAL", script, 1, self._locks + _bytes(name), _token(owner), *rest)


def _bytes(key: str) -> bytes:
    try:
        return key.encode()
    except UnicodeEncodeError:
        raise InvalidKey(key) from None


def _token(owner: str) -> bytes:
    return owner.encode("utf-8", "surrogatepass")


def _owner(token: bytes | None) -> str | None:
    return None if token is None else token.decode("utf-8", "backslashreplace")


def _span(seconds: float | None) -> tuple[int, ...]:
    """Return whole milliseconds, as an argument where there are any."""
    if seconds is None:
        return ()
    return (max(1, min(math.ceil(seconds * 1_000), _MILLISECONDS_MAX)),)


def _lifetime(seconds: float | None) -> tuple[Any, ...]:
    return () if seconds is None else ("PX", *_span(seconds))


def _left(entry: _Entry | None) -> float | Missing | None:
    if entry is None:
        return MISSING
    return None if entry.expires is None else max(0.0, entry.expires - clock.timestamp())


def _escaped(text: bytes) -> Iterable[bytes]:
    """Give the bytes of *text* as a pattern that means them and nothing else."""
    for number in text:
        byte = bytes((number,))
        yield b"\\" + byte if byte in b"\\*?[]^-" else byte
