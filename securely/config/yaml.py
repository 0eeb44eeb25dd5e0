"""YAML files of the configuration: safe, with ${NAME:default} filled in from the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, cast

import yaml

from securely.config.env import cast_value
from securely.config.environment import current_environment
from securely.config.exceptions import ConfigFileBroken, MissingVariable
from securely.support.missing import MISSING

__all__ = ["read_yaml"]

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}")


def read_yaml(path: Path) -> object:
    """Return what *path* holds.

    ``${NAME:default}`` within text becomes the variable's text. Where it is the whole text, the
    words true, false, null and empty become values, as in ``env()``.

    Raises:
        ConfigFileBroken: It is malformed, holds a tag that makes objects, or a reference to a
            variable that is not set and has no default.
    """
    try:
        content = cast("object", yaml.safe_load(path.read_bytes()))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigFileBroken(path, line, f"Not YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigFileBroken(path, None, "Not YAML, or not UTF-8.") from None
    if content is None:
        return {}
    try:
        return _filled(content)
    except MissingVariable as error:
        raise ConfigFileBroken(path, None, str(error)) from error


def _filled(value: Any) -> object:
    if isinstance(value, dict):
        return {key: _filled(item) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, list):
        return [_filled(item) for item in cast("list[object]", value)]
    if not isinstance(value, str) or "${" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    return cast_value(_looked_up(whole)) if whole else _REFERENCE.sub(_looked_up, value)


def _looked_up(match: re.Match[str]) -> str:
    name, default = match.groups()
    found = current_environment().get(name)
    if found is not MISSING:
        return found
    if default is None:
        raise MissingVariable(name)
    return cast("str", default)
