"""Variables in the forms that other programs read, and back."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from securely.config.dotenv import parse_dotenv
from securely.config.writer import quoted
from securely.settings.display.forms import json_text, yaml_text
from securely.settings.exceptions import InvalidText

__all__ = ["FORMATS", "exported", "imported"]


def exported(variables: Mapping[str, str], form: str) -> str:
    """Return *variables* as *form* has them, one of :data:`FORMATS`.

    Raises:
        InvalidText: A value has several lines, and the form has no way to say that.

    Example:
        >>> exported({"A": "two words"}, "shell").strip()
        "export A='two words'"
    """
    return FORMATS[form](variables)


def imported(text: str, form: str, file: Path) -> dict[str, str]:
    """Return the variables that *text* has: ``dotenv``, ``json`` or ``yaml``.

    Args:
        text: The content.
        form: How it is written.
        file: Where it is from, for errors.

    Raises:
        EnvironmentFileBroken: A line of an .env file is malformed.
        ValueError: It is not such a text, or holds more than names with plain values.
    """
    if form == "dotenv":
        return parse_dotenv(text.removeprefix("\ufeff"), file, {})
    if form == "json":
        data: object = json.loads(text)
    else:
        import yaml

        load: Callable[[str], object] = yaml.safe_load
        try:
            data = load(text)
        except yaml.YAMLError:
            raise ValueError("It cannot be read.") from None  # what it says quotes the text
    if not isinstance(data, dict):
        raise ValueError("There are no names in it.")  # noqa: TRY004  # it is wrong text
    found: dict[str, str] = {}
    for name, value in cast("dict[object, object]", data).items():
        if isinstance(value, (dict, list)):
            raise ValueError(f"The value of {name} is no text.")  # noqa: TRY004  # as above
        found[str(name)] = _word(value)
    return found


def _word(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _dotenv(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={quoted(value)}\n" for name, value in variables.items())


def _docker(variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        if "\n" in value or "\r" in value:
            raise InvalidText(name, "a line end")
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def _systemd(variables: Mapping[str, str]) -> str:
    def closed(value: str) -> str:
        for sign in ("\\", '"', "`", "$"):
            value = value.replace(sign, f"\\{sign}")
        return value

    return "".join(f'{name}="{closed(value)}"\n' for name, value in variables.items())


def _shell(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _json(variables: Mapping[str, str]) -> str:
    return json_text(dict(variables)) + "\n"


def _yaml(variables: Mapping[str, str]) -> str:
    return yaml_text(dict(variables))


def _kubernetes(variables: Mapping[str, str]) -> str:
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "settings"},
        "type": "Opaque",
        "data": {
            name: base64.b64encode(value.encode()).decode() for name, value in variables.items()
        },
    }
    return yaml_text(secret)


FORMATS: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "docker": _docker,
    "dotenv": _dotenv,
    "json": _json,
    "kubernetes": _kubernetes,
    "shell": _shell,
    "systemd": _systemd,
    "yaml": _yaml,
}
"""The forms of `settings:export`, by their names."""
