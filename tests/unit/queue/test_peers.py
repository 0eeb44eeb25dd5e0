"""Peers whose process is not to be found: elsewhere, dead, or dead and not yet buried."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator

import pytest

from securely.queue.crew.peers import Peers

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="this system has no process descriptors"
)


@pytest.fixture
def selector() -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as selector:
        yield selector


@pytest.fixture
def deaths() -> list[str]:
    return []


@pytest.fixture
def peers(selector: selectors.BaseSelector, deaths: list[str]) -> Iterator[Peers]:
    peers = Peers(selector, lambda: deaths.append("one"))
    yield peers
    peers.close()


def ended() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", ""])


@pytest.fixture
def nobody() -> int:
    """A number that no process of this machine has."""
    process = ended()
    process.wait()
    return process.pid


def test_update_when_a_pid_is_nobodys_here_tells_of_it_once(
    peers: Peers, deaths: list[str], nobody: int
) -> None:
    for _ in range(3):
        peers.update([os.getpid(), nobody])

    assert deaths == ["one"]


def test_update_when_a_pid_had_left_and_is_there_again_tells_of_it_again(
    peers: Peers, deaths: list[str], nobody: int
) -> None:
    peers.update([nobody])
    peers.update([])

    peers.update([nobody])

    assert deaths == ["one", "one"]


def test_update_when_the_dead_still_have_a_number_does_not_watch_them_again(
    peers: Peers, deaths: list[str], selector: selectors.BaseSelector
) -> None:
    process = ended()
    peers.update([process.pid])
    for key, _ in selector.select(30):
        key.data()

    peers.update([process.pid])

    assert deaths == ["one"]
    assert selector.select(0) == []
    process.wait()
