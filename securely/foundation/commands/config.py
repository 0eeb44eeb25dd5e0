"""config:cache, config:check, config:clear, config:publish, make:config."""

from __future__ import annotations

import shutil
from pathlib import Path

from securely.config import Config, ConfigFile, Loaded, config_files
from securely.console import Command, Generator
from securely.console.output.style import escape
from securely.foundation.application import Application
from securely.foundation.configuration import (
    DEFAULTS,
    checked_sections,
    keep_configuration,
    misnamed_files,
    placed,
    problems_of,
    unfit_keys,
)
from securely.foundation.providers.kept import forget
from securely.support.paths import Paths
from securely.support.suggest import did_you_mean

__all__ = [
    "ConfigCacheCommand",
    "ConfigCheckCommand",
    "ConfigClearCommand",
    "ConfigPublishCommand",
    "MakeConfigCommand",
]


class ConfigCacheCommand(Command):
    """Keeps the configuration in one file, so that boots need not run those in `config/`."""

    signature = "config:cache"
    description = "Keep the configuration in one file, for a faster boot"

    def handle(self, app: Application) -> int:
        """Read and validate all of it anew, and keep it."""
        file = keep_configuration(app)
        self.info(f"The configuration is kept in {file}.")
        return self.SUCCESS


class ConfigClearCommand(Command):
    """Forgets what `config:cache` has kept."""

    signature = "config:clear"
    description = "Forget the configuration that config:cache has kept"

    def handle(self, app: Application) -> int:
        """Remove the file, if it is there."""
        forget(app.cached_path("config"))
        self.info("The kept configuration is cleared.")
        return self.SUCCESS


class ConfigCheckCommand(Command):
    """Validates the whole configuration, and shows all problems, each with its file and line."""

    signature = "config:check"
    description = "Validate the whole configuration"

    def handle(self, config: Config, app: Application, loaded: Loaded) -> int:
        """Let each component, and each provider of a package or the application, check its own."""
        app.providers.load_deferred()
        providers = app.providers.loaded
        found = problems_of(config, providers) or unfit_keys(config)
        problems = placed(app, loaded, found)
        problems += misnamed_files(app, checked_sections(providers))
        for problem in problems:
            self.error(problem)
        if problems:
            return self.FAILURE
        self.info("The configuration is valid.")
        return self.SUCCESS


class ConfigPublishCommand(Command):
    """Copies files of the framework's configuration into the application, to be edited."""

    signature = """config:publish
        {name? : The file, such as cache}
        {--all : All of them}
        {--force : Write over files that are there}"""
    description = "Copy files of the framework's configuration into the application"

    def handle(self, paths: Paths) -> int:
        """Copy one file, or all; a file that is there stays as it is without --force."""
        known = {file.key: file for file in config_files(DEFAULTS)}
        given = self.argument("name")
        if isinstance(given, str):
            if given not in known:
                near = did_you_mean(given, known)
                hint = f' Did you mean "{near}"?' if near else ""
                self.fail(f'There is no file "{given}".{hint} There is: {", ".join(known)}.')
            chosen = [known[given]]
        elif self.boolean("all"):
            chosen = [*known.values()]
        else:
            chosen = [known[self.choose("Which file is to be copied?", list(known))]]
        refused = [file.key for file in chosen if not self._copied(file, paths)]
        return self.FAILURE if isinstance(given, str) and refused else self.SUCCESS

    def _copied(self, file: ConfigFile, paths: Paths) -> bool:
        target = paths.config / file.path.name
        there = _one_of(target)
        if there is not None and not self.boolean("force"):
            self.warn(f"{there.relative_to(paths.base)} exists. With --force, it is replaced.")
            return False
        if there is not None and there != target:
            self.warn(f"{there.relative_to(paths.base)} defines the same section. Remove it first.")
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)
        self.two_column_detail(escape(str(target.relative_to(paths.base))), "COPIED")
        return True


class MakeConfigCommand(Generator):
    """Makes a file of the configuration."""

    signature = """make:config
        {name : Its name, such as billing}
        {--force : Write over a file that is there}"""
    description = "Make a file of the configuration"
    kind = "configuration"
    folder = "config"
    stub = "config.stub"

    def values(self) -> dict[str, str]:
        """Return the section and the prefix of its variables."""
        name = self.string("name").replace("/", ".").rpartition(".")[2]
        return {"prefix": name.replace("-", "_").upper()}


def _one_of(target: Path) -> Path | None:
    """Return the file that defines the section of *target*, in whichever form."""
    forms = [target, target.with_suffix(".yaml"), target.with_suffix(".yml")]
    return next((each for each in forms if each.exists()), None)
