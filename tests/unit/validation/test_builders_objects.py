"""Holds the rules that are objects: enum, any_of, for_each, email, can."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Sequence
from typing import Any

import pytest

from securely.validation import Rule, ValidationFactory
from securely.validation.exceptions import NothingAnswers, RulesError


class Suit(enum.Enum):
    HEARTS = "hearts"
    SPADES = "spades"
    ONE = "1"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize(
    ("type_", "value", "taken"),
    [
        (Suit, "hearts", True),
        (Suit, "HEARTS", False),
        (Suit, Suit.HEARTS, True),
        (Suit, 1, True),
        (Suit, True, True),
        (Suit, ["hearts"], False),
        (Suit, None, False),
        (Level, 2, True),
        (Level, "2", True),
        (Level, "2.0", True),
        (Level, 2.5, False),
        (Level, "x", False),
        (Level, float("inf"), False),
        (Level, "1e999999", False),
    ],
)
def test_enum_when_a_value_stands_for_a_member_then_takes_it(
    factory: ValidationFactory, type_: type[enum.Enum], value: Any, taken: bool
) -> None:
    validator = factory.make({"f": value}, {"f": Rule.enum(type_)})

    assert validator.passes() is taken
    assert validator.errors().get("f") == ([] if taken else ["The selected f is invalid."])


def test_enum_when_members_are_chosen_then_others_are_refused(factory: ValidationFactory) -> None:
    only = {"f": Rule.enum(Suit).only(Suit.HEARTS, "spades")}
    without = {"f": Rule.enum(Suit).except_([Suit.HEARTS])}

    assert [factory.make({"f": each.value}, only).passes() for each in Suit] == [True, True, False]
    assert [factory.make({"f": each.value}, without).passes() for each in Suit] == [
        False,
        True,
        True,
    ]


def test_enum_when_it_is_none_or_has_no_such_member_then_says_so() -> None:
    with pytest.raises(RulesError, match=r"subclass of enum\.Enum"):
        Rule.enum(str)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(RulesError, match="clubs"):
        Rule.enum(Suit).only("clubs")


def test_enum_when_a_message_is_given_for_it_then_says_that(factory: ValidationFactory) -> None:
    validator = factory.make({"f": "x"}, {"f": Rule.enum(Suit)}, {"f.enum": "No such :attribute."})

    assert validator.errors().all() == ["No such f."]


def test_any_of_when_one_set_fits_then_passes(factory: ValidationFactory) -> None:
    rules = {"f": Rule.any_of(["string|email", ["integer", "min:3"]])}

    assert factory.make({"f": "a@b.co"}, rules).passes()
    assert factory.make({"f": 5}, rules).passes()
    assert factory.make({"f": 2}, rules).errors().all() == ["The f field is invalid."]


def test_any_of_when_a_set_is_of_fields_within_then_fits_dicts_alone(
    factory: ValidationFactory,
) -> None:
    rules = {"f": Rule.any_of([{"kind": "required|in:a", "n": "integer"}, {"n": "integer"}])}

    assert factory.make({"f": {"kind": "a", "n": 1}}, rules).passes()
    assert factory.make({"f": {"n": "x"}}, rules).fails()
    assert factory.make({"f": "text"}, rules).fails()
    assert factory.make({"f": {"a": 1}}, {"f": Rule.any_of(["string", "integer"])}).fails()


def test_any_of_when_its_rules_are_no_list_then_says_so() -> None:
    with pytest.raises(RulesError, match="list of sets"):
        Rule.any_of("string|integer")


def test_any_of_when_a_rule_within_is_async_then_is_awaited(
    factory: ValidationFactory,
) -> None:
    async def is_free(attribute: str, value: Any, fail: Any) -> None:
        if value == "taken":
            fail("Taken.")

    rules = {"f": Rule.any_of([["string", is_free]])}

    assert asyncio.run(factory.make({"f": "free"}, rules).apasses())
    assert not asyncio.run(factory.make({"f": "taken"}, rules).apasses())


def test_for_each_when_rules_differ_by_value_then_each_has_its_own(
    factory: ValidationFactory,
) -> None:
    seen: list[str] = []

    def make(value: Any, attribute: str) -> object:
        seen.append(attribute)
        return {"n": "integer" if value["kind"] == "number" else "string"}

    data = {"items": [{"kind": "number", "n": "x"}, {"kind": "text", "n": "x"}]}
    validator = factory.make(data, {"items.*": Rule.for_each(make)})

    assert validator.failed() == {"items.0.n": {"Integer": []}}
    assert seen == ["items.0", "items.1"]


def test_for_each_when_the_function_takes_data_then_gets_it(factory: ValidationFactory) -> None:
    rule = Rule.for_each(lambda value, attribute, data: f"max:{data['limit']}")

    assert factory.make({"limit": 2, "tags": ["abc"]}, {"tags.*": rule}).fails()
    assert factory.make({"limit": 3, "tags": ["abc"]}, {"tags.*": rule}).passes()


def test_for_each_when_it_is_no_function_then_says_so() -> None:
    with pytest.raises(RulesError, match="function of"):
        Rule.for_each("required")  # type: ignore[arg-type]  # the mistake


def test_email_when_styles_and_rules_are_added_then_all_are_asked(
    factory: ValidationFactory,
) -> None:
    rules = {"f": Rule.email().rfc_compliant(strict=True).rules("ends_with:.org")}

    assert factory.make({"f": "a@b.org"}, rules).passes()
    assert factory.make({"f": "a@b.com"}, rules).errors().all() == [
        "The f field must end with one of the following: .org."
    ]
    assert factory.make({"f": "nope.org"}, rules).errors().all() == [
        "The f field must be a valid email address."
    ]


def test_email_when_it_has_defaults_then_these_are_a_new_rule_each_time() -> None:
    from securely.validation.builders.emails import Email

    try:
        Email.defaults(Rule.email().strict())
        first = Email.default().rules("max:5")

        assert first is not Email.default()
        assert Email.default()._rules == []
    finally:
        Email.defaults(None)


class Gate:
    def allows(self, ability: str, arguments: Sequence[Any]) -> bool:
        return (ability, *arguments) == ("edit", "post", "7")


class AsyncGate:
    async def allows(self, ability: str, arguments: Sequence[Any]) -> bool:
        return (ability, *arguments) == ("edit", "7")


def test_can_when_somebody_knows_what_is_allowed_then_asks(factory: ValidationFactory) -> None:
    factory.answer_with("can", Gate())
    rules = {"f": Rule.can("edit", "post")}

    assert factory.make({"f": "7"}, rules).passes()
    assert factory.make({"f": "8"}, rules).errors().all() == [
        "The f field contains an unauthorized value."
    ]


def test_can_when_nobody_was_bound_then_says_whom_to_bind(factory: ValidationFactory) -> None:
    with pytest.raises(NothingAnswers, match="Authorizer"):
        factory.make({"f": "7"}, {"f": Rule.can("edit")}).passes()


def test_can_when_the_answer_is_async_then_only_async_validations_take_it(
    factory: ValidationFactory,
) -> None:
    factory.answer_with("can", AsyncGate())
    rules = {"f": Rule.can("edit")}

    assert asyncio.run(factory.make({"f": "7"}, rules).apasses())
    assert not asyncio.run(factory.make({"f": "8"}, rules).apasses())
    with pytest.raises(TypeError, match=r"AsyncGate\.allows\(\) is async"):
        factory.make({"f": "7"}, rules).passes()
