"""Conditions: When, rules that hold under one; and required, exclude, prohibited under one."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any, TypeAlias

from securely.validation.exceptions import RulesError

__all__ = ["Condition", "RuleIf", "When"]

Condition: TypeAlias = bool | Callable[..., object]
"""True, False, or a function that tells; a sync one, for it is asked before rules are."""


class When:
    """Rules that hold under a condition; made by `Rule.when()` and `Rule.unless()`.

    Args:
        condition: True, False, or a function of the data.
        rules: Rules that hold where it is true: text, a list, an object, or a function of the data
            that returns such.
        default: Those that hold where it is false.

    Source: Laravel 13, Validation\\ConditionalRules.
    """

    def __init__(self, condition: Condition, rules: object, default: object) -> None:
        self._condition, self._rules, self._default = condition, rules, default

    def rules_for(self, data: object) -> object:
        """Return the rules that hold for *data*."""
        condition = self._condition
        holds = _said(condition(data), "Rule.when()") if callable(condition) else condition
        rules: Any = self._rules if holds else self._default
        return rules(data) if callable(rules) and not isinstance(rules, type) else rules


class RuleIf:
    """One rule that is there under a condition; made by `Rule.required_if()` and its like.

    Args:
        name: The rule.
        condition: True, False, or a function without parameters.
        wanted: What the condition has to be.

    Raises:
        RulesError: The condition is neither.

    Source: Laravel 13, Validation\\Rules\\RequiredIf and its like.
    """

    def __init__(self, name: str, condition: Condition, *, wanted: bool) -> None:
        if not isinstance(condition, bool) and not callable(condition):
            raise RulesError(
                f"A condition of {name} is True, False or a function, not {condition!r:.100}. "
                f'For the value of another field there is "{name}_if:field,value".'
            )
        self._name, self._condition, self._wanted = name, condition, wanted

    def rules_for(self, data: object) -> list[object]:
        """Return the rule, or nothing; the condition is asked once for each validation."""
        del data
        condition = self._condition
        holds = _said(condition(), self._name) if callable(condition) else condition
        return [self._name] if bool(holds) is self._wanted else []


def _said(answer: object, where: str) -> object:
    if isawaitable(answer):
        if iscoroutine(answer):
            answer.close()
        raise TypeError(
            f"A condition of {where} is async, and rules are read before anything is awaited: "
            "await what it needs first, and give the answer."
        )
    return answer
