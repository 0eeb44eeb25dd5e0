"""Binds the cache and the rate limiter, and names the commands of the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, ClassVar, Protocol, runtime_checkable

from securely.cache.commands import ClearCommand, ForgetCommand, PruneCommand, StatsCommand
from securely.cache.exceptions import EntryRefused, StoreUnavailable
from securely.cache.limiter import RateLimiter
from securely.cache.manager import CacheManager, Materials
from securely.cache.options import CacheOptions
from securely.cache.place import Memory
from securely.cache.repository import Repository
from securely.config import Config
from securely.container import NotBooted, Provider, current
from securely.container.scope import current_scope
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

    @property
    def errors(self) -> Any:
        """Who is told what goes wrong in it."""
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

    def defer(self, function: Callable[[], object], name: str, always: bool) -> object:
        """Have the application do *function* later, or do it at once where nothing will end.

        Returns:
            What is to be awaited, if *function* is async and is done at once.
        """
        app = self.app
        if not isinstance(app, Deferring):  # a bare container
            return function()
        if self._is_in_scope():
            app.defer(function, name, always=always)
            return None
        # Outside of any scope it would wait for the end of the application: in a script or a test
        # for ever, as its users see it.
        if iscoroutinefunction(function):
            return self._do(function, app)
        try:
            return function()
        except Exception as error:  # the stale value is there: nobody is to be kept from it
            return app.errors.report(error, during="deferred")

    async def _do(self, function: Callable[[], Any], app: Deferring) -> None:
        try:
            await function()
        except Exception as error:  # as above
            app.errors.report(error, during="deferred")

    def _is_in_scope(self) -> bool:
        scope = current_scope.get()
        while scope is not None and scope.owner is not self.app:
            scope = scope.outer
        return scope is not None

    def current(self) -> CacheManager | None:
        """Return the cache of the application that is current now; None where none is."""
        try:
            return current().make(CacheManager)
        except NotBooted:
            return None

    def report(self, error: EntryRefused | StoreUnavailable) -> None:
        """Log that a store has refused an entry, or was passed over: somebody should look."""
        log = self.app.make(LogManager)
        if isinstance(error, EntryRefused):
            log.warning(
                "cache entry refused", store=error.store, key=error.key, reason=error.reason
            )
        else:
            log.warning(
                "cache store failed over", store=error.store, place=error.place, reason=error.reason
            )
