from __future__ import annotations

from typing import Any

import pytest

from securely.support.missing import MISSING
from securely.validation.plan.paths import expand, find, leaves, split, without


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1),
        ("a.c", None),
        ("list.0", "x"),
        ("list.2", MISSING),
        ("list.-1", MISSING),
        ("list.01", MISSING),
        ("list.²", MISSING),
        ("list." + "9" * 5_000, MISSING),
        ("numbers.7", "seven"),
        ("a.b.c", MISSING),
        (r"dot\.ted", "d"),
        ("", MISSING),
    ],
)
def test_find_when_asked_then_returns_what_stands_there(path: str, found: object) -> None:
    data = {
        "a": {"b": 1, "c": None}, "list": ["x", "y"], "numbers": {7: "seven"}, "dot.ted": "d",
    }  # fmt: skip

    assert find(data, split(path)) is found


def test_expand_when_items_lack_the_key_then_yields_missing() -> None:
    found = [*expand({"items": [{"n": 1}, {}, "text", None]}, split("items.*.n"))]

    assert found == [(("0",), 1), (("1",), MISSING), (("2",), MISSING), (("3",), MISSING)]


def test_expand_when_stars_follow_each_other_then_walks_dicts_and_lists() -> None:
    data = {"m": {"a": [1, 2], "b": {"c": 3}, "d": 4}}

    assert [*expand(data, split("m.*.*"))] == [
        (("a", "0"), 1), (("a", "1"), 2), (("b", "c"), 3),
    ]  # fmt: skip


def test_expand_when_the_star_ends_the_path_then_single_values_come_first() -> None:
    assert [keys for keys, _ in expand({"x": [[1], 2, {}, {"a": 1}]}, split("x.*"))] == [
        ("1",), ("2",), ("0",), ("3",),
    ]  # fmt: skip


def test_without_when_a_path_is_taken_out_then_the_data_stays() -> None:
    data: dict[str, Any] = {"a": {"b": 1, "c": [1, 2, 3]}}

    assert without(data, [split("a.b")]) == {"a": {"c": [1, 2, 3]}}
    assert without(data, [split("a.x")]) is data
    assert find(without(data, [split("a.c.1"), split("a.c.0")]), split("a.c.2")) == 3
    assert without(data, [split("a"), split("a.b")]) == {}
    assert without(data, [split("a.b"), split("a")]) == {}
    assert data == {"a": {"b": 1, "c": [1, 2, 3]}}


def test_leaves_when_data_is_deep_or_holds_itself_then_ends() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    loop: dict[str, Any] = {"x": 1}
    loop["loop"] = loop

    assert len([*leaves(deep)]) == 1
    assert [*leaves(loop)] == [(("x",), 1)]
