"""cache:clear, cache:forget, cache:prune, cache:stats."""

from __future__ import annotations

import json
from typing import ClassVar

from securely.cache.manager import CacheManager
from securely.cache.repository import Repository
from securely.console import Command
from securely.console.output.style import escape
from securely.exceptions import SecurelyError

__all__ = ["ClearCommand", "ForgetCommand", "PruneCommand", "StatsCommand"]


class ClearCommand(Command):
    """Remove every key of a store."""

    signature: ClassVar[str] = (
        "cache:clear {store? : The store; the default one if left out} "
        "{--tags= : Only what these tags cover, with commas between them} "
        "{--locks : Free all locks instead; keys stay}"
    )
    description: ClassVar[str] = "Remove every key of a cache store; locks stay"

    def handle(self, cache: CacheManager) -> int:
        """Flush the store, or its tags, or its locks."""
        name, store = _chosen(self, cache)
        named = self.option("tags")
        tags = [tag.strip() for tag in str(named or "").split(",") if tag.strip()]
        if named is not None and not tags:
            # A variable that is empty in a script must not empty the whole store.
            self.error("No tag is named: say --tags=people, or leave --tags out to clear it all.")
            return self.FAILURE
        if self.boolean("locks"):
            if tags:
                self.error("Locks have no tags: say --tags or --locks, not both.")
                return self.FAILURE
            store.flush_locks()
            self.info(f'The cache store "{name}" has no locks any more.')
        elif tags:
            store.tags(tags).flush()
            covered = ", ".join(f'"{tag}"' for tag in tags)
            self.info(f'The cache store "{name}" has nothing any more with the tags {covered}.')
        else:
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


class StatsCommand(Command):
    """Tell how full the stores are."""

    signature: ClassVar[str] = (
        "cache:stats {store? : The store; all of them if left out} {--json : For machines}"
    )
    description: ClassVar[str] = "Tell how full the cache stores are"

    def handle(self, cache: CacheManager) -> int:
        """Ask the stores; one that does not answer says why, and no other is kept from it."""
        named = self.argument("store")
        names = [named] if isinstance(named, str) else cache.names()
        found: dict[str, dict[str, int | float | str]] = {}
        for name in names:
            try:
                found[name] = cache.store(name).stats()
            except SecurelyError as error:
                found[name] = {"error": str(error)}
        if self.boolean("json"):
            self.line(json.dumps(found))
        else:
            for name, figures in found.items():
                self.line(f"<info>{escape(name)}</info>")
                for label, figure in figures.items() or [("entries", "not told")]:
                    shown = figure if isinstance(figure, str) else f"{figure:,}"
                    self.two_column_detail(f"  {label}", escape(shown))
        return self.FAILURE if any("error" in each for each in found.values()) else self.SUCCESS


def _chosen(command: Command, cache: CacheManager) -> tuple[str, Repository]:
    """Return the store that the command line names, and its name."""
    named = command.argument("store")
    name = named if isinstance(named, str) else cache.default
    return name, cache.store(name)
