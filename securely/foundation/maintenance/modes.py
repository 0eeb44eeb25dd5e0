"""FileMode and CacheMode: one machine, or all that share a cache."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

__all__ = ["DOWN_FILE", "CacheMode", "FileMode", "read_down_file"]

DOWN_FILE: Final = "framework/down"
_KEY: Final = "framework.down"
_UNAVAILABLE: Final = 503  # HTTP: come back later


class FileMode:
    """Keeps it in a file, so that every process of the machine sees it.

    Args:
        file: Gives the file, which moves when the storage folder does.
    """

    def __init__(self, file: Callable[[], Path]) -> None:
        self._file = file

    @property
    def is_active(self) -> bool:
        """Whether the application is down; one look at the file system."""
        return self._file().exists()

    def activate(self, payload: Mapping[str, object], /) -> None:
        """Write the file.

        Raises:
            OSError: `storage/framework` cannot be written to.
        """
        file = self._file()
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)  # there may be a secret in it
        draft.write_text(json.dumps(dict(payload), indent=2), encoding="utf-8")
        os.replace(draft, file)  # noqa: PTH105  # readers see the old file or the new one

    def deactivate(self) -> bool:
        """Remove the file; return whether there was one."""
        try:
            self._file().unlink()
        except FileNotFoundError:
            return False
        return True

    def data(self) -> dict[str, object]:
        """Return what the file says."""
        return read_down_file(self._file())


class CacheMode:
    """Keeps it in a cache store, so that every machine that shares the store sees it.

    Args:
        store: Gives the store, when it is first needed.
    """

    def __init__(self, store: Callable[[], Any]) -> None:
        self._store = store

    @property
    def is_active(self) -> bool:
        """Whether the application is down."""
        return bool(self._store().has(_KEY))

    def activate(self, payload: Mapping[str, object], /) -> None:
        """Write the entry; it stays until it is removed."""
        self._store().forever(_KEY, dict(payload))

    def deactivate(self) -> bool:
        """Remove the entry; return whether there was one."""
        return bool(self._store().forget(_KEY))

    def data(self) -> dict[str, object]:
        """Return what the entry says."""
        return _details(self._store().get(_KEY, {}))


def read_down_file(file: Path) -> dict[str, object]:
    """Return the content of a down file; one that cannot be parsed means down, without details."""
    try:
        return _details(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        return {"status": _UNAVAILABLE}


def _details(content: object) -> dict[str, object]:
    if not isinstance(content, dict):
        return {"status": _UNAVAILABLE}
    return cast("dict[str, object]", content)
