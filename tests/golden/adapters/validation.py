"""Runs the vectors of the validator: passes, errors in order, broken rules, validated data.

An array of PHP is a list or a map, and does not say which. So what is validated is compared as PHP
has it: keys 0, 1, 2 … in order are a list. Class names of PHP's rule objects are those of ours.
"""

from __future__ import annotations

import enum
import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from securely.strings import Str
from securely.support.clock import FrozenClock, using
from securely.validation import InvalidRule, Rule, ValidationFactory, Validator
from tests.golden.values import from_php, to_php

__all__ = ["EXCEPTIONS", "run"]

EXCEPTIONS: Mapping[str, Any] = {}

_LINES: dict[str, Any] = importlib.import_module("securely.translation.lang.en.validation").lines
_NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


class _Lines:
    """The English lines, and those that a case puts over them."""

    def __init__(self, over: Mapping[str, str]) -> None:
        self._lines = dict(_LINES)
        for key, line in over.items():
            parts = key.removeprefix("validation.").split(".")
            if parts[0] == "custom":
                # Names of fields have dots of their own: the rule is what stands last.
                parts = ["custom", ".".join(parts[1:-1]), parts[-1]]
            node = self._lines
            for part in parts[:-1]:
                node[part] = dict(node.get(part, {}))
                node = node[part]
            node[parts[-1]] = line

    def get(
        self, key: str, replace: Mapping[str, Any] | None = None, locale: str | None = None
    ) -> Any:
        node: Any = {"validation": self._lines}
        for part in key.split("."):
            if not isinstance(node, dict) or part not in node:
                return key
            node = node[part]
        return node

    def choice(self, key: str, number: Any, replace: Mapping[str, Any] | None = None) -> str:
        return key.replace(":count", str(number))


def run(case: Mapping[str, Any]) -> object:
    """Validate as the case says, and return what came of it."""
    with using(FrozenClock(_NOW.timestamp())):
        try:
            return _run(case)
        except InvalidRule as error:
            return {"exception": "InvalidRule", "message": str(error)}


def _run(case: Mapping[str, Any]) -> object:
    factory = ValidationFactory(_Lines(case.get("lang") or {}))
    if case.get("exclude_unvalidated_array_keys") is False:
        factory.include_unvalidated_array_keys()
    rules = {name: _rules(rule) for name, rule in _pairs(case["rules"])}
    validator = factory.make(
        _data(case["data"]) or {},
        rules,
        _data(case.get("messages") or {}),
        _data(case.get("attributes") or {}),
    )
    validator.with_values(_data(case.get("values") or {}))
    validator.stop_on_first_failure(bool(case.get("stop_on_first_failure")))
    for each in case.get("sometimes", ()):
        validator.sometimes(each["attribute"], _rules(each["rules"]), _condition(each))
    for field, message in case.get("after", ()):
        validator.after(_adding(field, message))
    passes = validator.passes()
    answer: dict[str, Any] = {"passes": passes, "errors": validator.errors().messages()}
    failed = validator.failed()
    if failed:
        answer["failed"] = {
            field: {_class(name): _php(parameters) for name, parameters in broken.items()}
            for field, broken in failed.items()
        }
    answer["validated"] = _php(validator.validated()) if passes else None
    return answer


def _pairs(rules: Any) -> list[tuple[str, Any]]:
    if isinstance(rules, list):
        return [(str(index), rule) for index, rule in enumerate(rules)]
    if "$map" in rules:
        return [(str(key), rule) for key, rule in rules["$map"]]
    return [*rules.items()]


def _data(value: Any) -> Any:
    if isinstance(value, list):
        return [_data(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$map" in value:
        return {key: _data(each) for key, each in value["$map"]}
    if "$bytes" in value or "$float" in value:
        return from_php(value)
    if "$object" in value or "$instance" in value:
        return object()
    return {key: _data(each) for key, each in value.items()}


def _rules(rule: Any) -> Any:
    if isinstance(rule, list):
        return [_rules(each) for each in rule]
    if isinstance(rule, dict) and "$rule" in rule:
        return _BUILDERS[rule["$rule"]](rule)
    return rule


def _condition(each: Mapping[str, Any]) -> Callable[[Any, Any], bool]:
    field, wanted = each["when"]

    def holds(data: Any, item: Any) -> bool:
        found = data if each["on"] == "input" else item
        return isinstance(found, dict) and found.get(field) == wanted

    return holds


def _adding(field: str, message: str) -> Callable[[Validator], None]:
    return lambda validator: validator.errors().add(field, message) and None


def _chained(made: Any, chain: list[list[Any]]) -> Any:
    for method, *arguments in chain:
        # PHP passes over what a method does not take.
        taken = [] if method == "strict" else arguments
        made = getattr(made, Str.snake(method))(*taken)
    return made


def _password() -> Any:
    from securely.validation import Password

    return Password


def _enum(rule: Mapping[str, Any]) -> Any:
    described = rule["enum"]
    cases = described["cases"]
    made: Any = enum.Enum(
        "Case",
        {name: object() if described["type"] == "pure" else value for name, value in cases.items()},
    )
    built = Rule.enum(made)
    if "only" in rule:
        built = built.only([made[name] for name in rule["only"]])
    if "except" in rule:
        built = built.except_([made[name] for name in rule["except"]])
    return built


def _closure(rule: Mapping[str, Any]) -> Any:
    def check(attribute: str, value: Any, fail: Any) -> None:
        if value == rule["fails_when_equal"]:
            fail(rule["message"])

    return check


def _static(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda rule: getattr(Rule, name)(*rule["args"])


def _listed(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda rule: getattr(Rule, name)(rule["args"])


def _fluent(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda rule: _chained(getattr(Rule, name)(), rule["chain"])


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    **{
        name: _listed(ours)
        for name, ours in {
            "in": "in_", "not_in": "not_in", "contains": "contains",
            "doesnt_contain": "doesnt_contain", "array": "array", "any_of": "any_of",
        }.items()
    },
    **{
        name: _static(name)
        for name in (
            "required_if", "required_unless", "exclude_if", "exclude_unless", "prohibited_if",
            "prohibited_unless", "when", "unless",
        )
    },
    **{name: _fluent(name) for name in ("date", "email", "numeric", "string")},
    "enum": _enum,
    "password": lambda rule: _chained(_password().min(*rule["args"]), rule["chain"]),
    "closure": _closure,
    "for_each": lambda rule: Rule.for_each(lambda value, attribute: rule["rules"]),
}  # fmt: skip


def _class(label: str) -> str:
    if "<locals>" in label:
        return "Illuminate\\Validation\\ClosureValidationRule"
    _, dot, name = label.rpartition(".")
    return f"Illuminate\\Validation\\Rules\\{name}" if dot else label


def _php(value: Any) -> Any:
    """Return *value* as the vectors write it, with maps of 0, 1, 2 … as lists."""
    if isinstance(value, (list, tuple)):
        return [_php(each) for each in value]
    if not isinstance(value, dict):
        return to_php(value)
    keys = [int(key) if str(key).lstrip("-").isdigit() else key for key in value]
    items = [_php(each) for each in value.values()]
    if keys == [*range(len(keys))]:
        return items
    if any(isinstance(key, int) for key in keys):
        return {"$map": [[key, item] for key, item in zip(keys, items, strict=True)]}
    return dict(zip(map(str, keys), items, strict=True))
