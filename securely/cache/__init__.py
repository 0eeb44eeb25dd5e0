"""Values by key, kept for a time, in one of several stores; and locks beside them.

``Cache`` is the default store, and ``Cache.store("array")`` a named one. What leaves the process
is signed and never pickled. Every method has an async twin with an ``a`` before its name.

    contracts.py    Store, LockStore, MeasuredStore: what a driver must do
    repository/     Repository: get, put, remember, cached, flexible, increment, tags and their kin
    lock.py         Lock: one holder at a time
    funnel.py       Funnel: so many holders at a time
    limiter.py      RateLimiter: so many attempts in so much time
    manager.py      CacheManager: the stores, and itself the default one
    place.py        where a repository keeps its values, and who is told
    flights.py      of those who want the same value, one makes it
    envelopes.py    values as signed bytes
    drivers/        array, disk, null, redis, failover, memo
    events.py       CacheHit, CacheMissed, KeyWritten, KeyForgotten, CacheFlushed …
    exceptions.py   CacheError and its tree
    options.py      the section ``cache`` of the configuration
    commands.py     cache:clear, cache:forget, cache:prune, cache:stats
    provider.py     binds the manager and the limiter
"""

from __future__ import annotations

from securely.cache.contracts import LockStore, MeasuredStore, Store
from securely.cache.events import (
    CacheEvent,
    CacheFailedOver,
    CacheFlushed,
    CacheFlushing,
    CacheHit,
    CacheLocksFlushed,
    CacheLocksFlushing,
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
    LimiterTimeout,
    LockNotHeld,
    LocksUnsupported,
    LockTimeout,
    NotNumeric,
    StoreUnavailable,
    UnknownDriver,
    UnknownLimiter,
    UnknownStore,
    ValueTooLarge,
    WrongType,
)
from securely.cache.funnel import Funnel
from securely.cache.limiter import Limit, RateLimiter, Verdict
from securely.cache.lock import Lock
from securely.cache.manager import CacheManager
from securely.cache.repository import Repository, TaggedRepository

__all__ = [
    "CacheError",
    "CacheEvent",
    "CacheFailedOver",
    "CacheFlushed",
    "CacheFlushing",
    "CacheHit",
    "CacheLocksFlushed",
    "CacheLocksFlushing",
    "CacheManager",
    "CacheMissed",
    "EntryRefused",
    "ForgettingKey",
    "Funnel",
    "InvalidKey",
    "KeyForgetFailed",
    "KeyForgotten",
    "KeyWritten",
    "Limit",
    "LimiterTimeout",
    "Lock",
    "LockNotHeld",
    "LockStore",
    "LockTimeout",
    "LocksUnsupported",
    "MeasuredStore",
    "NotNumeric",
    "RateLimiter",
    "Repository",
    "RetrievingKey",
    "RetrievingManyKeys",
    "Store",
    "StoreUnavailable",
    "TaggedRepository",
    "UnknownDriver",
    "UnknownLimiter",
    "UnknownStore",
    "ValueTooLarge",
    "Verdict",
    "WritingKey",
    "WritingManyKeys",
    "WrongType",
]
