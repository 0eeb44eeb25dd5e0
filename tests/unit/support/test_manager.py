"""Named instances: built once, closed, extended, and errors that help."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest

from securely.support.manager import Manager, UndefinedInstance, UnknownDriver


@dataclass(frozen=True)
class _Definition:
    driver: str


class _Connection:
    def __init__(self, name: str, definition: _Definition) -> None:
        self.name = name
        self.definition = definition
        self.closed = False

    def close(self) -> None:
        self.closed = True


class _Connections(Manager[_Connection]):
    kind = "Connection"
    drivers: ClassVar[Mapping[str, str]] = {"counter": "collections.Counter"}

    def connection(self, name: str | None = None) -> _Connection:
        return self._instance(name)


@pytest.fixture
def connections() -> _Connections:
    manager = _Connections(
        "main",
        {"main": _Definition("plain"), "spare": _Definition("plain"), "odd": _Definition("plian")},
    )
    manager.extend("plain", _Connection)
    return manager


def test_instance_when_asked_twice_then_is_built_once(connections: _Connections) -> None:
    assert connections.connection() is connections.connection("main")
    assert connections.connection("spare") is not connections.connection()
    assert connections.connection("spare").definition == _Definition("plain")


def test_instance_when_many_threads_race_then_is_built_once(connections: _Connections) -> None:
    barrier = threading.Barrier(16)
    seen: list[_Connection] = []

    def use() -> None:
        barrier.wait()
        seen.append(connections.connection())

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 16
    assert len(set(map(id, seen))) == 1


def test_instance_when_the_name_is_not_defined_then_the_error_lists_the_names(
    connections: _Connections,
) -> None:
    with pytest.raises(UndefinedInstance) as caught:
        connections.connection("spar")

    assert str(caught.value) == (
        'Connection "spar" is not defined. Defined: main, spare, odd. Did you mean "spare"?'
    )
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_instance_when_the_driver_is_unknown_then_the_error_suggests_one(
    connections: _Connections,
) -> None:
    with pytest.raises(UnknownDriver) as caught:
        connections.connection("odd")

    assert 'asks for the driver "plian"' in str(caught.value)
    assert 'Did you mean "plain"?' in str(caught.value)
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_driver_when_named_by_path_then_is_imported_on_first_use() -> None:
    class _Lists(Manager[list[str]]):
        drivers: ClassVar[Mapping[str, str]] = {"broken": "securely.support.no_such_module.Thing"}

    manager = _Lists("a", {"a": _Definition("broken")})

    with pytest.raises(ImportError, match="no_such_module"):
        manager._instance()


def test_drop_when_called_then_the_next_use_builds_anew(connections: _Connections) -> None:
    first = connections.connection()

    connections.drop()

    assert connections.connection() is not first
    assert not first.closed


def test_purge_and_close_when_called_then_close_what_was_built(connections: _Connections) -> None:
    first, spare = connections.connection(), connections.connection("spare")

    connections.purge("main")
    assert (first.closed, spare.closed) == (True, False)

    connections.close()
    assert spare.closed
    assert connections._built() == {}
