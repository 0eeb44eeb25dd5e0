"""replace and locked: files are whole or not at all, and one writer comes at a time."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from securely.settings.envfile import locked, replace
from securely.settings.exceptions import Locked
from securely.testing import freeze

STEPS = ["made", "written", "flushed", "prepared", "renamed", "done"]


class Stopped(BaseException):
    """What ends a write in the middle."""


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_replace_keeps_the_mode(tmp_path: Path, mode: int) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")
    file.chmod(mode)

    replace(file, b"A=2\n")

    assert file.read_text() == "A=2\n"
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_replace_never_leaves_a_file_that_everyone_may_write(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")
    file.chmod(0o666)

    replace(file, b"A=2\n")

    assert not file.stat().st_mode & stat.S_IWOTH


def test_replace_when_there_is_no_file_then_makes_one_for_its_owner(tmp_path: Path) -> None:
    replace(tmp_path / ".env", b"A=2\n")

    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_replace_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/.env").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "shared/.env")

    replace(tmp_path / ".env", b"A=2\n")

    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "shared/.env").read_text() == "A=2\n"


@pytest.mark.parametrize("step", STEPS)
def test_replace_when_it_is_stopped_then_the_file_is_old_or_new(tmp_path: Path, step: str) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")

    def reached(at: str) -> None:
        if at == step:
            raise Stopped

    with pytest.raises(Stopped):
        replace(file, b"A=2\n", reached)

    assert file.read_text() == ("A=2\n" if STEPS.index(step) >= STEPS.index("renamed") else "A=1\n")
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


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
