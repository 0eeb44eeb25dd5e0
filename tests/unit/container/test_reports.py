"""explain and check look without building."""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from typing import Annotated, Protocol

import pytest

from securely.container import (
    AliasLoop,
    AsyncBinding,
    CaptiveDependency,
    CircularDependency,
    Container,
    ContainerError,
    Inject,
    Lazy,
    NotBooted,
    NotBound,
    NotInstantiable,
    Setting,
    UnusedContext,
)


class Clock(Protocol):
    pass


class Wall:
    def __init__(self) -> None:
        raise AssertionError("nothing is built")


class Session:
    pass


class Holder:
    def __init__(self, session: Session) -> None:
        self.session = session


class Through:
    def __init__(self, holder: Holder) -> None:
        self.holder = holder


class Late:
    def __init__(self, session: Lazy[Session]) -> None:
        self.session = session


class User:
    def __init__(self, clock: Clock, size: int, key: Annotated[str, Setting("app.key")]) -> None:
        self.clock, self.size, self.key = clock, size, key


class Never(Inject[int]):
    def resolve(self, app: object, parameter: object) -> int:
        raise AssertionError("nothing is asked")


class Hen:
    def __init__(self, egg: Egg) -> None:
        self.egg = egg


class Egg:
    def __init__(self, hen: Hen) -> None:
        self.hen = hen


@pytest.fixture
def app() -> Container:
    return Container()


def test_explain_draws_the_tree_with_lifetimes_and_places(app: Container) -> None:
    app.singleton(Clock, Wall)
    app.when(User).needs_param("size").give(3)
    app.bind("user", User)
    app.scoped(Session)
    app.instance("x", 1)

    told = app.explain("user")

    lines = str(told).splitlines()
    assert re.fullmatch(r'"user" \[transient\]  .*test_reports\.py:\d+', lines[0])
    assert lines[1] == "  User [unbound]"
    assert re.fullmatch(r"    clock: Clock \[singleton\]  .*test_reports\.py:\d+", lines[2])
    assert lines[3] == "      Wall [unbound]"
    assert len(lines) == 4
    assert told.needs[0].needs[0].parameter == "clock"
    with pytest.raises(NotBound):
        app.explain("nowhere")


def test_explain_of_an_instance_is_one_line(app: Container) -> None:
    app.instance("x", 1)

    assert str(app.explain("x")).startswith('"x" [instance]')


def test_explain_shows_instances_below(app: Container) -> None:
    app.instance(Session, Session())

    assert app.explain(Holder).needs[0].lifetime == "instance"


def test_check_of_what_is_sound_is_empty(app: Container) -> None:
    app.singleton(Clock, Wall)
    app.scoped(Session)
    app.scoped(Holder)
    app.singleton(Late)
    app.instance("x", 1)
    app.when(User).needs_param("size").give(3)
    app.bind(User)

    assert app.check() == []


def test_check_tells_all_problems_at_once(app: Container) -> None:
    app.bind(User)
    app.bind(Hen)
    app.when(User).needs_param("nothing").give(1)
    app.scoped(Session)
    app.singleton(Through)
    app.bind("gone", "nowhere")
    app.bind("list", lambda app, x, y, z: 1)
    app.when(Session).needs(Clock).give(Wall)
    app.when(lambda size: size).needs_param("size").give(lambda: 3)

    kinds: dict[type, list[str]] = {}
    for problem in app.check():
        kinds.setdefault(type(problem), []).append(str(problem))

    assert any("clock: Clock" in each for each in kinds[NotInstantiable])
    told = "\n".join(kinds[NotBound])
    assert "size: int" in told
    assert '"nowhere"' in told
    assert '"z" of "list"' in told
    [cycle] = kinds[CircularDependency]
    assert cycle.startswith("Circular dependency: Hen → Egg (param egg) → Hen (param hen). ")
    assert len(kinds[CaptiveDependency]) == 1
    assert "The singleton Through would keep the scoped Session" in kinds[CaptiveDependency][0]
    assert len(kinds[UnusedContext]) == 2
    assert "when(User) gives something for nothing" in kinds[UnusedContext][0]
    assert "when(Session) gives something for Clock" in kinds[UnusedContext][1]


def test_check_does_not_ask_markers_or_change_anything(app: Container) -> None:
    def factory(x: Annotated[int, Never()]) -> int:
        return x

    app.bind("x", factory)

    assert app.check() == []
    assert not app.resolved("x")


def test_check_of_an_abstract_implementation_tells(app: Container) -> None:
    class Shape(ABC):
        @abstractmethod
        def area(self) -> int: ...

    app.register(Clock)
    app.bind("shape", Shape)

    problems = app.check()

    assert [type(each) for each in problems] == [NotInstantiable, NotInstantiable]
    assert "it is a Protocol" in str(problems[0])
    assert "it is abstract" in str(problems[1])


ERRORS: list[ContainerError] = [
    NotBound("A", "it is not", "x of B", ("B", "A"), ("C",)),
    NotInstantiable("A", "it is abstract"),
    CircularDependency(("A", "B", "A")),
    AsyncBinding("A", ("B", "A")),
    CaptiveDependency("A", "B", ("A", "B")),
    UnusedContext("A", "b", "file:3"),
    AliasLoop(("a", "b", "a")),
    NotBooted(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_can_be_copied_and_printed(error: ContainerError) -> None:
    twin = copy.copy(error)

    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)


def test_error_tells_the_way() -> None:
    assert str(ERRORS[0]) == (
        "Cannot resolve A: it is not. It is wanted by x of B. The path is B → A. Did you mean C?"
    )
    assert "The path is B → A" in str(ERRORS[3])
