"""Import by dotted name, and run files; a missing package names its extra."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from securely.exceptions import MissingExtra, SecurelyError
from securely.support import clock

__all__ = ["ImportFailed", "dotted", "import_object", "make_importable", "require", "run_file"]

# Byte code is kept for a time in whole seconds and a length: a file that is written twice within a
# second, as long as before, has both of them from the first one.
_NEW_SECONDS: Final = 2.0


class ImportFailed(SecurelyError, ImportError):
    """What a dotted name stands for cannot be imported.

    Attributes:
        target: The dotted name, as it was given.
        reason: What is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.target = path
        self.reason = reason
        super().__init__(f'Cannot import "{path}": {reason}')

    def __reduce__(self) -> tuple[type[ImportFailed], tuple[str, str]]:
        return type(self), (self.target, self.reason)


def import_object(path: str) -> object:
    """Return what *path* names: "package.module:Name" or "package.module.Name".

    With a colon, what stands behind it may be dotted, too ("package.module:Class.method").

    Raises:
        ImportFailed: The module does not import, or has no such name. The error of the module
            is its `__cause__`.

    Example:
        >>> import_object("securely.support.importing:dotted") is dotted
        True
    """
    module_name, colon, name = path.partition(":")
    if not colon:
        module_name, _, name = path.rpartition(".")
    if not module_name or not name:
        raise ImportFailed(path, 'write "package.module:Name".')
    try:
        found: object = importlib.import_module(module_name)
    except Exception as error:
        raise ImportFailed(path, _told(module_name, error)) from error
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise ImportFailed(path, _unknown(module_name, part, found)) from error
    return found


def run_file(file: Path, name: str) -> dict[str, Any]:
    """Run the Python file *file* as the module *name*, and return what it defines.

    Byte code is kept in ``__pycache__``, as for any module, but not of a file that was written a
    moment ago.

    Raises:
        OSError: It cannot be read.
        SyntaxError: It is no Python.
        Exception: Whatever it raises.
    """
    loader = SourceFileLoader(name, str(file))
    # The time of files is the real one, whatever clock is set.
    age = clock.SystemClock().timestamp() - file.stat().st_mtime
    code = (
        loader.source_to_code(loader.get_data(str(file)), str(file))
        if abs(age) < _NEW_SECONDS
        else loader.get_code(name)
    )
    namespace: dict[str, Any] = {"__name__": name, "__file__": str(file)}
    if code is not None:
        exec(code, namespace)  # noqa: S102  # the application's own file, or a package's
    return namespace


def make_importable(folder: str | os.PathLike[str]) -> None:
    """Let `import app` find the packages in *folder*, wherever the process was started."""
    path = os.fspath(folder)
    if path not in sys.path:
        sys.path.insert(0, path)


def dotted(target: object) -> str:
    """Return the name that :func:`import_object` finds *target* by: a class, function or instance.

    Example:
        >>> dotted(ImportFailed)
        'securely.support.importing:ImportFailed'
    """
    named = target if hasattr(target, "__qualname__") else type(target)
    return f"{named.__module__}:{getattr(named, '__qualname__', '')}"


def require(package: str, extra: str, needed_by: str = "") -> ModuleType:
    """Import an optional *package*.

    Args:
        package: Its name.
        extra: The extra of Securely that it belongs to.
        needed_by: What needs it, for the error: ``the store's database "fast"``.

    Raises:
        MissingExtra: It is not installed; the message has the line that installs it.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        # A package that is there, but lacks something itself, is another fault.
        if error.name is None or package.split(".", maxsplit=1)[0] != error.name.split(".")[0]:
            raise
        raise MissingExtra(package, extra, needed_by) from error


def _told(module_name: str, error: Exception) -> str:
    missing = isinstance(error, ModuleNotFoundError) and error.name is not None
    if missing and f"{module_name}.".startswith(f"{getattr(error, 'name', '')}."):
        return f'there is no module "{getattr(error, "name", "")}".'
    return f'the module "{module_name}" raised {type(error).__name__}: {error}'


def _unknown(module_name: str, part: str, owner: object) -> str:
    from securely.support.suggest import did_you_mean

    near = did_you_mean(part, [name for name in dir(owner) if not name.startswith("_")])
    hint = f' Did you mean "{near}"?' if near else ""
    return f'"{module_name}" has no "{part}".{hint}'
