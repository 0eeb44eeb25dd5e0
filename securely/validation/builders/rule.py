"""Rule: the base of rules of one's own, and the way to those that are built by calls."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping

from securely.validation import contracts
from securely.validation.builders.choices import Can, Choice, Enum
from securely.validation.builders.conditions import Condition, RuleIf, When
from securely.validation.builders.dates import DateRules
from securely.validation.builders.emails import Email
from securely.validation.builders.files import Dimensions, File, ImageFile
from securely.validation.builders.numbers import NumberRules
from securely.validation.builders.stored import ExistsRule, UniqueRule
from securely.validation.builders.structures import AnyOf, ForEach, ListedRule
from securely.validation.builders.texts import TextRules
from securely.validation.builders.written import Several, flattened

__all__ = ["Rule"]


class Rule(contracts.Rule):
    """The base of rules of one's own, and the way to those that are built by calls.

    A subclass that declares `data` gets all that is validated, one that declares `validator` the
    running validator. One object may serve many validations at once: each gets a copy of it.

    Example:
        >>> class Uppercase(Rule):
        ...     def validate(self, attribute, value, fail):
        ...         if value != value.upper():
        ...             fail("The :attribute field must be uppercase.")
        >>> rules = {"code": ["required", Uppercase()], "size": Rule.in_("s", "m", "l")}

    Source: Laravel 13, Validation\\Rule.
    """

    # Values.

    @staticmethod
    def string() -> TextRules:
        """Return the rules of text, to add to."""
        return TextRules()

    @staticmethod
    def numeric() -> NumberRules:
        """Return the rules of numbers, to add to."""
        return NumberRules()

    @staticmethod
    def date() -> DateRules:
        """Return the rules of dates, to add to."""
        return DateRules()

    @staticmethod
    def date_time() -> DateRules:
        """Return the rules of dates with a time, as in 2026-03-15 12:00:00, to add to."""
        return DateRules().format("Y-m-d H:i:s")

    @staticmethod
    def email() -> Email:
        """Return the rule of a mail address, to add to."""
        return Email()

    @staticmethod
    def enum(type_: type[enum.Enum]) -> Enum:
        """Take members of an enum, and their values.

        Raises:
            RulesError: It is no enum.
        """
        return Enum(type_)

    @staticmethod
    def in_(*values: Several, strict: bool = False) -> ListedRule | Choice:
        """Take one of *values*, given one by one or as a list.

        Args:
            values: Values; a member of an enum stands for its value, an enum for those of all.
            strict: Whether the type has to be the same; else values are compared as text.
        """
        given = flattened(values)
        return Choice(given, wanted=True) if strict else ListedRule("in", given)

    @staticmethod
    def not_in(*values: Several, strict: bool = False) -> ListedRule | Choice:
        """Refuse each of *values*; as :meth:`in_` otherwise."""
        given = flattened(values)
        return Choice(given, wanted=False) if strict else ListedRule("not_in", given)

    # Files.

    @staticmethod
    def file() -> File:
        """Return the rules of an uploaded file, to add to."""
        return File()

    @staticmethod
    def image_file(allow_svg: bool = False) -> ImageFile:
        """Return the rules of an uploaded picture, to add to; of SVG too, if that is allowed."""
        return ImageFile(allow_svg)

    @staticmethod
    def dimensions(limits: Mapping[str, float | str] | None = None) -> Dimensions:
        """Return the rules of how wide and how high a picture is, to add to."""
        return Dimensions(limits)

    # Lists and dicts.

    @staticmethod
    def array(*keys: Several) -> ListedRule:
        """Take lists and dicts; with *keys*, dicts that have no others."""
        return ListedRule("array", flattened(keys))

    @staticmethod
    def array_keys(*keys: Several) -> ListedRule:
        """Take dicts that have no other keys than *keys*."""
        return ListedRule("array_keys", flattened(keys))

    @staticmethod
    def contains(*values: Several) -> ListedRule:
        """Take lists that hold all of *values*."""
        return ListedRule("contains", flattened(values))

    @staticmethod
    def doesnt_contain(*values: Several) -> ListedRule:
        """Take lists that hold none of *values*."""
        return ListedRule("doesnt_contain", flattened(values))

    @staticmethod
    def for_each(make: Callable[..., object]) -> ForEach:
        """Let a function of (value, attribute), and data if it takes that, make the rules of each.

        Raises:
            RulesError: It is no function.
        """
        return ForEach(make)

    @staticmethod
    def any_of(rules: Iterable[object]) -> AnyOf:
        """Take what keeps the rules of one of several sets.

        Raises:
            RulesError: They are no list.
        """
        return AnyOf(rules)

    # What others know.

    @staticmethod
    def unique(collection: str, column: str | None = None) -> UniqueRule:
        """Refuse what is stored in *column*, by default the one called as the field."""
        return UniqueRule(collection, column)

    @staticmethod
    def exists(collection: str, column: str | None = None) -> ExistsRule:
        """Take what is stored in *column*, by default the one called as the field."""
        return ExistsRule(collection, column)

    @staticmethod
    def can(ability: str, *arguments: object) -> Can:
        """Take what whoever is logged in may do *ability* with."""
        return Can(ability, *arguments)

    # Conditions.

    @staticmethod
    def when(condition: Condition, rules: object, default: object = ()) -> When:
        """Ask *rules* where *condition* holds, a bool or a function of the data; else *default*."""
        return When(condition, rules, default)

    @staticmethod
    def unless(condition: Condition, rules: object, default: object = ()) -> When:
        """Ask *default* where *condition* holds, a bool or a function of the data; else *rules*."""
        return When(condition, default, rules)

    @staticmethod
    def required_if(condition: Condition | None) -> RuleIf:
        """Require the field where *condition*, or what that function returns, is true."""
        return RuleIf("required", bool(condition) if condition is None else condition, wanted=True)

    @staticmethod
    def required_unless(condition: Condition | None) -> RuleIf:
        """Require the field where *condition*, or what that function returns, is false."""
        return RuleIf("required", bool(condition) if condition is None else condition, wanted=False)

    @staticmethod
    def exclude_if(condition: Condition) -> RuleIf:
        """Leave the field out where *condition*, or what that function returns, is true."""
        return RuleIf("exclude", condition, wanted=True)

    @staticmethod
    def exclude_unless(condition: Condition) -> RuleIf:
        """Leave the field out where *condition*, or what that function returns, is false."""
        return RuleIf("exclude", condition, wanted=False)

    @staticmethod
    def prohibited_if(condition: Condition) -> RuleIf:
        """Prohibit the field where *condition*, or what that function returns, is true."""
        return RuleIf("prohibited", condition, wanted=True)

    @staticmethod
    def prohibited_unless(condition: Condition) -> RuleIf:
        """Prohibit the field where *condition*, or what that function returns, is false."""
        return RuleIf("prohibited", condition, wanted=False)
