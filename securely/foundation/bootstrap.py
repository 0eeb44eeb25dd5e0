"""The steps in order: environment, configuration, proof, errors, providers, boot."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from securely.config import Config, Environment, Loaded, fingerprint
from securely.exceptions import ConfigurationError
from securely.foundation.builder import Parts
from securely.foundation.configuration import (
    environment_of,
    files_of,
    placed,
    problems_of,
    read_configuration,
)
from securely.foundation.errors import ErrorHandler
from securely.foundation.providers import (
    Listed,
    Packages,
    ProviderRegistry,
    Records,
    default_providers,
    read_provider_file,
)
from securely.foundation.providers.listed import FRAMEWORK, line_of
from securely.support.paths import Paths

__all__ = [
    "BOOTSTRAPPERS",
    "Bootable",
    "boot_providers",
    "configure_errors",
    "listed_providers",
    "load_configuration",
    "load_environment",
    "problems_of",
    "prove_configuration",
    "register_providers",
]

PROOF: Final = "config.proof"
_WATCHED: Final = frozenset({"local", "testing"})


class Bootable(Protocol):
    """An application, as far as the steps need one."""

    parts: Parts
    paths: Paths
    environment_overrides: dict[str, str]
    is_checking: bool
    is_repairing: bool
    passed_over: list[Exception]
    providers: ProviderRegistry

    @property
    def errors(self) -> ErrorHandler:
        """Who is told of errors that nobody caught."""
        ...

    def run_booting_callbacks(self) -> None:
        """Run what is to happen before the providers boot."""
        ...

    def instance(self, key: Any, value: Any, /) -> Any:
        """Bind an object."""
        ...

    def alias(self, key: Any, name: str, /) -> Any:
        """Give a binding a second name."""
        ...

    def bind(self, key: Any, concrete: Any = None, /) -> Any:
        """Bind what makes objects."""
        ...

    def singleton(self, key: Any, concrete: Any = None, /) -> Any:
        """Bind what makes one object."""
        ...

    def scoped(self, key: Any, concrete: Any = None, /) -> Any:
        """Bind what makes one object in each scope."""
        ...

    def after_resolving(self, key: Any, callback: Any, /) -> Any:
        """Have something called when an object has been made."""
        ...

    def make(self, key: Any, /) -> Any:
        """Return the object of a binding."""
        ...

    def cached_path(self, name: str, /) -> Path:
        """Return where `optimize` and boots keep what they know."""
        ...


def load_environment(app: Bootable) -> None:
    """Read `.env`, under the process's own variables and the application's overrides."""
    app.instance(Environment, environment_of(app))


def load_configuration(app: Bootable) -> None:
    """Take what `config:cache` has kept, or read the framework's defaults and `config/` over them.

    What is wrong with the files is told by the next step, together with the rest.
    """
    loaded = read_configuration(app, app.make(Environment))
    config = Config(loaded.items)
    config.strict = config.get("app.env", None) in _WATCHED or config.get("app.debug", None) is True
    app.instance(Loaded, loaded)
    app.instance(Config, config)
    app.alias(Config, "config")


def prove_configuration(app: Bootable) -> None:
    """Validate all of the configuration, unless it is the one that was validated last.

    What `config:cache` has kept was validated then. Commands that check do so themselves.
    """
    loaded: Loaded = app.make(Loaded)
    if app.is_checking or loaded.cached:
        return
    mark = "" if loaded.problems else _fingerprint(app)
    file = app.paths.cache / PROOF
    if mark and _read(file) == mark:
        return
    problems = problems_of(app.make(Config))
    if loaded.problems or problems:
        raise ConfigurationError("\n".join(placed(app, loaded, problems)))
    _write(file, mark)


def configure_errors(app: Bootable) -> None:
    """Let the application say how errors are reported."""
    for configure in app.parts.on_errors:
        configure(app.errors)


def register_providers(app: Bootable) -> None:
    """Register providers: the framework's that do not wait, those of packages, the application's.

    What the builder binds comes last, so that it wins.
    """
    config: Config = app.make(Config)
    app.providers.load_eager()
    listed = listed_providers(app)
    # Where people write code, a mistake is told; where it runs for real, it is not the time to.
    strict = config.get("app.env") in _WATCHED or config.get("app.debug") is True
    app.providers.load_listed(listed, Records(app.cached_path("services")), strict)
    for key, concrete in app.parts.bindings.items():
        app.bind(key, concrete)
    for key, concrete in app.parts.singletons.items():
        app.singleton(key, concrete)
    for key, concrete in app.parts.scoped.items():
        app.scoped(key, concrete)
    if app.parts.listeners or not app.parts.discovers:
        from securely.events import Dispatcher

        def discover(events: Dispatcher, _: object) -> None:
            if not app.parts.discovers:
                events.without_discovery()
            for package in app.parts.listeners:
                events.discover(package)

        app.after_resolving(Dispatcher, discover)


def listed_providers(app: Bootable) -> list[Listed]:
    """Return what packages, `bootstrap/providers.py` and the builder list, in that order.

    Where `app.providers` is configured, it says which of the framework's there are, and others
    that take their place come first.
    """
    listed = _of_the_framework(app, app.make(Config))
    listed += Packages(app.paths.base, app.cached_path("packages")).providers()
    file = app.paths.bootstrap / "providers.py"
    for each in read_provider_file(file):
        where = partial(line_of, file, each) if isinstance(each, str) else str
        listed.append(Listed(each, where=where))
    return listed + [Listed(each) for each in app.parts.providers]


def _of_the_framework(app: Bootable, config: Config) -> list[Listed]:
    """Leave out the framework's providers that `app.providers` does not name; return its others."""
    named = config.get("app.providers", None)
    if named is None:
        return []
    app.providers.keep_only(named)
    known = default_providers().to_list()
    where = "(listed in app.providers)".format
    return [Listed(each, FRAMEWORK, where) for each in named if each not in known]


def boot_providers(app: Bootable) -> None:
    """Boot what has registered; what cannot is passed over for commands that may mend it."""
    app.run_booting_callbacks()
    app.providers.boot(app.passed_over.append if app.is_repairing else None)


BOOTSTRAPPERS: Final[tuple[Callable[[Bootable], None], ...]] = (
    load_environment,
    load_configuration,
    prove_configuration,
    configure_errors,
    register_providers,
    boot_providers,
)


def _fingerprint(app: Bootable) -> str:
    return fingerprint([file.path for file in files_of(app)], app.make(Environment))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _write(file: Path, mark: str) -> None:
    # A folder that cannot be written to costs a validation at every boot, nothing else.
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(mark, encoding="ascii")
    except OSError:
        return
