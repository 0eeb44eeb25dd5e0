"""What a forked child must have anew, seen from real children."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from securely.cache.drivers import disk_holders as holders
from securely.cache.drivers.array import ArrayStore
from securely.container import CircularDependency, Container, scope
from securely.events import Dispatcher
from securely.log.drivers.base import AppendFile
from securely.log.drivers.daily import DailyHandler
from securely.log.formatters import LineFormatter
from securely.support import entropy, portal
from securely.support.forking import _owners, renew_after_fork
from securely.support.manager import Manager

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    # Newer Pythons warn of just what is tested here.
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]

OWNERS: dict[str, tuple[Callable[[], Any], str]] = {
    "array store": (ArrayStore, "_mutex"),
    "building": (lambda: scope, "_mutex"),
    "container": (Container, "_mutex"),
    "daily log": (lambda: DailyHandler(Path("app.log"), LineFormatter()), "_turning"),
    "dispatcher": (lambda: Dispatcher(Container()), "_lock"),
    "holders": (lambda: holders, "_mutex"),
    "ids": (lambda: entropy, "_uuid7_lock"),
    "log file": (lambda: AppendFile(Path("app.log")), "_lock"),
    "manager": (lambda: Manager[object]("a", {}), "_building"),
    "portal": (lambda: portal, "_lock"),
    "registry": (lambda: Dispatcher(Container())._registry, "_lock"),
}


class Owner:
    """Has a lock, and can not be hashed."""

    __hash__ = None  # type: ignore[assignment]  # on purpose

    def __init__(self) -> None:
        self.lock = threading.Lock()
        renew_after_fork(self, "lock", threading.Lock)

    def __eq__(self, other: object) -> bool:
        return True


def ends_well(work: Callable[[], object]) -> bool:
    """Run *work* in a child; return whether what it returned was true, in time."""
    child = os.fork()
    if child == 0:  # pragma: no cover  # another process
        code = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(30)
            code = 0 if work() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextmanager
def elsewhere(work: Callable[[threading.Event, threading.Event], object]) -> Iterator[None]:
    """Run the block while another thread is in the middle of *work*."""
    begun, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=work, args=(begun, over))
    thread.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        over.set()
        thread.join(30)


@pytest.mark.parametrize(("make", "attribute"), OWNERS.values(), ids=OWNERS)
def test_fork_when_a_thread_holds_a_lock_then_it_is_free_in_the_child(
    make: Callable[[], Any], attribute: str
) -> None:
    owner = make()

    def hold(begun: threading.Event, over: threading.Event) -> None:
        with getattr(owner, attribute):
            begun.set()
            over.wait(30)

    with elsewhere(hold):
        assert getattr(owner, attribute).acquire(blocking=False) is False
        assert ends_well(lambda: getattr(owner, attribute).acquire(blocking=False))

    assert getattr(owner, attribute).acquire(blocking=False) is True
    getattr(owner, attribute).release()


def test_fork_when_the_forking_thread_holds_the_lock_then_the_child_leaves_the_block() -> None:
    owner = Owner()

    def leave() -> bool:
        held.close()
        return owner.lock.acquire(blocking=False)

    @contextmanager
    def block() -> Iterator[None]:
        with owner.lock:
            yield

    with ExitStack() as held:
        held.enter_context(block())

        assert ends_well(leave)


def test_renew_after_fork_when_two_owners_are_equal_then_each_has_its_own() -> None:
    first, second = Owner(), Owner()

    with first.lock, second.lock:
        assert ends_well(lambda: not first.lock.locked() and not second.lock.locked())


def test_renew_after_fork_when_the_owner_is_gone_then_forgotten() -> None:
    owner = Owner()
    mine = id(owner), "lock", threading.Lock
    assert mine in _owners

    del owner

    assert mine not in _owners


class Service:
    """Is slow to be made."""


@pytest.mark.parametrize("colour", ["make", "amake"])
def test_fork_when_a_thread_builds_a_singleton_then_the_child_builds_its_own(colour: str) -> None:
    app = Container()
    made: list[int] = []
    found: list[Service] = []

    def slow() -> Service:
        made.append(os.getpid())
        if len(made) == 1:
            events[0].set()
            events[1].wait(30)
        return Service()

    app.singleton(Service, slow)
    events: list[threading.Event] = []

    def build(*given: threading.Event) -> None:
        events.extend(given)
        found.append(app.make(Service))

    def child() -> bool:
        get = app.make if colour == "make" else lambda key: asyncio.run(app.amake(key))
        return get(Service) is get(Service) and made[1:] == [os.getpid()]

    with elsewhere(build):
        assert ends_well(child)

    assert made == [os.getpid()]
    assert app.make(Service) is found[0]


def test_fork_when_a_provider_is_loaded_then_the_child_loads_it_itself() -> None:
    cell = scope.Cell()

    def load(begun: threading.Event, over: threading.Event) -> None:
        def work() -> bool:
            begun.set()
            return over.wait(30)

        scope.exclusively(cell, "providers", work)

    with elsewhere(load):
        assert ends_well(lambda: scope.exclusively(cell, "providers", lambda: True))


def test_fork_when_a_factory_forks_then_the_child_is_within_its_build_and_ends_it() -> None:
    app = Container()
    inside: list[bool] = []

    def forking() -> Service:
        def again() -> bool:
            try:
                app.make(Service)
            except CircularDependency:
                return True
            return False

        inside.append(ends_well(again))
        return Service()

    app.singleton(Service, forking)

    assert app.make(Service) is app.make(Service)
    assert inside == [True]
