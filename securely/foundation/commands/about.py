"""about: what application this is, and where it runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Final

from securely.config import Config, Environment
from securely.console import Command
from securely.console.output.style import escape
from securely.foundation.application import Application
from securely.support.masking import mask_urls

__all__ = ["AboutCommand", "sections"]

DRIVERS: Final = {
    "Cache": "cache.default",
    "Log": "log.default",
    "Queue": "queue.default",
}


def sections(app: Application) -> dict[str, dict[str, object]]:
    """Return what `about` shows, section by section; nothing is built for it."""
    config = app.make(Config)
    environment = app.make(Environment)
    return {
        "Environment": {
            "Application": config.get("app.name"),
            "Securely": app.version,
            "Python": sys.version.partition(" ")[0],
            "Environment": app.env,
            "Debug": app.is_debug,
            "Variables": environment.file.name if environment.file else "of the process only",
            "URL": mask_urls(str(config.get("app.url"))),
            "Timezone": config.get("app.timezone"),
            "Key": "set" if config.get("app.key") else "missing: python artisan.py key:generate",
            "Maintenance": app.is_down,
        },
        "Drivers": {name: config.get(key) for name, key in DRIVERS.items()},
        "Folders": {
            "Base": str(app.paths.base),
            "Storage": str(app.paths.storage),
        },
    }


class AboutCommand(Command):
    """Shows what application this is: versions, environment, drivers, folders."""

    signature = """about
        {--only= : Sections to show, separated by commas}
        {--json : As JSON}"""
    description = "Show what application this is, and how it is set up"

    def handle(self, app: Application) -> int:
        """Show the sections that were asked for."""
        shown = self._wanted(sections(app))
        if self.option("json"):
            self.line(json.dumps(_snake(shown), indent=2))
            return self.SUCCESS
        for title, entries in shown.items():
            self.new_line()
            self.line(f"<info>{title}</info>")
            for name, value in entries.items():
                self.two_column_detail(name, escape(_word(value)))
        return self.SUCCESS

    def _wanted(self, every: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        only = self.option("only")
        if not only:
            return every
        names = {name.strip().lower() for name in str(only).split(",")}
        unknown = names - {title.lower() for title in every}
        if unknown:
            known = ", ".join(title.lower() for title in every)
            self.fail(f'There is no section "{min(unknown)}". Sections: {known}.')
        return {title: entries for title, entries in every.items() if title.lower() in names}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _snake(shown: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    return {
        title.lower(): {name.lower().replace(" ", "_"): value for name, value in entries.items()}
        for title, entries in shown.items()
    }
