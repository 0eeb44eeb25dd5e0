"""The steps in order: environment, configuration, proof, errors, providers, boot."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import securely
from securely.config import Config, Environment, config_files, fingerprint, load, merged
from securely.exceptions import ConfigurationError
from securely.foundation.builder import Parts
from securely.foundation.catalog import OPTIONS
from securely.foundation.errors import ErrorHandler
from securely.foundation.providers import ProviderRegistry, read_provider_file
from securely.support.importing import import_object
from securely.support.paths import Paths

__all__ = [
    "BOOTSTRAPPERS",
    "Bootable",
    "boot_providers",
    "configure_errors",
    "load_configuration",
    "load_environment",
    "problems_of",
    "prove_configuration",
    "register_providers",
]

DEFAULTS: Final = Path(securely.__file__).parent / "skeleton" / "config"
PROOF: Final = "config.proof"


class Bootable(Protocol):
    """An application, as far as the steps need one."""

    parts: Parts
    paths: Paths
    environment_overrides: dict[str, str]
    errors: ErrorHandler
    providers: ProviderRegistry

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

    def make(self, key: Any, /) -> Any:
        """Return the object of a binding."""
        ...


def load_environment(app: Bootable) -> None:
    """Read `.env`, under the process's own variables and the application's overrides."""
    process = {**os.environ, **app.environment_overrides}
    app.instance(Environment, Environment.load(app.paths.base, process=process))


def load_configuration(app: Bootable) -> None:
    """Read the framework's defaults and the files in `config/` over them."""
    environment: Environment = app.make(Environment)
    defaults = load(DEFAULTS, environment)
    config = Config(merged(defaults, load(app.paths.config, environment)))
    app.instance(Config, config)
    app.alias(Config, "config")


def prove_configuration(app: Bootable) -> None:
    """Validate all of the configuration, unless it is the one that was validated last."""
    mark = _fingerprint(app)
    file = app.paths.cache / PROOF
    if _read(file) == mark:
        return
    problems = problems_of(app.make(Config))
    if problems:
        raise ConfigurationError("\n".join(problems))
    _write(file, mark)


def configure_errors(app: Bootable) -> None:
    """Let the application say how errors are reported."""
    for configure in app.parts.on_errors:
        configure(app.errors)


def register_providers(app: Bootable) -> None:
    """Register the providers that do not wait, then the application's own."""
    app.providers.load_eager()
    for source in [*read_provider_file(app.paths.bootstrap / "providers.py"), *app.parts.providers]:
        if isinstance(source, str):
            app.providers.add_named(source)
        else:
            app.providers.add(source)
    for key, concrete in app.parts.bindings.items():
        app.bind(key, concrete)


def boot_providers(app: Bootable) -> None:
    """Boot what has registered."""
    app.run_booting_callbacks()
    app.providers.boot()


BOOTSTRAPPERS: Final[tuple[Callable[[Bootable], None], ...]] = (
    load_environment,
    load_configuration,
    prove_configuration,
    configure_errors,
    register_providers,
    boot_providers,
)


def problems_of(config: Config) -> list[str]:
    """Return what is wrong with *config*, one line each; empty when every component accepts it."""
    problems: list[str] = []
    for section, path in OPTIONS.items():
        options: Any = import_object(path)
        try:
            config.section(section).parse(options)
        except ConfigurationError as error:
            problems.extend(str(error).splitlines())
    return problems


def _fingerprint(app: Bootable) -> str:
    files = [file.path for folder in (DEFAULTS, app.paths.config) for file in config_files(folder)]
    return fingerprint(files, app.make(Environment))


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
