"""data_get and kin: the golden vectors hold their answers; here is what they do not ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from securely.support.data import data_fill, data_forget, data_get, data_has, data_set


@dataclass
class User:
    name: str
    tags: list[str] = field(default_factory=list)
    _token: str = "hidden"  # noqa: S105 - a name, and no secret

    @property
    def initial(self) -> str:
        return self.name[0]

    def shout(self) -> str:
        return self.name.upper()


@dataclass(frozen=True, slots=True)
class Point:
    x: int


class Order(BaseModel):
    user: dict[str, str]


class Colour(Enum):
    RED = "red"


def test_data_get_when_given_objects_then_reads_attributes_properties_and_fields() -> None:
    data = {"users": [User("Ann", ["a"]), User("Bea")], "order": Order(user={"name": "Cem"})}

    assert data_get(data, "users.*.name") == ["Ann", "Bea"]
    assert data_get(data, "users.0.initial") == "A"
    assert data_get(data, "users.*.tags.*") == ["a"]
    assert data_get(data, "order.user.name") == "Cem"
    assert data_get(Point(3), "x") == 3


@pytest.mark.parametrize(
    "path",
    ["__class__", "__class__.__mro__", "_token", "shout", "shout.__globals__", "tags.append"],
)
def test_data_get_when_a_path_leads_to_methods_or_private_names_then_nothing_is_there(
    path: str,
) -> None:
    user = User("Ann")

    assert data_get(user, path, "nothing") == "nothing"
    assert not data_has(user, path)


@pytest.mark.parametrize("path", ["__class__", "_token", "__dict__", "a b"])
def test_data_set_when_a_name_is_private_then_refuses(path: str) -> None:
    user = User("Ann")

    with pytest.raises(TypeError, match="no attribute that data_set may set on a User"):
        data_set(user, path, "x")

    assert user == User("Ann")


def test_data_set_when_given_an_object_then_sets_its_attributes() -> None:
    user = User("Ann", ["a", "b"])

    assert data_set(user, "tags.*", "x") is user
    assert data_set(user, "name", "Bea").name == "Bea"
    assert user.tags == ["x", "x"]


def test_data_set_when_the_target_cannot_hold_keys_then_returns_what_can() -> None:
    assert data_set(None, "a.0.b", 1) == {"a": [{"b": 1}]}
    assert data_set("text", "a", 1) == {"a": 1}
    assert data_set(Colour.RED, "a", 1) == {"a": 1}


def test_data_fill_when_something_is_in_the_way_then_leaves_it() -> None:
    data: dict[str, Any] = {"name": "Ann", "none": None}

    assert data_fill(data, "name.first", "x") == {"name": "Ann", "none": None}
    assert data_fill(data, "none.first", "x") == {"name": "Ann", "none": {"first": "x"}}


def test_data_forget_when_given_an_object_then_removes_its_attribute() -> None:
    users = [User("Ann"), User("Bea")]

    data_forget(users, "*.name")

    assert [data_has(user, "name") for user in users] == [False, False]


def test_data_get_when_given_an_iterator_then_a_wildcard_reads_it_once() -> None:
    def rows() -> Iterator[dict[str, int]]:
        yield {"id": 1}
        yield {"id": 2}

    assert data_get({"rows": rows()}, "rows.*.id") == [1, 2]


def test_data_get_when_the_default_is_callable_then_it_is_called() -> None:
    assert data_get({}, "a.b", lambda: "made") == "made"
    assert data_get({"a": None}, "a", "default") is None


def test_data_get_when_names_are_escaped_then_they_are_names() -> None:
    data = {"*": "star", "{first}": "first", "{last}": "last", "z": 0}

    assert data_get(data, r"\*") == "star"
    assert data_get(data, r"\{first}") == "first"
    assert data_get(data, r"\{last}") == "last"
    assert data_get(data, "{first}") == "star"
    assert data_get(data, "{last}") == 0


@dataclass(slots=True)
class Slotted:
    a: int = 1


@dataclass(frozen=True)
class Frozen:
    a: int = 1


class Pair(NamedTuple):
    one: int
    two: int


def test_data_set_on_an_object_with_slots_then_its_attribute_is_set() -> None:
    held = Slotted()

    assert data_set({"s": held}, "s.a", 2) == {"s": held}
    assert held.a == 2


def test_data_set_on_a_tuple_then_the_other_items_stay() -> None:
    assert data_set({"a": (1, 2)}, "a.0", 9) == {"a": (9, 2)}
    assert data_set({"a": (1, 2)}, "a.*", 9) == {"a": (9, 9)}
    assert data_set(({"b": 1},), "0.b", 2) == ({"b": 2},)
    assert data_set({"a": ()}, "a.name", 1) == {"a": {"name": 1}}
    with pytest.raises(TypeError, match='"name" is no index of a list of 2 items'):
        data_set({"a": (1, 2)}, "a.name", 9)


def test_data_set_on_a_named_tuple_then_it_stays_one() -> None:
    changed = data_set({"a": Pair(1, 2)}, "a.1", 9)

    assert changed == {"a": Pair(1, 9)}
    assert isinstance(changed["a"], Pair)


def test_data_forget_within_a_tuple_then_the_other_items_stay() -> None:
    assert data_forget({"a": (1, 2, 3)}, "a.0") == {"a": (2, 3)}
    assert data_forget({"a": ({"b": 1, "c": 2},)}, "a.*.b") == {"a": ({"c": 2},)}
    assert data_forget((1, 2), "1") == (1,)


def test_data_set_on_what_is_frozen_names_it() -> None:
    with pytest.raises(TypeError, match='"a" of a Frozen cannot be changed'):
        data_set({"f": Frozen()}, "f.a", 2)
    with pytest.raises(TypeError, match='"a" of a Frozen cannot be changed'):
        data_forget({"f": Frozen()}, "f.a")


def test_a_dot_within_a_name_is_escaped() -> None:
    hosts = {"hosts": {"example.com": {"port": 80}}}

    assert data_get(hosts, r"hosts.example\.com.port") == 80
    assert data_set(hosts, r"hosts.example\.com.port", 81)["hosts"] == {"example.com": {"port": 81}}
    assert data_has(hosts, r"hosts.example\.com")
    assert data_forget(hosts, r"hosts.example\.com.port") == {"hosts": {"example.com": {}}}
