"""WrittenRules: the base of builders that come down to rules by name. What values are as text."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any, Self, TypeAlias, cast

from securely.validation.rules.loose import text

__all__ = ["Several", "WrittenRules", "as_text", "flattened", "plain"]

Several: TypeAlias = Any
"""Values one by one, or one list of them."""


class WrittenRules:  # noqa: PLW1641  # it grows, so it has no hash
    """Rules of one field, in the order in which they were asked for; each of them once.

    Args:
        first: The rules it begins with.
    """

    def __init__(self, *first: str) -> None:
        self._rules: list[tuple[object, ...]] = [(name,) for name in first]

    def as_rules(self) -> list[object]:
        """Return the rules it stands for, as a list of rules has them."""
        return [rule[0] if len(rule) == 1 else [*rule] for rule in dict.fromkeys(self._rules)]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.as_rules() == cast("Self", other).as_rules()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.as_rules()!r})"

    def _add(self, name: str, *parameters: object) -> Self:
        self._rules.append((name, *map(as_text, parameters)))
        return self


def plain(value: object) -> object:
    """Return *value*, or what a member of an enum stands for."""
    return value.value if isinstance(value, enum.Enum) else value


def as_text(value: object) -> str:
    """Return *value* as the parameter of a rule is written; of a member of an enum, its value."""
    return text(plain(value))


def flattened(values: Iterable[Several]) -> list[Any]:
    """Return *values* that were given one by one, or as one list.

    Example:
        >>> flattened(["a", "b"]), flattened([["a", "b"]])
        (['a', 'b'], ['a', 'b'])
    """
    given = [*values]
    if len(given) == 1 and not isinstance(given[0], str | bytes) and isinstance(given[0], Iterable):
        return [*given[0]]
    return given
