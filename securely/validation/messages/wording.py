"""Wording: finds the line that a broken rule has, and fills its placeholders in.

Source: Laravel 13, Validation\\Concerns\\FormatsMessages and ReplacesAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol, cast

from securely.strings import Str
from securely.validation.contracts import Lines
from securely.validation.messages.placeholders import PLACEHOLDERS
from securely.validation.plan.paths import Path, is_container, join
from securely.validation.plan.plan import Step
from securely.validation.rules.loose import text

__all__ = ["Wording"]

_WORDS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_INVALID: Final = "The :attribute field is invalid."
# So much of a value is shown in a message.
_SHOWN_MAX: Final = 1_000
# Longer numbers name no value, and are no place in a list.
_DIGITS_MAX: Final = 18


class _Surroundings(Protocol):
    """What messages may tell of the data and of the rules."""

    def value_of(self, name: str) -> object:
        """Return what stands in the field *name*, or None."""
        ...

    def primary_of(self, name: str) -> Path | None:
        """Return the path with stars that *name* came from, or None."""
        ...


class Wording:
    """The words of one validator.

    Args:
        lines: Where messages come from that nobody has given.
        messages: Messages of one's own: by rule, by field, by both, with stars, or nested.
        attributes: What fields are called, by their names or by names with stars.
        values: What values are called, by field.
        lacking: The messages of rules that an application has added.
    """

    __slots__ = (
        "_groups",
        "_lacking",
        "_lines",
        "attributes",
        "formatter",
        "messages",
        "replacers",
        "values",
    )

    def __init__(
        self,
        lines: Lines,
        messages: Mapping[str, Any],
        attributes: Mapping[str, str],
        values: Mapping[str, Mapping[Any, str]],
        lacking: Mapping[str, str],
        replacers: Mapping[str, Callable[..., str]],
    ) -> None:
        self._lines, self._lacking = lines, lacking
        self.messages: Mapping[str, Any] = messages
        self.attributes: Mapping[str, str] = attributes
        self.values: Mapping[str, Mapping[Any, str]] = values
        self.replacers: Mapping[str, Callable[..., str]] = replacers
        self.formatter: Callable[[str], str] | None = None
        self._groups: dict[str, bool] = {}

    def message(self, name: str, step: Step, kind: str) -> str:
        """Return the line for the rule *step* broken by the field *name*, not filled in yet.

        Args:
            name: The dotted name of the field.
            step: The rule.
            kind: What was measured: numeric, array, file or string.
        """
        inline = self._inline(name, step, kind)
        if inline is not None:
            return inline
        key = f"custom.{name}.{step.name}"
        custom = self._custom([f"{key}.{kind}", key] if step.sized else [key])
        if custom is not None:
            return custom
        line = self._line(f"{step.name}.{kind}" if step.sized else step.name)
        if isinstance(line, str):
            return line
        return self._lacking.get(step.name) or self.line("any_of") or _INVALID

    def own(self, name: str, rule: str) -> object:
        """Return the message that was given for *rule* of the field *name*, or None."""
        return _listed(self.messages, name, rule)

    def line(self, key: str) -> str | None:
        """Return the line `validation.<key>`, or None."""
        found = self._line(key)
        return found if isinstance(found, str) else None

    def summary(self, messages: Sequence[str]) -> str:
        """Return what is said of *messages* together: the first, and how many more there are."""
        if not messages:
            return str(self._lines.get("The given data was invalid."))
        more = len(messages) - 1
        if not more:
            return messages[0]
        word = "error" if more == 1 else "errors"
        rest = self._lines.choice(f"(and :count more {word})", more, {"count": more})
        return f"{messages[0]} {rest}"

    def translated(self, key: str, replace: Mapping[str, object]) -> str:
        """Return the line of *key*, of whatever group; *key* itself where there is none."""
        return str(self._lines.get(key, dict(replace)))

    def filled(
        self, message: str, name: str, rule: str, parameters: Sequence[Any], around: _Surroundings
    ) -> str:
        """Return *message* with its placeholders filled in."""
        if ":" not in message:
            return message
        message = _cased(message, "attribute", self.attribute(name, around))
        if ":input" in message:
            value = around.value_of(name)
            if not isinstance(value, (list, tuple, dict)):
                message = message.replace(":input", self.value(name, value))
        message = _positions(message, name)
        replacer = self.replacers.get(rule)
        if replacer is not None:
            return replacer(message, name, rule, parameters)
        fill = PLACEHOLDERS.get(rule)
        return message if fill is None else fill(message, name, parameters, self, around)

    def attribute(self, name: str, around: _Surroundings) -> str:
        """Return what the field *name* is called."""
        primary = around.primary_of(name)
        for each in (name,) if primary is None else (name, join(primary)):
            found = _named(self.attributes, each) or self._translated(each)
            if found:
                return found
        if primary is not None:
            return self.formatter(name) if self.formatter else name
        return _spaced(name)

    def value(self, name: str, value: object) -> str:
        """Return what *value* of the field *name* is called."""
        own = self.values.get(name)
        if own is not None:
            found = _called(own, value)
            if found is not None:
                return found
        if isinstance(value, (list, tuple, dict)):
            return "array"
        line = self._line(f"values.{name}.{text(value)}") if self._has("values") else None
        if isinstance(line, str):
            return line
        if isinstance(value, bool):
            return "true" if value else "false"
        return "empty" if value is None else text(value)[:_SHOWN_MAX]

    def _inline(self, name: str, step: Step, kind: str) -> str | None:
        if not self.messages:
            return None
        found = _listed(self.messages, name, step.name)
        if isinstance(found, Mapping):
            found = cast("Mapping[str, Any]", found).get(kind) if step.sized else None
        return found if isinstance(found, str) else None

    def _custom(self, keys: Sequence[str]) -> str | None:
        if not self._has("custom"):
            return None
        for key in keys:
            found = self._line(key)
            if isinstance(found, str):
                return found
            short = key.removeprefix("custom.")
            for written, line in _dotted(cast("Mapping[str, Any]", self._line("custom"))):
                if written == short or ("*" in written and Str.is_(written, short)):
                    return str(line)
        return None

    def _translated(self, name: str) -> str | None:
        if not self._has("attributes"):
            return None
        lines = cast("Mapping[str, Any]", self._line("attributes"))
        return _named({key: str(line) for key, line in _dotted(lines)}, name)

    def _has(self, group: str) -> bool:
        """Tell whether there are lines of a group, which there seldom are; looked up once."""
        found = self._groups.get(group)
        if found is None:
            lines = self._line(group)
            found = self._groups[group] = is_container(lines) and len(lines) > 0
        return found

    def _line(self, key: str) -> object:
        """Return the line or the lines of *key*; None where there is nothing."""
        whole = f"validation.{key}"
        found: object = self._lines.get(whole)
        return None if found == whole else found


def _listed(source: Mapping[str, Any], name: str, rule: str) -> object:
    """Return the entry of *source* for a rule of a field: by both, by rule, by field."""
    if not source:
        return None
    short = f"{name}.{Str.snake(rule.rpartition('.')[2])}"
    for key in dict.fromkeys((f"{name}.{rule}", rule, name, short)):
        for written, message in source.items():
            if "*" in written:
                if _stars(written).fullmatch(key):
                    return (
                        cast("Mapping[str, Any]", message).get(rule)
                        if isinstance(message, Mapping)
                        else message
                    )
            elif written == key:
                if written == name and isinstance(message, Mapping):
                    return cast("Mapping[str, Any]", message).get(rule)
                return cast("object", message)
    return None


def _named(source: Mapping[str, str], name: str) -> str | None:
    found = source.get(name)
    if found is not None:
        return found
    for written, called in source.items():
        if "*" in written and _stars(written).fullmatch(name):
            return called
    return None


@lru_cache(maxsize=1024)
def _stars(written: str) -> re.Pattern[str]:
    return re.compile("([^.]*)".join(map(re.escape, written.split("*"))))


@lru_cache(maxsize=4096)
def _spaced(name: str) -> str:
    return Str.snake(name).replace("_", " ")


def _cased(message: str, placeholder: str, value: str) -> str:
    if f":{placeholder}" in message:
        message = message.replace(f":{placeholder}", value)
    if f":{placeholder.upper()}" in message:
        message = message.replace(f":{placeholder.upper()}", value.upper())
    if f":{placeholder.capitalize()}" in message:
        message = message.replace(f":{placeholder.capitalize()}", value[:1].upper() + value[1:])
    return message


def _positions(message: str, name: str) -> str:
    """Fill in `:index`, `:position` and `:ordinal-position`, and those of outer lists by word."""
    lowered = message.lower()
    if "index" not in lowered and "position" not in lowered:
        return message
    numbers = [
        int(part)
        for part in name.split(".")
        if part.isascii() and part.isdigit() and len(part) <= _DIGITS_MAX
    ]
    for word, write in _PLACES:
        if f":{word}" not in lowered and f"-{word}" not in lowered:
            continue
        for place, number in enumerate(numbers):
            if place == 0:
                message = _insensitive(message, f":{word}", write(number))
            nth = _WORDS[place] if place < len(_WORDS) else "other"
            message = _insensitive(message, f":{nth}-{word}", write(number))
    return message


def _index(number: int) -> str:
    return str(number)


def _position(number: int) -> str:
    return str(number + 1)


def _insensitive(message: str, sought: str, replacement: str) -> str:
    return re.sub(re.escape(sought), lambda _: replacement, message, flags=re.IGNORECASE)


def _ordinal(number: int) -> str:
    number += 1
    tens, ones = divmod(number % 100, 10)
    suffix = "th" if tens == 1 else {1: "st", 2: "nd", 3: "rd"}.get(ones, "th")
    return f"{number:,}{suffix}"


_PLACES: Final = (("index", _index), ("position", _position), ("ordinal-position", _ordinal))


def _dotted(lines: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, line in lines.items():
        if isinstance(line, Mapping) and line:
            yield from _dotted(cast("Mapping[str, Any]", line), f"{before}{key}.")
        else:
            yield f"{before}{key}", line


def _called(names: Mapping[Any, str], value: object) -> str | None:
    """Return what *value* is called, by itself or by how it is written: a form sends numbers so."""
    written = text(value) if _is_key(value) else None
    if written is None:
        return None
    is_index = written.isdecimal() and len(written) <= _DIGITS_MAX
    keys = (value, written, int(written) if is_index else None)
    return next((names[key] for key in keys if key is not None and key in names), None)


def _is_key(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float))
