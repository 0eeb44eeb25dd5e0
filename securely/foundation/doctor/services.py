"""Checks of services: caches give back what they are given, store and queue answer."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import util
from pathlib import Path
from typing import Final

from securely.cache import CacheManager
from securely.config import Config
from securely.exceptions import SecurelyError
from securely.foundation.doctor.finding import Finding
from securely.queue import QueueManager
from securely.queue.upkeep.checkup import examine
from securely.store import Conflict, StoreManager, StoreUnavailable
from securely.support import clock, entropy
from securely.support.directories import why_unusable
from securely.support.importing import ImportFailed, import_object
from securely.support.tags import class_name

__all__ = ["cache_stores", "failed_jobs", "queue_connection", "store_databases"]

OLD_SECONDS: Final = 15 * 60  # nobody works on a queue whose oldest job has waited this long
PROBE_SECONDS: Final = 10  # the value goes by itself where it could not be removed


def cache_stores(cache: CacheManager, config: Config) -> Iterable[Finding]:
    """Look whether each store gives back what it is given, and whether attempts are counted."""
    for name in config.get("cache.stores", {}):
        yield _store(cache, str(name))
    for each in config.get("cache.serializable_classes", ()):
        yield from _class(str(each))
    yield from _limiter(cache, str(config.get("cache.limiter", None) or cache.default))


def store_databases(store: StoreManager) -> Iterable[Finding]:
    """Look whether each database of the store can be opened and written, or could be made."""
    for name in store.names():
        yield _database(store, name)


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


def _database(store: StoreManager, name: str) -> Finding:
    shown = f"store {name}"
    if store.definition(name).driver == "lmdb" and util.find_spec("lmdb") is None:
        seen = 'the package "lmdb" is not installed'
        if name != store.default:
            return Finding.ok(f"{seen}, and nothing uses it by default", name=shown)
        return Finding.error(seen, 'Run: pip install "securely[lmdb]"', name=shown)
    try:
        database = store.database(name)
        place = Path(database.bound.engine.place)
        if place.is_absolute() and not place.exists():
            _try_to_make(name, place)
            return Finding.ok("nothing has been stored yet", name=shown)
        with database.bound.engine.write():
            trees, size = len(database.trees()), database.size_on_disk()
    except Conflict as error:
        remedy = "Keep transactions short; see who holds it."
        return Finding.warn(str(error), remedy, name=shown)
    except Exception as error:  # a driver of the application's own may raise anything
        said = (
            str(error) if isinstance(error, SecurelyError) else f"{type(error).__name__}: {error}"
        )
        remedy = f"Look at store.databases.{name}; `store:verify --database={name}` says more."
        return Finding.error(said, remedy, name=shown)
    return Finding.ok(f"it answers; {trees} tree{'s' * (trees != 1)}, {size:,} bytes", name=shown)


def _try_to_make(name: str, place: Path) -> None:
    """Make and remove a directory where that of *place* would be made."""
    there = next(each for each in place.parents if each.exists())
    probe = there / f".doctor-{entropy.token_hex(4)}"
    try:
        probe.mkdir(mode=0o700)
        probe.rmdir()
    except OSError as error:
        raise StoreUnavailable(name, str(place), why_unusable(there, error)) from error


def _class(name: str) -> Iterable[Finding]:
    """Look whether *name* is where a class is, and what values of it are written as."""
    try:
        found = import_object(name)
    except ImportFailed as error:
        seen = f"cache.serializable_classes: {error}"
    else:
        if isinstance(found, type) and class_name(found) == name:
            return
        written = f': write "{class_name(found)}"' if isinstance(found, type) else ""
        seen = f'"{name}" in cache.serializable_classes is not the name of a class{written}'
    yield Finding.error(seen, "Mend the name, or values of it are refused.", name="cache classes")


def _limiter(cache: CacheManager, name: str) -> Iterable[Finding]:
    """Look whether the store *name* keeps what the rate limiter counts in it."""
    if name in cache.names() and cache.definition(name).driver == "null":
        yield Finding.warn(
            f'the rate limiter counts in "{name}", which keeps nothing: it refuses nobody',
            "Name a store that keeps values: cache.limiter.",
            name="rate limiter",
        )


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
