"""Arr: the golden vectors hold its answers; here is what they do not ask."""

from __future__ import annotations

import copy
import doctest
from typing import Any

import pytest

import securely.support.arr
import securely.support.data
import securely.support.dot
from securely.support.arr import Arr, UnexpectedType


@pytest.mark.parametrize(
    "module",
    [securely.support.arr, securely.support.data, securely.support.dot],
    ids=lambda module: module.__name__,
)
def test_examples_when_run_then_give_what_they_show(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_get_when_the_default_is_callable_then_it_is_called_only_when_needed() -> None:
    calls: list[int] = []

    assert Arr.get({"a": None}, "a", lambda: calls.append(1)) is None
    assert Arr.get({}, "a", lambda: "made") == "made"
    assert calls == []


def test_forget_when_several_items_of_a_list_go_then_each_is_what_stood_there_before() -> None:
    data = {"list": ["a", "b", "c", "d"]}

    Arr.forget(data, ["list.0", "list.2"])

    assert data == {"list": ["b", "d"]}


def test_except_when_it_returns_then_the_original_is_untouched() -> None:
    data = {"user": {"name": "Ann", "token": "t"}}

    kept = Arr.except_(data, "user.token")

    assert kept == {"user": {"name": "Ann"}}
    assert data == {"user": {"name": "Ann", "token": "t"}}


@pytest.mark.parametrize("key", ["tags.name", "tags.5", "tags.-1"])
def test_set_when_a_list_is_asked_for_what_it_cannot_hold_then_refuses_and_changes_nothing(
    key: str,
) -> None:
    data = {"tags": ["a", "b"]}

    with pytest.raises(TypeError, match="no index of a list of 2 items"):
        Arr.set(data, key, "x")

    assert data == {"tags": ["a", "b"]}


def test_set_when_the_next_index_is_given_then_the_list_grows() -> None:
    assert Arr.set({"tags": ["a"]}, "tags.1", "b") == {"tags": ["a", "b"]}


def test_set_when_an_empty_list_gets_a_name_then_it_becomes_a_dict() -> None:
    assert Arr.set({"empty": []}, "empty.name", "x") == {"empty": {"name": "x"}}


def test_undot_when_indexes_have_gaps_or_names_among_them_then_makes_a_dict() -> None:
    flat = {"a.0": 1, "a.2": 2, "b.0": 1, "b.name": 2, "c.1": "y", "c.0": "x"}

    nested = Arr.undot(flat)

    assert nested == {
        "a": {"0": 1, "2": 2},
        "b": {"0": 1, "name": 2},
        "c": {"1": "y", "0": "x"},
    }


def test_undot_when_a_value_is_extended_then_what_was_handed_in_stays_as_it_was() -> None:
    flat: dict[str, Any] = {"user": {"name": "Ann"}, "user.age": 7}
    before = copy.deepcopy(flat)

    assert Arr.undot(flat) == {"user": {"name": "Ann", "age": 7}}
    assert flat == before


def test_undot_when_given_what_dot_made_then_gives_it_back() -> None:
    data = {"user": {"tags": ["a", {"b": [1, 2]}], "none": None}, "empty": [], "x": {"y": {}}}

    assert Arr.undot(Arr.dot(data)) == data


def test_typed_reads_when_the_type_is_another_then_name_the_key_and_both_types() -> None:
    with pytest.raises(UnexpectedType) as caught:
        Arr.integer({"user": {"age": True}}, "user.age")

    error = copy.copy(caught.value)
    assert (error.key, error.wanted, error.found) == ("user.age", "an integer", "boolean")
    assert str(error) == "Array value for key [user.age] must be an integer, boolean found."


def test_typed_reads_when_the_value_is_a_secret_then_it_is_not_told() -> None:
    with pytest.raises(UnexpectedType) as caught:
        Arr.integer({"token": "s3cr3t"}, "token")

    assert "s3cr3t" not in str(caught.value)


def test_first_and_last_when_given_a_dict_then_look_at_its_values() -> None:
    ages = {"ann": 7, "bea": 9, "cem": 8}

    assert Arr.first(ages, lambda age: age > 7) == 9
    assert Arr.last(ages, lambda age: age > 7) == 8
    assert Arr.last({}, default=lambda: "nobody") == "nobody"


def test_query_when_values_are_odd_then_encodes_them_as_rfc_3986_has_it() -> None:
    assert Arr.query({"a b": "c/d~", "t": True, "n": None}) == "a%20b=c%2Fd~&t=1"
