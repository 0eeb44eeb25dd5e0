"""A cycle is an error that draws the way; the container stays usable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from securely.container import CircularDependency, Container, Give, Lazy, facade


class Hen:
    def __init__(self, egg: Egg) -> None:
        self.egg = egg


class Egg:
    def __init__(self, nest: Nest) -> None:
        self.nest = nest


class Nest:
    def __init__(self, hen: Hen) -> None:
        self.hen = hen


class Shelf:
    """Part of the way between two factories."""

    def __init__(self, third: Third) -> None:
        self.third = third


class First:
    pass


class Third:
    pass


class Plain:
    pass


@pytest.fixture
def app() -> Container:
    return Container()


def test_cycle_of_constructors_is_drawn_before_anything_is_built(app: Container) -> None:
    with pytest.raises(CircularDependency) as caught:
        app.make(Hen)

    assert caught.value.path == ("Hen", "Egg (param egg)", "Nest (param nest)", "Hen (param hen)")
    assert caught.value.parameter == "hen"
    path, _, _ = caught.value.place.rpartition(":")
    assert path == __file__
    assert "Hen → Egg (param egg) → Nest (param nest) → Hen (param hen)" in str(caught.value)
    assert isinstance(app.make(Plain), Plain)


def test_cycle_is_one_problem_wherever_it_is_entered(app: Container) -> None:
    for key in (Hen, Egg, Nest):
        app.bind(key)

    [problem] = app.check()

    assert isinstance(problem, CircularDependency)


def test_cycle_through_factories_draws_all_that_lies_between(app: Container) -> None:
    app.bind(First, lambda app: app.make(Shelf))
    app.singleton(Third, lambda app: app.make(First))

    for _ in range(3):
        with pytest.raises(CircularDependency) as caught:
            app.make(First)
        assert caught.value.path == ("First", "Shelf", "Third (param third)", "First")

    app.bind(First, Plain)
    assert isinstance(app.make(Third), Plain)


def test_cycle_of_singletons_closed_by_a_parameter_draws_it(app: Container) -> None:
    app.singleton(Third, lambda app: app.make(Shelf))

    with pytest.raises(CircularDependency) as caught:
        app.make(Third)

    assert caught.value.path == ("Third", "Shelf", "Third (param third)")


def test_cycle_of_constructors_that_ask_a_facade_is_found(app: Container) -> None:
    class One:
        def __init__(self) -> None:
            self.two = service.make(Two)

    class Two:
        def __init__(self) -> None:
            self.one = service.make(One)

    service: Any = facade("container")
    app.instance("container", app)

    with app.active():
        for _ in range(3):
            with pytest.raises(CircularDependency, match="One → Two → One"):
                app.make(One)
        app.bind(Two, Plain)
        assert isinstance(app.make(One).two, Plain)


def test_cycle_through_a_marker_is_found_beforehand(app: Container) -> None:
    class Loop:
        def __init__(self, other: Annotated[Any, Give("loop")]) -> None:
            self.other = other

    app.bind("loop", Loop)

    with pytest.raises(CircularDependency, match=r"other"):
        app.make("loop")
    assert [type(each) for each in app.check()] == [CircularDependency]


def test_cycle_of_async_factories_is_drawn(app: Container) -> None:
    async def first(shelf: Shelf) -> First:
        return First()

    async def third(app: Container) -> Any:
        return await app.amake(First)

    app.bind(First, first)
    app.singleton(Third, third)

    async def main() -> None:
        with pytest.raises(CircularDependency) as caught:
            await app.amake(First)
        assert caught.value.path[0] == caught.value.path[-1] == "First"
        assert "Third (param third)" in caught.value.path
        app.bind(Third)
        assert isinstance(await app.amake(First), First)

    asyncio.run(main())


def test_cycle_in_many_threads_at_once_is_an_error_in_each(app: Container) -> None:
    app.singleton(First, lambda app: app.make(Third))
    app.singleton(Third, lambda app: app.make(First))
    start = threading.Barrier(8)
    told: list[type[BaseException] | None] = []

    def run(key: Any) -> None:
        start.wait(30)
        try:
            app.make(key)
            told.append(None)
        except CircularDependency as error:
            told.append(type(error))

    threads = [threading.Thread(target=run, args=(key,)) for key in (First, Third) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert told == [CircularDependency] * 8
    app.singleton(First)
    assert isinstance(app.make(Third), First)


def test_cycle_in_many_tasks_at_once_is_an_error_in_each(app: Container) -> None:
    def asking(key: type) -> Callable[..., Any]:
        async def factory(app: Container) -> Any:
            await asyncio.sleep(0)  # noqa: TID251  # a turn for others
            return await app.amake(key)

        return factory

    app.singleton(First, asking(Third))
    app.singleton(Third, asking(First))

    async def main() -> list[Any]:
        asked = (app.amake(key) for key in (First, Third) * 4)
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(each) for each in asyncio.run(main())] == [CircularDependency] * 8
    app.singleton(First)
    assert isinstance(asyncio.run(app.amake(Third)), First)


def test_task_that_a_constructor_has_begun_may_make_its_class(app: Container) -> None:
    class Watched:
        begun: bool = False

        def __init__(self) -> None:
            if not Watched.begun:
                Watched.begun = True
                self.task = asyncio.ensure_future(self.watch())

        async def watch(self) -> tuple[object, object, str | None]:
            return app.make(Watched), app.make("kept"), app.currently_resolving()

    app.singleton("kept", lambda app: app.make("made"))
    app.bind("made", Watched)

    async def main(key: Any) -> None:
        Watched.begun = False
        app.forget_instances()
        made, kept, resolving = await app.make(key).task
        assert isinstance(made, Watched)
        assert isinstance(kept, Watched)
        assert resolving is None

    for key in (Watched, "made", "kept"):
        asyncio.run(main(key))


def test_cycle_that_is_lazy_is_none(app: Container) -> None:
    class Front:
        def __init__(self, back: Lazy[Hen]) -> None:
            self.back = back

    app.bind(Hen, Front)

    assert isinstance(app.make(Hen).back(), Front)
    assert app.check() == []
