"""A dispatcher with a container of its own, and listeners that note what they are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.container import Container
from securely.events import Dispatcher

Noting = Callable[..., Callable[..., object]]


@pytest.fixture
def container() -> Container:
    return Container()


@pytest.fixture
def events(container: Container) -> Dispatcher:
    return Dispatcher(container)


@pytest.fixture
def notes() -> list[tuple[str, tuple[object, ...]]]:
    """What the listeners of `noting` were told: name and arguments."""
    return []


@pytest.fixture
def noting(notes: list[tuple[str, tuple[object, ...]]]) -> Noting:
    """Make a listener that notes its name and arguments, and returns what it is told to."""

    def make(name: str, answer: object = None) -> Callable[..., object]:
        def listener(*arguments: object) -> object:
            notes.append((name, arguments))
            return answer

        return listener

    return make
