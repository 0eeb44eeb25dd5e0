"""What classes say of themselves by decorators: lifetimes, implementations, markers."""

from __future__ import annotations

import asyncio
import copy
import inspect
from abc import ABC, abstractmethod
from typing import Annotated, Any, Protocol

import pytest

from securely.container import (
    Container,
    Inject,
    InvalidBinding,
    NotInstantiable,
    binds_to,
    binds_when,
    scoped,
    singleton,
)


@singleton
class Clock:
    """It is kept."""

    def __init__(self, zone: str = "UTC") -> None:
        self.zone = zone


class Quartz(Clock):
    """It says nothing."""


@scoped
class Session:
    pass


class Wall:
    pass


class Test:
    __test__ = False


@binds_to(Wall)
class Time(Protocol):
    pass


@binds_to(Test, env=("testing", "local*"))
@binds_to(Wall, env="production")
class Watch(ABC):
    @abstractmethod
    def now(self) -> str: ...


@singleton
@binds_to(f"{__name__}:Wall", env="*")
@binds_to(Test, env="testing")
class Kept(Protocol):
    pass


class Flags:
    is_on = False


@binds_to(Wall)
@binds_when(lambda app: app.make(Flags).is_on, Test)
class Flagged:
    pass


@binds_to("nowhere.at:All")
class Lost:
    pass


@singleton
class Abstract(ABC):
    @abstractmethod
    def work(self) -> None: ...


class User:
    def __init__(self, time: Time, kept: Kept, clock: Clock | None = None) -> None:
        self.time, self.kept, self.clock = time, kept, clock


@pytest.fixture
def app() -> Container:
    return Container()


def test_singleton_is_one_object_and_says_nothing_of_subclasses(app: Container) -> None:
    assert app.make(Clock) is app.make(Clock)
    assert app.make(Quartz) is not app.make(Quartz)
    assert app.is_shared(Clock)
    assert Clock in app
    assert Quartz not in app


def test_singleton_is_one_object_for_parent_and_child(app: Container) -> None:
    child = app.child()

    assert child.make(Clock) is app.make(Clock)


def test_singleton_of_an_implementation_holds_for_what_is_bound_to_it(app: Container) -> None:
    app.bind("clock", Clock)

    assert app.make("clock") is app.make("clock") is app.make(Clock)


def test_scoped_is_one_object_in_each_scope(app: Container) -> None:
    with app.scope():
        first = app.make(Session)
        assert app.make(Session) is first
    with app.scope():
        assert app.make(Session) is not first


def test_decorated_class_is_what_it_was(app: Container) -> None:
    class Plain:
        def __init__(self, zone: str = "UTC") -> None:
            self.zone = zone

    before = dict(vars(Plain))

    assert singleton(Plain) is Plain
    assert binds_to(Wall)(Plain) is Plain
    assert dict(vars(Plain)) == before
    assert str(inspect.signature(Clock)) == "(zone: 'str' = 'UTC') -> 'None'"
    assert isinstance(app.make(Clock), Clock)
    assert copy.copy(app.make(Clock)).zone == "UTC"


def test_binds_to_stands_for_a_protocol(app: Container) -> None:
    assert isinstance(app.make(Time), Wall)
    assert isinstance(app.make(User).time, Wall)
    assert Time in app


def test_what_declares_itself_counts_as_bound_for_a_default(app: Container) -> None:
    assert app.make(User).clock is app.make(Clock)


def test_bind_wins_over_what_a_class_declares(app: Container) -> None:
    app.bind(Clock)
    app.bind(Time, Test)

    assert app.make(Clock) is not app.make(Clock)
    assert isinstance(app.make(Time), Test)


def test_bind_wins_over_a_declaration_that_was_used(app: Container) -> None:
    app.make(Time)

    app.bind(Time, Test)

    assert isinstance(app.make(Time), Test)
    assert app.check() == []


@pytest.mark.parametrize(
    ("env", "cls"), [("testing", Test), ("local-2", Test), ("production", Wall)]
)
def test_binds_to_depends_on_the_environment(app: Container, env: str, cls: type) -> None:
    app.resolve_environment_using(lambda: env)

    assert type(app.make(Watch)) is cls


def test_binds_to_of_no_fitting_environment_leaves_the_class_alone(app: Container) -> None:
    app.resolve_environment_using(lambda: "staging")

    assert Watch not in app
    with pytest.raises(NotInstantiable):
        app.make(Watch)


def test_binds_to_takes_the_exact_environment_before_the_wildcard(app: Container) -> None:
    app.resolve_environment_using(lambda: "testing")
    assert type(app.make(Kept)) is Test
    assert app.make(Kept) is app.make(Kept)

    app.resolve_environment_using(lambda: "elsewhere")
    assert type(app.make(Kept)) is Wall


def test_environment_that_nobody_told_fits_the_wildcard_only(app: Container) -> None:
    assert type(app.make(Kept)) is Wall
    assert not app.current_environment_is("*")


