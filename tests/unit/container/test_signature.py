"""Parameters are read as Python means them."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest

from securely.container.binding import name_of
from securely.container.signature import Kind, is_buildable, is_service, read, returned, unwrapped
from securely.support.missing import MISSING


class Plain:
    pass


class Meta(type):
    def __call__(cls, size: int) -> Any:
        return super().__call__()


class Signed(metaclass=Meta):
    __signature__ = __import__("inspect").signature(lambda size: None)


class Holder:
    def method(self, a: int, /, b: str, *rest: float, c: bytes = b"", **more: int) -> None: ...

    @classmethod
    def made(cls, a: int) -> None: ...

    def star(*args: int) -> None: ...  # type: ignore[misc]  # it takes itself so

    def __call__(self, x: int) -> None: ...


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@decorated
def wrapped(plain: Plain, n: int = 2) -> None: ...


def names(target: Any) -> list[str]:
    return [each.name for each in read(target)]


def test_kinds_and_defaults_are_read() -> None:
    parameters = read(Holder().method)

    assert [(each.name, each.kind) for each in parameters] == [
        ("a", Kind.POSITIONAL_ONLY),
        ("b", Kind.POSITIONAL),
        ("rest", Kind.SEVERAL),
        ("c", Kind.KEYWORD_ONLY),
        ("more", Kind.KEYWORDS),
    ]
    assert [each.default for each in parameters] == [MISSING, MISSING, MISSING, b"", MISSING]
    assert [each.annotation for each in parameters] == [int, str, float, bytes, int]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Holder.made, ["a"]),
        (Holder().star, ["args"]),
        (Holder(), ["x"]),
        (wrapped, ["plain", "n"]),
        (functools.partial(wrapped, n=1), ["plain", "n"]),
        (Plain, []),
        (Signed, ["size"]),
        (type("D", (dict,), {}), []),
        (len, ["obj"]),
        (type("E", (Exception,), {}), []),
    ],
)
def test_all_that_can_be_called_is_read(target: Any, expected: list[str]) -> None:
    assert names(target) == expected
    assert names(target) == expected


def test_wrapped_functions_keep_their_annotations() -> None:
    assert [each.annotation for each in read(wrapped)] == [Plain, int]


def test_what_can_not_be_read_has_no_parameters() -> None:
    assert read(3) == ()


def test_parameter_is_shown_as_it_is_written() -> None:
    def function(a, b: int, c: list[int], d: Annotated[int | None, "x"]) -> None: ...  # type: ignore[no-untyped-def]  # the point

    a, b, c, d = read(function)
    assert [a.text, b.text, c.text] == ["a", "b: int", "c: list[int]"]
    assert d.is_nullable
    assert d.keys == (int,)
    assert d.markers == ("x",)
    assert c.element is int


def test_returned_is_what_is_made() -> None:
    def one() -> Plain: ...  # type: ignore[empty-body]  # only its annotation counts
    def two() -> Iterator[Plain]: ...  # type: ignore[empty-body]  # only its annotation counts
    async def three() -> AsyncIterator[Plain]: ...  # type: ignore[empty-body]  # only its annotation counts
    def four(): ...  # type: ignore[no-untyped-def]  # the point
    def five() -> Nowhere: ...  # type: ignore[name-defined]  # noqa: F821  # the point

    assert [returned(each) for each in (one, two, three, four, five)] == [
        (Plain,),
        (Plain,),
        (Plain,),
        (),
        (),
    ]


def test_unwrapped_finds_the_function() -> None:
    holder = Holder()

    assert unwrapped(holder.method) is Holder.method
    assert unwrapped(functools.partial(holder.method, 1)) is Holder.method
    assert unwrapped(holder) is Holder.__call__
    assert unwrapped(len) is len
    assert unwrapped(Holder) is Holder


def test_services_are_classes_of_ones_own() -> None:
    assert is_service(Plain)
    assert not any(is_service(each) for each in (int, list[int], "x", None))
    assert is_buildable(Plain)
    assert not is_buildable("x")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (Plain, "Plain"),
        ("cache", '"cache"'),
        (list[int], "list[int]"),
        (wrapped, "wrapped"),
        (Callable[[], int], "collections.abc.Callable[[], int]"),
    ],
)
def test_keys_are_named_for_messages(key: Any, name: str) -> None:
    assert name_of(key) == name
