"""Enum: a member of an enum. Choice: one of some values, by type. Can: what a gate allows."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, Self

from securely.support.steps import Steps, arun, run
from securely.validation.answers.asking import asked
from securely.validation.builders.written import Several, flattened, plain
from securely.validation.contracts import Fail, Rule
from securely.validation.exceptions import NothingAnswers, RulesError
from securely.validation.rules.loose import is_numeric, number, text
from securely.validation.rules.structures import identical

__all__ = ["Can", "Choice", "Enum"]

# Wider than any integer of PHP, which has 19 digits.
_DIGITS_MAX: Final = 20


class Enum(Rule):
    """That a value is a member of an enum, or the value of one; made by `Rule.enum()`.

    An enum of text takes numbers that are written like a value, one of integers takes numeric
    text, as forms send it.

    Args:
        type_: The enum.

    Raises:
        RulesError: It is none.

    Example:
        >>> class Suit(enum.Enum):
        ...     HEARTS = "hearts"
        ...     SPADES = "spades"
        >>> rule = Enum(Suit).only(Suit.HEARTS)

    Source: Laravel 13, Validation\\Rules\\Enum.
    """

    validator: Any

    def __init__(self, type_: type[enum.Enum]) -> None:
        given: object = type_
        if not isinstance(given, enum.EnumMeta):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise RulesError(
                f"Rule.enum() takes an enum, a subclass of enum.Enum, not {type_!r:.100}."
            )
        self._type = type_
        self._only: list[enum.Enum] = []
        self._except: list[enum.Enum] = []

    def only(self, *members: Several) -> Self:
        """Take these *members* alone; given one by one or as a list, or by their values."""
        self._only = self._members(members)
        return self

    def except_(self, *members: Several) -> Self:
        """Refuse these *members*; given one by one or as a list, or by their values."""
        self._except = self._members(members)
        return self

    def validate(self, attribute: str, value: Any, fail: Fail) -> None:
        """Call *fail* where *value* is no member that is taken."""
        member = value if isinstance(value, self._type) else self._member(value)
        if member is None or not self._is_taken(member):
            fail(self.validator.wording.line("enum") or "The selected :attribute is invalid.")

    def _members(self, members: Iterable[Several]) -> list[enum.Enum]:
        try:
            return [self._type(each) for each in flattened(members)]
        except ValueError as error:
            raise RulesError(f"Rule.enum({self._type.__qualname__}): {error}.") from None

    def _is_taken(self, member: enum.Enum) -> bool:
        if self._only:
            return member in self._only
        return member not in self._except

    def _member(self, value: object) -> enum.Enum | None:
        """Return the member whose value *value* is, or can be read as."""
        if value is None:
            return None
        return next((each for each in self._type if _stands_for(each.value, value)), None)


class Choice(Rule):
    """That a value is one of some, or none of them, of the same type; made by `in_(strict=True)`.

    Args:
        values: The values; a member of an enum stands for its value.
        wanted: Whether it has to be one of them.
    """

    validator: Any

    def __init__(self, values: Iterable[object], *, wanted: bool) -> None:
        self._values = [plain(value) for value in values]
        self._wanted = wanted

    def validate(self, attribute: str, value: Any, fail: Fail) -> None:
        """Call *fail* where *value* is not as wanted."""
        if any(identical(value, each) for each in self._values) is not self._wanted:
            line = self.validator.wording.line("in" if self._wanted else "not_in")
            fail(line or "The selected :attribute is invalid.")


class Can(Rule):
    """That whoever asks may do something with a value; made by `Rule.can()`.

    Args:
        ability: What is to be done.
        arguments: What it is done to, before the value.

    Source: Laravel 13, Validation\\Rules\\Can.
    """

    validator: Any

    def __init__(self, ability: str, *arguments: object) -> None:
        self._ability, self._arguments = ability, arguments

    def validate(self, attribute: str, value: Any, fail: Fail) -> Any:
        """Call *fail* where it is not allowed.

        Raises:
            NothingAnswers: Nobody was bound who knows what is allowed.
        """
        if self.validator.awaits:
            return arun(self._judge(value, fail))
        return run(self._judge(value, fail))

    def _judge(self, value: Any, fail: Fail) -> Steps[None]:
        gate = self.validator.maker.answerer("can")
        if gate is None:
            raise NothingAnswers(
                "can",
                "who may do what, and nobody was bound to know: give an Authorizer "
                'to Validator.answer_with("can", …).',
            )
        if not (yield from asked(gate, "allows", self._ability, (*self._arguments, value))):
            line = self.validator.wording.line("can")
            fail(line or "The :attribute field contains an unauthorized value.")


def _stands_for(held: object, value: object) -> bool:
    """Tell whether PHP would read *value* as *held*, the value of an enum's member."""
    if isinstance(held, str):
        return isinstance(value, (str, int, float)) and text(value) == held
    if isinstance(held, int) and not isinstance(held, bool):
        return _as_integer(value) == held
    return identical(held, value)


def _as_integer(value: object) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if not is_numeric(value):
        return None
    read = number(value)
    if isinstance(read, Decimal) and read.adjusted() > _DIGITS_MAX:
        return None  # wider than any integer of PHP; and costly to write out
    try:
        whole = int(read)
    except (ValueError, OverflowError):  # infinite, or none
        return None
    return whole if whole == read else None
