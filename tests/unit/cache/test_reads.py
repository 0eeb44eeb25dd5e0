"""Typed reads: a value of the type that was asked for, or an error that names the key."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from securely.cache import Repository, WrongType

# Source: Laravel 12.67, golden cases typed/*, in Python's types.
GOOD = [
    ("string", "x", "x"),
    ("string", "5", "5"),
    ("string", "", ""),
    ("integer", 5, 5),
    ("integer", "5", 5),
    ("integer", "-5", -5),
    ("integer", 0, 0),
    ("float", 5, 5.0),
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
    ("float", "true"),
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
