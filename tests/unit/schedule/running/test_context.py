"""A run has a trace of its own, and leaves nothing in the context of its scheduler."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from running_worlds import AT, calling, shell

from securely.context import Context
from securely.encryption import Encrypter
from securely.schedule.contracts import State


@pytest.fixture
def context(world: Any) -> Context:
    context = Context(Encrypter(b"e" * 32).for_purpose)
    world.context = context
    world.runner = world.another(lambda: world.member)
    return context


def test_each_run_has_a_trace_and_the_values_of_its_scheduler(world: Any, context: Context) -> None:
    seen: list[tuple[str, dict[str, object]]] = []

    def task() -> None:
        seen.append((context.trace_id, context.all()))
        context.add(left=1)

    with context.unit():
        context.add(host="web-1")
        world.runner.run(calling(task), AT)
        world.runner.run(calling(task), AT + 60)
        world.runner.run_now(calling(task), is_recorded=False)
        traces = {context.trace_id, *(trace for trace, _ in seen)}

        assert context.all() == {"host": "web-1"}

    assert [values for _, values in seen] == [{"host": "web-1"}] * 3
    assert len(traces) == 4


def test_what_is_told_and_reported_of_a_run_has_its_trace(world: Any, context: Context) -> None:
    traces: list[str] = []

    def task() -> None:
        traces.append(context.trace_id)
        raise ValueError("broken")

    world.events.listen("*", lambda name, payload: traces.append(context.trace_id))
    world.runner.run(calling(task), AT)

    assert len(traces) == 4
    assert len(set(traces)) == 1


def test_processes_are_given_the_context_of_their_run(world: Any, context: Context) -> None:
    program = "import os; print(os.environ['__SECURELY_CONTEXT'])"
    with context.scope(order=7):
        ending = world.runner.run(shell([sys.executable, "-c", program]), AT)

    there = Context(Encrypter(b"e" * 32).for_purpose)
    assert there.inherit({"__SECURELY_CONTEXT": ending.output.strip()})
    assert there.all() == {"order": 7}
    there.close()


def test_what_cannot_be_given_to_a_process_fails_its_run(world: Any, context: Context) -> None:
    with context.scope(request=object()):
        ending = world.runner.run(shell("true"), AT)

    assert ending.state is State.FAILED
    assert '"request" of the context cannot travel' in ending.reason
