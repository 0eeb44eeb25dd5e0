"""locked: one writer comes at a time, and the next waits for it, but not for ever."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from securely.settings.envfile import locked
from securely.settings.exceptions import Locked
from securely.testing import freeze


def test_locked_lets_one_in_and_refuses_the_other_in_time(tmp_path: Path) -> None:
    refused = pytest.raises(Locked, match="within 5 seconds")
    with freeze(), locked(tmp_path), refused, locked(tmp_path):
        pass

    with locked(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_locked_waits_for_who_is_within(tmp_path: Path) -> None:
    order: list[str] = []
    inside, go = threading.Event(), threading.Event()

    def first() -> None:
        with locked(tmp_path):
            inside.set()
            go.wait(30)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(30)
    go.set()
    with locked(tmp_path):
        order.append("second")
    thread.join()

    assert order == ["first", "second"]
