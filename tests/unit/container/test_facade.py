"""Facades, providers, and which container is current."""

from __future__ import annotations

import asyncio
import copy
import inspect
import threading
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from securely.container import (
    Container,
    NotBooted,
    Provider,
    current,
    facade,
    service_of,
    set_process_container,
)


class Store:
    kind = "plain"

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def get(self, key: str, default: int = 0) -> int:
        """Return a value."""
        return self.values.get(key, default)

    async def aget(self, key: str) -> int:
        return self.values[key]

    @property
    def size(self) -> int:
        return len(self.values)

    @property
    def broken(self) -> int:
        raise AttributeError("inner")

    @staticmethod
    def double(value: int) -> int:
        return value * 2

    def __call__(self, key: str) -> str:
        return f"called {key}"

    def __getitem__(self, key: str) -> int:
        return self.values[key]

    def __setitem__(self, key: str, value: int) -> None:
        self.values[key] = value

    def __delitem__(self, key: str) -> None:
        del self.values[key]

    def __contains__(self, key: str) -> bool:
        return key in self.values


class Loud(Store):
    def get(self, key: str, default: int = 0) -> int:
        return super().get(key, default) * 100


Cache: Store = facade("cache")


def container(store: Store | None = None) -> Container:
    app = Container()
    app.instance("cache", store or Store())
    return app


def test_facade_forwards_everything_a_service_offers() -> None:
    with container().active():
        Cache["a"] = 1

        assert Cache["a"] == 1
        assert "a" in Cache
        assert Cache.get("a") == 1
        assert Cache.get("b", default=5) == 5
        assert Cache.size == 1
        assert Cache.double(4) == 8
        assert Cache("x") == "called x"
        assert asyncio.run(Cache.aget("a")) == 1
        del Cache["a"]
        assert "a" not in Cache


def test_facade_sets_and_deletes_on_the_service() -> None:
    store = Store()
    with container(store).active():
        Cache.kind = "loud"
        assert store.kind == "loud"
        del Cache.kind
    assert store.kind == "plain"


def test_facade_sees_what_is_current_and_what_replaces_it() -> None:
    first, second = container(), container(Loud())
    first.make("cache")["a"] = 1
    second.make("cache")["a"] = 1
    for _ in range(2):
        with first.active():
            assert Cache.get("a") == 1
            with second.active():
                assert Cache.get("a") == 100
            assert Cache.get("a") == 1
    with first.active():
        first.instance("cache", Loud())
        assert Cache.get("a", 2) == 200


def test_facade_keeps_the_signature_of_a_method() -> None:
    with container().active():
        Cache.get("a")

        assert list(inspect.signature(Cache.get).parameters) == ["key", "default"]
        assert Cache.get.__doc__ == "Return a value."
        assert "get" in dir(Cache)
    assert repr(Cache) == "<facade 'cache'>"
    named = Container()
    named.bind(Store)
    named.alias(Store, "cache")
    with named.active():
        assert repr(Cache) == "<facade 'cache' of Store>"
    assert service_of(Cache) == "cache"
    with pytest.raises(TypeError, match="is no facade"):
        service_of(3)


def test_facade_when_an_attribute_is_unknown_names_the_service() -> None:
    with container().active():
        with pytest.raises(
            AttributeError,
            match=r"<facade 'cache'> has no attribute 'gte': Store has none. Did you mean \"get\"",
        ):
            _ = Cache.gte  # type: ignore[attr-defined]  # the point
        with pytest.raises(AttributeError, match=r"Store has none\.$"):
            _ = Cache.zzzzzz  # type: ignore[attr-defined]  # the point
        with pytest.raises(AttributeError, match=r"^inner$"):
            _ = Cache.broken


class Recording(Store):
    def assert_read(self) -> None: ...


class Fakeable(Store):
    def fake(self) -> Recording:
        return Recording()


def test_facade_when_an_assertion_is_made_of_no_fake_says_what_comes_first() -> None:
    pattern = r"has no attribute 'assert_read'.* Assertions are methods of its fake: call fake\(\)"
    kept: Any = Cache

    with container(Fakeable()).active(), pytest.raises(AttributeError, match=pattern):
        kept.assert_read()
    with container(Recording()).active():
        kept.assert_read()
    with container(Fakeable()).active(), pytest.raises(AttributeError, match=pattern):
        kept.assert_read()  # after a fake of an earlier test


def test_facade_without_an_application_says_what_to_do() -> None:
    before = set_process_container(None)
    try:
        with pytest.raises(
            NotBooted,
            match=r"No application is running. Create one, or use `with app.active\(\):`.",
        ):
            Cache.get("a")
        with pytest.raises(NotBooted):
            current()
        assert not hasattr(Cache, "__wrapped__")
    finally:
        set_process_container(before)


