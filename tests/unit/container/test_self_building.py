"""Classes with `__build__` and `__abuild__` say how they are built."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Self

import pytest

from securely.container import AsyncBinding, Container, NotBound, singleton


class Pool:
    pass


class Connection:
    """Its constructor takes what nobody can inject."""

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    def __build__(cls, pool: Pool, url: str = "memory") -> Self:
        assert isinstance(pool, Pool)
        return cls(url)


class Again:
    """It asks the container for itself."""

    def __init__(self, size: int = 1) -> None:
        self.size = size

    @classmethod
    def __build__(cls, app: Container) -> Self:
        return app.make(cls, size=app.make(cls).size + 1)


@singleton
class Kept(Again):
    pass


class Later:
    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    async def __abuild__(cls, pool: Pool) -> Self:
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others
        return cls("later")


class Both(Later):
    @classmethod
    def __build__(cls) -> Self:
        return cls("now")


class User:
    def __init__(self, both: Both, connection: Connection) -> None:
        self.both, self.connection = both, connection


class Wants:
    @classmethod
    def __build__(cls, size: int) -> Self:
        return cls()


class Opened:
    log: list[str]

    @classmethod
    def __build__(cls) -> Iterator[Self]:
        made = cls()
        made.log = ["open"]
        yield made
        made.log.append("close")


@pytest.fixture
def app() -> Container:
    return Container()


def test_build_is_injected_instead_of_the_constructor(app: Container) -> None:
    for _ in range(3):
        assert app.make(Connection).url == "memory"
        assert app.make(Connection, url="disk").url == "disk"
    assert app.check() == []


def test_build_that_asks_for_its_class_gets_it_by_the_constructor(app: Container) -> None:
    for _ in range(3):
        assert app.make(Again).size == 2


def test_build_of_a_singleton_that_asks_for_its_class_ends(app: Container) -> None:
    assert app.make(Kept).size == 2
    assert app.make(Kept) is app.make(Kept)


def test_abuild_is_awaited_and_refused_in_sync_code(app: Container) -> None:
    assert asyncio.run(app.amake(Later)).url == "later"
    with pytest.raises(AsyncBinding, match="Later"):
        app.make(Later)


def test_class_with_both_is_built_in_the_colour_of_who_asks(app: Container) -> None:
    for _ in range(3):
        assert app.make(Both).url == app.make(User).both.url == "now"
        assert asyncio.run(app.amake(Both)).url == "later"
        assert asyncio.run(app.amake(User)).both.url == "later"


def test_build_that_is_a_generator_ends_with_its_scope(app: Container) -> None:
    with app.scope():
        made = app.make(Opened)
        assert made.log == ["open"]

    assert made.log == ["open", "close"]


def test_build_that_cannot_be_injected_names_its_parameter(app: Container) -> None:
    app.bind(Wants)

    [problem] = app.check()

    assert problem.parameter == "size"
    assert problem.place.startswith(f"{__file__}:")
    with pytest.raises(NotBound, match=r"size: int"):
        app.make(Wants)
