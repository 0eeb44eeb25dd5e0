"""Holds what builders come down to."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from securely.validation import InvalidRule, Rule, ValidationFactory
from securely.validation.exceptions import RulesError


class Suit(enum.Enum):
    HEARTS = "hearts"
    SPADES = "spades"


def test_string_when_rules_are_added_then_all_are_asked_once(factory: ValidationFactory) -> None:
    rule = Rule.string().min(2).max(5).lowercase().starts_with("a", "b").min(2)

    assert rule.as_rules() == [
        "string",
        ["min", "2"],
        ["max", "5"],
        "lowercase",
        ["starts_with", "a", "b"],
    ]
    assert factory.make({"f": "abc"}, {"f": rule}).passes()
    assert factory.make({"f": "Xbcdefg"}, {"f": ["required", rule]}).failed() == {
        "f": {"Max": ["5"], "Lowercase": [], "StartsWith": ["a", "b"]}
    }


def test_string_when_a_value_has_commas_then_it_stays_one_value(factory: ValidationFactory) -> None:
    rules = {"f": Rule.string().ends_with('a,"b|c')}

    assert factory.make({"f": 'xa,"b|c'}, rules).passes()
    assert factory.make({"f": "xa"}, rules).fails()


def test_numeric_when_digits_are_wanted_then_integers_are(factory: ValidationFactory) -> None:
    rule = Rule.numeric().digits(3)

    assert rule.as_rules() == ["numeric", "integer", ["digits", "3"]]
    assert factory.make({"f": "12.5"}, {"f": rule}).fails()
    assert Rule.numeric().min(2.5).max(10).as_rules()[1:] == [["min", "2.5"], ["max", "10"]]


def test_builder_when_it_grows_between_validations_then_what_it_is_now_is_asked(
    factory: ValidationFactory,
) -> None:
    rule = Rule.string()
    assert factory.make({"f": "abc"}, {"f": rule}).passes()

    rule.max(2)

    assert factory.make({"f": "abc"}, {"f": rule}).fails()


def test_date_when_limits_are_objects_then_they_are_written_in_the_format_of_the_field() -> None:
    day = date(2024, 1, 31)
    moment = datetime(2024, 1, 31, 8, 5, tzinfo=timezone(timedelta(hours=2)))

    assert Rule.date().after(day).as_rules() == ["date", ["after", "2024-01-31"]]
    assert Rule.date().after(moment).as_rules()[1] == ["after", "2024-01-31 08:05:00+02:00"]
    assert Rule.date().before(day).format("j.n.y").as_rules() == [
        ["date_format", "j.n.y"],
        ["before", "31.1.24"],
    ]
    assert Rule.date().format("%d/%m/%Y").before(day).as_rules()[1] == ["before", "31/01/2024"]
    assert Rule.date().format(r"Y\YH:i P").before(moment).as_rules()[1] == [
        "before",
        "2024Y08:05 +02:00",
    ]
    assert Rule.date_time().after(datetime(2024, 1, 31, 8, tzinfo=UTC)).as_rules()[1] == [
        "after",
        "2024-01-31 08:00:00",
    ]


def test_date_when_words_are_asked_for_then_they_are_those_of_laravel() -> None:
    rule = Rule.date().today_or_after().past().between_or_equal("a", "b")

    assert rule.as_rules() == [
        "date",
        ["after_or_equal", "today"],
        ["before", "now"],
        ["after_or_equal", "a"],
        ["before_or_equal", "b"],
    ]


def test_in_when_values_are_members_of_an_enum_then_their_values_are_meant(
    factory: ValidationFactory,
) -> None:
    for rule in (Rule.in_(Suit.HEARTS, Suit.SPADES), Rule.in_([*Suit]), Rule.in_(Suit)):
        assert factory.make({"f": "hearts"}, {"f": rule}).passes()
        assert factory.make({"f": "HEARTS"}, {"f": rule}).failed() == {
            "f": {"In": ["hearts", "spades"]}
        }


def test_in_when_it_is_strict_then_types_count(factory: ValidationFactory) -> None:
    assert factory.make({"f": "1"}, {"f": Rule.in_(1, 2)}).passes()
    assert factory.make({"f": 1}, {"f": Rule.in_(1, 2, strict=True)}).passes()
    wrong: tuple[Any, ...] = ("1", True, 1.0, [1])
    for value in wrong:
        refused = factory.make({"f": value}, {"f": Rule.in_(1, 2, strict=True)})
        assert refused.errors().first("f") == "The selected f is invalid."
        assert factory.make({"f": value}, {"f": Rule.not_in([1, 2], strict=True)}).passes()


def test_in_when_there_are_no_values_then_nothing_is_taken(factory: ValidationFactory) -> None:
    assert factory.make({"f": "a"}, {"f": Rule.in_([])}).fails()


def test_array_when_keys_are_given_then_others_are_refused(factory: ValidationFactory) -> None:
    assert factory.make({"f": {"a": 1}}, {"f": Rule.array("a", "b")}).passes()
    assert factory.make({"f": {"c": 1}}, {"f": Rule.array(["a", "b"])}).fails()
    assert factory.make({"f": [1]}, {"f": Rule.array()}).passes()
    with pytest.raises(InvalidRule):
        factory.make({"f": {}}, {"f": Rule.array_keys()}).passes()


def test_contains_when_values_have_commas_then_they_are_found(factory: ValidationFactory) -> None:
    assert factory.make({"f": ["a", "b,c"]}, {"f": Rule.contains("a", "b,c")}).passes()
    assert factory.make({"f": ["b,c"]}, {"f": Rule.doesnt_contain(["b,c"])}).fails()


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (Rule.required_if(True), True),
        (Rule.required_if(lambda: False), False),
        (Rule.required_if(None), False),
        (Rule.required_unless(lambda: 0), True),
        (Rule.required_unless(True), False),
    ],
)
def test_required_when_it_has_a_condition_then_that_decides(
    factory: ValidationFactory, rule: object, asked: bool
) -> None:
    assert factory.make({}, {"f": [rule, "string"]}).fails() is asked


def test_required_if_when_the_answer_changes_then_it_is_asked_anew(
    factory: ValidationFactory,
) -> None:
    answers = [True, False]
    rule = Rule.required_if(lambda: answers.pop(0))

    assert factory.make({}, {"f": rule}).fails()
    assert factory.make({}, {"f": rule}).passes()


def test_exclude_and_prohibited_when_they_have_a_condition_then_that_decides(
    factory: ValidationFactory,
) -> None:
    data = {"f": "x", "g": "y"}

    assert factory.validate(data, {"f": Rule.exclude_if(True), "g": Rule.exclude_unless(True)}) == {
        "g": "y"
    }
    assert factory.make(data, {"f": Rule.prohibited_if(lambda: True)}).fails()
    assert factory.make(data, {"f": Rule.prohibited_unless(True)}).passes()


def test_condition_when_it_is_no_condition_then_says_so() -> None:
    with pytest.raises(RulesError, match="exclude_if:field,value"):
        Rule.exclude_if("role,admin")  # type: ignore[arg-type]  # the mistake


def test_condition_when_it_is_async_then_says_so(factory: ValidationFactory) -> None:
    async def is_admin(*_: object) -> bool:
        return True

    for rule in (Rule.required_if(is_admin), Rule.when(is_admin, "required")):
        with pytest.raises(TypeError, match="async"):
            factory.make({}, {"f": rule}).passes()


def test_when_when_the_condition_looks_at_data_then_gets_it(factory: ValidationFactory) -> None:
    rules = {
        "f": Rule.when(lambda data: data["kind"] == "a", "required|min:3", "nullable"),
        "g": ["string", Rule.unless(lambda data: data["kind"] == "a", ["required"])],
    }

    assert factory.make({"kind": "a", "f": "xy"}, rules).failed() == {"f": {"Min": ["3"]}}
    assert factory.make({"kind": "b", "f": "xy"}, rules).failed() == {"g": {"Required": []}}


def test_when_when_rules_are_a_function_then_it_makes_them_of_the_data(
    factory: ValidationFactory,
) -> None:
    rules = {"f": Rule.when(True, lambda data: f"max:{data['limit']}")}

    assert factory.make({"f": "abc", "limit": 2}, rules).fails()
    assert factory.make({"f": "abc", "limit": 3}, rules).passes()
