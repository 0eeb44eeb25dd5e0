"""What nobody means to send is answered in bounded time, and never by an exception from inside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from securely.translation import FileLoader, Translator
from securely.validation import InvalidRule, Rule, ValidationFactory
from securely.validation.rules.table import SPECS
from tests.effort import effort

_FACTORY = ValidationFactory(Translator(FileLoader([]), "en"))
_PARAMETERS = {
    "regex": "/^(a+)+$/", "not_regex": "/^(a|aa)+$/", "encoding": "UTF-8", "date_format": "Y-m-d",
    "unique": None, "exists": None, "can": None, "current_password": None, "active_url": None,
    "dimensions": "min_width=1", "email": "rfc,strict,filter,spoof", "mimes": "png",
    "mimetypes": "image/*",
    "decimal": "0,2",
    **dict.fromkeys(("in", "not_in", "contains", "doesnt_contain"), "3,4"),
    **dict.fromkeys(("in_array_keys", "required_array_keys"), "1,2"),
    "in_array": "other.*", "distinct": "ignore_case", "between": "1,5", "digits_between": "1,5",
}  # fmt: skip


def _every_rule() -> list[str]:
    found = []
    for name, spec in SPECS.items():
        parameters = _PARAMETERS.get(name, ",".join(["3"] * spec.least))
        if parameters is not None:
            found.append(f"{name}:{parameters}" if parameters else name)
    return found


def _for_p(value: Any, attribute: str) -> dict[str, str]:
    return {"p": "integer"}


_RULES = _every_rule()
_VALUES = [
    "x" * 1_000_000,
    "9" * 1_000_000,
    "1e999999999",
    "-1e-999999999",
    "a" * 40 + "!",
    "\0",
    "\ud800",
    "🙂" * 1_000,
    float("nan"),
    float("inf"),
    10**5_000,
    b"\xff\xfe",
    object(),
    {1: 2, "1": 3},
]


def _ask(value: Any, rule: str) -> None:
    validator = _FACTORY.make({"f": value, "other": value}, {"f": [rule]})
    validator.passes()
    validator.errors().all()


@pytest.mark.parametrize("rule", _RULES)
def test_rule_when_values_are_hostile_then_answers_in_bounded_time(rule: str) -> None:
    loop: list[Any] = []
    loop.append(loop)
    deep: list[Any] = []
    for _ in range(2_000):
        deep = [deep]

    for value in [*_VALUES, loop, deep]:
        took = effort(partial(_ask, value, rule))

        assert took < 6, (rule, repr(value)[:40], took)


@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    rules=st.lists(st.sampled_from(_RULES), max_size=5),
    name=st.sampled_from(["f", "f.*", "f.*.a", "*", "f.0", "f.a.*.b"]),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_validator_when_data_is_anything_then_gives_an_answer(
    data: object, rules: list[str], name: str
) -> None:
    validator = _FACTORY.make({"f": data}, {name: [*rules], "g": "nullable"})

    if validator.passes():
        validator.validated()
        assert not validator.failed()
    else:
        assert all(isinstance(message, str) for message in validator.errors())
    assert validator.valid() is not None
    validator.invalid()


def test_errors_when_there_are_too_many_then_the_rest_is_not_looked_at() -> None:
    factory = ValidationFactory(Translator(FileLoader([]), "en"), errors_max=50)

    errors = factory.make({"a": ["x"] * 10_000}, {"a.*": "integer", "b": "required"}).errors()

    assert errors.count() == 50
    assert errors.has("b")


def test_list_when_it_is_longer_than_is_looked_at_then_says_so() -> None:
    factory = ValidationFactory(Translator(FileLoader([]), "en"), expanded_max=100)

    errors = factory.make({"a": [1] * 101}, {"a.*": "integer"}).errors()

    assert errors.messages() == {"a": ["The a field must not have more than 100 items."]}
    assert factory.make({"a": [1] * 100}, {"a.*": "integer"}).passes()


def test_keys_when_there_are_a_hundred_thousand_then_is_quick() -> None:
    data = {f"k{number}": number for number in range(100_000)}

    def ask() -> None:
        assert _FACTORY.make(data, {"k1": "required", "*": "integer"}).passes()
        errors = _FACTORY.make(data, {"k1": "required"}).fail_on_unknown_fields().errors()
        assert errors.count() == 1_000

    assert effort(ask) < 6


def test_distinct_when_there_are_many_then_time_is_linear() -> None:
    def run(count: int) -> None:
        data = {"a": [str(number) for number in range(count)]}
        assert _FACTORY.make(data, {"a.*": "distinct|in_array:a.*"}).passes()

    assert _is_linear(run, 3_000)


@pytest.mark.parametrize(
    ("rule", "keeps"),
    [("doesnt_contain:1", True), ("distinct", True), ("gt:o", False), ("required_if:o,1e9", True)],
)
def test_numbers_when_their_exponents_are_beyond_all_then_are_compared_all_the_same(
    rule: str, keeps: bool
) -> None:
    huge = "1e" + "9" * 40
    data = {"f": [huge, f"-{huge}"], "o": huge}

    # A rule of lists is asked of the list, all others of what is in it.
    name = "f" if rule.startswith("doesnt") else "f.*"
    assert _FACTORY.make(data, {name: rule}).passes() is keeps


def test_exclude_when_all_of_a_long_list_goes_then_time_is_linear() -> None:
    def run(count: int) -> None:
        data = {"a": [{"x": 1, "y": number} for number in range(count)]}
        taken = _FACTORY.validate(data, {"a.*": "exclude_if:a.*.x,1", "a.*.y": "integer"})
        assert taken == {}

    assert _is_linear(run, 1_000)


def test_star_keys_when_a_name_lies_beside_an_excluded_one_then_it_is_asked() -> None:
    data = {"a": "X", "a.b": "x"}

    errors = _FACTORY.make(data, {"*": "exclude_if:a,X|lowercase", "a\\.b": "uppercase"}).errors()

    assert errors.keys() == ["a.b"]


_MADE_OF_DATA: dict[str, dict[str, Any]] = {
    "when": {"a": "array", "a.*.p": Rule.when(True, "integer")},
    "for_each": {"a": "array", "a.*": Rule.for_each(lambda value, attribute: {"p": "integer"})},
    "two names": {"a": "array", "a.*.p": "integer", "a.0.p": "integer"},
}


@pytest.mark.parametrize("rules", _MADE_OF_DATA.values(), ids=_MADE_OF_DATA)
@pytest.mark.parametrize("key", ["k\\", "k\\.x", "k.x", "*", "k\0x"])
def test_rules_made_of_data_when_a_key_has_marks_of_names_then_are_asked_of_it(
    rules: dict[str, Any], key: str
) -> None:
    data = {"a": {key: {"p": "x"}}}

    assert _FACTORY.make(data, rules).errors().keys() == [f"a.{key}.p"]


def test_distinct_when_for_each_makes_it_below_a_key_with_a_backslash_then_is_asked() -> None:
    rules = {"a.*": Rule.for_each(lambda value, attribute: {"t.*": "distinct"})}

    assert _FACTORY.make({"a": {"k\\": {"t": ["x", "x"]}}}, rules).fails()


@pytest.mark.parametrize(
    "rules",
    [
        {"a.*": Rule.when(True, "integer")},
        {"a.*": Rule.for_each(lambda value, attribute: "integer")},
        {"a.*": "integer", "a.0": "integer"},
        {"*": Rule.for_each(lambda value, attribute: {"*": "integer"})},
    ],
)
def test_rules_made_of_data_when_a_list_is_too_long_then_say_so(rules: dict[str, Any]) -> None:
    factory = ValidationFactory(Translator(FileLoader([]), "en"), expanded_max=100)

    errors = factory.make({"a": [1] * 101}, rules).errors()

    assert errors.messages() == {"a": ["The a field must not have more than 100 items."]}
    assert factory.make({"a": [1] * 100}, rules).passes()


def test_sometimes_when_a_list_is_too_long_then_says_so() -> None:
    factory = ValidationFactory(Translator(FileLoader([]), "en"), expanded_max=100)
    validator = factory.make({"a": [1] * 101}, {})

    assert validator.sometimes("a.*", "integer", lambda data, item: True).fails()


def test_errors_when_rules_are_async_then_the_rest_is_not_looked_at() -> None:
    factory = ValidationFactory(Translator(FileLoader([]), "en"), errors_max=50)
    asked: list[str] = []

    async def refuse(attribute: str, value: Any, fail: Any) -> None:
        asked.append(attribute)
        fail("No.")

    validator = factory.make({"a": [1] * 500}, {"a.*": refuse})

    assert not asyncio.run(validator.apasses())
    assert validator.errors().count() == 50
    assert len(asked) < 100


def _is_linear(run: Callable[[int], object], count: int) -> bool:
    # The best of three, for others use the caches of the processor meanwhile.
    many = min(effort(lambda: run(4 * count)) for _ in range(3))
    return many < 12 * max(*(effort(lambda: run(count)) for _ in range(3)), 0.005)


def test_validated_when_items_are_arrays_with_rules_within_then_time_is_linear() -> None:
    rules = {"a": "array", "a.*": "array", "a.*.p": "integer"}

    def run(count: int) -> None:
        taken = _FACTORY.validate({"a": [{"p": 1, "q": 2}] * count}, rules)
        assert taken == {"a": [{"p": 1}] * count}

    assert _is_linear(run, 2_000)


@pytest.mark.parametrize("value", [None, True, float("nan"), [], {}])
def test_list_when_all_in_it_is_equal_to_much_then_time_is_linear(value: Any) -> None:
    def run(count: int) -> None:
        data = {"a": [value] * count, "b": [[], {}, *map(str, range(count))]}
        _FACTORY.make(data, {"a.*": "distinct|in_array:b.*"}).passes()

    assert _is_linear(run, 2_000)


def test_distinct_when_values_are_equal_in_the_way_for_php_then_says_so() -> None:
    data = {"a": [[], {}, float("nan"), "1", 0, None, b"x", b"x", 7]}

    errors = _FACTORY.make(data, {"a.*": "distinct"}).errors()

    assert errors.keys() == ["a.0", "a.1", "a.4", "a.5", "a.6", "a.7"]


@pytest.mark.parametrize(
    "pattern", ["regex:/^(a|aa)+$/", ["regex", re.compile(r"^(a|aa)+$", re.IGNORECASE)]]
)
def test_regex_when_a_list_is_made_to_take_long_then_all_of_it_has_a_second(pattern: Any) -> None:
    validator = _FACTORY.make({"a": ["a" * 60 + "!"] * 200}, {"a.*": [pattern]})

    assert effort(validator.errors) < 6
    assert validator.errors().count() == 200


def test_regex_when_it_is_compiled_then_flags_count() -> None:
    rules = {"a": [["regex", re.compile(r"^\w+ b$", re.IGNORECASE | re.ASCII)]]}

    assert _FACTORY.make({"a": "x B"}, rules).passes()
    assert _FACTORY.make({"a": "\u00e9 B"}, rules).fails()
    with pytest.raises(InvalidRule, match="pattern of bytes"):
        _FACTORY.make({"a": "x"}, {"a": [["regex", re.compile(b"x")]]}).passes()


def test_message_when_a_key_has_more_digits_than_numbers_then_is_said() -> None:
    data = {"a": {"9" * 5_000: {"index": ""}, "3": {"index": ""}}}

    errors = _FACTORY.make(
        data, {"a.*.index": "required"}, {"a.*.index.required": "No :position."}
    ).errors()

    assert errors.all() == ["No :position.", "No 4."]


@pytest.mark.parametrize(
    ("data", "rules"),
    [
        ({"a": [{"p": 1, "role": "admin"}]}, {"a": "array", "a.*": Rule.for_each(_for_p)}),
        ({"a": [{"p": 1, "role": "admin"}]}, {"a.*": Rule.for_each(_for_p)}),
        ({"a": {"p": 1, "role": "admin"}}, {"a": Rule.for_each(_for_p)}),
    ],
)
def test_for_each_when_it_has_rules_of_fields_within_then_gives_nothing_else(
    data: dict[str, Any], rules: dict[str, Any]
) -> None:
    taken = _FACTORY.validate(data, rules)

    assert taken == ({"a": {"p": 1}} if isinstance(data["a"], dict) else {"a": [{"p": 1}]})


def test_names_when_stars_look_for_what_a_long_key_repeats_then_time_is_linear() -> None:
    data = {"a": "x", "o": {"x." * 20_000: {"p": "no"}}}

    def ask() -> None:
        errors = _FACTORY.make(data, {"a": "in_array:o.*.x.*.x.*.q", "o.*.p": "integer"}).errors()
        assert errors.has("a")
        assert errors.get("*x.*x.*x.*q") == {}
        assert [*errors.get("o.*x.*.p")] == [f"o.{'x.' * 20_000}.p"]

    assert effort(ask) < 6
