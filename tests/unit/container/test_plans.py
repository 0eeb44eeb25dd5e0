"""The parts of a plan."""

from __future__ import annotations

import asyncio

import pytest

from securely.container import Container
from securely.container.plans.nodes import Call, Constant, Node, Writer, compiled


def test_node_that_does_not_say_how_it_is_built_fails() -> None:
    with pytest.raises(NotImplementedError):
        Node().build()


def test_node_builds_in_both_colours_and_as_code() -> None:
    for node in (Constant(3), Call(lambda: 3)):
        assert node.build() == 3
        assert asyncio.run(node.abuild()) == 3
        assert compiled(node)() == 3


def test_code_names_each_object_once() -> None:
    writer = Writer()

    assert [writer.name("a"), writer.name("b")] == ["k0", "k1"]
    assert writer.names == {"k0": "a", "k1": "b"}


def test_plan_in_an_async_tree_is_passed_what_is_given() -> None:
    app = Container()

    async def later(size: int, app: Container) -> int:
        return size

    async def again(n: int) -> int:
        return n if n == 0 else await app.amake("again", n=n - 1)

    app.bind("x", later)
    app.bind("again", again)

    assert asyncio.run(app.amake("x", size=4)) == 4
    assert asyncio.run(app.amake("again", n=2)) == 0
