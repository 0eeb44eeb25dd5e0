"""Binds the cache and the rate limiter, and names the commands of the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, runtime_checkable

from securely.cache.commands import ClearCommand, ForgetCommand, PruneCommand, StatsCommand
from securely.cache.exceptions import EntryRefused
from securely.cache.limiter import RateLimiter
from securely.cache.manager import CacheManager, Materials
from securely.cache.options import CacheOptions
from securely.cache.place import Memory
from securely.cache.repository import Repository
from securely.config import Config
from securely.container import NotBooted, Provider, current
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.log import LogManager
from securely.support.paths import Paths

__all__ = ["CacheProvider", "Deferring"]


@runtime_checkable
class Deferring(Protocol):
    """What does something when the request, the job or the command is over: an application."""

    def defer(
        self, function: Callable[[], object], /, name: str | None = None, *, always: bool = False
    ) -> object:
        """Have *function* done then."""
        ...


class CacheProvider(Provider):
    """Binds the cache and the rate limiter, and names the commands of the cache."""

    provides: ClassVar[Mapping[str, type]] = {
        "cache": CacheManager,
        "cache.store": Repository,
        "rate_limiter": RateLimiter,
    }
    commands: ClassVar[Mapping[str, type | str]] = {
        "cache:clear": ClearCommand,
        "cache:forget": ForgetCommand,
        "cache:prune": PruneCommand,
        "cache:stats": StatsCommand,
    }
    options: ClassVar[Mapping[str, type | str]] = {"cache": CacheOptions}

    def register(self) -> None:
        """Bind the manager, which is the default store, too, and the limiter that counts in it."""
        self.app.singleton(CacheManager, self.manager)
        self.app.bind(Repository, CacheManager)
        self.app.scoped(Memory)
        self.app.singleton(RateLimiter, self.limiter)

    def manager(self, config: Config, events: Dispatcher, paths: Paths) -> CacheManager:
        """Return the manager of the configured stores."""
        options = config.section("cache").parse(CacheOptions)
        materials = Materials(
            locate=paths.resolve,
            # Asked for when a store that signs is first used: memory needs no application key.
            seal=lambda: self.app.make(KeyRing).purpose("cache"),
            report=self.report,
            classes=options.serializable_classes,
            memory=lambda: self.app.make(Memory),
            defer=self.defer,
            current=self.current,
        )
        return CacheManager(
            options.default,
            options.stores,
            prefix=options.prefix,
            events=events,
            materials=materials,
        )

    def limiter(self, config: Config, cache: CacheManager) -> RateLimiter:
        """Return the limiter, which counts in the store that the configuration names."""
        return RateLimiter(cache.store(config.section("cache").parse(CacheOptions).limiter))

    def defer(self, function: Callable[[], object], name: str, always: bool) -> None:
        """Have the application do *function* later; a bare container does it at once."""
        if isinstance(self.app, Deferring):
            self.app.defer(function, name, always=always)
        else:
            function()

    def current(self) -> CacheManager | None:
        """Return the cache of the application that is current now; None where none is."""
        try:
            return current().make(CacheManager)
        except NotBooted:
            return None

    def report(self, error: EntryRefused) -> None:
        """Log that a store has refused an entry: somebody should look."""
        self.app.make(LogManager).warning(
            "cache entry refused", store=error.store, key=error.key, reason=error.reason
        )
