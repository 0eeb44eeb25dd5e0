"""Values by key, kept for a time, in one of several stores; and locks beside them.

``Cache`` is the default store, and ``Cache.store("array")`` a named one. What leaves the process
is signed and never pickled. Every method has an async twin with an ``a`` before its name.

    contracts.py    Store, LockStore: what a driver must do
    repository.py   Repository: get, put, add, remember, increment, pull and their kin
    reads.py        string, integer, float, boolean, list, dict
    lock.py         Lock: one holder at a time
    manager.py      CacheManager: the stores, and itself the default one
    place.py        where a repository keeps its values, and who is told
    flights.py      of those who want the same value, one makes it
    envelopes.py    values as signed bytes
    entries.py      signed values in rows
    rows.py         a diskcache directory that trusts nothing
    holders.py      which processes hold locks
    drivers/        array, disk, null, redis, failover, memo
    events.py       CacheHit, CacheMissed, KeyWritten, KeyForgotten, CacheFlushed …
    exceptions.py   CacheError and its tree
    options.py      the section ``cache`` of the configuration
    commands.py     cache:clear, cache:forget, cache:prune
    provider.py     binds the manager
"""

from __future__ import annotations

from securely.cache.contracts import LockStore, Store
from securely.cache.events import (
    CacheEvent,
    CacheFailedOver,
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
from securely.cache.exceptions import (
    CacheError,
    EntryRefused,
    InvalidKey,
    LocksUnsupported,
    LockTimeout,
    NotNumeric,
    StoreUnavailable,
    UnknownDriver,
    UnknownStore,
    ValueTooLarge,
    WrongType,
)
from securely.cache.lock import Lock
from securely.cache.manager import CacheManager
from securely.cache.repository import Repository

__all__ = [
    "CacheError",
    "CacheEvent",
    "CacheFailedOver",
    "CacheFlushed",
    "CacheFlushing",
    "CacheHit",
    "CacheManager",
    "CacheMissed",
    "EntryRefused",
    "ForgettingKey",
    "InvalidKey",
    "KeyForgetFailed",
    "KeyForgotten",
    "KeyWritten",
    "Lock",
    "LockStore",
    "LockTimeout",
    "LocksUnsupported",
    "NotNumeric",
    "Repository",
    "RetrievingKey",
    "RetrievingManyKeys",
    "Store",
    "StoreUnavailable",
    "UnknownDriver",
    "UnknownStore",
    "ValueTooLarge",
    "WritingKey",
    "WritingManyKeys",
    "WrongType",
]
