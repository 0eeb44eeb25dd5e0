"""Binds the settings; nothing of theirs is read before somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

import securely
from securely.config import Config, Environment, Examiner, Loaded
from securely.container import Provider
from securely.events import Dispatcher
from securely.settings.boot import vault_of
from securely.settings.changing import Writer
from securely.settings.exceptions import SettingsError
from securely.settings.history import History
from securely.settings.hooks.hooks import Hooks
from securely.settings.hooks.plan import Plan
from securely.settings.hooks.programs import Programs
from securely.settings.settings import Settings
from securely.support.masking import looks_secret
from securely.support.paths import Paths

__all__ = ["SettingsProvider"]


class SettingsProvider(Provider):
    """Binds the settings, and names their commands."""

    provides: ClassVar[Mapping[str, type]] = {"settings": Settings, "settings.hooks": Hooks}
    options: ClassVar[Mapping[str, type | str]] = {
        "settings": "securely.settings.options.SettingsOptions"
    }
    commands: ClassVar[Mapping[str, type | str]] = {
        "settings:all": "securely.settings.commands.reading.AllCommand",
        "settings:audit": "securely.settings.commands.inspecting.AuditCommand",
        "settings:decrypt": "securely.settings.commands.secrets.DecryptCommand",
        "settings:diff": "securely.settings.commands.inspecting.DiffCommand",
        "settings:edit": "securely.settings.commands.secrets.EditCommand",
        "settings:encrypt": "securely.settings.commands.secrets.EncryptCommand",
        "settings:example": "securely.settings.commands.inspecting.ExampleCommand",
        "settings:expire": "securely.settings.commands.secrets.ExpireCommand",
        "settings:export": "securely.settings.commands.moving.ExportCommand",
        "settings:get": "securely.settings.commands.reading.GetCommand",
        "settings:has": "securely.settings.commands.reading.HasCommand",
        "settings:history": "securely.settings.commands.inspecting.HistoryCommand",
        "settings:hooks": "securely.settings.commands.hooks.HooksCommand",
        "settings:import": "securely.settings.commands.moving.ImportCommand",
        "settings:key": "securely.settings.commands.secrets.KeyCommand",
        "settings:rekey": "securely.settings.commands.secrets.RekeyCommand",
        "settings:rename": "securely.settings.commands.changing.RenameCommand",
        "settings:rollback": "securely.settings.commands.changing.RollbackCommand",
        "settings:rotate": "securely.settings.commands.secrets.RotateCommand",
        "settings:run": "securely.settings.commands.moving.RunCommand",
        "settings:scan": "securely.settings.commands.inspecting.ScanCommand",
        "settings:search": "securely.settings.commands.inspecting.SearchCommand",
        "settings:set": "securely.settings.commands.changing.SetCommand",
        "settings:unset": "securely.settings.commands.changing.UnsetCommand",
        "settings:validate": "securely.settings.commands.inspecting.ValidateCommand",
        "settings:watch": "securely.settings.commands.hooks.WatchCommand",
        "settings:why": "securely.settings.commands.inspecting.WhyCommand",
    }

    def register(self) -> None:
        """Bind the settings, made when they are first used."""
        self.app.singleton(Settings, self.settings)
        self.app.singleton(Hooks, self.hooks)

    def settings(
        self,
        loaded: Loaded,
        environment: Environment,
        paths: Paths,
        examiner: Examiner,
        hooks: Hooks,
    ) -> Settings:
        """Make the settings of this application, for the environment it runs in."""
        vault = vault_of(environment)
        folder = paths.storage / "settings"
        label = vault.environment
        writer = Writer(
            environment,
            vault,
            history=History(folder / f"history.{label}.jsonl", label),
            examiner=examiner,
            journal=folder / f"journal.{label}",
        )
        defaults = Path(securely.__file__).parent / "skeleton" / "config"
        return Settings(loaded, writer, examiner=examiner, hooks=hooks, defaults=defaults)

    def hooks(
        self, paths: Paths, config: Config, events: Dispatcher, environment: Environment
    ) -> Hooks:
        """Make what asks before a change and tells after it."""

        def plan() -> Plan:
            from securely.settings.options import SettingsOptions  # pydantic: not at a start

            return config.section("settings").parse(SettingsOptions).hooks.plan

        programs = Programs(paths.base, lambda: environment.joined({}))
        return Hooks(paths.storage, programs, events, config, plan, partial(_secrets, environment))


def _secrets(environment: Environment) -> list[str]:
    """Return the values of what is kept as a secret, or is one by its name."""
    found = [environment.of_files(name) for name in environment.names() if looks_secret(name)]
    with suppress(SettingsError):  # what cannot be read cannot be repeated
        found += vault_of(environment).all().values()
    return [value for value in found if value]
