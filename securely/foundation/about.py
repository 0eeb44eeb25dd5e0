"""About: what an application says of itself, section by section; others may add to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from securely.config import Config, Environment
from securely.container import singleton
from securely.foundation.application import Application
from securely.foundation.providers import Packages
from securely.support.masking import HIDDEN, looks_secret, mask_urls

__all__ = ["About", "Section"]

Section = Mapping[str, object] | Callable[[], Mapping[str, object]]

DRIVERS: Final = {
    "Cache": "cache.default",
    "Log": "log.default",
    "Mail": "mail.default",
    "Queue": "queue.default",
    "Store": "store.default",
}
KEPT: Final = ("config", "events", "services")


@singleton
class About:
    """The sections that `about` shows; nothing is evaluated before it is shown.

    Args:
        app: The application.

    Example:
        >>> about = About(app)
        >>> about.add("Shop", {"Rate": lambda: 19, "API token": "t0ken"})
        >>> about.shown("Shop")
        {'Shop': {'Rate': 19, 'API token': '********'}}

    Source: Laravel 13, AboutCommand::add.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._sections: dict[str, list[Section]] = {
            "Environment": [self._environment],
            "Cache": [self._kept],
            "Drivers": [self._drivers],
            "Folders": [self._folders],
            "Packages": [self._packages],
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The sections there are."""
        return tuple(self._sections)

    def add(self, section: str, data: Section) -> None:
        """Add to a section, or add one.

        Args:
            section: Its title.
            data: What it says: values, or functions of none that give them; or one that gives all.
        """
        self._sections.setdefault(section, []).append(data)

    def shown(self, *only: str) -> dict[str, dict[str, object]]:
        """Return what is to be shown, secrets masked; nothing is built for it.

        Args:
            only: Titles of sections, in any case; all when none is named.
        """
        wanted = {name.lower() for name in only}
        return {
            title: entries
            for title, parts in self._sections.items()
            if (not wanted or title.lower() in wanted)
            and ((entries := self._entries(parts)) or title.lower() in wanted)
        }

    def _entries(self, parts: list[Section]) -> dict[str, object]:
        entries: dict[str, object] = {}
        for part in parts:
            said = part() if callable(part) else part
            for name, value in said.items():
                entries[name] = _value(name, value)
        return entries

    def _environment(self) -> Mapping[str, object]:
        app = self._app
        config = app.make(Config)
        environment = app.make(Environment)
        # Said as a function, so that its name does not hide it.
        key = "set" if config.get("app.key", None) else "missing: python artisan.py key:generate"
        return {
            "Application": config.get("app.name"),
            "Securely": app.version,
            "Python": sys.version.partition(" ")[0],
            "Environment": app.env,
            "Debug": app.is_debug,
            "Variables": environment.file.name if environment.file else "of the process only",
            "URL": str(config.get("app.url")),
            "Timezone": config.get("app.timezone"),
            "Key": _Plain(key),
            "Maintenance": app.is_down,
        }

    def _kept(self) -> Mapping[str, object]:
        return {name.title(): self._app.cached_path(name).is_file() for name in KEPT}

    def _drivers(self) -> Mapping[str, object]:
        config = self._app.make(Config)
        return {name: config.get(key, None) for name, key in DRIVERS.items()}

    def _folders(self) -> Mapping[str, object]:
        return {"Base": str(self._app.paths.base), "Storage": str(self._app.paths.storage)}

    def _packages(self) -> Mapping[str, object]:
        app = self._app
        announced = Packages(app.paths.base, app.cached_path("packages")).providers()
        return {listed.path: listed.origin for listed in announced}


class _Plain(str):
    """A value that may be shown, whatever it is called."""

    __slots__ = ()


def _value(name: str, value: Any) -> object:
    if callable(value) and not isinstance(value, type):
        value = value()
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, _Plain):
        return str(value)
    if looks_secret(name) and value not in (None, "", True, False):
        return HIDDEN
    return mask_urls(value) if isinstance(value, str) else value
