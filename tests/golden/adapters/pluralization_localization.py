"""Runs the vectors of translations: forms of plurals, lines by key and locale, keys taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from securely.translation import ArrayLoader, MessageSelector, Translator
from tests.golden.values import from_php, to_php

__all__ = ["EXCEPTIONS", "prepare", "run"]

EXCEPTIONS: Mapping[str, type[Exception]] = {"TypeError": TypeError}

# What each table of plural forms is about.
_NUMBERS = (
    *(0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 14, 15, 19, 20, 21, 22, 24, 25, 31, 42, 99, 100, 101),
    *(102, 103, 105, 111, 112, 119, 120, 121, 1000, 1000000),
)

_translators: list[Translator] = []


def prepare(header: Mapping[str, Any]) -> None:
    """Make a translator of the catalogue that stands in the header."""
    loader = ArrayLoader()
    for locale, groups in header["catalogue"].items():
        for group, lines in groups.items():
            loader.add_messages(locale, group, from_php(lines))
    for namespace, locales in header["namespaced"].items():
        loader.add_namespace(namespace, namespace)
        for locale, groups in locales.items():
            for group, lines in groups.items():
                loader.add_messages(locale, group, from_php(lines), namespace)
    _translators[:] = [Translator(loader, header["default_locale"], header["fallback_locale"])]


def run(case: Mapping[str, Any]) -> object:
    """Do what the case names."""
    return _OPERATIONS[case["op"]](case)


def _choose(case: Mapping[str, Any]) -> object:
    number = from_php(case["number"])
    return {"result": MessageSelector().choose(case["line"], number, case["locale"])}


def _plural_index(case: Mapping[str, Any]) -> object:
    index = MessageSelector().plural_index
    return {"table": [[number, index(case["locale"], number)] for number in _NUMBERS]}


def _plural_index_one(case: Mapping[str, Any]) -> object:
    return {"result": MessageSelector().plural_index(case["locale"], from_php(case["number"]))}


def _get(case: Mapping[str, Any]) -> object:
    (translator,) = _translators
    fallback = case.get("fallback", True)
    line = translator.get(case["key"], _replace(case), case.get("locale"), fallback)
    return {"result": to_php(line)}


def _choice(case: Mapping[str, Any]) -> object:
    (translator,) = _translators
    number = from_php(case["number"])
    return {"result": translator.choice(case["key"], number, _replace(case), case.get("locale"))}


def _has(case: Mapping[str, Any]) -> object:
    (translator,) = _translators
    given = case["key"], case.get("locale")
    return {"has": translator.has(*given), "has_for_locale": translator.has_for_locale(*given)}


def _parse_key(case: Mapping[str, Any]) -> object:
    (translator,) = _translators
    return {"result": list(translator.parse_key(case["key"]))}


def _replace(case: Mapping[str, Any]) -> dict[str, Any]:
    given = case.get("replace") or {}
    return {key: _value(value) for key, value in given.items()}


def _value(value: Any) -> Any:
    if not isinstance(value, dict) or "$closure" not in value:
        return from_php(value)
    found = re.fullmatch(r'fn\(text\) => "([^"]*)" \. text \. "([^"]*)"', value["$closure"])
    assert found is not None, value
    return lambda text: f"{found[1]}{text}{found[2]}"


_OPERATIONS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "choose": _choose,
    "plural_index": _plural_index,
    "plural_index_one": _plural_index_one,
    "get": _get,
    "choice": _choice,
    "has": _has,
    "parseKey": _parse_key,
}
