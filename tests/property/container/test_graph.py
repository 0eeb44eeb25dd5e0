"""Graphs of any shape: what check says of them without building is what building shows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.container import CaptiveDependency, CircularDependency, Container

pytestmark = pytest.mark.property

LIFETIMES = ("bind", "singleton", "scoped")
SIZE = 7

edges = st.lists(st.frozensets(st.integers(0, SIZE - 1), max_size=3), min_size=SIZE, max_size=SIZE)
lifetimes = st.lists(st.sampled_from(LIFETIMES), min_size=SIZE, max_size=SIZE)


def classes_of(graph: list[frozenset[int]]) -> list[type]:
    """Return a class for each node, whose constructor takes its neighbours."""
    made = [type(f"C{number}", (), {}) for number in range(SIZE)]
    for cls, needs in zip(made, graph, strict=True):
        if needs:
            names = {f"p{need}": made[need] for need in sorted(needs)}
            found: dict[str, Any] = {}
            exec(f"def init(self, {', '.join(names)}): pass", found)  # noqa: S102  # names of ours
            found["init"].__annotations__ = names
            cls.__init__ = found["init"]  # type: ignore[misc]
    return made


def reached(graph: list[frozenset[int]], start: int) -> set[int]:
    """Return what *start* needs, in the end."""
    seen: set[int] = set()
    left = list(graph[start])
    while left:
        node = left.pop()
        if node not in seen:
            seen.add(node)
            left.extend(graph[node])
    return seen


def held(graph: list[frozenset[int]], kept: list[str], start: int) -> set[int]:
    """Return the scoped nodes that *start* gets over transient ones."""
    found: set[int] = set()
    seen: set[int] = set()
    left = list(graph[start])
    while left:
        node = left.pop()
        if node in seen:
            continue
        seen.add(node)
        if kept[node] == "scoped":
            found.add(node)
        elif kept[node] == "bind":
            left.extend(graph[node])
    return found


def bound(graph: list[frozenset[int]], kept: list[str]) -> tuple[Container, list[type]]:
    app, classes = Container(), classes_of(graph)
    for cls, lifetime in zip(classes, kept, strict=True):
        getattr(app, lifetime)(cls)
    return app, classes


@given(edges, lifetimes)
def test_check_finds_a_cycle_where_making_does(
    graph: list[frozenset[int]], kept: list[str]
) -> None:
    app, classes = bound(graph, kept)
    cyclic = {node for node in range(SIZE) if node in reached(graph, node)}

    problems = [each for each in app.check() if isinstance(each, CircularDependency)]

    assert bool(problems) == bool(cyclic)
    for problem in problems:
        way = [int(step.partition(" ")[0][1:]) for step in problem.path]
        assert way[0] == way[-1]
        assert all(after in graph[before] for before, after in pairwise(way))
    for node, cls in enumerate(classes):
        if cyclic & (reached(graph, node) | {node}):
            with pytest.raises(CircularDependency):
                app.make(cls)
        else:
            assert isinstance(app.make(cls), cls)


@given(edges, lifetimes)
def test_check_finds_each_singleton_that_would_keep_something_scoped(
    graph: list[frozenset[int]], kept: list[str]
) -> None:
    # Only downwards, so that there is no cycle.
    graph = [frozenset(need for need in needs if need > node) for node, needs in enumerate(graph)]
    app, _ = bound(graph, kept)
    expected = {
        (f"C{node}", f"C{scoped}")
        for node in range(SIZE)
        if kept[node] == "singleton"
        for scoped in held(graph, kept, node)
    }

    problems = app.check()

    assert all(isinstance(each, CaptiveDependency) for each in problems)
    assert {(each.singleton, each.scoped) for each in problems} == expected  # type: ignore[attr-defined]
    for each in problems:
        way = [int(step.partition(" ")[0][1:]) for step in each.path]  # type: ignore[attr-defined]
        assert all(after in graph[before] for before, after in pairwise(way))


@given(edges, lifetimes)
def test_shared_objects_are_the_same_wherever_they_are_needed(
    graph: list[frozenset[int]], kept: list[str]
) -> None:
    graph = [frozenset(need for need in needs if need > node) for node, needs in enumerate(graph)]
    app, classes = bound(graph, kept)

    with app.scope():
        for _ in range(3):
            for cls, lifetime in zip(classes, kept, strict=True):
                assert (app.make(cls) is app.make(cls)) == (lifetime != "bind")
