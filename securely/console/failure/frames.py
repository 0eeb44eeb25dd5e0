"""Whose a frame is: the application's, ours, or that of Python and packages; and where it lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

__all__ = ["frames_of", "is_framework", "is_own", "own_traceback", "shown_path"]

_PACKAGES: Final = frozenset({"site-packages", "dist-packages"})
_FRAMEWORK: Final = str(Path(__file__).parents[2]) + os.sep


def frames_of(error: BaseException) -> list[Any]:
    """Return the frames that *error* came through, the innermost last, without Python's imports."""
    from traceback import extract_tb  # a start need not have it

    # Those of the import system stand between any two modules and say nothing.
    return [f for f in extract_tb(error.__traceback__) if not f.filename.startswith("<frozen ")]


def is_framework(filename: str) -> bool:
    """Tell whether a frame's file is one of Securely."""
    return filename.startswith(_FRAMEWORK)


def is_own(filename: str) -> bool:
    """Tell whether a frame's file belongs neither to Securely nor to Python or a package."""
    library = str(Path(os.__file__).parent) + os.sep
    others = filename.startswith(("<frozen ", _FRAMEWORK, library))
    return not others and _PACKAGES.isdisjoint(Path(filename).parts)


def own_traceback(error: BaseException) -> str:
    """Return the traceback of *error* as Python writes it, without the frames of what is installed.

    What remains are those of the application and of what was typed.
    """
    from traceback import TracebackException  # a start need not have it

    told = TracebackException.from_exception(error)
    _leave_own(told)
    return "".join(told.format())


def _leave_own(told: Any) -> None:
    frames = [frame for frame in told.stack if is_own(frame.filename)]
    told.stack[:] = frames
    for each in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if each is not None:
            _leave_own(each)


def shown_path(filename: str) -> str:
    """Return *filename* relative to the working directory where it lies in it."""
    try:
        path = Path(filename).relative_to(Path.cwd())
    except (ValueError, OSError):  # elsewhere, or the directory is gone
        return filename
    return str(path)
