"""The portal: coroutines from sync code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from securely.support.portal import Portal, PortalReentered, portal

current: ContextVar[str] = ContextVar("current", default="none")


@pytest.fixture
def own() -> Iterator[Portal]:
    """A portal that is closed afterwards."""
    own = Portal()
    yield own
    own.close()


async def answer() -> int:
    await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
    return 42


def test_run_when_it_returns_then_so_does_the_caller(own: Portal) -> None:
    assert own.run(answer()) == 42


def test_run_when_it_raises_then_the_caller_gets_it(own: Portal) -> None:
    async def fail() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        own.run(fail())
    assert own.run(answer()) == 42


def test_run_when_many_threads_then_they_share_the_loop(own: Portal) -> None:
    async def loop() -> int:
        return id(asyncio.get_running_loop())

    with ThreadPoolExecutor(4) as pool:
        loops = list(pool.map(lambda _: own.run(loop()), range(20)))

    assert len(set(loops)) == 1


def test_run_when_the_caller_has_a_context_then_it_holds(own: Portal) -> None:
    async def read() -> str:
        return current.get()

    token = current.set("mine")
    try:
        assert own.run(read()) == "mine"
    finally:
        current.reset(token)


def test_run_when_called_from_its_own_loop_then_raises_instead_of_hanging(own: Portal) -> None:
    async def reenter() -> int:
        return own.run(answer())

    with pytest.raises(PortalReentered, match="async twin"):
        own.run(reenter())


def test_run_when_a_loop_is_running_then_works_beside_it(own: Portal) -> None:
    async def use() -> int:
        return own.run(answer())

    assert asyncio.run(use()) == 42


def test_portal_when_asked_twice_then_the_same() -> None:
    assert portal() is portal()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_portal_when_the_process_forks_then_the_child_has_its_own() -> None:
    portal().run(answer())
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if portal().run(answer()) == 42 else 2
        finally:
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
