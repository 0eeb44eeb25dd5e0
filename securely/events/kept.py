"""KeptListeners: what discovery found, in a file, for as long as that is still true."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from securely.events.discovery import Discovered
from securely.events.exceptions import CacheNotWritable
from securely.events.target import EventKey, event_name, is_interface
from securely.support.importing import ImportFailed, import_object
from securely.support.manifest import Source

__all__ = ["ClassName", "KeptListeners"]

_FORMAT: Final = 1


class ClassName(str):
    """The dotted name of an event's class that was not imported."""

    __slots__ = ()


class _Row(NamedTuple):
    """One listener as the file has it: what it hears, which kind of that it is, and its name."""

    event: str
    kind: str
    listener: str


class KeptListeners:
    """The file in which `event:cache` keeps what discovery found: no start has to look again.

    It is JSON. A package whose Python files are not those that were looked at, or a file that
    cannot be read, is as if nothing had been kept.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: Mapping[str, Any] | None = None

    def listeners(self, package: str) -> list[tuple[EventKey, str]] | None:
        """Return what *package* was found to have; None if that is not known, or not any more.

        Classes that are interfaces are imported: what else is of their kind must be asked of them.
        """
        kept = self._packages().get(package)
        try:
            if kept is None or kept["sources"] != _sources(package):
                return None
            rows = [_Row(*each) for each in kept["listeners"]]
            return [(_key(row), row.listener) for row in rows]
        except (ImportFailed, KeyError, TypeError):
            return None

    def write(self, found: Mapping[str, Iterable[Discovered]]) -> None:
        """Keep what was *found* in each package.

        Raises:
            CacheNotWritable: The file cannot be written.
        """
        import json

        packages = {
            package: {"sources": sources, "listeners": [_row(each) for each in listeners]}
            for package, listeners in found.items()
            if (sources := _sources(package))
        }
        text = json.dumps({"format": _FORMAT, "packages": packages}, indent=1)
        aside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(text, encoding="utf-8")
            aside.replace(self.path)
        except OSError as error:
            raise CacheNotWritable(str(self.path), error.strerror or str(error)) from error
        self._read = None

    def forget(self) -> bool:
        """Remove the file; False when there was none.

        Raises:
            CacheNotWritable: It cannot be removed.
        """
        self._read = None
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise CacheNotWritable(str(self.path), error.strerror or str(error)) from error
        return True

    def _packages(self) -> Mapping[str, Any]:
        if self._read is None:
            self._read = self._load()
        return self._read

    def _load(self) -> Mapping[str, Any]:
        import json

        try:
            content: Any = json.loads(self.path.read_text(encoding="utf-8"))
            if content["format"] == _FORMAT and isinstance(content["packages"], dict):
                return cast("Mapping[str, Any]", content["packages"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # absent, damaged or of another version: discovery looks itself
        return {}


def _sources(package: str) -> list[list[str]]:
    """Return the Python files of *package* and their states, without importing anything."""
    first, *rest = package.split(".")
    spec = PathFinder.find_spec(first)
    if spec is None:
        return []
    if spec.submodule_search_locations is None:
        return [] if rest or spec.origin is None else [["", Source(spec.origin).current()]]
    found: list[list[str]] = []
    for location in spec.submodule_search_locations:
        root = Path(location, *rest)
        files = sorted(root.rglob("*.py")) if root.is_dir() else []
        if rest and root.with_suffix(".py").is_file():
            files.append(root.with_suffix(".py"))
        found += [
            [file.relative_to(root.parent).as_posix(), Source(str(file)).current()]
            for file in files
        ]
    return found


def _row(found: Discovered) -> _Row:
    event, listener = found.named()
    if isinstance(found.event, str):
        return _Row(event, "name", listener)
    return _Row(event, "interface" if is_interface(found.event) else "class", listener)


def _key(row: _Row) -> EventKey:
    if row.kind == "interface":
        return cast("type[Any]", import_object(event_name(row.event)))
    return ClassName(row.event) if row.kind == "class" else row.event
