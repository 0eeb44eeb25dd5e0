"""check proves everything that can be reached, and says where to look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Protocol

import pytest

from securely.container import (
    BoundOver,
    CaptiveDependency,
    Container,
    ContainerError,
    Give,
    Lazy,
    NotBound,
    NotInstantiable,
    Provider,
    Reached,
    Tagged,
)


class Clock(Protocol):
    pass


class Session:
    pass


class Sized:
    def __init__(self, size: int) -> None:
        self.size = size


class Wants:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Job:
    """Nobody builds it."""

    def __init__(self, order: int) -> None:
        self.order = order

    def handle(self, clock: Clock, order: int) -> None: ...

    @classmethod
    def make(cls, clock: Clock) -> None: ...

    @staticmethod
    def go(clock: Clock) -> None: ...


@pytest.fixture
def app() -> Container:
    return Container()


def line_of(text: str) -> str:
    """Return "file:line" of the first line here that holds *text*."""
    lines = Path(__file__).read_text("utf-8").splitlines()
    return f"{__file__}:{next(i for i, line in enumerate(lines, 1) if text in line)}"


def test_problem_has_the_place_of_its_parameter(app: Container) -> None:
    app.bind(Wants)

    [problem] = app.check()

    assert isinstance(problem, NotInstantiable)
    assert problem.parameter == "clock"
    assert problem.place == line_of("def __init__(self, clock: Clock)")
    assert str(problem).endswith(f"See {problem.place}.")


def test_problem_of_a_binding_has_the_place_of_the_binding(app: Container) -> None:
    app.bind("gone", "nowhere")  # here

    [problem] = app.check()

    assert problem.place == line_of('app.bind("gone", "nowhere")  # here')
    assert problem.parameter == ""


def test_problem_of_a_factory_has_the_place_of_the_factory(app: Container) -> None:
    def factory(size: int) -> Sized:
        return Sized(size)

    app.singleton(Sized, factory)

    [problem] = app.check()

    assert problem.place == line_of("def factory(size: int)")


def test_problem_that_many_reach_is_told_once(app: Container) -> None:
    class One:
        def __init__(self, wants: Wants) -> None: ...

    class Two:
        def __init__(self, wants: Wants, one: One) -> None: ...

    app.bind(One)
    app.bind(Two)

    assert len(app.check()) == 1


def test_check_looks_into_lists(app: Container) -> None:
    class Holder:
        def __init__(self, sessions: list[Session]) -> None: ...

    app.scoped(Session)
    app.singleton(Holder)

    [problem] = app.check()

    assert isinstance(problem, CaptiveDependency)
    assert (problem.singleton, problem.scoped, problem.parameter) == (
        "Holder",
        "Session",
        "sessions",
    )


def test_check_of_one_that_is_made_of_the_others_ends(app: Container) -> None:
    class Part:
        pass

    class Whole(Part):
        def __init__(self, parts: list[Part]) -> None: ...

    app.register(Part)
    app.register(Part, Whole)

    assert app.check() == []


def test_check_looks_at_what_is_asked_for_later(app: Container) -> None:
    class Holder:
        def __init__(self, lazy: Lazy[Sized], later: Callable[[], Wants]) -> None: ...

    app.singleton(Holder)

    problems = app.check()

    assert sorted(problem.parameter for problem in problems) == ["clock", "size"]
    assert all("Holder →" in str(problem) for problem in problems)


def test_check_looks_at_what_markers_make(app: Container) -> None:
    def factory(given: Annotated[Any, Give(Wants)], all_: Annotated[list[Any], Tagged("x")]) -> int:
        return 1

    app.tag(Sized, "x")
    app.singleton("n", factory)

    assert sorted(problem.parameter for problem in app.check()) == ["clock", "size"]


def test_check_looks_at_what_when_gives(app: Container) -> None:
    def consumer(a: int, b: object, c: object) -> None: ...

    def factory(rate: float) -> float:
        return rate

    app.when(consumer).needs_param("a").give_tagged("x")
    app.when(consumer).needs_param("b").give(factory)
    app.when(consumer).needs_param("c").give(3)
    app.tag(Sized, "x")

    assert sorted(problem.parameter for problem in app.check()) == ["rate", "size"]


@pytest.mark.parametrize(
    ("reached", "parameters"),
    [
        (Reached(Wants), ["clock"]),
        (Reached(Job), ["order"]),
        (Reached(Job, "handle", is_built=False), ["clock", "order"]),
        (Reached(Job, "handle", frozenset({"order"}), is_built=False), ["clock"]),
        (Reached(Job, "make", is_built=False), ["clock"]),
        (Reached(Job, "go", is_built=False), ["clock"]),
        (Reached(Job.go), ["clock"]),
        (Reached(Job.go, given=frozenset({"clock"})), []),
    ],
)
def test_check_covers_what_is_reached_without_a_binding(
    app: Container, reached: Reached, parameters: list[str]
) -> None:
    assert sorted(problem.parameter for problem in app.check(reached)) == parameters


def test_check_counts_what_when_gives_to_a_method(app: Container) -> None:
    app.when(Job).needs(Clock).give(Session)
    app.when(Job).needs_param("order").give(3)

    assert app.check(Reached(Job, "handle", is_built=False)) == []


def kinds(problems: list[ContainerError]) -> list[type[ContainerError]]:
    return [type(problem) for problem in problems]


def test_binding_over_what_was_never_used_is_a_problem(app: Container) -> None:
    app.bind(Session)  # first
    app.singleton(Session)  # second

    [problem] = app.check()

    assert isinstance(problem, BoundOver)
    assert (problem.key, problem.first, problem.place) == (
        "Session",
        line_of("app.bind(Session)  # first"),
        line_of("app.singleton(Session)  # second"),
    )


def test_binding_over_what_was_used_is_none(app: Container) -> None:
    app.singleton(Session)
    app.make(Session)
    app.bind(Session)

    assert app.check() == []


def test_binding_over_a_fallback_is_none(app: Container) -> None:
    app.bind_if(Session)
    app.singleton(Session)

    assert app.check() == []


def test_binding_after_a_deletion_is_meant(app: Container) -> None:
    app.bind(Session)
    del app[Session]
    app.singleton(Session)

    assert app.check() == []


def test_binding_again_in_the_same_place_is_none(app: Container) -> None:
    for _ in range(2):
        app.bind(Session)

    assert app.check() == []


def test_binding_that_was_put_back_was_not_bound_over(app: Container) -> None:
    app.bind(Session)
    before = app.registrations.entries[Session]
    app.singleton(Session)
    app.registrations.entries[Session] = before

    assert app.check() == []


def test_binding_over_an_object_is_a_problem(app: Container) -> None:
    app.instance("limit", 3)
    app.instance("limit", 4)

    assert kinds(app.check()) == [BoundOver]


def test_providers_that_bind_by_attributes_are_named_by_their_class(app: Container) -> None:
    class One(Provider):  # one
        singletons = (Session,)

    class Two(Provider):  # two
        bindings = {Session: Session}  # noqa: RUF012  # as a provider is written

    for provider in (One(app), Two(app)):
        provider.bind_attributes()

    [problem] = app.check()

    assert isinstance(problem, BoundOver)
    assert problem.first == line_of("class One(Provider):  # one")
    assert problem.place == line_of("class Two(Provider):  # two")


def test_check_changes_nothing(app: Container) -> None:
    app.singleton(Session)
    app.bind(Wants)

    app.check()

    assert not app.resolved(Session)
    with pytest.raises(NotBound):
        app.make(Wants)


def test_explain_finds_a_class_by_its_name(app: Container) -> None:
    app.singleton(Session)

    assert app.explain("Session").key == "Session"
    assert app.explain(f"{__name__}.Session").lifetime == "singleton"
    with pytest.raises(NotBound, match="Did you mean Session"):
        app.explain("Sesion")
    with pytest.raises(NotBound):
        app.explain(f"{__name__}.line_of")


class Through:
    def __init__(self, session: Session) -> None:
        self.session = session


class Upper:
    def __init__(self, through: Through) -> None: ...


class One:
    def __init__(self, upper: Upper) -> None: ...


class Two:
    def __init__(self, upper: Upper) -> None: ...


class Free:
    def __init__(self, upper: Upper) -> None: ...


def test_each_singleton_that_keeps_something_scoped_is_told(app: Container) -> None:
    app.scoped(Session)
    app.singleton(One)
    app.singleton(Two)
    app.scoped(Free)

    problems = [each for each in app.check() if isinstance(each, CaptiveDependency)]

    rest = ("Upper (param upper)", "Through (param through)", "Session (param session)")
    assert [problem.path for problem in problems] == [("One", *rest), ("Two", *rest)]
    assert {problem.place for problem in problems} == {line_of("self, session: Session")}


def layers(count: int) -> list[type]:
    """Return classes, two in each layer, of which each needs both of the layer before it."""
    made: list[type] = []
    for _ in range(count):
        below = {f"p{number}": cls for number, cls in enumerate(made[-2:])}
        for _ in range(2):
            found: dict[str, Any] = {}
            exec(f"def init(self, {', '.join(below)}): pass", found)  # noqa: S102  # names of ours
            found["init"].__annotations__ = below
            made.append(type("Layer", (), {"__init__": found["init"]} if below else {}))
    return made


def test_graph_with_more_ways_than_things_is_looked_at_in_no_time(app: Container) -> None:
    made = layers(60)  # 2 ** 60 ways
    app.bind(made[-1])

    assert app.check() == []
    told = app.explain(made[-1])

    assert told.needs[1].needs[0].is_above
    assert "(as above)" in str(told)


def test_singletons_with_more_ways_than_things_are_made_in_no_time(app: Container) -> None:
    made = layers(60)
    for cls in made:
        app.singleton(cls)

    assert isinstance(app.make(made[-1]), made[-1])


def test_bindings_that_replace_each_other_for_ever_are_kept_once(app: Container) -> None:
    for number in range(100):
        app.instance("request", number)
        app.instance("request", -number)

    assert len(app.check()) == 1
    assert len(app._bound_over) == 2
