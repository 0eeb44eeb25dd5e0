"""What both type checkers must say of the store."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, assert_type

from securely.facades import Store
from securely.store import Batch, CasResult, Database, Event, Tree, Watch
from securely.support.missing import Missing

scores = Store.tree("scores", int)
notes = Store.tree("notes")

assert_type(scores, Tree[int])
assert_type(notes, Tree[Any])
assert_type(Store.database("sqlite"), Database)
assert_type(scores.get("ann"), int | None)
assert_type(scores.get("ann", "none"), int | str)
assert_type(scores.insert("ann", 1), int | Missing)
assert_type(scores.compare_and_swap("ann", 1, 2), CasResult[int])
assert_type(scores.update_and_fetch("ann", lambda old: (old or 0) + 1), int | Missing)
assert_type(scores.range(), Generator[tuple[Any, int]])
assert_type(scores.first(), tuple[Any, int] | None)
assert_type(scores.watch_prefix(), Watch[int])
assert_type(scores.watch_prefix().next(1), Event[int] | None)
assert_type(Batch[int]().insert("ann", 1), Batch[int])


def total(one: Tree[int], other: Tree[Any]) -> str:
    return f"{one.len()}{other.len()}"


with Store.transaction(scores, notes) as (s, n):
    assert_type(s, Tree[int])
    assert_type(n, Tree[Any])
assert_type(Store.transact(total, scores, notes), str)


async def use() -> None:
    async with Store.atransaction(scores) as (s,):
        assert_type(s, Tree[int])
        assert_type(await s.aget("ann"), int | None)
    assert_type(await Store.atransact(total, scores, notes), str)
