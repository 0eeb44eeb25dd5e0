"""tinker: a shell with the application in it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from securely.console import Command
from securely.console.tinker import Names, Tinker, classes_in
from securely.foundation.application import Application

__all__ = ["TinkerCommand"]

# Whose public names are there from the beginning. They lie above foundation: names, no imports.
_MODULES = ("securely.helpers", "securely.facades", "app.facades")


class TinkerCommand(Command):
    """Opens a shell with `app`, every facade, the helpers, and the application's own classes."""

    signature = """tinker
        {include?* : Files to run first}
        {--execute= : Run this code, print what its last expression gives, and leave}"""
    description = "Interact with the application"

    def handle(self, app: Application) -> int:
        """Open the shell, or run the code."""
        tinker = Tinker(
            # The application itself hides the helper of that name.
            Names({**_preloaded(), "app": app}, _classes(app), self._tell),
            app.paths.storage / "framework" / "tinker_history",
            self.output,
            mask=app.errors.masked,
        )
        for name in self.strings("include"):
            tinker.include(self._file(name))
        source = self.option("execute")
        if source is not None:
            return self.SUCCESS if tinker.execute(str(source)) else self.FAILURE
        tinker.interact(
            f"Securely {app.version} on Python {sys.version.partition(' ')[0]}: "
            f"app, the facades and helpers are here; await works; Ctrl-D leaves."
        )
        return self.SUCCESS

    def _file(self, name: str) -> Path:
        path = Path(name)
        if not path.is_file():
            self.fail(f'There is no file "{name}" to include.')
        return path

    def _tell(self, line: str) -> None:
        self.output.error_line(f"<muted>{line}</muted>")


def _preloaded() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for module in _MODULES:
        if _exists(module):
            loaded = importlib.import_module(module)
            public = getattr(loaded, "__all__", [n for n in vars(loaded) if not n.startswith("_")])
            names |= {name: getattr(loaded, name) for name in public}
    return names


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its package is not there either
        return False


def _classes(app: Application) -> dict[str, str]:
    return classes_in(app.paths.base / "app", "app")
