"""Dotted paths into nested data."""

from __future__ import annotations

from typing import Any

import pytest

from securely.support import dot
from securely.support.missing import MISSING

_DATA: dict[str, Any] = {
    "a": {"b": [1, {"c": None}], "d.e": "mixed", "": "blank"},
    "k.d": "dotted",
    "é": {"ñ": "u"},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b.0", 1),
        ("a.b.1.c", None),
        ("a.b.2", MISSING),
        ("a.b.-1", MISSING),
        ("a.b.²", MISSING),
        ("a.d.e", MISSING),
        ("a.", "blank"),
        ("k.d", "dotted"),
        ("k", MISSING),
        ("é.ñ", "u"),
        ("a.b.0.x", MISSING),
    ],
)
def test_get_and_has_when_given_a_path_then_agree(path: str, found: object) -> None:
    assert dot.get(_DATA, path) == found
    assert dot.has(_DATA, path) is (found is not MISSING)


def test_put_when_parents_are_missing_or_in_the_way_then_makes_them() -> None:
    data: dict[str, Any] = {"a": 1, "list": [1, {"x": 1}]}

    dot.put(data, "a.b", 2)
    dot.put(data, "list.1.x", 3)
    dot.put(data, "list.2", 4)

    assert data == {"a": {"b": 2}, "list": [1, {"x": 3}, 4]}
    with pytest.raises(TypeError, match="no index"):
        dot.put(data, "list.9", 1)


def test_forget_when_it_is_there_then_removes_it_and_says_so() -> None:
    data: dict[str, Any] = {"a": {"b": 1, "c": [1, 2]}, "k.d": 1}

    assert dot.forget(data, "a.b")
    assert dot.forget(data, "a.c.0")
    assert dot.forget(data, "k.d")
    assert not dot.forget(data, "a.b")
    assert not dot.forget(data, "x.y")
    assert data == {"a": {"c": [2]}}


def test_copied_when_the_copy_changes_then_the_original_does_not() -> None:
    data = {"a": [{"b": 1}]}

    dot.copied(data)["a"][0]["b"] = 2

    assert data == {"a": [{"b": 1}]}


def test_a_dot_within_a_name_is_escaped() -> None:
    data: dict[str, object] = {"hosts": {"example.com": 1}}

    dot.put(data, r"hosts.other\.org", 2)

    assert data == {"hosts": {"example.com": 1, "other.org": 2}}
    assert dot.get(data, r"hosts.example\.com") == 1
    assert dot.forget(data, r"hosts.example\.com")
    assert dot.segments(r"a\.b.c\.") == ["a.b", "c."]
