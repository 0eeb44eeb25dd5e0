"""FileLoader: lines from files, listed once: no name becomes a path. ArrayLoader: from memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from securely.translation.contracts import Lines
from securely.translation.exceptions import InvalidLocale, LinesBroken
from securely.translation.files import SUFFIXES, read_group, read_json_lines
from securely.translation.locales import locale_name

__all__ = ["BUILT_IN", "ArrayLoader", "FileLoader", "merged"]

BUILT_IN: Final = Path(__file__).parent / "lang"
"""The framework's own lines."""

_NONE: Final[Lines] = {}
_VENDOR: Final = "vendor"


class ArrayLoader:
    """Lines that are given to it; for tests.

    Example:
        >>> loader = ArrayLoader().add_messages("en", "shop", {"cart": "Cart"})
        >>> loader.load("en", "shop", "*")
        {'cart': 'Cart'}
    """

    def __init__(self) -> None:
        self.messages: dict[tuple[str, str, str], Lines] = {}
        self._namespaces: dict[str, object] = {}

    @property
    def namespaces(self) -> Mapping[str, object]:
        """The namespaces that were added."""
        return self._namespaces

    def add_messages(
        self, locale: str, group: str, messages: Lines, namespace: str = "*"
    ) -> ArrayLoader:
        """Add the lines of a group; "*" for those that are their own keys."""
        self.messages[namespace, group, locale] = messages
        return self

    def load(self, locale: str, group: str, namespace: str) -> Lines:
        """Return the lines of a group; none where there are none."""
        return self.messages.get((namespace, group, locale), _NONE)

    def last_resort(self, group: str) -> Lines:
        """Return nothing: only files come with the framework."""
        del group
        return _NONE

    def add_namespace(self, namespace: str, path: str | PathLike[str]) -> None:
        """Note the namespace; its lines are those that were added to it."""
        self._namespaces[namespace] = path

    def add_path(self, path: str | PathLike[str]) -> None:
        """Do nothing: there are no files."""

    def add_json_path(self, path: str | PathLike[str]) -> None:
        """Do nothing: there are no files."""


class FileLoader:
    """Lines from files, in ``LOCALE/GROUP.py`` (or ``.yaml``, ``.json``) and ``LOCALE.json``.

    Each folder is listed once, when the first line in it is asked for. A name of a locale, group
    or namespace is looked up in that list and never becomes part of a path, whoever sent it.

    Args:
        paths: Folders of lines; those of the later ones win, line by line.
        built_in: The framework's own lines, beneath all others; None for none.

    Source: Laravel 13, Illuminate\\Translation\\FileLoader.
    """

    def __init__(
        self, paths: Sequence[str | PathLike[str]], built_in: Path | None = BUILT_IN
    ) -> None:
        self.paths: list[Path] = [Path(path) for path in paths]
        self.json_paths: list[Path] = []
        self.built_in: Path | None = built_in
        self._namespaces: dict[str, Path] = {}
        self._folders: dict[Path, _Folder] = {}

    @property
    def namespaces(self) -> Mapping[str, Path]:
        """The namespaces that were added, and the folders of their lines."""
        return self._namespaces

    def load(self, locale: str, group: str, namespace: str) -> Lines:
        """Return the lines of a group; none where there are none.

        Raises:
            LinesBroken: A file of them is malformed, or two files define the same group.
        """
        if namespace != "*":
            return self._namespaced(locale, group, namespace)
        if group == "*":
            return self._json_lines(locale)
        beneath = [] if self.built_in is None else [self.built_in]
        lines: Lines = _NONE
        for path in (*beneath, *self.paths):
            lines = merged(lines, self._folder(path).group(locale, group))
        return lines

    def last_resort(self, group: str) -> Lines:
        """Return the English lines of *group*, if it is one of the framework's own."""
        if self.built_in is None or not self._folder(self.built_in).has(group):
            return _NONE
        return self.load("en", group, "*")

    def add_namespace(self, namespace: str, path: str | PathLike[str]) -> None:
        """Take the lines of *namespace* from the folder *path*.

        The application's own, in ``vendor/NAMESPACE/LOCALE/``, win over them line by line.
        """
        self._namespaces[namespace] = Path(path)

    def add_path(self, path: str | PathLike[str]) -> None:
        """Take groups from the folder *path*, too, over those of the folders before it."""
        self.paths.append(Path(path))

    def add_json_path(self, path: str | PathLike[str]) -> None:
        """Take lines that are their own keys from *path*, too, beneath the application's."""
        self.json_paths.append(Path(path))

    def _namespaced(self, locale: str, group: str, namespace: str) -> Lines:
        path = self._namespaces.get(namespace)
        if path is None:
            return _NONE
        lines = self._folder(path).group(locale, group)
        for own in self.paths:
            lines = merged(lines, self._folder(own / _VENDOR / namespace).group(locale, group))
        return lines

    def _json_lines(self, locale: str) -> Lines:
        lines: dict[str, Any] = {}
        for path in (*self.json_paths, *self.paths):
            lines.update(self._folder(path).json_lines(locale))
        return lines

    def _folder(self, path: Path) -> _Folder:
        folder = self._folders.get(path)
        if folder is None:
            folder = self._folders[path] = _Folder(path)
        return folder


class _Folder:
    """What lies in one folder of lines, as it was when it was listed."""

    def __init__(self, path: Path) -> None:
        self._groups: dict[tuple[str, str], list[Path]] = {}
        self._json: dict[str, Path] = {}
        for each in _entries(path):
            if each.name == _VENDOR:
                continue
            if each.suffix == ".json" and _is_locale(each.stem) and each.is_file():
                self._json[each.stem] = each
            elif _is_locale(each.name) and each.is_dir():
                self._list(each)

    def _list(self, folder: Path) -> None:
        for parent, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
            for name in sorted(files):
                path = Path(parent, name)
                if path.suffix in SUFFIXES and not name.startswith((".", "_")):
                    group = path.relative_to(folder).with_suffix("").as_posix()
                    self._groups.setdefault((folder.name, group), []).append(path)

    def has(self, group: str) -> bool:
        """Tell whether there are English lines of *group*."""
        return ("en", group) in self._groups

    def group(self, locale: str, group: str) -> Lines:
        """Read the lines of a group; none where there is no file."""
        files = self._groups.get((locale, group))
        if files is None:
            return _NONE
        if len(files) > 1:
            others = ", ".join(path.name for path in files[1:])
            raise LinesBroken(files[0], None, f"{others} defines the same group. Keep one of them.")
        return read_group(files[0])

    def json_lines(self, locale: str) -> Lines:
        """Read the lines that are their own keys; none where there is no file."""
        path = self._json.get(locale)
        return _NONE if path is None else read_json_lines(path)


def merged(beneath: Lines, above: Lines) -> Lines:
    """Return *beneath* with *above* over it, line by line; neither is changed.

    Example:
        >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
        {'a': {'b': 3, 'c': 2}}
    """
    if not beneath or not above:
        return above or beneath
    result = dict(beneath)
    for key, line in above.items():
        known = result.get(key)
        both = isinstance(known, Mapping) and isinstance(line, Mapping)
        result[key] = merged(known, line) if both else line  # type: ignore[arg-type]
    return result


def _entries(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except (FileNotFoundError, NotADirectoryError):  # an application may have no lines of its own
        return []
    except OSError as error:
        raise LinesBroken(path, None, f"It can not be listed: {error.strerror}.") from error


def _is_locale(name: str) -> bool:
    try:
        locale_name(name)
    except InvalidLocale:
        return False
    return True
