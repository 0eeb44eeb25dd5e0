"""Maintenance: takes the application down and brings it up, wherever that is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from securely.foundation.events import MaintenanceModeDisabled, MaintenanceModeEnabled
from securely.foundation.exceptions import NotInMaintenance
from securely.foundation.maintenance.contracts import MaintenanceMode
from securely.foundation.maintenance.modes import DOWN_FILE, CacheMode, FileMode
from securely.support import entropy
from securely.support.paths import Paths

__all__ = ["Maintenance"]

_SECRET_BYTES = 16  # 128 bits: more than anybody can try


class Maintenance:
    """Whether the application is down; kept in a file, or in the cache for many machines.

    Args:
        paths: Of the application; the file is `storage/framework/down`.
        store: Gives the cache store that keeps it, None where the file does; the file when this is
            not said.
        tell: Called with an event when something has changed.

    Example:
        >>> import tempfile
        >>> maintenance = Maintenance(Paths(Path(tempfile.mkdtemp())))
        >>> maintenance.activate({"retry": 60})
        >>> maintenance.is_active, maintenance.data()
        (True, {'retry': 60})
        >>> maintenance.deactivate()

    Source: Laravel 13, MaintenanceModeManager.
    """

    def __init__(
        self,
        paths: Paths,
        store: Callable[[], Any] | None = None,
        tell: Callable[[object], object] | None = None,
    ) -> None:
        self._paths = paths
        self._store = store or _no_store
        self._tell = tell
        self._file_mode = FileMode(lambda: self.file)

    @property
    def file(self) -> Path:
        """The file that says that the application is down, where a file does."""
        return self._paths.storage / DOWN_FILE

    @property
    def is_active(self) -> bool:
        """Whether the application is down."""
        return self._mode().is_active

    def activate(self, payload: Mapping[str, object]) -> None:
        """Take the application down, or change how it is down.

        Args:
            payload: `status` (HTTP), `retry` (seconds, or the text of a date), `refresh`
                (seconds), `redirect` (a path), `secret` (lets its bearer in), `template` (a page),
                `allow` (addresses and networks that are let in), `except` (paths that are
                answered all the same; `/up` unless given); all optional.

        Raises:
            OSError: `storage/framework` cannot be written to.
        """
        self._mode().activate(payload)
        self._told(MaintenanceModeEnabled())

    def deactivate(self) -> None:
        """Bring the application up.

        Raises:
            NotInMaintenance: It is not down.
        """
        if not self._mode().deactivate():
            raise NotInMaintenance
        self._told(MaintenanceModeDisabled())

    def data(self) -> dict[str, object]:
        """Return what `activate` was given; empty when the application is up."""
        return self._mode().data()

    def new_secret(self) -> str:
        """Return a word that nobody can guess."""
        return entropy.token_hex(_SECRET_BYTES)

    def _mode(self) -> MaintenanceMode:
        store = self._store()
        return self._file_mode if store is None else CacheMode(lambda: store)

    def _told(self, event: object) -> None:
        if self._tell is not None:
            self._tell(event)


def _no_store() -> None:
    return None
