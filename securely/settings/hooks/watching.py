"""Watcher: sees that somebody has changed the files with an editor."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from securely.settings.changing import Outcome, Snapshot
from securely.settings.settings import Settings

__all__ = ["LOOK_SECONDS", "Files", "Watcher"]

# Between two looks; an editor that writes several times is done when two are alike.
LOOK_SECONDS: Final = 0.25


class Files:
    """Tells that the files of the settings have changed, once they have come to rest.

    Args:
        settings: Those of the application.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen = self._states()
        self._is_moving = False

    def are_new(self) -> bool:
        """Look once; tell whether they have changed, and not since the last look."""
        states = self._states()
        if states != self._seen:
            self._seen, self._is_moving = states, True
            return False
        return self._is_moving

    def known(self) -> None:
        """Tell of what is there now no more."""
        self._is_moving = False

    def _states(self) -> dict[Path, tuple[int, int, int] | None]:
        """Return what tells whether a file has changed: editors rename, or write in place."""
        environment, vault = self._settings.environment, self._settings.writer.vault
        files = {*environment.files, environment.base_path / ".env", vault.file}
        return {file: _state(file) for file in sorted(files)}


class Watcher:
    """Looks at the files of the settings again and again.

    What `settings:set` and its kin change is known already, and passed over.

    Args:
        settings: Those of the application.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files = Files(settings)
        self._before: Snapshot = settings.writer.snapshot()
        self._revision: int = settings.revision

    def look(self) -> Outcome | None:
        """Return what was changed by hand, once the files have come to rest; None before.

        Raises:
            InvalidSettings: The configuration is not valid with it; nobody is told of it.
            EnvironmentFileBroken: A line of the .env file is malformed.
            SecretsBroken: The file of secrets was changed by something else.
            Locked: Another process is changing the settings; the next look finds it again.
        """
        if not self._files.are_new():
            return None
        if self._settings.revision != self._revision:
            self._files.known()
            self._settings.reread()
            self._remember()
            return None
        outcome = self._settings.adopt(self._before)
        self._files.known()
        # As they were then: what was changed while processes were told is yet to be told.
        self._before = outcome.seen or self._before
        self._revision = outcome.revision or self._revision
        return outcome if outcome.changes else None

    def calm(self) -> None:
        """Look no more at what is there now: it is wrong, and whoever edits goes on."""
        self._files.known()

    def _remember(self) -> None:
        self._before = self._settings.writer.snapshot()
        self._revision = self._settings.revision


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
