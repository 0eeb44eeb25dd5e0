"""What the settings ask of an application: its sections, its configuration anew, its problems."""

from __future__ import annotations

from collections.abc import Mapping

from securely.config import Config, Environment, Loaded, read_all
from securely.foundation.application import Application
from securely.foundation.configuration import (
    checked_sections,
    folders_of,
    placed,
    problems_of,
    unfit_keys,
)
from securely.foundation.providers.kept import forget

__all__ = ["ConfigurationExaminer"]


class ConfigurationExaminer:
    """Reads and checks the configuration of an application with other variables.

    It is an :class:`~securely.config.Examiner`.

    Args:
        app: The application.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    def sections(self) -> Mapping[str, type | str]:
        """Return the sections of the configuration, each with its class of options."""
        self._app.providers.load_deferred()
        return checked_sections(self._app.providers.loaded)

    def read(self, environment: Environment) -> Loaded:
        """Run the files of the configuration with *environment*; nothing kept is used."""
        always = Config.always()
        return (
            Loaded(always) if always is not None else read_all(folders_of(self._app), environment)
        )

    def forget_kept(self) -> bool:
        """Remove what `config:cache` has kept, so that the files are read; tell if there was."""
        return forget(self._app.cached_path("config"))

    def problems(self, environment: Environment) -> list[str]:
        """Return what is wrong with the configuration that *environment* gives, one line each."""
        loaded = self.read(environment)
        self._app.providers.load_deferred()
        config = Config(loaded.items)
        found = problems_of(config, self._app.providers.loaded)
        return placed(self._app, loaded, found or unfit_keys(config))
