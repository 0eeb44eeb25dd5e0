"""ListedRule: a rule of a list. ForEach: rules for each value. AnyOf: one of several sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, signature
from typing import Any, Final

from securely.support.steps import Steps, arun, call, run
from securely.validation.builders.written import WrittenRules
from securely.validation.contracts import Fail, Rule
from securely.validation.exceptions import RulesError

__all__ = ["AnyOf", "ForEach", "ListedRule"]

_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class ListedRule(WrittenRules):
    """One rule with a list of values; made by `Rule.array()`, `Rule.in_()` and their like.

    Args:
        name: The rule.
        values: Its values; a member of an enum stands for its value.
    """

    def __init__(self, name: str, values: Iterable[object]) -> None:
        super().__init__()
        self._add(name, *values)
        if len(self._rules[0]) == 1 and name != "array":
            # Nothing is in it but nothing: "in" without any value would be another rule.
            self._rules = [(name, None)]


class ForEach:
    """Rules that a function makes for each value; made by `Rule.for_each()`.

    Args:
        make: A function of (value, attribute) or (value, attribute, data), which returns the rules
            of that value, or a dict of the rules of fields within it.

    Raises:
        RulesError: It is no function.

    Source: Laravel 13, Validation\\NestedRules.
    """

    def __init__(self, make: Callable[..., object]) -> None:
        if not callable(make):  # pyright: ignore[reportUnnecessaryComparison]  # callers without a checker
            raise RulesError(
                f"Rule.for_each() takes a function of (value, attribute), not {make!r:.100}."
            )
        self._make = make
        self._takes_data = _count(make) > len(("value", "attribute"))

    def rules_of(self, value: object, attribute: str, data: object) -> object:
        """Return the rules of one field; a dict holds those of fields within it."""
        if self._takes_data:
            return self._make(value, attribute, data)
        return self._make(value, attribute)


class AnyOf(Rule):
    """That a value keeps the rules of one of several sets; made by `Rule.any_of()`.

    Args:
        rules: The sets: each the rules of the value, or a dict of those of fields within it. Such
            a dict fits values that are dicts, and no others.

    Raises:
        RulesError: They are no list.

    Source: Laravel 13, Validation\\Rules\\AnyOf.
    """

    validator: Any

    def __init__(self, rules: Iterable[object]) -> None:
        if isinstance(rules, (str, Mapping)) or not isinstance(rules, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise RulesError(
                f"Rule.any_of() takes a list of sets of rules, not {rules!r:.100}: "
                'Rule.any_of(["string|email", "integer"]).'
            )
        self._rules = [*rules]

    def validate(self, attribute: str, value: Any, fail: Fail) -> Any:
        """Call *fail* where *value* keeps the rules of none of the sets."""
        if self.validator.awaits:
            return arun(self._judge(value, fail))
        return run(self._judge(value, fail))

    def _judge(self, value: Any, fail: Fail) -> Steps[None]:
        wording = self.validator.wording
        is_dict = _is_dict(value)
        for each in self._rules:
            data: object = {"0": value}
            rules: object = {"0": each}
            if _is_dict(each):
                if not is_dict:
                    continue
                data, rules = value, each
            tried = self.validator.maker.make(data, rules, wording.messages, wording.attributes)
            if (yield from call(tried.passes, tried.apasses)):
                return
        fail(wording.line("any_of") or "The :attribute field is invalid.")


def _is_dict(value: object) -> bool:
    return isinstance(value, Mapping)


def _count(function: Callable[..., object]) -> int:
    """Return how many arguments by position *function* takes, a thousand for any number."""
    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):  # made in C, and says nothing of itself
        return 2
    if any(each.kind is Parameter.VAR_POSITIONAL for each in parameters):
        return 1_000
    return sum(each.kind in _POSITIONAL for each in parameters)
