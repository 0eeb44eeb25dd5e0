"""JSON files in bootstrap/cache: true for one Securely, one Python, one set of packages."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from securely import __version__
from securely.foundation.exceptions import NotWritable
from securely.support.manifest import installed

__all__ = ["forget", "keep", "kept"]

_FORMAT: Final = 1


def kept(file: Path) -> dict[str, Any] | None:
    """Return what :func:`keep` wrote to *file*; None when it is absent, damaged or no longer true.

    It is no longer true with another version of Securely or Python, and when a package has been
    installed, removed or exchanged.
    """
    try:
        content: object = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    found = cast("dict[str, Any]", content)
    return found if all(found.get(name) == mark for name, mark in _marks().items()) else None


def keep(file: Path, content: dict[str, Any]) -> None:
    """Write *content* to *file*, aside first, so that nobody reads half of it.

    Raises:
        NotWritable: It cannot be written.
    """
    aside = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
    text = json.dumps({**_marks(), **content}, indent=2) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as opened:  # noqa: PTH123  # a descriptor
            opened.write(text)
        aside.replace(file)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise NotWritable(file, error.strerror or str(error)) from error


def forget(file: Path) -> bool:
    """Remove *file*, and say whether it was there.

    Raises:
        NotWritable: It cannot be removed.
    """
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise NotWritable(file, error.strerror or str(error)) from error
    return True


def _marks() -> dict[str, object]:
    python = ".".join(map(str, sys.version_info[:3]))
    return {
        "format": _FORMAT,
        "securely": __version__,
        "python": python,
        "installed": installed(),
    }
