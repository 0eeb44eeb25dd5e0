"""Follower: a process takes a change over without beginning anew."""

from __future__ import annotations

from collections.abc import Sequence

from securely.config import Config
from securely.events import Dispatcher
from securely.settings.events import SettingChanged
from securely.settings.settings import Settings

__all__ = ["Follower"]


class Follower:
    """Lets the configuration of this process have the values that the files have now.

    Args:
        config: The configuration that is read here.
        settings: Reads the files.
        events: Tells listeners.
    """

    def __init__(self, config: Config, settings: Settings, events: Dispatcher) -> None:
        self._config = config
        self._settings = settings
        self._events = events

    def follow(self, names: Sequence[str]) -> None:
        """Take over the settings that the variables *names* fill in, and tell listeners.

        Raises:
            EnvironmentFileBroken: A line of the .env file is malformed.
            ConfigFileBroken: A file of the configuration fails with it.
        """
        self._settings.reread()
        for name in names:
            keys = self._settings.keys_of(name)
            for key in keys:
                self._config.set(key, self._settings.get(key))
            secret = self._settings.is_secret(name)
            self._events.dispatch(SettingChanged(name, keys, secret))
