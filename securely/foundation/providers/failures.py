"""Where an error of a provider began: what a person has to look at, in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from securely.container import Provider
from securely.foundation.exceptions import ProviderFailed
from securely.support.importing import ImportFailed, import_object

__all__ = ["imported", "told"]

_IMPORT: Final = "import"
_IMPORTING: Final = import_object.__code__.co_filename


def imported(path: str, where: Callable[[], str] = str) -> type[Provider]:
    """Import and return the provider at *path*, "package.module:Class".

    Args:
        path: Its dotted path.
        where: Says what lists it, for the message; called only when there is one.

    Raises:
        ProviderFailed: It cannot be imported, or is no provider.
    """
    try:
        found = import_object(path)
    except ImportFailed as error:
        reason = f"{_unimported(error)} {where()}".rstrip()
        raise ProviderFailed(path, _IMPORT, reason) from error
    if not (isinstance(found, type) and issubclass(found, Provider)):
        reason = f"it is not a subclass of Provider {where()}".rstrip()
        raise ProviderFailed(path, _IMPORT, reason)
    return found


def told(error: BaseException) -> str:
    """Return kind and message of *error*, with file and line of where it began."""
    place = _place(error)
    return place if place.startswith(type(error).__name__) else f"{type(error).__name__}: {place}"


def _unimported(error: ImportFailed) -> str:
    """Return why something cannot be imported, with file and line where there is one to look at."""
    cause = error.__cause__
    if isinstance(cause, SyntaxError):
        return _place(cause)
    where = _last_own_frame(cause) if cause is not None else ""
    return f"{error.reason} ({where})" if where else error.reason


def _place(error: BaseException) -> str:
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, SyntaxError):
        return f"{cause.msg} ({cause.filename}, line {cause.lineno})"
    # The last frame that is not the import machinery is the line a person has to look at.
    where = _last_own_frame(cause)
    return f"{cause} ({where})" if where else str(cause)


def _last_own_frame(error: BaseException) -> str:
    frame, where = error.__traceback__, ""
    own = (_IMPORTING, str(Path(__file__)))
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if "importlib" not in name and name not in own and not name.startswith("<"):
            where = f"{name}, line {frame.tb_lineno}"
        frame = frame.tb_next
    return where
