"""Spec: what a rule is to the one who compiles it. Place: what its check may ask while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NoReturn, Protocol, TypeAlias

from securely.support.missing import Missing
from securely.validation.exceptions import InvalidRule
from securely.validation.plan.paths import Path, find, split

__all__ = [
    "SLOW",
    "Args",
    "Check",
    "Facts",
    "Place",
    "Quick",
    "Ref",
    "Slow",
    "Spec",
    "always",
    "found",
    "no_need",
]


class Ref:
    """Another field that a rule names; its stars stand for the keys of the checked field."""

    __slots__ = ("name", "path", "stars")

    def __init__(self, name: str) -> None:
        self.name: str = name
        self.path: Path = split(name)
        self.stars: int = self.path.count("*")

    def at(self, keys: Sequence[str]) -> Path:
        """Return the path it has where the stars of the checked field stood for *keys*."""
        if not self.stars or not keys:
            return self.path
        left = iter(keys)
        return tuple(next(left, "*") if part == "*" else part for part in self.path)


class Place(Protocol):
    """Where a check runs: the data around the value, and the field it belongs to."""

    @property
    def attribute(self) -> str:
        """The dotted name of the field that is checked."""
        ...

    @property
    def data(self) -> object:
        """All that is validated."""
        ...

    @property
    def keys(self) -> Sequence[str]:
        """The keys that the stars of the field's path stand for here."""
        ...

    @property
    def path(self) -> Path:
        """The path of the field that is checked."""
        ...

    @property
    def memory(self) -> dict[object, Any]:
        """What checks keep until this validation ends."""
        ...

    @property
    def awaits(self) -> bool:
        """Whether this validation is an async one, in which checks may return awaitables."""
        ...

    def facts_of(self, path: Path) -> Facts | None:
        """Return what the rules of the field at *path* say of it; None for one without rules."""
        ...

    def has_errors(self) -> bool:
        """Tell whether something was found wrong with the field already."""
        ...

    def peers(self, check: Check) -> Iterator[object]:
        """Yield the values that *check*, a rule of this field, is asked of in all its places."""
        ...


Check: TypeAlias = Callable[[Any, Place], object]
"""Tells of a value whether it keeps the rule; what it returns is read as true or false."""


Quick: TypeAlias = Callable[[str, Any], object]
"""A check of text that is not blank, by that and by all that is validated, without a place."""


class Slow(Enum):
    """The type of :data:`SLOW`."""

    SLOW = "slow"


SLOW: Final = Slow.SLOW
"""Says that a rule with these parameters has to see its place."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules of a field say of it together.

    Args:
        names: The names of all its rules.
        literals: Rules that were written without parameters.
        layouts: The layouts of its `date_format`.
        path: Its path, with stars.
    """

    names: frozenset[str]
    literals: frozenset[str]
    layouts: tuple[str, ...]
    path: Path

    @property
    def is_numeric(self) -> bool:
        """Whether numeric text counts as a number."""
        return not _NUMERIC.isdisjoint(self.names)

    @property
    def is_array(self) -> bool:
        """Whether it is a list or a dict."""
        return not _ARRAY.isdisjoint(self.names)


@dataclass(frozen=True, slots=True)
class Args:
    """What a rule is compiled from.

    Args:
        name: The rule's name.
        parameters: What stands behind its colon.
        facts: What the other rules of its field say.
        written: How it was written.
        services: What answers rules that ask the application.
    """

    name: str
    parameters: tuple[Any, ...]
    facts: Facts
    written: str
    services: Mapping[str, Any]

    def fault(self, problem: str) -> NoReturn:
        """Raise the error that says what is wrong with the rule."""
        raise InvalidRule(".".join(self.facts.path), self.written, problem)

    def text(self, index: int) -> str:
        """Return a parameter as text; nothing for one that is not there."""
        value = self.parameters[index] if index < len(self.parameters) else None
        return "" if value is None else str(value)

    def texts(self) -> tuple[str, ...]:
        """Return all parameters as text."""
        return tuple("" if value is None else _text(value) for value in self.parameters)

    def ref(self, index: int = 0) -> Ref:
        """Return the field that a parameter names."""
        return Ref(self.text(index))

    def refs(self) -> tuple[Ref, ...]:
        """Return the fields that all parameters name."""
        return tuple(map(Ref, self.texts()))


@dataclass(frozen=True, slots=True)
class Spec:
    """A rule of Laravel's, and how it is compiled.

    Args:
        name: Its name in snake_case.
        build: Makes its check of its parameters.
        least: So many parameters it needs.
        most: So many it takes; None for any number.
        implicit: Whether it is asked of absent and blank values too.
        excludes: Whether breaking it takes the field out of the data instead of failing.
        dependent: Whether its parameters name other fields.
        sized: Whether its message depends on what is measured.
        waits: Whether its check may have to wait for others, such as a database.
        quick: Makes the check for text that is not blank: None where all such text keeps the rule.
        pure: Whether its check looks at the value alone, and never at its place.
    """

    name: str
    build: Callable[[Args], Check]
    least: int = 0
    most: int | None = None
    implicit: bool = False
    excludes: bool = False
    dependent: bool = False
    sized: bool = False
    waits: bool = False
    quick: Callable[[Args], Quick | Slow | None] | None = None
    pure: bool = False


_NUMERIC: Final = frozenset({"numeric", "integer", "decimal"})
_ARRAY: Final = frozenset({"array", "list"})


def always(args: Args) -> Check:
    """Compile a rule that says something of its field, and breaks never."""
    del args
    return _true


def no_need(args: Args) -> None:
    """Compile a rule that all text keeps which is not blank."""
    del args


def _true(value: object, at: Place) -> bool:
    del value, at
    return True


def _text(value: object) -> str:
    if value is True:
        return "true"
    return "false" if value is False else str(value)


def found(at: Place, ref: Ref) -> object | Missing:
    """Return what stands in the field that *ref* names, or MISSING."""
    return find(at.data, ref.at(at.keys))
