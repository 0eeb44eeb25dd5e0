"""Settings as text, JSON, YAML and lines of an .env file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, cast

from securely.config.writer import quoted
from securely.settings.schema import Setting
from securely.support import dot

__all__ = ["env_text", "json_text", "nested", "text", "yaml_text"]


def text(value: object) -> str:
    """Return *value* on one line: text as it is, all else as JSON.

    Example:
        >>> text("a b"), text(True), text(None), text([1])
        ('a b', 'true', 'null', '[1]')
    """
    if isinstance(value, str):
        return value
    return json.dumps(value, default=_plain, ensure_ascii=False)


def json_text(value: object) -> str:
    """Return *value* as indented JSON."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def yaml_text(value: object) -> str:
    """Return *value* as YAML."""
    import yaml

    plain: object = json.loads(json.dumps(value, default=_plain, ensure_ascii=False))
    dump: Callable[..., object] = yaml.safe_dump  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # its stubs are partial
    return str(dump(plain, allow_unicode=True, sort_keys=False))


def nested(pairs: Iterable[tuple[Setting, object]], origin: bool) -> dict[str, Any]:
    """Return settings within their sections; with *origin*, each as value and origin.

    Args:
        pairs: Settings, each with its value as it is to be shown.
        origin: Whether to tell where each comes from.
    """
    found: dict[str, Any] = {}
    for setting, value in pairs:
        shown = {"value": value, "origin": setting.origin} if origin else value
        dot.put(found, setting.key, shown)
    return found


def env_text(pairs: Iterable[tuple[Setting, object]]) -> str:
    """Return lines of an .env file, one for each variable that fills in a setting."""
    lines: dict[str, str] = {}
    for setting, value in pairs:
        for name in setting.variables[:1]:
            lines[name] = f"{name}={quoted(_variable(value))}\n"
    return "".join(lines.values())


def _variable(value: object) -> str:
    """Return *value* as a variable has it: lists with commas, nothing for None."""
    if isinstance(value, list):
        return ",".join(map(text, cast("list[object]", value)))
    return "" if value is None else text(value)


def _plain(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, cast("set[object]", value)))
    return str(value)
