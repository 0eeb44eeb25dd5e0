"""Context: scopes, units, traces, tasks and threads."""

from __future__ import annotations

import asyncio
import re
import threading
from contextvars import copy_context

import pytest

from securely.context import Context


@pytest.fixture
def context() -> Context:
    return Context()


def test_flush_takes_both_halves(context: Context) -> None:
    context.add(a=1).add_hidden(b=2)
    assert not context.is_empty

    assert context.flush().is_empty
    assert context.all() == {}
    assert context.all_hidden() == {}


def test_hidden_values_alone_are_not_empty(context: Context) -> None:
    assert context.is_empty
    context.add_hidden(b=2)
    assert not context.is_empty


def test_when_calls_one_of_two(context: Context) -> None:
    context.when(True, lambda c: c.add(a=1), lambda c: c.add(b=1))
    context.when(0, lambda c: c.add(c=1), lambda c: c.add(d=1))
    context.when("", lambda c: c.add(e=1))

    assert context.all() == {"a": 1, "d": 1}


def test_a_scope_ends_with_what_was_there_before(context: Context) -> None:
    context.add(a=1).add_hidden(h=1)

    with context.scope(data={"a": 2}, hidden={"h": 2}, b=3):
        assert context.all() == {"a": 2, "b": 3}
        context.add(c=4).forget("a")
        context.add_hidden(i=5)

    assert context.all() == {"a": 1}
    assert context.all_hidden() == {"h": 1}


def test_a_scope_ends_after_an_error_too(context: Context) -> None:
    with pytest.raises(ValueError, match="broken"), context.scope(a=1):
        raise ValueError("broken")

    assert context.is_empty


def test_a_scope_runs_a_function_and_returns_its_result(context: Context) -> None:
    assert context.scope(context.all, data={"a": 1}, b=2) == {"a": 1, "b": 2}
    assert context.is_empty


def test_a_scope_awaits_a_function(context: Context) -> None:
    async def work() -> dict[str, object]:
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        return context.all()

    async def main() -> None:
        assert await context.ascope(work, data={"a": 1}) == {"a": 1}
        assert context.is_empty
        with pytest.raises(TypeError, match="with scope"):
            await context.ascope(order=7)

    asyncio.run(main())


def test_a_task_sees_a_copy_and_changes_only_that(context: Context) -> None:
    async def child(number: int) -> dict[str, object]:
        context.push("seen", number).add(number=number)
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        return context.all()

    async def main() -> None:
        context.add(order=7).push("seen", 0)
        answers = await asyncio.gather(child(1), child(2))
        assert answers == [
            {"order": 7, "seen": [0, 1], "number": 1},
            {"order": 7, "seen": [0, 2], "number": 2},
        ]
        assert context.all() == {"order": 7, "seen": [0]}

    asyncio.run(main())


def test_a_thread_of_asyncio_sees_a_copy_too(context: Context) -> None:
    def work() -> dict[str, object]:
        context.add(more=1)
        return context.all()

    async def main() -> None:
        context.add(order=7)
        assert await asyncio.to_thread(work) == {"order": 7, "more": 1}
        assert context.all() == {"order": 7}

    asyncio.run(main())


def test_a_plain_thread_begins_with_what_it_is_given(context: Context) -> None:
    context.add(order=7)
    seen: list[dict[str, object]] = []
    carried = copy_context()

    thread = threading.Thread(target=lambda: carried.run(lambda: seen.append(context.all())))
    thread.start()
    thread.join()

    assert seen == [{"order": 7}]


def test_two_contexts_of_one_process_do_not_meet(context: Context) -> None:
    other = Context()
    context.add(a=1)
    other.add(b=2)

    with other.unit():
        assert context.all() == {"a": 1}
        context.add(c=3)
    assert context.all() == {"a": 1, "c": 3}
    assert other.all() == {"b": 2}


# Traces


def test_a_unit_has_one_trace_for_all_its_tasks_whoever_asks_first(context: Context) -> None:
    async def child() -> str:
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        return context.trace_id

    async def main() -> set[str]:
        first = await asyncio.gather(*(asyncio.create_task(child()) for _ in range(3)))
        return {*first, context.trace_id}

    with context.unit():
        traces = asyncio.run(main())
        assert traces == {context.trace_id}

    assert re.fullmatch("[0-9a-f]{32}", traces.pop())


def test_units_have_different_traces_and_what_was_there_is_back(context: Context) -> None:
    context.add(a=1)
    outside = context.trace_id
    with context.unit():
        inside = context.trace_id
        assert context.is_empty
        with context.apart():
            assert context.trace_id not in {outside, inside}

    assert inside != outside
    assert context.trace_id == outside
    assert context.all() == {"a": 1}


def test_a_part_has_the_values_and_a_trace_of_its_own(context: Context) -> None:
    with context.unit():
        context.add(host="a")
        with context.apart():
            assert context.all() == {"host": "a"}
            context.add(tick=1)
        assert context.all() == {"host": "a"}


def test_a_trace_can_be_named(context: Context) -> None:
    context.add(trace_id="mine")

    assert context.trace_id == "mine"
    with context.unit():
        context.add(trace_id="other")
        assert context.fields == {"trace_id": "other"}


@pytest.mark.parametrize(
    "given", ["0" * 32, "ABCDEF" * 6, "abc", "", None, 7, "a" * 33, "g" * 32, "a" * 32 + "\n"]
)
def test_what_is_no_trace_id_is_replaced(context: Context, given: object) -> None:
    with context.unit({"trace": given}):
        assert context.trace_id != given
        assert re.fullmatch("[0-9a-f]{32}", context.trace_id)


# Fields of the log


def test_lines_are_given_the_trace_and_the_visible_values(context: Context) -> None:
    assert dict(context.fields) == {}
    with context.unit():
        context.add(order=7).add_hidden(card="t")
        assert context.fields == {"trace_id": context.trace_id, "order": 7}
        context.flush()
        assert context.fields == {"trace_id": context.trace_id}


def test_outside_of_a_unit_no_trace_is_made_for_a_line(context: Context) -> None:
    context.add(order=7)

    assert context.fields == {"order": 7}


def test_closing_leaves_nothing_behind(context: Context) -> None:
    context.add(order=7)

    context.close()

    assert context.is_empty
