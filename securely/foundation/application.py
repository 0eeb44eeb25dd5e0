"""Application(Container): paths, environment, providers, lifecycle."""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeGuard, TypeVar, cast

from securely.config import Config
from securely.container import Container, Provider
from securely.foundation.bootstrap import BOOTSTRAPPERS
from securely.foundation.builder import ApplicationBuilder, Maker, Parts
from securely.foundation.catalog import SERVICES
from securely.foundation.deferred import Deferring
from securely.foundation.errors import ErrorHandler
from securely.foundation.events import Terminating
from securely.foundation.exceptions import NotYetBooted, UnknownStep
from securely.foundation.maintenance import Maintenance
from securely.foundation.providers import ProviderRegistry
from securely.support.awaiting import answered
from securely.support.paths import Paths

__all__ = ["Application"]

CONSOLE = "APP_RUNNING_IN_CONSOLE"
STORAGE = "SECURELY_STORAGE_PATH"
DEPRECATIONS = "deprecations"

Callback = Callable[..., object]
Step = Callable[[Any], None]
P = TypeVar("P", bound=Provider)


class Application(Container):
    """A container that knows where it lives, boots, and ends.

    Made by :meth:`configure`; nothing is read or imported before :meth:`boot`.

    Args:
        parts: What the builder collected.
        environment: Variables that win over the process's and over `.env`.
        storage: Where it may write; `storage/` under the base path when None.
    """

    def __init__(
        self,
        parts: Parts,
        environment: Mapping[str, str] | None = None,
        storage: Path | None = None,
    ) -> None:
        super().__init__()
        self.parts = parts
        self.paths: Paths = Paths(parts.base_path, storage)
        self.environment_overrides: dict[str, str] = dict(environment or {})
        named = self.environment_overrides.get(STORAGE) or os.environ.get(STORAGE)
        if storage is None and named:
            self.use_storage_path(named)
        self.maintenance: Maintenance = Maintenance(
            self.paths, self._maintenance_store, self._announce
        )
        self.deferred: Deferring = Deferring(self)
        self.providers: ProviderRegistry = ProviderRegistry(self)
        # Whether it boots in order to be checked: what is wrong with its configuration is told
        # by the command that checks, not by the boot.
        self.is_checking = False
        # Whether it boots for a command that may mend it: what a provider raises is passed over.
        self.is_repairing = False
        self.passed_over: list[Exception] = []
        self._is_booting = False
        self._is_booted = False
        self._in_console = False
        self._before: dict[str, list[Callback]] = {}
        self._after: dict[str, list[Callback]] = {}
        self._registered: list[Callback] = []
        self._booting: list[Callback] = []
        self._booted: list[Callback] = []
        self._terminating: list[Callback] = []
        self.resolve_environment_using(lambda: self.env)
        self._bind_itself()

    @classmethod
    def configure(cls, base_path: Path | str | None = None) -> ApplicationBuilder[Self]:
        """Begin an application whose `artisan.py` lies in *base_path*.

        Args:
            base_path: Without it, the variable `APP_BASE_PATH` of the process names it; without
                that, it is the folder above that of the calling file, `bootstrap/app.py`.
        """
        base = base_path or os.environ.get("APP_BASE_PATH")
        if base is None:
            frame = inspect.currentframe()
            caller = frame.f_back if frame is not None else None
            base = Path(caller.f_code.co_filename).parent.parent if caller is not None else "."
        # A cast, because a subclass could take other arguments; then it overrides this, too.
        return ApplicationBuilder(cast("Maker[Self]", cls), Path(base).resolve())

    def fresh(
        self, environment: Mapping[str, str] | None = None, storage: Path | None = None
    ) -> Self:
        """Make another application of the same parts; tests make one each."""
        return type(self)(self.parts, environment, storage)

    # Where it is and what it is called.

    def base_path(self, path: str = "") -> Path:
        """Return *path* under the folder that holds `artisan.py`."""
        return self.paths.base / path

    def storage_path(self, path: str = "") -> Path:
        """Return *path* under the folder that the application may write to."""
        return self.paths.storage / path

    def use_storage_path(self, path: Path | str) -> None:
        """Write elsewhere than to `storage/`; the variable SECURELY_STORAGE_PATH says so, too.

        Args:
            path: A folder; one that is relative lies under the base path.
        """
        self.paths.storage = self.paths.base / path

    def cached_path(self, name: str) -> Path:
        """Return where it is kept what boots need not work out again.

        That is `bootstrap/cache/NAME.json`, unless the variable `APP_NAME_CACHE` of the process
        names another file, which may be relative to the base path.

        Args:
            name: "config", "events", "packages", "routes" or "services".

        Source: Laravel 13, Application::getCachedConfigPath and its kin.
        """
        variable = f"APP_{name.upper()}_CACHE"
        named = self.environment_overrides.get(variable) or os.environ.get(variable)
        return self.paths.base / named if named else self.paths.cache / f"{name}.json"

    def configuration_is_cached(self) -> bool:
        """Tell whether `config:cache` has kept the configuration, and nobody has cleared it since.

        Source: Laravel 13, Application::configurationIsCached.
        """
        return self.cached_path("config").is_file()

    @property
    def version(self) -> str:
        """The version of Securely."""
        from securely import __version__

        return __version__

    @property
    def env(self) -> str:
        """Where it runs: local, testing, production …"""
        return str(self.make("config").get("app.env", "production"))

    def is_env(self, *patterns: str) -> bool:
        """Tell whether it runs in one of these; `*` stands for anything."""
        return any(fnmatchcase(self.env, pattern) for pattern in patterns)

    @property
    def is_local(self) -> bool:
        """Whether it runs on a developer's machine."""
        return self.env == "local"

    @property
    def is_production(self) -> bool:
        """Whether it runs for real."""
        return self.env == "production"

    @property
    def locale(self) -> str:
        """The language that is current in this request, job, command or block."""
        return str(self.make("translator").locale)

    def set_locale(self, locale: str | Enum) -> None:
        """Make *locale* current in this request, job, command or block; others keep theirs.

        Raises:
            InvalidLocale: It is no name of a locale.

        Source: Laravel 13, Application::setLocale.
        """
        self.make("translator").set_locale(locale)

    def is_locale(self, locale: str | Enum) -> bool:
        """Tell whether *locale* is the current one."""
        return self.locale == (locale.value if isinstance(locale, Enum) else locale)

    @property
    def fallback_locale(self) -> str | None:
        """The language of the lines that the current one lacks."""
        return cast("str | None", self.make("translator").fallback)

    def set_fallback_locale(self, locale: str | Enum | None) -> None:
        """Take lines from *locale* where the current one has none; in the whole process."""
        self.make("translator").set_fallback(locale)

    @property
    def running_tests(self) -> bool:
        """Whether tests run in it."""
        return self.env == "testing"

    @property
    def running_in_console(self) -> bool:
        """Whether a command line runs; the variable APP_RUNNING_IN_CONSOLE has the last word."""
        said = self.environment_overrides.get(CONSOLE) or os.environ.get(CONSOLE)
        return said.lower() in ("1", "true", "yes") if said else self._in_console

    @property
    def errors(self) -> ErrorHandler:
        """Who is told of errors that nobody caught."""
        handler: ErrorHandler = self.make(ErrorHandler)
        return handler

    @property
    def is_debug(self) -> bool:
        """Whether errors show their whole story; never in production."""
        return self.make("config").get("app.debug") is True and not self.is_production

    @property
    def is_down(self) -> bool:
        """Whether it is in maintenance mode."""
        return self.maintenance.is_active

    # Life.

    @property
    def is_booted(self) -> bool:
        """Whether :meth:`boot` has run."""
        return self._is_booted

    def boot(self) -> Self:
        """Read the environment and the configuration, register and boot providers; once.

        Raises:
            SecurelyError: Something in the environment, configuration or providers is wrong;
                the message names it.
        """
        if self._is_booted or self._is_booting:
            return self
        self._is_booting = True
        try:
            for bootstrap in BOOTSTRAPPERS:
                self._bootstrap(bootstrap)
        finally:
            self._is_booting = False
        self._is_booted = True
        self._run(self._booted)
        return self

    async def aboot(self) -> Self:
        """Async twin of :meth:`boot`."""
        self.boot()
        await self.providers.aboot()
        return self

    def before_bootstrapping(self, step: Step | str, callback: Callback) -> None:
        """Call *callback*, injected, before a step of :meth:`boot`.

        Args:
            step: One of `BOOTSTRAPPERS`, or its name, such as "load_configuration".
            callback: What to call; the order of several is kept.

        Raises:
            UnknownStep: There is no such step.
        """
        self._before.setdefault(_step(step), []).append(callback)

    def after_bootstrapping(self, step: Step | str, callback: Callback) -> None:
        """Call *callback*, injected, after a step; see :meth:`before_bootstrapping`."""
        self._after.setdefault(_step(step), []).append(callback)

    def after_loading_environment(self, callback: Callback) -> None:
        """Call *callback*, injected, once `.env` has been read, before any configuration."""
        self.after_bootstrapping("load_environment", callback)

    def registered(self, callback: Callback) -> None:
        """Call *callback*, injected, once all providers have registered."""
        self._registered.append(callback)

    def run_booting_callbacks(self) -> None:
        """Run what :meth:`registered` and :meth:`booting` collected, before the providers boot."""
        self._run(self._registered)
        self._run(self._booting)

    def booting(self, callback: Callback) -> None:
        """Call *callback*, injected, before the providers boot."""
        self._booting.append(callback)

    def booted(self, callback: Callback) -> None:
        """Call *callback*, injected, once the application has booted; at once if it has."""
        if self._is_booted:
            self._call(callback)
        else:
            self._booted.append(callback)

    def terminating(self, callback: Callback) -> None:
        """Call *callback*, injected, sync or async, when the application ends."""
        self._terminating.append(callback)

    def defer(self, function: Callback, name: str | None = None, *, always: bool = False) -> None:
        """Call *function*, injected, sync or async, when the command, job or request is over.

        Outside of these it is called when the application ends.

        Args:
            function: What can wait.
            name: Takes the place of what waits under the same name.
            always: Call it even when the command, job or request failed.

        Source: Laravel 13, defer().
        """
        self.deferred.defer(function, name, always=always)

    @contextmanager
    def without_defer(self) -> Generator[None]:
        """Within the block, call at once what is deferred; for tests."""
        with self.deferred.without():
            yield

    def handle_errors(self) -> None:
        """Have errors of this process reported that nobody can catch, until :meth:`terminate`.

        A command line does this by itself; a server that runs the application calls it.
        """
        self.errors.hooks.install()
        self.errors.hooks.capture_deprecations(self._deprecated)
        if self._wants_deprecations() and not sys.warnoptions:
            # Python hides them from everybody but whoever runs the module itself.
            for kind in (DeprecationWarning, PendingDeprecationWarning):
                warnings.filterwarnings("default", category=kind)

    def terminate(self) -> None:
        """Run what was deferred and what :meth:`terminating` collected, then close the services.

        The last one that was collected is the first to run. An error is reported and keeps no
        other from running.
        """
        interrupted: BaseException | None = None
        endings = self._endings()
        while True:
            try:
                for ending in endings:
                    self._finish(ending)
            except (KeyboardInterrupt, SystemExit) as signal:
                # It ends what runs just now, which may hang; all else is still to be closed.
                interrupted = signal
            else:
                break
        if interrupted is not None:
            raise interrupted

    @contextmanager
    def in_console(self) -> Generator[None]:
        """Within the block, :attr:`running_in_console` is true."""
        before, self._in_console = self._in_console, True
        try:
            yield
        finally:
            self._in_console = before

    def handle_command(self, argv: list[str]) -> int:
        """Run one console command and return its exit code.

        Args:
            argv: The words after `artisan.py`.
        """
        from securely.foundation.console_kernel import ConsoleKernel

        return ConsoleKernel(self).handle(argv)

    # Providers.

    def register(self, service: Any, *args: Any, **kwargs: Any) -> Self:
        """Add a provider, or register a service as punq does.

        A provider that has registered stays as it is, unless `force=True` is given.

        Args:
            service: A Provider class, or punq's service.
            args: punq's, see `punq.Container.register`.
            kwargs: punq's; of a provider, `force`.
        """
        if _is_provider(service) and not args and set(kwargs) <= {"force"}:
            self.providers.add(service, force=bool(kwargs.get("force")))
            return self
        return super().register(service, *args, **kwargs)

    def provider(self, provider: type[P] | str) -> P | None:
        """Return the loaded provider of a class, subclasses included, or of a dotted path.

        Source: Laravel 13, Application::getProvider.
        """
        return cast("P | None", self.providers.find(provider))

    def provider_is_loaded(self, provider: type[Provider] | str) -> bool:
        """Tell whether a provider has registered.

        Source: Laravel 13, Application::providerIsLoaded.
        """
        return self.providers.find(provider) is not None

    def load_missing(self, key: object) -> bool:
        """Load the deferred provider of *key*, if one waits."""
        return self.providers.load_for(key)

    def child(self) -> Container:  # type: ignore[override]  # a child is a plain container
        """Return a plain container that sees what is registered here, as punq's `child` does."""
        return Container(self.registrations)

    def _bind_itself(self) -> None:
        self.instance(Application, self)
        self.alias(Application, "app")
        self.instance(Paths, self.paths)
        self.alias(Paths, "paths")
        # Until it is read: services must not take an empty configuration for it.
        self.bind(Config, _no_configuration)
        self.alias(Config, "config")
        self.instance(ErrorHandler, ErrorHandler(self))
        self.alias(ErrorHandler, "errors")
        self.instance(Maintenance, self.maintenance)
        self.alias(Maintenance, "maintenance")

    def _bootstrap(self, step: Step) -> None:
        name = step.__name__
        self._tell(f"bootstrapping: {name}")
        self._run(self._before.get(name, []))
        step(self)
        self._run(self._after.get(name, []))
        self._tell(f"bootstrapped: {name}")

    def _tell(self, event: str) -> None:
        # To make the dispatcher for this would be to read the configuration before its turn.
        if self.resolved("events"):
            self.make("events").dispatch(event, [self])

    def _endings(self) -> Iterator[Callback]:
        """Give what is to be done at the end, each when its turn comes."""
        if self.resolved("events"):
            yield partial(self._announce, Terminating())
        yield self.deferred.rest.run
        while self._terminating:
            yield self._terminating.pop()
        # The log last: the others may have something to say.
        for name in sorted(SERVICES, key=lambda name: name == "log"):
            if self.resolved(name):
                close = getattr(self.make(name), "close", None)
                if close is not None:
                    yield close
        yield self.errors.hooks.uninstall
        yield self.close

    def _announce(self, event: object) -> None:
        self.make("events").dispatch(event)

    def _maintenance_store(self) -> Any:
        """Return the cache store that keeps that the application is down; None: a file does."""
        # What has not booted has no configuration, and the guard that never boots reads the file.
        if not self._is_booted:
            return None
        config = self.make("config")
        if config.get("app.maintenance.driver", "file") != "cache":
            return None
        return self.make("cache").store(config.get("app.maintenance.store", None))

    def _wants_deprecations(self) -> bool:
        config = self.make("config")
        named = config.get("log.deprecations.channel", None)
        return named is not None or config.has(f"log.channels.{DEPRECATIONS}")

    def _deprecated(self, warning: str) -> None:
        self.make("log").deprecated(warning)

    def _finish(self, callback: Callback) -> None:
        try:
            self._call(callback)
        except Exception as error:  # the others are still to run
            self.errors.report(error, during="terminate")

    def _run(self, callbacks: list[Callback]) -> None:
        # By index: a callback may add another, which runs too.
        position = 0
        while position < len(callbacks):
            self._call(callbacks[position])
            position += 1
        callbacks.clear()

    def _call(self, callback: Callback) -> None:
        answered(self.call(callback))


def _no_configuration() -> Config:
    raise NotYetBooted


def _step(step: Step | str) -> str:
    name = step if isinstance(step, str) else step.__name__
    known = [each.__name__ for each in BOOTSTRAPPERS]
    if name not in known:
        raise UnknownStep(name, tuple(known))
    return name


def _is_provider(service: object) -> TypeGuard[type[Provider]]:
    return isinstance(service, type) and issubclass(service, Provider)
