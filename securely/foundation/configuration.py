"""The configuration of an application: read, or taken from what is kept; proved; kept; placed."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import securely
from securely.config import (
    Config,
    ConfigFile,
    ConfigFileBroken,
    ConfigFileClash,
    Environment,
    Loaded,
    StaleConfigWarning,
    config_files,
    read_all,
)
from securely.config.files.cached import keep_config, read_cached
from securely.container import Provider
from securely.exceptions import ConfigurationError
from securely.foundation.builder import Parts
from securely.foundation.catalog import OPTIONS
from securely.foundation.exceptions import NotWritable
from securely.support.importing import import_object
from securely.support.paths import Paths
from securely.support.suggest import did_you_mean

__all__ = [
    "DEFAULTS",
    "Configured",
    "checked_sections",
    "environment_of",
    "files_of",
    "folders_of",
    "keep_configuration",
    "misnamed_files",
    "placed",
    "problems_of",
    "read_configuration",
    "unfit_keys",
]

DEFAULTS: Final = Path(securely.__file__).parent / "skeleton" / "config"
_KEY: Final = re.compile(r"[^\s:]+")


class Configured(Protocol):
    """An application, as far as its configuration needs one."""

    parts: Parts
    paths: Paths
    environment_overrides: dict[str, str]

    def make(self, key: Any, /) -> Any:
        """Return the object of a binding."""
        ...

    def cached_path(self, name: str, /) -> Path:
        """Return where it is kept what boots need not work out again."""
        ...


def environment_of(app: Configured) -> Environment:
    """Read the variables: the process's, under the application's overrides; the .env file; sources.

    Raises:
        EnvironmentFileBroken: A line of the file is malformed.
    """
    process = {**os.environ, **app.environment_overrides}
    environment = Environment.load(app.paths.base, process=process, files=app.parts.env_files)
    environment.asked = app.environment_overrides.get("APP_ENV")
    for source in app.parts.env_sources:
        environment.extend(source)
    if (app.paths.base / "settings").is_dir():
        # Where there are no secrets, nobody pays for them.
        from securely.settings.boot import add_secrets

        add_secrets(environment)
    return environment


def files_of(app: Configured) -> list[ConfigFile]:
    """Return the files of the configuration, the application's before the framework's."""
    found: list[ConfigFile] = []
    for folder in reversed(folders_of(app)):
        try:
            found.extend(config_files(folder))
        except ConfigFileClash as clash:  # whoever loads them tells of it
            found += [ConfigFile(clash.key, clash.first), ConfigFile(clash.key, clash.second)]
    return found


def read_configuration(app: Configured, environment: Environment) -> Loaded:
    """Return what `config:cache` has kept, if that holds; else run the files.

    What is kept and no longer true is not used, but in production: there it holds until the next
    `config:cache`, with a warning, because a server must not change while it is being deployed.
    """
    always = Config.always()
    if always is not None:
        return Loaded(always)
    file = app.cached_path("config")
    if file.is_file():
        files = tuple(files_of(app))
        cached = read_cached(file, [each.path for each in files], environment)
        if cached is not None:
            env = environment.get("APP_ENV") or cached.items.get("app", {}).get("env")
            if not cached.stale:
                return Loaded(cached.items, cached=True, files=files)
            if env == "production":
                warnings.warn(
                    f"The configuration in {file} is stale: {cached.stale}. It is used "
                    "nevertheless; run `config:cache` again, or `config:clear`.",
                    StaleConfigWarning,
                    stacklevel=2,
                )
                return Loaded(cached.items, cached=True, files=files)
    return read_all(folders_of(app), environment)


def keep_configuration(app: Configured) -> Path:
    """Run the files of the configuration anew, prove all of it, and keep it for later boots.

    Returns:
        The file in which it is kept.

    Raises:
        ConfigurationError: Something is wrong with it; all of that is told.
        Uncacheable: It holds what a file cannot keep.
        NotWritable: The file cannot be written.
    """
    environment = environment_of(app)
    loaded = read_all(folders_of(app), environment)
    problems = problems_of(Config(loaded.items))
    if loaded.problems or problems:
        raise ConfigurationError("\n".join(placed(app, loaded, problems)))
    from securely.config.files.places import Places

    file = app.cached_path("config")
    try:
        keep_config(file, loaded.items, _paths(app), environment, Places(files_of(app)).of)
    except OSError as error:
        raise NotWritable(file, error.strerror or str(error)) from error
    return file


def problems_of(config: Config, providers: Iterable[Provider] = ()) -> list[str]:
    """Return what is wrong with *config*, one line each; empty when every component accepts it.

    Args:
        config: The configuration.
        providers: Those of packages and of the application, whose `options` check sections, too.
    """
    problems: list[str] = []
    for section, given in checked_sections(providers).items():
        options: Any = import_object(given) if isinstance(given, str) else given
        try:
            config.section(section).parse(options)
        except ConfigurationError as error:
            problems.extend(str(error).splitlines())
    return problems


def unfit_keys(config: Config) -> list[str]:
    """Return what is wrong with the application's keys, one line at most; empty without a key.

    A boot does not ask: what mends a key has to run with one that fits no cipher.
    """
    if not config.get("app.key"):
        return []
    from securely.encryption import InvalidKey
    from securely.encryption.provider import EncryptionProvider

    try:
        EncryptionProvider.encrypter(config, EncryptionProvider.keys(config))
    except InvalidKey as error:
        return [f"{error.name} cannot be used to encrypt: {error.reason}"]
    return []


def checked_sections(providers: Iterable[Provider] = ()) -> dict[str, type | str]:
    """Return the sections that somebody checks, each with the class that does."""
    sections: dict[str, type | str] = {**OPTIONS}
    for provider in providers:
        for section, given in provider.options.items():
            sections.setdefault(section, given)
    return sections


def placed(app: Configured, loaded: Loaded, problems: Iterable[str]) -> list[str]:
    """Return all that is wrong, each with its file and line: what loading found, then *problems*.

    What a component says of a value that only stands in for a variable is left out: that the
    variable is wrong has been said.
    """
    from securely.config.files.places import Places

    environment: Environment = app.make(Environment)
    places = Places(files_of(app))
    told = [str(problem) for problem in loaded.problems]
    known = {
        (each.path, each.line) for each in loaded.problems if isinstance(each, ConfigFileBroken)
    }
    for problem in problems:
        found = _KEY.match(problem)
        place = places.of(found[0]) if found else None
        if place is None:
            told.append(problem)
        elif (place.path, place.line) not in known:
            # That a key is unknown is no fault of the variable that fills it in.
            names = () if "is not a known setting" in problem else place.variables
            said = "".join(
                f" {name} is set by {environment.why(name).source}."
                for name in names
                if environment.has(name)
            )
            # In a file of ours nobody can change it: then the variable is all there is to name.
            prefix = "" if DEFAULTS in place.path.parents else f"{place}: "
            told.append(f"{prefix}{problem}{said}")
    return told


def misnamed_files(app: Configured, sections: Iterable[str]) -> list[str]:
    """Return the files of `config/` whose name is nearly that of a section that somebody reads.

    Args:
        app: The application.
        sections: Those that a component checks.
    """
    known = {*sections, *(file.key for file in _listed(DEFAULTS))}
    told: list[str] = []
    for file in _listed(app.paths.config):
        near = did_you_mean(file.key, known) if file.key not in known else None
        if near is not None:
            told.append(
                f'{file.path}: No component reads the section "{file.key}". Did you mean "{near}"?'
            )
    return told


def folders_of(app: Configured) -> list[Path]:
    """Return the folders that the configuration is read from, the framework's first."""
    own = [app.paths.config]
    return [DEFAULTS, *own] if app.parts.merges_defaults else own


def _paths(app: Configured) -> list[Path]:
    return [file.path for file in files_of(app)]


def _listed(folder: Path) -> tuple[ConfigFile, ...]:
    try:
        return config_files(folder)
    except ConfigFileClash:
        return ()
