"""Reads rules as they are written: "required|max:255", lists of them, and objects between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, cast, runtime_checkable

from securely.strings import Str
from securely.validation.exceptions import InvalidRule

__all__ = ["Entry", "Parameter", "Written", "entries"]

Parameter: TypeAlias = Any
"""What follows a rule's colon: text, or whatever stood behind its name in a list."""

_REGEX: Final = frozenset({"regex", "not_regex"})
_SYNONYMS: Final = {"int": "integer", "bool": "boolean"}
_PLAIN: Final = re.compile(r"[a-z0-9_]+").fullmatch
_QUOTED: Final = re.compile(r'\s*"((?:[^"\\]|\\.|"")*)"([^,]*)(,|\Z)', re.DOTALL)


@runtime_checkable
class Written(Protocol):
    """What is a rule because it can be written as one: the builders of `Rule`."""

    def as_rules(self) -> Sequence[object]:
        """Return the rules it stands for: text, or objects."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of one field.

    Args:
        name: The rule's name in snake_case; empty for an object.
        parameters: What stands behind its colon.
        written: How it was written, for errors; or the object that is the rule.
    """

    name: str
    parameters: tuple[Parameter, ...]
    written: Any


def entries(rules: object, field: str) -> Iterator[Entry]:
    """Yield the rules that are written in *rules*: text with bars, a list, or one object.

    In a list, text is one rule: bars in it belong to its parameter.

    Raises:
        InvalidRule: Something in it can not be a rule.
    """
    if isinstance(rules, str):
        yield from map(_read, rules.split("|"))
    elif isinstance(rules, (list, tuple)):
        for rule in cast("Iterable[object]", rules):
            yield from _one(rule, field)
    else:
        yield from _one(rules, field)


def _one(rule: object, field: str) -> Iterator[Entry]:
    if rule is None:
        return  # what a condition left behind
    if isinstance(rule, str):
        yield _read(rule)
    elif isinstance(rule, (list, tuple)):
        yield _listed(cast("Sequence[object]", rule), field)
    elif isinstance(rule, Written):
        yield from entries(rule.as_rules(), field)
    elif isinstance(rule, (bool, int, float, bytes, Mapping)):
        raise InvalidRule(
            field,
            repr(cast("object", rule)),
            "is no rule: write text as 'required', a list of rules, an object of Rule, "
            "or a function of (attribute, value, fail).",
        )
    else:
        yield Entry("", (), rule)


def _listed(rule: Sequence[object], field: str) -> Entry:
    name = rule[0] if rule else ""
    if not isinstance(name, str):
        raise InvalidRule(field, repr(rule), "is a list whose first item names no rule.")
    return Entry(_name(name), tuple(rule[1:]), name)


def _read(rule: str) -> Entry:
    name, colon, rest = rule.partition(":")
    name = _name(name)
    if not colon:
        return Entry(name, (), rule)
    return Entry(name, (rest,) if name in _REGEX else _parameters(rest), rule)


def _name(written: str) -> str:
    name = written.strip(" \t\n\r\0\v")
    if _PLAIN(name) is None:
        name = Str.snake(Str.studly(name))
    return _SYNONYMS.get(name, name)


def _parameters(text: str) -> tuple[str | None, ...]:
    """Return the parameters of comma-separated *text*; quoted ones may hold commas."""
    if '"' not in text:
        return tuple(text.split(",")) if text else (None,)
    found: list[str | None] = []
    position = 0
    while position <= len(text):
        quoted = _QUOTED.match(text, position)
        if quoted is not None:
            found.append(quoted[1].replace('""', '"') + quoted[2])
            ended = quoted[3] == ""
            position = quoted.end()
        else:
            comma = text.find(",", position)
            ended = comma < 0
            found.append(text[position:] if ended else text[position:comma])
            position = comma + 1
        if ended:
            break
    return tuple(found)