def test_environment_may_be_told_late_and_as_laravel_does(app: Container) -> None:
    asked: list[Any] = []

    def fits(environments: list[str]) -> bool:
        asked.append(environments)
        return "testing" in environments

    assert Watch not in app
    app.resolve_environment_using(fits)

    assert type(app.make(Watch)) is Test
    assert asked == [["testing", "local*"]]
    assert app.current_environment_is("testing")
    assert app.child().current_environment_is("testing")


def test_binds_when_asks_its_condition_when_it_is_needed(app: Container) -> None:
    flags = Flags()
    app.instance(Flags, flags)
    assert type(app.make(Flagged)) is Wall

    flags.is_on = True
    app.flush()
    app.instance(Flags, flags)
    assert type(app.make(Flagged)) is Test


def test_binds_when_is_asked_again_until_it_holds(app: Container) -> None:
    @binds_when(lambda: Flags.is_on, Test)
    class Sometimes:
        pass

    def wants(sometimes: Sometimes) -> object:
        return sometimes

    wants.__annotations__["sometimes"] = Sometimes
    for _ in range(3):
        assert type(app.make(Sometimes)) is Sometimes
        assert type(app.call(wants)) is Sometimes

    Flags.is_on = True
    try:
        assert type(app.call(wants)) is Test
        assert type(app.make(Sometimes)) is Test
        assert type(asyncio.run(app.amake(Sometimes))) is Test
    finally:
        Flags.is_on = False
    assert type(app.make(Sometimes)) is Test  # bound it stays


def test_binds_when_holds_in_async_code_as_soon_as_it_does(app: Container) -> None:
    @binds_when(lambda: Flags.is_on, Test)
    class Sometimes:
        @classmethod
        async def __abuild__(cls) -> Any:
            return cls()

    assert type(asyncio.run(app.amake(Sometimes))) is Sometimes
    Flags.is_on = True
    try:
        assert type(asyncio.run(app.amake(Sometimes))) is Test
    finally:
        Flags.is_on = False


def test_binds_to_of_several_wildcards_takes_the_first(app: Container) -> None:
    @binds_to(Wall)
    @binds_to(Test)
    class Anywhere:
        pass

    assert type(app.make(Anywhere)) is Wall


def test_binds_to_what_is_not_there_says_so(app: Container) -> None:
    with pytest.raises(InvalidBinding, match=r"Cannot bind Lost .*nowhere.*test_declarations\.py"):
        app.make(Lost)

    app.bind("lost", lambda lost: lost)
    app.bind("uses", _uses_lost)
    [problem] = [each for each in app.check() if isinstance(each, InvalidBinding)]
    assert "nowhere" in str(problem)


def _uses_lost(lost: Lost) -> Lost:
    return lost


def test_lifetime_of_an_abstract_class_builds_nothing(app: Container) -> None:
    assert Abstract not in app
    with pytest.raises(NotInstantiable):
        app.make(Abstract)


def test_explain_shows_where_a_class_declares_itself(app: Container) -> None:
    told = app.explain(Clock)

    assert told.lifetime == "singleton"
    path, _, line = told.place.rpartition(":")
    assert path == __file__
    source = inspect.getsource(inspect.getmodule(Clock) or Clock).splitlines()
    assert "singleton" in source[int(line) - 1]


def test_forget_instance_forgets_what_declares_itself(app: Container) -> None:
    first = app.make(Clock)

    app.forget_instance(Clock)

    assert app.make(Clock) is not first


# Markers.


class Audited(Inject[Any]):
    """Keeps what it has seen."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def resolve(self, app: Any, parameter: Any) -> str:
        return f"value of {self.name}"

    def after(self, value: Any, app: Any) -> None:
        app.make("seen").append((self.name, value))


@Audited("outer")
@Audited("inner")
class Ledger:
    pass


class Note:
    """A marker of somebody else."""


def test_marker_above_a_class_gets_each_object(app: Container) -> None:
    seen = app.instance("seen", [])

    made = [app.make(Ledger) for _ in range(3)]

    assert seen == [(name, each) for each in made for name in ("outer", "inner")]


def test_after_resolving_marker_hears_of_classes_and_parameters(app: Container) -> None:
    app.instance("seen", [])
    told: list[Any] = []
    app.after_resolving_marker(Audited, lambda marker, made, app: told.append((marker.name, made)))
    app.after_resolving_marker(Note, lambda marker, made: told.append((type(marker), made)))

    def wants(
        a: Annotated[str, Audited("a")],
        b: Annotated[Ledger, Note()],
        c: Annotated[int, Note()] = 3,
        d: Annotated[int, "text"] = 4,
    ) -> Ledger:
        return b

    for _ in range(2):
        told.clear()
        made = app.call(wants)
        assert told == [
            ("a", "value of a"),
            ("outer", made),
            ("inner", made),
            (Note, made),
            (Note, 3),
        ]
    assert app.child().call(wants) is not made
    assert len(told) == 10
