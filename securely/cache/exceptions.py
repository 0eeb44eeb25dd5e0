"""What can go wrong with a cache.

CacheError                  the root
├── EntryRefused            a stored entry was edited, moved or planted; reported, then a miss
├── InvalidKey              a key is no text, is not writable, or is for tags (also a ValueError)
├── LimiterTimeout          a funnel had no place in time (also a TimeoutError)
├── LockNotHeld             a lock was to be handed on that is not held
├── LocksUnsupported        the store has no locks
├── LockTimeout             the lock was not free in time (also a TimeoutError)
├── NotNumeric              a value that is no number was to be incremented (also a TypeError)
├── StoreUnavailable        the store can not be read or written
├── UnknownDriver           a store names a driver that nobody provides (also a LookupError)
├── UnknownLimiter          no rate limiter of that name is defined (also a LookupError)
├── UnknownStore            no store of that name is defined (also a LookupError)
├── ValueTooLarge           a value is larger than its store takes (also a ValueError)
└── WrongType               a value is not of the type that was asked for (also a TypeError)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from securely.exceptions import SecurelyError
from securely.support.missing import MISSING
from securely.support.suggest import did_you_mean

__all__ = [
    "CacheError",
    "EntryRefused",
    "InvalidKey",
    "LimiterTimeout",
    "LockNotHeld",
    "LockTimeout",
    "LocksUnsupported",
    "NotNumeric",
    "StoreUnavailable",
    "UnknownDriver",
    "UnknownLimiter",
    "UnknownStore",
    "ValueTooLarge",
    "WrongType",
]


class CacheError(SecurelyError):
    """The root of every error of the cache."""


class EntryRefused(CacheError):
    """A stored entry was edited, moved or planted. Drivers report it and treat it as a miss.

    The value is never shown: it came from a stranger, or it was secret.
    """

    def __init__(self, store: str, key: str, reason: str) -> None:
        self.store = store
        self.key = key
        self.reason = reason
        super().__init__(
            f'Cache store "{store}" refused the entry "{key}": {reason}. '
            "It was removed and counts as absent. If the application key has changed, put the "
            "old one into APP_PREVIOUS_KEYS; if not, somebody else can write to the store."
        )

    def __reduce__(self) -> tuple[type[EntryRefused], tuple[str, str, str]]:
        return type(self), (self.store, self.key, self.reason)


class InvalidKey(CacheError, ValueError):
    """A key or a lock's name is no text, has no written form, or begins as those of tags do."""

    RESERVED: Final = "\x1f"
    """What no key of a user begins with: the versions of tags lie behind it."""

    def __init__(self, key: object) -> None:
        self.key = key
        if not isinstance(key, str):
            message = _no_text(key)
        elif not _has_surrogate(key):
            message = (
                f"The cache key {key!a} is kept for the cache itself: what begins with the control "
                "character U+001F holds the versions of tags. Let it begin with another character."
            )
        else:
            message = (
                f"The cache key {key!a} can not be written down: it holds half a surrogate pair. "
                "Such text comes from decoding bytes that are no UTF-8. Clean it before it becomes "
                'a key: key.encode("utf-8", "backslashreplace").decode().'
            )
        super().__init__(message)

    @classmethod
    def check(cls, key: str) -> None:
        """Raise this for a *key* that is not valid."""
        try:
            key.encode()
        except UnicodeEncodeError:
            raise cls(key) from None

    def __reduce__(self) -> tuple[type[InvalidKey], tuple[object]]:
        return type(self), (self.key,)


class LockNotHeld(CacheError):
    """A lock was to be handed to another process, and is not held, or not any more."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f'The lock "{name}" is not held by its owner: it was never taken, or its time was '
            "over. Take it first, for long enough."
        )

    def __reduce__(self) -> tuple[type[LockNotHeld], tuple[str]]:
        return type(self), (self.name,)


class LocksUnsupported(CacheError):
    """The store has no locks."""

    def __init__(self, store: str) -> None:
        self.store = store
        super().__init__(
            f'Cache store "{store}" has no locks. Use one that has (array, disk, redis), or let '
            "its driver satisfy securely.cache.LockStore."
        )

    def __reduce__(self) -> tuple[type[LocksUnsupported], tuple[str]]:
        return type(self), (self.store,)


class LimiterTimeout(CacheError, TimeoutError):
    """A funnel had no place in time.

    Attributes:
        name: Which funnel.
        places: How many it lets in at a time.
        seconds: How long was waited.
    """

    def __init__(self, name: str, places: int, seconds: float) -> None:
        self.name: str = name
        self.places: int = places
        self.seconds: float = seconds
        super().__init__(
            f'The funnel "{name}" lets {places} in at a time, and had no place within '
            f"{seconds:g} seconds. Wait longer, or let more in."
        )

    def __reduce__(self) -> tuple[type[LimiterTimeout], tuple[str, int, float]]:
        return type(self), (self.name, self.places, self.seconds)


class LockTimeout(CacheError, TimeoutError):
    """The lock was not free in time."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self.seconds = seconds
        super().__init__(
            f'The lock "{name}" was not free within {seconds:g} seconds. Wait longer, or see '
            "whether its holder should have released it."
        )

    def __reduce__(self) -> tuple[type[LockTimeout], tuple[str, float]]:
        return type(self), (self.name, self.seconds)


