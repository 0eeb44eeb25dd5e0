"""Runs the string vectors: Str's functions, in Laravel's order of arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from securely.strings import Str
from tests.golden.values import from_php, to_php

__all__ = ["EXCEPTIONS", "run"]

EXCEPTIONS: Mapping[str, type[Exception]] = {"ErrorException": ValueError, "ValueError": ValueError}

_PATTERNS = {"match", "matchAll", "isMatch", "replaceMatches"}


def run(case: Mapping[str, Any]) -> object:
    """Call the function that the case names."""
    name: str = case["method"]
    if name in _MADE:
        return _MADE[name](case)
    arguments = [from_php(argument) for argument in case["args"]]
    options: dict[str, Any] = {}
    if name in _PATTERNS:
        arguments[0] = _regex(arguments[0])
    if name == "excerpt" and len(arguments) > 2:
        options = arguments.pop()
    given = getattr(Str, _snake(name))(*arguments, **options)
    if name == "matchAll":
        given = {"$collection": given}
    return {"result": to_php(given) if not isinstance(given, dict) else given}


def _snake(name: str) -> str:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return f"{name}_" if name == "is" else name


def _regex(pattern: Any) -> Any:
    """Return a pattern of PHP without its delimiters; of its flags only `u` is in the vectors."""
    if isinstance(pattern, list):
        return [_regex(each) for each in pattern]
    found = re.fullmatch(r"/(.*)/u?", pattern, re.DOTALL)
    assert found is not None
    return re.compile(found[1], 0 if pattern.endswith("u") else re.ASCII)


def _time(case: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(case["unix_seconds"], UTC)


def _ulid(case: Mapping[str, Any]) -> object:
    made = Str.ulid(_time(case))
    alphabet = re.fullmatch("[0-9A-HJKMNP-TV-Z]*", made) is not None
    return {"length": len(made), "time_part": made[:10], "alphabet_ok": alphabet}


def _uuid7(case: Mapping[str, Any]) -> object:
    made = Str.uuid7(_time(case))
    return {"time_part": made[:13], "version": made[14]}


def _random(case: Mapping[str, Any]) -> object:
    made = Str.random(case["length"])
    good = re.fullmatch("[A-Za-z0-9]*", made) is not None
    return {"length": len(made), "alphabet": "[A-Za-z0-9]", "ok": good}


def _uuid(make: Callable[[], str]) -> Callable[[Mapping[str, Any]], object]:
    def made(case: Mapping[str, Any]) -> object:
        del case
        found = make()
        return {"version": found[14], "length": len(found)}

    return made


_MADE: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "ulid": _ulid,
    "uuid7": _uuid7,
    "random": _random,
    "uuid": _uuid(Str.uuid),
    "orderedUuid": _uuid(Str.ordered_uuid),
}
