"""YAML files of the configuration: safe, with ${NAME:default} filled in from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

from securely.config.env import cast_value
from securely.config.environment import current_environment, noted
from securely.config.exceptions import ConfigFileBroken, MissingVariable
from securely.support.missing import MISSING

__all__ = ["nodes_of", "read_yaml", "variables_in"]

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}")


def read_yaml(path: Path) -> object:
    """Return what *path* holds.

    ``${NAME:default}`` within text becomes the variable's text. Where it is the whole text, the
    words true, false, null and empty become values, as in ``env()``.

    Raises:
        ConfigFileBroken: It is malformed, holds a tag that makes objects, or a reference to a
            variable that is not set and has no default.
    """
    import yaml  # where a YAML file is there, and nowhere else

    try:
        text = path.read_bytes()
        content = cast("object", yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigFileBroken(path, line, f"Not YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigFileBroken(path, None, "Not YAML, or not UTF-8.") from None
    if content is None:
        return {}
    try:
        return _filled(content, path)
    except MissingVariable as error:
        line = error.place[1] if error.place else None
        raise ConfigFileBroken(path, line, str(error)) from error


def variables_in(text: str) -> list[tuple[str, str | None]]:
    """Return the variables that *text* refers to, each with its default.

    Example:
        >>> variables_in("redis://${HOST:localhost}:${PORT}")
        [('HOST', 'localhost'), ('PORT', None)]
    """
    return [(match[1], match[2]) for match in _REFERENCE.finditer(text)]


def nodes_of(path: Path) -> Iterator[tuple[str, int, str]]:
    """Give dotted key, line and text of everything in the YAML file *path*.

    Raises:
        ValueError: It is malformed.
    """
    import yaml

    try:
        root: Any = yaml.compose(path.read_bytes(), yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(path)) from error
    yield from _below(root, "")


def _below(node: Any, prefix: str) -> Iterator[tuple[str, int, str]]:
    if node is None:
        return
    kind: str = node.id
    pairs: list[tuple[object, Any, Any]] = []
    if kind == "mapping":
        pairs = [(key.value, key, value) for key, value in node.value]
    elif kind == "sequence":
        pairs = [(index, each, each) for index, each in enumerate(node.value)]
    for key, place, value in pairs:
        path = f"{prefix}{key}"
        yield path, place.start_mark.line + 1, value.value if value.id == "scalar" else ""
        yield from _below(value, f"{path}.")


def _filled(value: Any, path: Path) -> object:
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        return {key: _filled(item, path) for key, item in entries.items()}
    if isinstance(value, list):
        return [_filled(item, path) for item in cast("list[object]", value)]
    if not isinstance(value, str) or "${" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)

    def looked_up(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = current_environment().get(name)
        if found is not MISSING:
            return found
        if default is None:
            problem = MissingVariable(name)
            problem.place = (str(path), _line_of(path, name))
            if noted(problem):
                return ""
            raise problem
        return cast("str", default)

    return cast_value(looked_up(whole)) if whole else _REFERENCE.sub(looked_up, value)


def _line_of(path: Path, name: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((at for at, line in enumerate(lines, 1) if f"${{{name}}}" in line), 1)