class NotNumeric(CacheError, TypeError):
    """A value that is no number was to be incremented or decremented."""

    def __init__(self, key: str, found: str) -> None:
        self.key = key
        self.found = found
        super().__init__(
            f'The cached value "{key}" can not be incremented: it is of type {found}. '
            "Put a number there first, or count under another key."
        )

    def __reduce__(self) -> tuple[type[NotNumeric], tuple[str, str]]:
        return type(self), (self.key, self.found)


class StoreUnavailable(CacheError):
    """The store can not be read or written: gone, full, read-only, corrupt or too slow."""

    def __init__(self, store: str, place: str, reason: str) -> None:
        self.store = store
        self.place = place
        self.reason = reason
        super().__init__(f'Cache store "{store}" at {place} is unavailable: {reason}')

    def __reduce__(self) -> tuple[type[StoreUnavailable], tuple[str, str, str]]:
        return type(self), (self.store, self.place, self.reason)


class UnknownDriver(CacheError, LookupError):
    """A store names a driver that nobody provides."""

    def __init__(self, driver: str, store: str, drivers: Iterable[str]) -> None:
        self.driver = driver
        self.store = store
        self.drivers: tuple[str, ...] = tuple(sorted(drivers))
        super().__init__(
            f'Cache driver "{driver}" of the store "{store}" is not known. '
            f"Drivers: {', '.join(self.drivers)}.{_hint(driver, self.drivers)}"
        )

    def __reduce__(self) -> tuple[type[UnknownDriver], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.driver, self.store, self.drivers)


class UnknownLimiter(CacheError, LookupError):
    """No rate limiter of that name is defined.

    Attributes:
        name: The name.
        defined: Those that are.
    """

    def __init__(self, name: str, defined: Iterable[str]) -> None:
        self.name: str = name
        self.defined: tuple[str, ...] = tuple(sorted(defined))
        near = did_you_mean(name, self.defined)
        hint = f' Did you mean "{near}"?' if near else ""
        known = ", ".join(self.defined) or "none"
        super().__init__(
            f'The rate limiter "{name}" is not defined. Defined limiters: {known}.{hint}'
        )

    def __reduce__(self) -> tuple[type[UnknownLimiter], tuple[str, tuple[str, ...]]]:
        return type(self), (self.name, self.defined)


class UnknownStore(CacheError, LookupError):
    """No store of that name is defined."""

    def __init__(self, store: str, stores: Iterable[str]) -> None:
        self.store = store
        self.stores: tuple[str, ...] = tuple(sorted(stores))
        super().__init__(
            f'Cache store "{store}" is not defined. '
            f"Defined stores: {', '.join(self.stores) or 'none'}.{_hint(store, self.stores)}"
        )

    def __reduce__(self) -> tuple[type[UnknownStore], tuple[str, tuple[str, ...]]]:
        return type(self), (self.store, self.stores)


class ValueTooLarge(CacheError, ValueError):
    """A value is larger than its store takes."""

    def __init__(self, key: str, size_bytes: int, size_bytes_max: int) -> None:
        self.key = key
        self.size_bytes = size_bytes
        self.size_bytes_max = size_bytes_max
        super().__init__(
            f'The value for "{key}" takes {size_bytes:,} bytes; the store takes at most '
            f"{size_bytes_max:,}. Store less, or raise value_bytes_max."
        )

    def __reduce__(self) -> tuple[type[ValueTooLarge], tuple[str, int, int]]:
        return type(self), (self.key, self.size_bytes, self.size_bytes_max)


class WrongType(CacheError, TypeError):
    """A value is not of the type that was asked for, or is absent and there is no default."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        self.key = key
        self.expected = expected
        self.found = found
        super().__init__(
            f'The cached value "{key}" should be {expected} but is {found}. '
            "Pass a default for a key that may be absent."
        )

    @classmethod
    def of(cls, key: str, expected: str, value: object) -> WrongType:
        """Return the error for *value*, which is named by its type, never shown."""
        return cls(key, expected, "absent" if value is MISSING else type(value).__name__)

    def __reduce__(self) -> tuple[type[WrongType], tuple[str, str, str]]:
        return type(self), (self.key, self.expected, self.found)


def _hint(word: str, choices: Iterable[str]) -> str:
    near = did_you_mean(word, choices)
    return f' Did you mean "{near}"?' if near else ""


def _no_text(key: object) -> str:
    """Return what is wrong with a *key* that is no text, by its type: it may be a value."""
    kind = f"A cache key is text, not {type(key).__name__}"
    if isinstance(key, Mapping):
        return f"{kind}. For several values at once there is put_many(values, ttl)."
    if isinstance(key, (list, tuple, set, frozenset)):
        return f"{kind}. For several keys at once there are many(keys) and forget_many(keys)."
    if isinstance(key, Enum):
        return f"{kind}. Give its value: {type(key).__name__}.{key.name}.value, as text."
    if isinstance(key, bytes):
        return f"{kind}. Decode it: key.decode(), or key.hex()."
    if isinstance(key, int) and not isinstance(key, bool):
        return f'{kind}. Say what it is the number of: f"user:{{key}}".'
    return f"{kind}. It may have come from what was not found, or not given."


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
