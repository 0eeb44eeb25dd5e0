"""Checks of services: caches give back what they are given, store and queue answer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from securely.cache import CacheManager
from securely.config import Config
from securely.exceptions import SecurelyError
from securely.foundation.doctor.finding import Finding
from securely.queue import QueueManager
from securely.queue.upkeep.checkup import examine
from securely.store import StoreManager
from securely.support import clock, entropy

__all__ = ["cache_stores", "failed_jobs", "queue_connection", "store_database"]

OLD_SECONDS: Final = 15 * 60  # nobody works on a queue whose oldest job has waited this long
PROBE_SECONDS: Final = 10  # the value goes by itself where it could not be removed


def cache_stores(cache: CacheManager, config: Config) -> Iterable[Finding]:
    """Look whether each store gives back what it is given."""
    for name in config.get("cache.stores", {}):
        yield _store(cache, str(name))


def store_database(store: StoreManager) -> Finding:
    """Look whether the default database of the store answers."""
    name = f"store {store.default}"
    try:
        database = store.database()
        place = database.bound.engine.place
        if Path(place).is_absolute() and not Path(place).exists():
            return Finding.ok("nothing has been stored yet", name=name)
        trees, size = len(database.trees()), database.size_on_disk()
    except SecurelyError as error:
        remedy = f"Look at store.databases.{store.default}; `store:verify` says more."
        return Finding.error(str(error), remedy, name=name)
    return Finding.ok(f"it answers; {trees} trees, {size:,} bytes", name=name)


def queue_connection(queues: QueueManager) -> Iterable[Finding]:
    """Look whether the default connection answers, its store is well, and somebody works on it."""
    queue = queues.connection()
    counts = queue.counts()
    name = f"queue {queue.name}"
    for severity, seen, remedy in examine(queue.driver):
        yield Finding(severity, seen, remedy, name=name)
    oldest = queue.oldest_pending_at()
    waited = 0.0 if oldest is None else clock.timestamp() - oldest
    if waited > OLD_SECONDS:
        yield Finding.warn(
            f"{counts.pending} jobs wait, the oldest for {waited / 60:.0f} minutes",
            "Start a worker: python artisan.py queue:work; or more of them.",
            name=name,
        )
        return
    yield Finding.ok(
        f"it answers; {counts.pending} jobs wait, {counts.reserved} are under way", name=name
    )


def failed_jobs(queues: QueueManager) -> Finding:
    """Look whether jobs have failed for good."""
    count = queues.connection().failed.count()
    if count:
        return Finding.warn(
            f"{count} jobs have failed",
            "See `queue:failed`, then `queue:retry all` or `queue:flush`.",
        )
    return Finding.ok("none")


def _store(cache: CacheManager, name: str) -> Finding:
    shown = f"cache {name}"
    key, word = f"doctor.{entropy.token_hex(8)}", entropy.token_hex(8)
    try:
        store = cache.store(name)
        store.put(key, word, PROBE_SECONDS)
        back = store.get(key)
        store.forget(key)
    except Exception as error:  # a driver of the application's own may raise anything
        return Finding.error(
            str(error) if isinstance(error, SecurelyError) else f"{type(error).__name__}: {error}",
            f"Mend it, or take cache.stores.{name} out of the configuration.",
            name=shown,
        )
    if back == word:
        return Finding.ok("it gives back what it is given", name=shown)
    if type(store.driver).__name__ == "NullStore":
        return Finding.ok("it keeps nothing, as it is meant to", name=shown)
    return Finding.error(
        f"it gave back {type(back).__name__} for what it was given",
        f"Look at the driver of cache.stores.{name}.",
        name=shown,
    )