def test_current_is_the_contexts_then_the_processs() -> None:
    process, own = Container(), Container()
    seen: list[Container] = []
    before = set_process_container(process)
    try:
        with own.active() as active:
            assert active is own
            assert current() is own
            thread = threading.Thread(target=lambda: seen.append(current()))
            thread.start()
            thread.join()

            async def task() -> Container:
                return await asyncio.to_thread(current)

            assert asyncio.run(task()) is own
        assert current() is process
        assert seen == [process]
    finally:
        assert set_process_container(before) is process


class Tax:
    pass


class FlatTax(Tax):
    pass


class TaxProvider(Provider):
    provides: ClassVar[Mapping[str, type]] = {"tax": Tax}
    bindings: ClassVar[Mapping[Any, Any]] = {Tax: FlatTax}
    singletons: ClassVar[Mapping[Any, Any]] = {Store: Store}
    booted: Tax | None = None

    def boot(self, tax: Tax) -> None:
        self.booted = tax


def test_provider_binds_and_boots() -> None:
    app = Container()
    provider = TaxProvider(app)

    provider.register()
    provider.bind_attributes()
    app.call(provider.boot)

    assert isinstance(provider.booted, FlatTax)
    assert app.make(Store) is app.make(Store)
    assert Provider(app).boot() is None
    assert not Provider.eager
    assert copy.copy(Provider.commands) == {}


def test_provider_calls_after_resolving_also_when_it_is_late() -> None:
    app, seen = Container(), []
    provider = Provider(app)
    app.singleton(Tax)

    provider.call_after_resolving(Tax, seen.append)
    assert seen == []
    tax = app.make(Tax)
    provider.call_after_resolving(Tax, lambda made, app: seen.append((made, app)))

    assert seen == [tax, (tax, app)]


class Every:
    """A method with every kind of parameter."""

    def mixed(
        self, a: int, b: int = 2, /, c: int = 3, *rest: int, d: int, e: int = 5, **more: int
    ) -> tuple[object, ...]:
        return a, b, c, rest, d, e, more

    def plain(self, a: int = 1, b: int = 2, c: int = 3) -> tuple[int, ...]:
        return a, b, c

    again = plain


class Other(Every):
    """Another class with defaults of its own."""

    def mixed(self, a: int, b: int = 20, /, *rest: int, **more: int) -> tuple[object, ...]:  # type: ignore[override]
        return a, b, rest, more

    def plain(self, a: int = 10, b: int = 20, c: int = 30) -> tuple[int, ...]:
        return a, b, c


@pytest.fixture
def every() -> Iterator[Container]:
    container = Container()
    container.singleton(Every)
    container.alias(Every, "every")
    before = set_process_container(container)
    yield container
    set_process_container(before)


def test_facade_hands_on_every_kind_of_parameter(every: Container) -> None:
    named: Every = facade("every")

    for _ in range(2):  # by `__getattr__` the first time, by the function it leaves from then on
        assert named.mixed(1, d=4) == (1, 2, 3, (), 4, 5, {})
        assert named.mixed(1, 9, 8, 7, 6, d=4, e=3, f=2) == (1, 9, 8, (7, 6), 4, 3, {"f": 2})
        assert named.plain(c=9) == (1, 2, 9)
        assert named.again(4) == (4, 2, 3)
        with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'd'"):
            named.mixed(1)  # type: ignore[call-arg]


def test_facade_leaves_a_service_of_another_class_its_own_defaults(every: Container) -> None:
    named: Every = facade("every")
    named.plain()
    named.mixed(1, d=4)

    every.instance(Every, Other())

    assert named.plain() == (10, 20, 30)
    assert named.plain(5) == (5, 20, 30)
    assert named.plain(b=5) == (10, 5, 30)
    assert named.plain(5, c=6) == (5, 20, 6)
    assert named.mixed(1, d=4) == (1, 20, (), {"d": 4})
    assert named.mixed(1, 9, 8, 7, d=4, f=2) == (1, 9, (8, 7), {"d": 4, "f": 2})


def test_facade_looks_up_what_is_not_shared_at_each_call() -> None:
    container = Container()
    container.bind(Every)
    container.alias(Every, "every")
    made: list[object] = []
    container.resolving(Every, lambda found, _: made.append(found))
    named: Every = facade("every")
    before = set_process_container(container)

    try:
        for _ in range(3):
            named.plain()
    finally:
        set_process_container(before)

    assert len(made) == len({id(each) for each in made}) == 3


def test_facade_when_a_method_is_patched_and_put_back_then_the_method_is_the_services_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with container().active() as app:
        Cache.get("a")

        with monkeypatch.context() as patch:
            patch.setattr(Cache, "get", lambda key: 7)
            assert Cache.get("a") == 7

        assert Cache.get("a", 3) == 3
        assert "get" not in vars(app.make("cache"))
