"""What `optimize`, `optimize:clear` and `reload` do: the framework's part and that of providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from securely import __version__
from securely.console.manifest.scan import scan
from securely.container.provider import Task
from securely.foundation.application import Application
from securely.foundation.bootstrap import listed_providers
from securely.foundation.exceptions import NotWritable
from securely.foundation.providers.discovery import Packages
from securely.foundation.providers.kept import forget
from securely.foundation.providers.records import Records
from securely.support.manifest import manifest_path

__all__ = ["Chore", "clearing", "optimizing", "reloading", "wanted"]

# Key -> the command that makes it, and the one that takes it back.
_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "config": ("config:cache", "config:clear"),
    "events": ("event:cache", "event:clear"),
    "routes": ("route:cache", "route:clear"),
    "views": ("view:cache", "view:clear"),
}
_RELOADING: Final[Mapping[str, str]] = {
    "queue": "queue:restart",
    "schedule": "schedule:interrupt",
}


class Chore(NamedTuple):
    """One thing to do.

    Attributes:
        key: What it is called, and what `--except` skips it by.
        task: A command by its name, or a function whose parameters are injected.
    """

    key: str
    task: Task


def optimizing(app: Application) -> list[Chore]:
    """Return what `optimize` does: packages, services and commands, caches, what providers add."""
    own = [
        Chore("packages", lambda: _packages(app).discover()),
        Chore("services", lambda: _keep_services(app)),
        Chore("commands", lambda: _keep_commands(app)),
        *(Chore(key, make) for key, (make, _) in _COMMANDS.items()),
    ]
    return own + [
        Chore(key, optimize)
        for each in app.providers.loaded
        for key, (optimize, _) in each.optimizing.items()
        if optimize is not None
    ]


def clearing(app: Application) -> list[Chore]:
    """Return what `optimize:clear` does: it takes back what `optimize` does, and nothing else."""
    own = [
        Chore("packages", lambda: _forget(app, "packages")),
        Chore("services", lambda: _forget(app, "services")),
        Chore("commands", lambda: _forget_commands(app)),
        *(Chore(key, clear) for key, (_, clear) in _COMMANDS.items()),
    ]
    return own + [
        Chore(key, clear)
        for each in app.providers.loaded
        for key, (_, clear) in each.optimizing.items()
        if clear is not None
    ]


def reloading(app: Application) -> list[Chore]:
    """Return what `reload` does: it has what runs for long begin anew, with the new code."""
    own = [Chore(key, task) for key, task in _RELOADING.items()]
    return own + [
        Chore(key, task) for each in app.providers.loaded for key, task in each.reloading.items()
    ]


def wanted(
    chores: Sequence[Chore], without: Sequence[str], has: Callable[[str], bool]
) -> list[Chore]:
    """Return the chores that are to be done.

    Args:
        chores: All of them; of several with one key the last counts.
        without: Keys, or names of commands, of those that are not wanted.
        has: Tells whether there is a command of that name; a chore without its command is none.
    """
    known = {each.key: each for each in chores}
    return [
        each
        for each in known.values()
        if each.key not in without
        and each.task not in without
        and (not isinstance(each.task, str) or has(each.task.split()[0]))
    ]


def _packages(app: Application) -> Packages:
    return Packages(app.paths.base, app.cached_path("packages"))


def _keep_services(app: Application) -> None:
    records = Records(app.cached_path("services"))
    for each in listed_providers(app):
        records.of(each)
    records.keep()


def _keep_commands(app: Application) -> None:
    path = manifest_path(str(app.paths.base))
    if not scan(app.paths.base).write(path, __version__):
        raise NotWritable(app.paths.base / "bootstrap/cache/commands.txt", "it cannot be written")


def _forget(app: Application, name: str) -> None:
    forget(app.cached_path(name))


def _forget_commands(app: Application) -> None:
    forget(app.paths.base / "bootstrap/cache/commands.txt")
