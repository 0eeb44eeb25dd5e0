"""about: what application this is, and where it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from securely.console import Command
from securely.console.output.style import escape
from securely.foundation.about import About

__all__ = ["AboutCommand"]


class AboutCommand(Command):
    """Shows what application this is: versions, environment, drivers, folders."""

    signature = """about
        {--only= : Sections to show, separated by commas}
        {--json : As JSON}"""
    description = "Show what application this is, and how it is set up"

    def handle(self, about: About) -> int:
        """Show the sections that were asked for."""
        shown = about.shown(*self._wanted(about.names))
        if self.option("json"):
            self.line(escape(json.dumps(_snake(shown), indent=2, default=str)))
            return self.SUCCESS
        for title, entries in shown.items():
            self.new_line()
            self.line(f"<info>{title}</info>")
            for name, value in entries.items():
                self.two_column_detail(name, escape(_word(value)))
        return self.SUCCESS

    def _wanted(self, every: tuple[str, ...]) -> list[str]:
        only = self.option("only")
        if not only:
            return []
        names = [name.strip().lower() for name in str(only).split(",")]
        unknown = {*names} - {title.lower() for title in every}
        if unknown:
            known = ", ".join(title.lower() for title in every)
            self.fail(f'There is no section "{min(unknown)}". Sections: {known}.')
        return names


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _snake(shown: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    return {
        title.lower().replace(" ", "_"): {
            name.lower().replace(" ", "_"): value for name, value in entries.items()
        }
        for title, entries in shown.items()
    }
