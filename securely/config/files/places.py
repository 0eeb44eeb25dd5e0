"""Places: in which line of which file a key of the configuration stands, and what it reads."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from securely.config.files.yaml import nodes_of, variables_in
from securely.config.loader import KEYED_MAPS, YAML_SUFFIXES, ConfigFile

__all__ = ["Place", "Places", "Read"]

_CONFIG: Final = "config"
_ENV: Final = "env"


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a variable in a file of the configuration.

    Attributes:
        name: The variable.
        path: The file.
        line: The line, counted from 1.
        default: The default as it is written; None without one.
    """

    name: str
    path: Path
    line: int
    default: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands: the file, its line if that can be told, and the variables it reads."""

    path: Path
    line: int | None
    variables: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else str(self.path)


class Places:
    """Finds keys in the files of the configuration, without running them.

    Args:
        files: The files, those that win first.
    """

    def __init__(self, files: Iterable[ConfigFile]) -> None:
        self._files = tuple(files)
        self._known: dict[Path, _Map] = {}

    def of(self, key: str) -> Place | None:
        """Return where *key* stands, else where the nearest part around it does."""
        exact = self._exact(key)
        if exact is not None:
            return exact
        around = key
        while "." in around:
            around = around.rpartition(".")[0]
            found = self._exact(around)
            if found is not None:
                return Place(found.path, found.line)
        return None

    def reads(self, name: str | None = None) -> list[Read]:
        """Return where variables, or the variable *name*, are read."""
        return [
            read
            for file in self._files
            for read in self._map(file).reads
            if name is None or read.name == name
        ]

    def _exact(self, key: str) -> Place | None:
        for file in self._files:
            if key == file.key:
                return Place(file.path, self._map(file).line)
            if key.startswith(f"{file.key}."):
                entries = self._map(file).entries
                entry = entries.get(key.removeprefix(f"{file.key}."))
                if entry is not None:
                    return Place(file.path, *entry)
                if _replaced_with(key).removeprefix(f"{file.key}.") in entries:
                    return None  # what other files say within it is not read
        return None

    def _map(self, file: ConfigFile) -> _Map:
        if file.path not in self._known:
            read = _of_yaml if file.path.suffix in YAML_SUFFIXES else _of_python
            try:
                self._known[file.path] = read(file.path)
            except (OSError, SyntaxError, ValueError):
                # It cannot be read; whoever loads it says so.
                self._known[file.path] = _Map(None, {}, [])
        return self._known[file.path]


def _replaced_with(key: str) -> str:
    """Return the part of *key* that one file says as a whole, instead of those beneath it."""
    parts = key.split(".")
    is_map = len(parts) > 1 and parts[1] in KEYED_MAPS.get(parts[0], ())
    return ".".join(parts[: 3 if is_map else 2])


@dataclass(slots=True)
class _Map:
    """What one file holds: dotted key below its section -> line, variables."""

    line: int | None
    entries: dict[str, tuple[int, tuple[str, ...]]]
    reads: list[Read]


def _of_python(path: Path) -> _Map:
    tree = ast.parse(path.read_bytes(), str(path))
    found = _Map(None, {}, [_read(path, *each) for each in _calls(tree)])
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        if any(isinstance(each, ast.Name) and each.id == _CONFIG for each in targets):
            value = cast("ast.Assign | ast.AnnAssign", statement).value
            found.line = statement.lineno
            found.entries = dict(_entries(value, "")) if value is not None else {}
    return found


def _entries(node: ast.expr, prefix: str) -> Iterator[tuple[str, tuple[int, tuple[str, ...]]]]:
    pairs: list[tuple[object, ast.expr, int]] = []
    if isinstance(node, ast.Dict):
        pairs = [
            (key.value, value, key.lineno)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        ]
    elif isinstance(node, (ast.List, ast.Tuple)):
        pairs = [(index, each, each.lineno) for index, each in enumerate(node.elts)]
    for key, value, line in pairs:
        path = f"{prefix}{key}"
        names = tuple(dict.fromkeys(_name(call) for call, _ in _calls(value)))
        yield path, (line, names)
        yield from _entries(value, f"{path}.")


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Give the calls of `env` and of its methods that name a variable."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        whom = node.func
        method = whom.attr if isinstance(whom, ast.Attribute) else ""
        root = whom.value if isinstance(whom, ast.Attribute) else whom
        first = node.args[0]
        if (
            isinstance(root, ast.Name)
            and root.id == _ENV
            and isinstance(first, ast.Constant)
            and isinstance(first.value, str)
        ):
            yield node, method


def _name(call: ast.Call) -> str:
    return str(cast("ast.Constant", call.args[0]).value)


def _read(path: Path, call: ast.Call, method: str) -> Read:
    position = 2 if method == "enum" else 1
    given = call.args[position] if len(call.args) > position else None
    for keyword in call.keywords:
        if keyword.arg == "default":
            given = keyword.value
    default = ast.unparse(given) if given is not None else None
    if default is None and method == "":
        default = "None"
    return Read(_name(call), path, call.lineno, default)


def _of_yaml(path: Path) -> _Map:
    found = _Map(1, {}, [])
    for key, line, text in nodes_of(path):
        variables = variables_in(text)
        found.entries[key] = (line, tuple(name for name, _ in variables))
        found.reads += [Read(name, path, line, default) for name, default in variables]
    return found
