"""Placeholders of lines: `:name`, `:Name`, `:NAME`, `<tag>…</tag>`; and what stands for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias, cast

__all__ = ["Formatter", "Replace", "copied", "replaced", "written"]

Replace: TypeAlias = Mapping[str, object]
"""What stands for the placeholders of a line: name -> value, or name -> function for a tag."""

Formatter: TypeAlias = Callable[[Any], object]
"""Makes text of a value."""


def replaced(line: str, replace: Replace, formatters: Mapping[type, Formatter]) -> str:
    """Return *line* with its placeholders filled in; the longest name wins, nothing twice.

    Source: Laravel 13, Translator::makeReplacements.

    Example:
        >>> replaced("Hello :name, :Name, :NAME", {"name": "ann"}, {})
        'Hello ann, Ann, ANN'
        >>> replaced("Read <b>this</b>.", {"b": lambda text: f"*{text}*"}, {})
        'Read *this*.'
    """
    texts: dict[str, str] = {}
    for key, value in replace.items():
        if callable(value) and not isinstance(value, type):
            line = _tagged(line, key, value)
            continue
        text = value if type(value) is str else written(value, formatters)
        texts[f":{key[:1].upper()}{key[1:]}"] = f"{text[:1].upper()}{text[1:]}"
        texts[f":{key.upper()}"] = text.upper()
        texts[f":{key}"] = text
    if not texts or ":" not in line:
        return line
    return _pattern(tuple(texts)).sub(lambda found: texts[found[0]], line)


def copied(lines: Any, replace: Replace | None, formatters: Mapping[type, Formatter]) -> Any:
    """Return nested *lines* as the caller's own, with the placeholders of each filled in.

    What is not text becomes text where anything is filled in, as in Laravel.
    """
    if isinstance(lines, Mapping):
        group = cast("Mapping[str, Any]", lines)
        return {key: copied(line, replace, formatters) for key, line in group.items()}
    if isinstance(lines, (list, tuple)):
        return [copied(line, replace, formatters) for line in cast("list[Any]", lines)]
    return replaced(written(lines), replace, formatters) if replace else lines


def written(value: object, formatters: Mapping[type, Formatter] | None = None) -> str:
    """Return *value* as text: by the formatter of its class or of one it is derived from.

    Without one: None and False are empty, True is 1, a whole float has no fraction, a member of
    an Enum is its value, and anything else is what `str()` makes of it.

    Example:
        >>> [written(each) for each in (None, True, 3.0, 1.5, "text")]
        ['', '1', '3', '1.5', 'text']
    """
    if formatters:
        for kind in type(value).__mro__:
            if (formatter := formatters.get(kind)) is not None:
                return written(formatter(value))
    if isinstance(value, Enum):
        return written(value.value)
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    return str(value)


_WHOLE = 1e15  # above, floats are written with an exponent


def _tagged(line: str, tag: str, function: Callable[[str], object]) -> str:
    name = re.escape(tag)
    return re.sub(f"<{name}>(.*?)</{name}>", lambda found: written(function(found[1])), line)


@lru_cache(maxsize=1024)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
