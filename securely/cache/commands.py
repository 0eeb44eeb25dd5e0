"""cache:clear, cache:forget, cache:prune."""

from __future__ import annotations

from typing import ClassVar

from securely.cache.manager import CacheManager
from securely.cache.repository import Repository
from securely.console import Command

__all__ = ["ClearCommand", "ForgetCommand", "PruneCommand"]


class ClearCommand(Command):
    """Remove every key of a store."""

    signature: ClassVar[str] = "cache:clear {store? : The store; the default one if left out}"
    description: ClassVar[str] = "Remove every key of a cache store; locks stay"

    def handle(self, cache: CacheManager) -> int:
        """Flush the store."""
        name, store = _chosen(self, cache)
        store.flush()
        self.info(f'The cache store "{name}" is empty.')
        return self.SUCCESS


class ForgetCommand(Command):
    """Remove one key of a store."""

    signature: ClassVar[str] = (
        "cache:forget {key : The key} {store? : The store; the default one if left out}"
    )
    description: ClassVar[str] = "Remove one key of a cache store"

    def handle(self, cache: CacheManager) -> int:
        """Forget the key."""
        key = self.string("key")
        name, store = _chosen(self, cache)
        if store.forget(key):
            self.info(f'The key "{key}" was removed from the cache store "{name}".')
        else:
            self.info(f'The key "{key}" is not in the cache store "{name}".')
        return self.SUCCESS


class PruneCommand(Command):
    """Remove what has expired from a store."""

    signature: ClassVar[str] = "cache:prune {store? : The store; the default one if left out}"
    description: ClassVar[str] = "Remove what has expired from a cache store"

    def handle(self, cache: CacheManager) -> int:
        """Prune the store."""
        name, store = _chosen(self, cache)
        removed = store.prune()
        entries = "entry" if removed == 1 else "entries"
        self.info(f'{removed:,} expired {entries} removed from the cache store "{name}".')
        return self.SUCCESS


def _chosen(command: Command, cache: CacheManager) -> tuple[str, Repository]:
    """Return the store that the command line names, and its name."""
    named = command.argument("store")
    name = named if isinstance(named, str) else cache.default
    return name, cache.store(name)
