"""Values: named values of one task, visible or hidden."""

from __future__ import annotations

from typing import Any

import pytest

from securely.context import (
    Context,
    EmptyStack,
    MissingValue,
    NotAStack,
    NotNumeric,
    Values,
)


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture(params=["visible", "hidden"])
def values(request: pytest.FixtureRequest, context: Context) -> Values:
    """Both halves, which know the same."""
    return context if request.param == "visible" else context.hidden


def test_values_are_added_by_name_in_a_mapping_and_by_keyword(values: Values) -> None:
    values.add("order", 7).add({"shop": "north", "key": 1}, user=3)
    values.add("order", 8, till=2)

    assert values.all() == {"order": 8, "shop": "north", "key": 1, "user": 3, "till": 2}


def test_none_is_a_value(values: Values) -> None:
    values.add("user", None)

    assert values.has("user")
    assert not values.missing("user")
    assert values.get("user", "nobody") is None
    assert values["user"] is None
    assert values.add_if("user", 3).get("user") is None
    assert values.remember("user", lambda: 4) is None
    assert values.pull("user", "nobody") is None
    assert values.missing("user")


def test_a_default_is_returned_or_called(values: Values) -> None:
    assert values.get("order") is None
    assert values.get("order", 7) == 7
    assert values.get("order", lambda: 8) == 8
    assert values.pull("order", 9) == 9


def test_only_and_except_return_parts(values: Values) -> None:
    values.add(a=1, b=2, c=3)

    assert values.only("a", "c", "z") == {"a": 1, "c": 3}
    assert values.except_("a", "z") == {"b": 2, "c": 3}


def test_add_if_adds_where_there_is_none(values: Values) -> None:
    values.add_if("a", 1).add_if("a", 2)

    assert values.all() == {"a": 1}


def test_remember_calls_once(values: Values) -> None:
    calls: list[int] = []

    def made() -> int:
        calls.append(1)
        return 5

    assert values.remember("a", made) == 5
    assert values.remember("a", made) == 5
    assert values.remember("b", 6) == 6
    assert calls == [1]


def test_values_are_forgotten_and_pulled(values: Values) -> None:
    values.add(a=1, b=2, c=3, d=4)

    assert values.forget("a", "b", "z").all() == {"c": 3, "d": 4}
    assert values.pull("c") == 3
    del values["d"]
    assert values.all() == {}


def test_brackets_set_and_say_what_is_missing(values: Values) -> None:
    values["order"] = 7

    assert "order" in values
    assert "user" not in values
    with pytest.raises(MissingValue, match=r'no value "ordr"\. Did you mean "order"\?'):
        values["ordr"]
    with pytest.raises(MissingValue):
        del values["ordr"]


def test_a_stack_is_pushed_to_and_popped_from(values: Values) -> None:
    values.push("steps", "paid").push("steps", "packed", "sent")

    assert values.get("steps") == ["paid", "packed", "sent"]
    assert values.pop("steps") == "sent"
    assert values.get("steps") == ["paid", "packed"]
    assert values.stack_contains("steps", "paid")
    assert not values.stack_contains("steps", "sent")
    assert values.stack_contains("steps", lambda step: str(step).startswith("pack"))
    assert not values.stack_contains("nothing", "paid")


def test_pushing_changes_no_list_that_was_read_before(values: Values) -> None:
    before: Any = values.push("steps", 1).get("steps")

    values.push("steps", 2)

    assert before == [1]


def test_what_is_no_list_is_no_stack(values: Values) -> None:
    values.add("user", "ann")

    for use in (
        lambda: values.push("user", 1),
        lambda: values.pop("user"),
        lambda: values.stack_contains("user", "a"),
    ):
        with pytest.raises(NotAStack, match='"user" of the context is of type str') as caught:
            use()
        assert "ann" not in str(caught.value)


def test_nothing_is_popped_from_an_empty_stack(values: Values) -> None:
    with pytest.raises(EmptyStack, match='"steps"'):
        values.pop("steps")
    values.add("steps", [])
    with pytest.raises(EmptyStack):
        values.pop("steps")


def test_counters_count_from_nothing(values: Values) -> None:
    values.increment("rows").increment("rows", 4).decrement("rows").decrement("left")

    assert values.all() == {"rows": 4, "left": -1}


@pytest.mark.parametrize("value", ["3", None, True, 1.5, [1]])
def test_what_is_no_whole_number_is_not_counted(values: Values, value: object) -> None:
    values.add("rows", value)

    with pytest.raises(NotNumeric, match='"rows" of the context'):
        values.increment("rows")


def test_the_long_names_reach_the_hidden_values(context: Context) -> None:
    context.add_hidden("token", "t").add_hidden({"a": 1}, b=2).add_hidden_if("a", 5)
    context.push_hidden("stack", 1, 2)

    assert context.all_hidden() == {"token": "t", "a": 1, "b": 2, "stack": [1, 2]}
    assert context.all() == {}
    assert context.get_hidden("token") == "t"
    assert context.get_hidden("none", 4) == 4
    assert context.has_hidden("a")
    assert context.missing_hidden("z")
    assert context.only_hidden("a") == {"a": 1}
    assert context.except_hidden("a", "stack") == {"token": "t", "b": 2}
    assert context.hidden_stack_contains("stack", 2)
    assert context.pop_hidden("stack") == 2
    assert context.remember_hidden("new", lambda: 9) == 9
    assert context.pull_hidden("new") == 9
    assert context.forget_hidden("a", "b").all_hidden() == {"token": "t", "stack": [1]}
