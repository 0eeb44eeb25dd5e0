"""extend, rebinding, and being told before and after something is resolved."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Protocol

import pytest

from securely.container import Container, InvalidBinding


class Base:
    pass


class Child(Base):
    pass


class Hidden(Protocol):
    pass


class User:
    def __init__(self, base: Base) -> None:
        self.base = base


@pytest.fixture
def app() -> Container:
    return Container()


def test_hooks_run_in_laravels_order(app: Container) -> None:
    log: list[str] = []
    app.singleton(Base, Child)
    app.after_resolving(Base, lambda: log.append("after typed"))
    app.after_resolving(lambda: log.append("after all"))
    app.resolving(Base, lambda: log.append("typed"))
    app.resolving(lambda: log.append("all"))
    app.before_resolving(Base, lambda key: log.append(f"before {key.__name__}"))
    app.before_resolving(lambda: log.append("before all"))
    app.extend(Base, lambda made: log.append("extend") or made)

    app.make(Base)
    app.make(Base)

    assert log == [
        *("before all", "before Base", "extend", "all", "typed", "after all", "after typed"),
        *("before all", "before Base"),
    ]


def test_hooks_of_a_class_hear_of_its_subclasses_once(app: Container) -> None:
    seen: list[object] = []
    app.bind("child", Child)
    app.resolving(Base, seen.append)

    for _ in range(3):
        app.make("child")
        app.make(Child)
        app.make(User)

    assert [type(each) for each in seen] == [Child, Child, Base] * 3


def test_hook_gets_the_object_and_the_container(app: Container) -> None:
    seen: list[Any] = []
    app.before_resolving(Base, lambda key, overrides, app: seen.append((key, overrides, app)))
    app.resolving(Base, lambda made, app: seen.append((type(made), app)))

    app.make(Base, x=1)

    assert seen == [(Base, {"x": 1}, app), (Base, app)]


def test_hooks_are_decorators_too(app: Container) -> None:
    log: list[str] = []

    @app.resolving(Base)
    def typed(made: Base) -> None:
        log.append("typed")

    @app.resolving()
    def every(made: object) -> None:
        log.append("every")

    @app.extend(Base)
    def extended(made: Base) -> Base:
        log.append("extended")
        return made

    app.make(Base)

    assert log == ["extended", "every", "typed"]


def test_hooks_of_any_callable_get_what_they_take(app: Container) -> None:
    log: list[object] = []

    class Listener:
        def __call__(self, made: object, app: Container) -> None:
            log.append(("object", app))

        def method(self, made: object) -> None:
            log.append("method")

        def spread(self, *given: object) -> None:
            log.append(len(given))

    app.resolving(Listener())
    app.resolving(Listener().method)
    app.resolving(Listener().spread)
    app.resolving(log.append)
    app.resolving(print if False else lambda **_: log.append("none"))
    app.extend(Base, lambda *given: given[0])

    made = app.make(Base)

    assert log == [("object", app), "method", 2, made, "none"]


def test_hook_when_the_override_bypasses_a_singleton_runs_for_the_new_object(
    app: Container,
) -> None:
    seen: list[object] = []
    app.singleton(User)
    app.resolving(User, seen.append)
    kept = app.make(User)

    other = app.make(User, base=Child())

    assert seen == [kept, other]
    assert app.make(User) is kept


def test_extend_when_a_singleton_is_forgotten_extends_the_next(app: Container) -> None:
    app.singleton("x", lambda: "v")
    app.make("x")
    app.extend("x", lambda value: value + "!")

    app.forget_instance("x")

    assert app.make("x") == "v!"


def test_rebinding_hears_of_bind_after_the_first_use(app: Container) -> None:
    log: list[Any] = []
    app.bind("x", lambda: 1)
    app.rebinding("x", lambda value, app: log.append((value, app)))

    app.bind("x", lambda: 2)

    assert log == [(2, app)]


def test_resolved_tells_what_was_built(app: Container) -> None:
    app.bind(Base)
    assert not app.resolved(Base)
    app.make(User)
    assert app.resolved(Base)
    assert app.resolved(User)

    def fails() -> None:
        raise ValueError("no")

    app.bind("bad", fails)
    with pytest.raises(ValueError, match="no"):
        app.make("bad")
    assert not app.resolved("bad")


def test_child_hears_its_parents_hooks(app: Container) -> None:
    seen: list[object] = []
    child = app.child()
    app.resolving(Base, seen.append)
    app.extend(Base, lambda made: [made])
    app.flush()
    app.resolving(Base, seen.append)

    made = child.make(Base)

    assert seen == [made]


def test_hooks_written_in_c_get_the_object(app: Container) -> None:
    seen: list[object] = []
    app.resolving(seen.append)
    app.bind("x", lambda: [2, 1])
    app.extend("x", sorted)
    app.extend("x", type("Silent", (), {"__signature__": 3, "__call__": lambda self, made: made})())

    app.extend("x", functools.partial(lambda *given: given[1], 0))

    assert app.make("x") == [1, 2]
    assert seen == [[1, 2]]


def test_hook_for_a_protocol_that_cannot_be_asked_is_silent(app: Container) -> None:
    seen: list[object] = []
    app.bind("x", Base)
    app.resolving(Hidden, seen.append)

    app.make("x")

    assert seen == []


def test_child_knows_the_keys_of_its_parent(app: Container) -> None:
    app.bind(User)
    child = app.child()
    child.bind(Base)

    assert {User, Base} <= set(child.bindings())
    assert child.check() == []


def test_check_passes_over_consumers_that_are_names(app: Container) -> None:
    app.when("nobody").needs(Base).give(Child)

    assert len(app.check()) == 1


def make_child() -> Child:
    return Child()


@pytest.mark.parametrize("given", [Child, make_child])
def test_what_when_gives_has_the_hooks_of_the_need(app: Container, given: Any) -> None:
    log: list[str] = []
    app.when(User).needs(Base).give(given)
    app.before_resolving(Base, lambda: log.append("before"))
    app.resolving(Base, lambda: log.append("resolving"))

    @app.extend(Base)
    def marked(made: Any) -> Any:
        made.is_marked = True
        return made

    made: Any = app.make(User).base

    assert isinstance(made, Child)
    assert made.is_marked
    assert log == ["before", "resolving"]


async def _waits(made: object) -> object:
    return made


@pytest.mark.parametrize("verb", ["before_resolving", "extend", "rebinding", "resolving"])
def test_hook_when_async_then_refused(app: Container, verb: str) -> None:
    with pytest.raises(InvalidBinding, match=f"{verb} was given _waits, which is async"):
        getattr(app, verb)(Base, _waits)

    assert type(app.make(Base)) is Base


def test_hook_of_a_marker_when_async_then_refused(app: Container) -> None:
    with pytest.raises(InvalidBinding, match="async factory"):
        app.after_resolving_marker(Base, _waits)
    with pytest.raises(InvalidBinding, match="async factory"):
        app.when_has(Base, _waits)


def test_tagged_in_an_async_loop_builds_what_is_async(app: Container) -> None:
    async def later() -> str:
        return "later"

    async def all_of_them() -> list[str]:
        return [each async for each in app.tagged("words")]

    app.bind("one", lambda: "now")
    app.bind("two", later)
    app.tag(["one", "two"], "words")

    assert asyncio.run(all_of_them()) == ["now", "later"]
