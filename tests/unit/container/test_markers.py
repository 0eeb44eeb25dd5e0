"""Markers that come with the container: Named, Give, Tagged, Setting; Tag and Lazy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from securely.container import (
    AsyncBinding,
    Container,
    Give,
    Inject,
    Lazy,
    Named,
    NotBound,
    Setting,
    Tag,
    Tagged,
)
from securely.support.manager import Manager, UndefinedInstance
from securely.support.missing import MISSING


class Store:
    """What a manager manages."""

    def __init__(self, name: str) -> None:
        self.name = name


class Definition:
    driver = "memory"


class Stores(Manager[Store], Store):
    """A manager, and itself the default one."""

    def __init__(self) -> None:
        super().__init__("a", {"a": Definition(), "b": Definition()})
        self.extend("memory", lambda name, definition: Store(name))


class Session:
    pass


class Report:
    pass


class User:
    def __init__(self, store: Annotated[Store, Named("b")]) -> None:
        self.store = store


@pytest.fixture
def app() -> Container:
    return Container()


def test_named_asks_the_manager_of_the_type(app: Container) -> None:
    app.singleton(Stores)
    app.bind(Store, Stores)

    assert app.make(User).store.name == "b"
    assert app.make(User).store is app.make(User).store
    assert app.check() == []


def test_named_of_what_is_not_defined_is_the_managers_error(app: Container) -> None:
    app.bind(Store, Stores)

    def wants(store: Annotated[Store, Named("c")]) -> None: ...

    with pytest.raises(UndefinedInstance, match='"c" is not defined'):
        app.call(wants)


def test_named_of_what_nobody_manages_says_so(app: Container) -> None:
    app.bind(Store, lambda: Store("alone"))

    with pytest.raises(NotBound, match=r'Store "b".*manages no named ones.*store'):
        app.make(User)


def test_named_of_what_is_not_bound_is_a_problem(app: Container) -> None:
    app.bind(User)

    [problem] = app.check()

    assert problem.parameter == "name"


def test_give_may_be_async(app: Container) -> None:
    async def connect() -> str:
        return "connected"

    app.bind("line", connect)

    def wants(line: Annotated[str, Give("line")]) -> str:
        return line

    assert asyncio.run(app.acall(wants)) == "connected"


def test_give_with_values_builds_with_them(app: Container) -> None:
    def wants(store: Annotated[Store, Give(Store, name="x")]) -> str:
        return store.name

    assert app.call(wants) == "x"


def test_tag_is_typed_and_a_name(app: Container) -> None:
    reports = Tag[Report]("reports")

    app.tag(Report, reports)

    assert [type(each) for each in app.tagged(reports)] == [Report]
    assert [type(each) for each in app.tagged("reports")] == [Report]
    assert len(app.tagged("nothing")) == 0


def test_lazy_of_a_scoped_object_gives_that_of_the_scope(app: Container) -> None:
    class Holder:
        def __init__(self, session: Lazy[Session], later: Callable[[], Session]) -> None:
            self.session, self.later = session, later

    app.scoped(Session)
    app.singleton(Holder)
    holder = app.make(Holder)

    with app.scope():
        first = holder.session()
        assert first is holder.session() is holder.later() is app.make(Session)
    with app.scope():
        assert holder.session() is not first
    assert app.check() == []


def test_lazy_of_a_transient_object_keeps_it(app: Container) -> None:
    def wants(lazy: Lazy[Session]) -> Lazy[Session]:
        return lazy

    lazy = app.call(wants)

    assert lazy() is lazy()


class Config(dict[str, Any]):
    """As much of a configuration as a marker asks for."""

    def has(self, key: str) -> bool:
        return key in self


def test_check_finds_settings_that_are_not_there(app: Container) -> None:
    def factory(
        key: Annotated[str, Setting("app.key")],
        name: Annotated[str, Setting("app.nmae")],
        zone: Annotated[str, Setting("app.zone")] = "UTC",
    ) -> str:
        return key

    app.instance("config", Config({"app.key": "k"}))
    app.bind("x", factory)

    [problem] = app.check()

    assert 'There is no setting "app.nmae"' in str(problem)
    assert problem.parameter == "name"
    assert problem.place.startswith(f"{__file__}:")


def test_check_looks_at_what_is_tagged(app: Container) -> None:
    class Broken:
        def __init__(self, size: int) -> None: ...

    def wants(all_: Annotated[list[Any], Tagged("broken")]) -> None: ...

    app.tag(Broken, "broken")
    app.bind("x", wants)

    [problem] = app.check()

    assert problem.parameter == "size"


class Maybe(Inject[Any]):
    def __init__(self, value: object) -> None:
        self.value = value

    def resolve(self, app: Any, parameter: Any) -> Any:
        return self.value


def test_marker_wins_over_when_and_leaves_to_it_what_it_has_not(app: Container) -> None:
    def wants(a: Annotated[str, Maybe("marker")], b: Annotated[str, Maybe(MISSING)]) -> str:
        return f"{a} {b}"

    app.when(wants).needs_param("a").give("when")
    app.when(wants).needs_param("b").give("when")

    assert app.call(wants) == "marker when"
    assert app.call(wants, a="call", b="call") == "call call"


def test_lazy_of_what_is_async_is_awaited(app: Container) -> None:
    async def connect() -> Session:
        return Session()

    def wants(lazy: Lazy[Session]) -> Lazy[Session]:
        return lazy

    app.bind(Session, connect)
    lazy = app.call(wants)

    async def main() -> None:
        first = await lazy.acall()
        assert isinstance(first, Session)
        assert await lazy.acall() is first is lazy()

    with pytest.raises(AsyncBinding):
        lazy()
    asyncio.run(main())
    assert asyncio.run(Lazy(lambda: 3).acall()) == 3
