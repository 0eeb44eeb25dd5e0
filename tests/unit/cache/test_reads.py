"""Typed reads: a value of the type that was asked for, or an error that names the key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from securely.cache import Repository, WrongType
from securely.cache.drivers.array import ArrayStore

# Source: Laravel 12.67, golden cases typed/*, in Python's types.
GOOD = [
    ("string", "x", "x"),
    ("string", "5", "5"),
    ("string", "", ""),
    ("integer", 5, 5),
    ("integer", "5", 5),
    ("integer", "-5", -5),
    ("integer", 0, 0),
    ("integer", "+5", 5),
    ("integer", " 5\n", 5),
    ("integer", True, 1),
    ("integer", "9" * 30, int("9" * 30)),
    ("float", 5, 5.0),
    ("float", " -.5e1 ", -5.0),
    ("float", "007.", 7.0),
    ("float", float("inf"), float("inf")),
    ("float", "5", 5.0),
    ("float", "1.5", 1.5),
    ("float", 1.5, 1.5),
    ("float", True, 1.0),
    ("float", 0, 0.0),
    ("boolean", True, True),
    ("boolean", False, False),
    ("list", [1], [1]),
    ("list", [], []),
    ("dict", {"a": 1}, {"a": 1}),
]
BAD = [
    ("string", 5),
    ("string", True),
    ("string", None),
    ("integer", 1.5),
    ("integer", "1.5"),
    ("integer", [1]),
    ("integer", None),
    ("integer", "1_000"),
    ("integer", "٣"),
    ("integer", "007"),
    ("integer", "0x1f"),
    ("integer", ""),
    ("integer", "9" * 5_000),
    ("float", "true"),
    ("float", "nan"),
    ("float", "inf"),
    ("float", "1e400"),
    ("float", "1_0"),
    ("float", "٣.٣"),
    ("float", "."),
    ("float", 10**400),
    ("float", None),
    ("boolean", 0),
    ("boolean", 1),
    ("boolean", ""),
    ("boolean", None),
    ("list", 5),
    ("list", (1,)),
    ("list", {"a": 1}),
    ("dict", [1]),
    ("dict", None),
]


@pytest.mark.parametrize(("method", "stored", "expected"), GOOD, ids=repr)
def test_read_when_of_the_type_then_it_is_given(
    cache: Repository, method: str, stored: object, expected: object
) -> None:
    cache.put("key", stored)

    found = getattr(cache, method)("key")
    twin = asyncio.run(getattr(cache, f"a{method}")("key"))

    assert found == expected
    assert twin == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("method", "stored"), BAD, ids=repr)
def test_read_when_of_another_type_then_raises(
    cache: Repository, method: str, stored: object
) -> None:
    cache.put("key", stored)

    with pytest.raises(WrongType, match=f'"key" should be .* but is {type(stored).__name__}'):
        getattr(cache, method)("key")
    with pytest.raises(TypeError):
        asyncio.run(getattr(cache, f"a{method}")("key"))


@pytest.mark.parametrize(
    ("method", "default"),
    [
        ("string", "d"),
        ("integer", 1),
        ("float", 0.5),
        ("boolean", False),
        ("list", ["d"]),
        ("dict", {}),
    ],
)
def test_read_when_absent_then_default_or_error(
    cache: Repository, method: str, default: Any
) -> None:
    assert getattr(cache, method)("key", default) == default
    assert asyncio.run(getattr(cache, f"a{method}")("key", default)) == default
    with pytest.raises(WrongType, match="but is absent"):
        getattr(cache, method)("key")


class User(BaseModel):
    name: str
    born: date


@dataclass
class Point:
    x: int
    y: int = 0


@pytest.mark.parametrize(
    ("model", "stored", "expected"),
    [
        (
            User,
            {"name": "ann", "born": "2001-02-03"},
            User(name="ann", born=date(2001, 2, 3)),
        ),
        (User, {"name": "ann", "born": date(2001, 2, 3)}, User(name="ann", born=date(2001, 2, 3))),
        (Point, {"x": 1}, Point(1)),
    ],
)
def test_model_when_its_fields_are_there_then_made(
    cache: Repository, model: type[Any], stored: object, expected: object
) -> None:
    cache.put("key", stored)

    assert cache.model("key", model) == expected
    assert asyncio.run(cache.amodel("key", model)) == expected


def test_model_when_the_object_itself_is_kept_then_given() -> None:
    cache = Repository(ArrayStore(serializer=None))
    point = Point(1, 2)
    cache.put("key", point)

    assert cache.model("key", Point) is point


def test_model_when_wrong_then_names_fields_and_no_values(cache: Repository) -> None:
    cache.put("key", {"name": ["hunter2"], "born": "hunter2"})

    with pytest.raises(WrongType) as caught:
        cache.model("key", User)

    assert "name (string_type), born (date_from_datetime_parsing)" in str(caught.value)
    assert '"key" should be data for User' in str(caught.value)
    assert "hunter2" not in str(caught.value)
    cache.put("key", [1])
    with pytest.raises(WrongType, match="is list"):
        cache.model("key", Point)


def test_model_when_absent_then_the_default_or_an_error(cache: Repository) -> None:
    assert cache.model("absent", Point, Point(7)) == Point(7)
    assert asyncio.run(cache.amodel("absent", Point, Point(7))) == Point(7)
    with pytest.raises(WrongType, match="is absent"):
        cache.model("absent", Point)


def test_model_when_it_is_none_then_said(cache: Repository) -> None:
    with pytest.raises(TypeError, match="takes pydantic models and dataclasses"):
        cache.model("key", dict)
