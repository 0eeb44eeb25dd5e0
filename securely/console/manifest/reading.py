"""The manifest of an application as it is kept; where it is stale, made anew from sources."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from securely import __version__
from securely.support.manifest import Manifest, manifest_path

__all__ = ["application_commands", "current", "unread_commands"]

_COMMANDS: Final = os.path.join("app", "console", "commands", "")  # noqa: PTH118  # a prefix
# Those of the framework are in its catalog, functions of routes are registered when they are run.
_ELSEWHERE: Final = ("securely.", "routes.console.")


def current(base: Path | str, *, brief: bool = False) -> Manifest:
    """Return the manifest of the application in *base*: the one kept there, or a new one.

    A new one is kept if the application's ``bootstrap/cache`` can be written to.

    Args:
        base: The folder of the application.
        brief: Leave out arguments and options, if they can be.
    """
    base = os.path.abspath(base)  # noqa: PTH100  # resolve() would leave links, abspath keeps them
    path = manifest_path(base)
    found = Manifest.read(path, __version__, brief=brief)
    if found is None:
        # What reads sources is dear to import, and mostly not needed.
        from securely.console.manifest.scan import scan

        found = scan(Path(base))
        if Path(base, "bootstrap").is_dir():
            found.write(path, __version__)
    return found


def application_commands(base: Path | str) -> list[tuple[str, str]]:
    """Return name and dotted path of each command that is not the framework's, and is a class.

    Those of the application's ``app/console/commands``, those that providers of packages and of
    the application name, and those of ``with_commands``.
    """
    return [
        (entry.name, entry.target)
        for entry in current(base, brief=True).entries
        if not entry.target.startswith(_ELSEWHERE)
    ]


def unread_commands(base: Path | str) -> list[str]:
    """Return a line for each file of ``app/console/commands`` whose commands are not all known."""
    found = current(base, brief=True)
    known = {entry.target.rpartition(".")[0] for entry in found.entries}
    return [
        warning.partition("\n")[0]
        for warning in found.warnings
        if warning.startswith(_COMMANDS) and _module(warning) not in known
    ]


def _module(warning: str) -> str:
    """Return the module whose file *warning* begins with."""
    return warning.partition(".py")[0].replace(os.sep, ".")
