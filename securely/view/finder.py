"""Finder: which file a name means, in several folders and namespaces, and in none outside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from securely.support.suggest import did_you_mean
from securely.view.exceptions import InvalidView, ViewFailed, ViewNotFound
from securely.view.forms import ENDINGS, Form, Source

__all__ = ["Finder"]

_SEPARATOR: Final = "::"
_LENGTH_MAX: Final = 1024  # letters; a path of Linux has at most four times as many bytes
# They separate folders, drives or streams on some system, or end a name: never part of a word.
_REFUSED: Final = frozenset("\\:\0")
_SUGGESTED_MAX: Final = 10_000  # files that are looked at for the view that was probably meant


class Finder:
    """Finds the files of views.

    Args:
        paths: The folders, in the order in which they are looked through.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths: tuple[Path, ...] = tuple(paths)
        self._namespaces: dict[str, tuple[Path, ...]] = {}

    def add_namespace(self, namespace: str, paths: Sequence[Path]) -> None:
        """Look for the views of *namespace* in *paths*, too, after those it has already.

        Raises:
            InvalidView: The namespace is no word.
        """
        if not namespace or set(namespace) & {*_REFUSED, "/", "."}:
            raise InvalidView(f"{namespace}{_SEPARATOR}", "its namespace is no single word")
        self._namespaces[namespace] = (*self._namespaces.get(namespace, ()), *paths)

    def look(self, name: str, form: Form) -> tuple[Path | None, list[Path]]:
        """Return the file that *name* means, if there is one, and those that would win over it.

        Raises:
            InvalidView: It names none.
        """
        looked: list[Path] = []
        for candidate in self._candidates(name, form):
            # A link may lead out of the folder, as in Laravel: who can make one there is trusted.
            if os.path.isfile(candidate):  # noqa: PTH113  # Path's raises where a name is too long
                return candidate, looked
            looked.append(candidate)
        return None, looked

    def lacking(self, name: str, form: Form) -> ViewNotFound:
        """Return what to say of the view *name*, which is not there; it takes a look at all views.

        Raises:
            InvalidView: It names none.
        """
        looked = list(self._candidates(name, form))
        return ViewNotFound([name], looked, self._near(name, form), self._hint(name, form))

    def place(self, name: str, form: Form) -> Path:
        """Return the file of the view *name* that wins over all others, be it there or not.

        Raises:
            InvalidView: It names none.
            ViewNotFound: There is no folder for it.
        """
        for candidate in self._candidates(name, form):
            return candidate
        raise self.lacking(name, form)

    def source(self, name: str, form: Form) -> Source:
        """Return the text of the view *name*.

        Raises:
            InvalidView: It names none.
            ViewFailed: The file can not be read, or is not UTF-8.
            ViewNotFound: No folder has one.
        """
        path, winners = self.look(name, form)
        if path is None:
            raise self.lacking(name, form)
        return self.read(name, path, winners)

    def read(self, name: str, path: Path, winners: Sequence[Path]) -> Source:
        """Return the text of a view that was found; *winners* are looked for again, later.

        Raises:
            ViewFailed: The file can not be read, or is not UTF-8.
        """
        try:
            # Before it is read: what is written in between is seen at the next look.
            state = _state(path)
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ViewFailed(name, path, None, f"byte {error.start} of it is not UTF-8") from error
        except OSError as error:
            reason = f"it can not be read ({error.strerror})"
            raise ViewFailed(name, path, None, reason) from error

        def is_uptodate() -> bool:
            try:
                return _state(path) == state and not any(map(os.path.exists, winners))
            except OSError:
                return False

        return Source(text, path, is_uptodate)

    def names(self, form: Form) -> Iterator[str]:
        """Give the names of all views that are there, in the order in which they are found."""
        for prefix, folder in self._everywhere():
            for path in _files(folder):
                for ending in reversed(ENDINGS[form]):
                    if path.endswith(ending):
                        yield prefix + path.removesuffix(ending).replace("/", ".")
                        break

    def _candidates(self, name: str, form: Form) -> Iterator[Path]:
        """Give the files that *name* may mean, the one that wins first.

        Raises:
            InvalidView: It names none.
        """
        if len(name) > _LENGTH_MAX:
            raise InvalidView(name, f"it has more than {_LENGTH_MAX} letters")
        namespace, separator, rest = name.rpartition(_SEPARATOR)
        if separator and not namespace:
            raise InvalidView(name, "its namespace is empty")
        meant = [(_words(name, rest), ENDINGS[form])]
        # The longest first: ".html.jinja" ends in more than one.
        for ending in reversed(ENDINGS[form]):
            if rest.endswith(ending) and rest != ending:
                meant.insert(0, (_words(name, rest.removesuffix(ending)), (ending,)))
                break
        for folder in self._folders(namespace):
            for words, endings in meant:
                for ending in endings:
                    yield folder.joinpath(*words[:-1], words[-1] + ending)

    def _folders(self, namespace: str) -> tuple[Path, ...]:
        if not namespace:
            return self.paths
        if namespace not in self._namespaces:
            return ()
        own = (path / "vendor" / namespace for path in self.paths)
        return (*own, *self._namespaces[namespace])

    def _everywhere(self) -> Iterator[tuple[str, Path]]:
        for path in self.paths:
            yield "", path
        for namespace in self._namespaces:
            for path in self._folders(namespace):
                yield f"{namespace}{_SEPARATOR}", path

    def _near(self, name: str, form: Form) -> str:
        known = set(islice(self.names(form), _SUGGESTED_MAX))
        return did_you_mean(name.replace("/", "."), sorted(known)) or ""

    def _hint(self, name: str, form: Form) -> str:
        namespace, separator, _ = name.rpartition(_SEPARATOR)
        if separator and namespace not in self._namespaces:
            return "Nobody has added views of that namespace."
        for other in ENDINGS:
            if other != form and any(map(os.path.isfile, self._candidates(name, other))):
                return f'There is one of the form "{other}", and "{form}" was asked for.'
        return ""


def _words(name: str, rest: str) -> list[str]:
    """Return the folders and the file of a name without its namespace.

    Every dot parts words, so that no word is ".." or begins with a dot.
    """
    if set(rest) & _REFUSED:
        raise InvalidView(name, "it has a backslash, a colon or a NUL in it")
    words = rest.replace("/", ".").split(".")
    if not all(words):
        raise InvalidView(name, "one of its words is empty")
    return words


def _state(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is written or replaced."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _files(folder: Path) -> Iterator[str]:
    """Give the files under *folder* by their paths from there, with slashes."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        base = Path(parent).relative_to(folder)
        for file in sorted(files):
            yield (base / file).as_posix()
