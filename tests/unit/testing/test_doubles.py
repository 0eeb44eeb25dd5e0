"""Spies, mocks and partial mocks of services."""

from __future__ import annotations

import asyncio
import doctest
from collections.abc import Iterator

import pytest

from securely import Application
from securely.container import Container, facade, set_process_container
from securely.facades import Cache, Event
from securely.testing import doubles, mock, partial_mock, spy


class Store:
    limit = 7

    def get(self, key: str, default: object = None) -> object:
        return f"real {key}"

    async def aget(self, key: str) -> object:
        return f"real {key}"

    def both(self) -> object:
        return self.get("inner")


class Reader:
    def __init__(self, store: Store) -> None:
        self.store = store


Kept: Store = facade("store")


@pytest.fixture(autouse=True)
def container() -> Iterator[Container]:
    container = Container()
    container.singleton(Store)
    container.alias(Store, "store")
    before = set_process_container(container)
    yield container
    set_process_container(before)


def test_examples_when_run_then_give_what_they_show(app: Application) -> None:
    names = {"Cache": Cache, "Event": Event}

    assert doctest.testmod(doubles, extraglobs=names).failed == 0


def test_spy_when_called_then_does_nothing_and_notes_it(container: Container) -> None:
    with spy(Kept) as store:
        assert Kept.get("a") is None
        assert container.make(Reader).store.get("b", default=1) is None
        assert asyncio.run(Kept.aget("c")) is None
        assert Kept.limit == 7

    assert [call.method for call in store.received] == ["get", "get", "aget"]
    store.should_have_received("get")
    store.should_have_received("get", "b", 1)
    store.should_have_received("get", key="a")
    store.should_not_have_received("both")
    store.should_not_have_received("get", "c")
    assert Kept.get("a") == "real a"


def test_spy_when_the_call_is_wrong_then_fails_as_the_service_would() -> None:
    with spy(Kept):
        with pytest.raises(TypeError, match="unexpected keyword argument 'ttl'"):
            Kept.get("a", ttl=5)  # type: ignore[call-arg]
        with pytest.raises(AttributeError, match=r'no attribute .gett.*"get"'):
            Kept.gett("a")  # type: ignore[attr-defined]


def test_spy_when_what_is_asked_for_did_not_happen_then_tells_what_did() -> None:
    with spy(Kept) as store:
        Kept.get("a")

    with pytest.raises(AssertionError, match=r"get\('b'\) was not called. Called: get\('a'\)."):
        store.should_have_received("get", "b")
    with pytest.raises(AssertionError, match=r"get\(\) was called"):
        store.should_not_have_received("get")
    with pytest.raises(AttributeError, match="Did you mean"):
        store.should_have_received("gat")


def test_mock_when_expectations_are_met_then_answers_by_them() -> None:
    with mock(Kept) as store:
        store.should_receive("get").once().with_("a").and_return("made up")
        store.should_receive("get").with_("b").and_return(1, 2)
        store.expects("aget").and_return_using(lambda key: key * 2)
        store.should_receive("both").never()

        assert Kept.get("a", default=None) == "made up"
        assert [Kept.get("b"), Kept.get(key="b"), Kept.get("b")] == [1, 2, 2]
        assert asyncio.run(Kept.aget("x")) == "xx"


def test_mock_when_an_error_is_wanted_then_raises_it() -> None:
    with mock(Kept) as store:
        store.should_receive("get").and_raise(TimeoutError("slow"))

        with pytest.raises(TimeoutError, match="slow"):
            Kept.get("a")


def test_mock_when_nothing_of_the_kind_is_expected_then_refuses_and_puts_the_service_back() -> None:
    expected = r"get\('b'\) was not expected. Expected: get\('a'\)."
    with mock(Kept) as store:
        store.should_receive("get").with_("a")
        with pytest.raises(AssertionError, match=expected):
            Kept.get("b")

    assert Kept.get("b") == "real b"


@pytest.mark.parametrize(
    ("calls", "told"), [(0, "once, and was called never"), (2, "once, and was called twice")]
)
def test_mock_when_called_too_seldom_or_too_often_then_fails_at_the_end(
    calls: int, told: str
) -> None:
    expected = rf"get\('a'\) was expected {told}"
    with pytest.raises(AssertionError, match=expected), mock(Kept) as store:  # noqa: PT012
        store.should_receive("get").once().with_("a")
        for _ in range(calls):
            Kept.get("a")

    assert Kept.get("a") == "real a"


def test_mock_when_the_expectation_does_not_fit_the_method_then_refuses_at_once() -> None:
    with mock(Kept) as store:
        with pytest.raises(TypeError, match="too many positional"):
            store.should_receive("get").with_("a", "b", "c")
        with pytest.raises(AttributeError, match='Store has no "put"'):
            store.should_receive("put")


def test_mock_when_one_has_had_its_calls_then_the_next_answers() -> None:
    with mock(Kept) as store:
        store.should_receive("get").once().and_return("first")
        store.should_receive("get").twice().and_return("then")

        assert [Kept.get("a"), Kept.get("a"), Kept.get("a")] == ["first", "then", "then"]


def test_partial_mock_when_methods_are_named_then_the_rest_is_real() -> None:
    with partial_mock(Kept, "get") as store:
        store.should_receive("get").with_("a").and_return("made up")

        assert Kept.get("a") == "made up"
        assert Kept.both() == "real inner"
        assert asyncio.run(Kept.aget("x")) == "real x"
        with pytest.raises(AssertionError, match="was not expected"):
            Kept.get("b")


def test_partial_mock_when_a_method_is_misspelt_then_refuses() -> None:
    with pytest.raises(AttributeError, match="Did you mean"), partial_mock(Kept, "gte"):
        pass


def test_doubles_when_printed_then_say_what_they_are() -> None:
    with spy(Kept) as store:
        assert repr(store) == "<spy of Store>"


@pytest.mark.parametrize("lifetime", ["transient", "scoped"])
def test_spy_when_it_ends_then_the_service_is_bound_as_it_was(
    container: Container, lifetime: str
) -> None:
    bind = container.bind if lifetime == "transient" else container.scoped
    bind(Store)

    with spy(Kept):
        pass

    with container.scope():
        first = container.make(Store)
    with container.scope():
        assert container.make(Store) is not first


def test_mock_when_called_once_too_often_then_fails_at_that_call() -> None:
    reached: list[str] = []

    with pytest.raises(AssertionError, match="never, and was called once"), mock(Kept) as store:  # noqa: PT012
        store.should_receive("get").never()
        Kept.get("a")
        reached.append("after")

    assert reached == []
