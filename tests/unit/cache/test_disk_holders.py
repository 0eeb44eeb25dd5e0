"""Which processes hold locks: tokens, files, and strangers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from securely.cache.drivers.disk_holders import Holders


@pytest.fixture
def holders(tmp_path: Path) -> Holders:
    """The holders of one directory."""
    return Holders(tmp_path / "holders")


def test_token_when_asked_twice_then_the_same_and_alive(holders: Holders, tmp_path: Path) -> None:
    token = holders.token()

    assert token is not None
    assert holders.token() == token
    assert Holders(tmp_path / "holders").token() == token
    assert holders.is_alive(token) is True


def test_is_alive_when_nobody_holds_the_file_then_false_and_it_is_removed(
    holders: Holders, tmp_path: Path
) -> None:
    holders.token()
    left = tmp_path / "holders" / ("0" * 32 + ".lock")
    left.touch()

    assert holders.is_alive("0" * 32) is False
    assert not left.exists()
    assert holders.is_alive("0" * 32) is False


def test_sweep_when_some_are_dead_then_the_living_stay(holders: Holders, tmp_path: Path) -> None:
    token = holders.token()
    (tmp_path / "holders" / ("1" * 32 + ".lock")).touch()

    assert holders.sweep() == 1
    assert token is not None
    assert holders.is_alive(token) is True


def test_sweep_when_something_is_no_file_then_it_stays(holders: Holders, tmp_path: Path) -> None:
    holders.token()
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "holders" / ("2" * 32 + ".lock")).symlink_to(tmp_path / "victim")
    (tmp_path / "holders" / ("3" * 32 + ".lock")).mkdir()

    assert holders.sweep() == 0
    assert (tmp_path / "holders" / ("2" * 32 + ".lock")).is_symlink()
    assert (tmp_path / "holders" / ("3" * 32 + ".lock")).is_dir()
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "x" * 32, "0" * 31, "0" * 31 + "\n"])
def test_is_alive_when_token_is_a_strangers_then_nothing_is_opened(
    holders: Holders, tmp_path: Path, token: str
) -> None:
    (tmp_path / "holders").mkdir()
    (tmp_path / "victim.lock").write_text("precious")

    assert holders.is_alive(token) is False
    assert holders.is_alive("../victim") is False
    assert (tmp_path / "victim.lock").exists()


def in_another_process(directory: Path, code: str) -> str:
    """Run *code* in a process of its own, and return what it prints."""
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from securely.cache.drivers.disk_holders import Holders\n"
        f"holders = Holders(Path(sys.argv[1]))\n{code}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(directory)], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_token_when_its_file_was_removed_then_made_anew_and_alive_for_all(
    holders: Holders, tmp_path: Path
) -> None:
    token = holders.token()
    (tmp_path / "holders" / f"{token}.lock").unlink()

    assert token is not None
    assert holders.is_alive(token) is True
    assert holders.token() == token
    assert in_another_process(tmp_path / "holders", f"print(holders.is_alive({token!r}))") == "True"


def test_token_when_something_else_has_its_name_then_takes_another(
    holders: Holders, tmp_path: Path
) -> None:
    token = holders.token()
    path = tmp_path / "holders" / f"{token}.lock"
    path.unlink()
    path.write_text("a stranger's")

    other = holders.token()

    assert other is not None
    assert other != token
    assert in_another_process(tmp_path / "holders", f"print(holders.is_alive({other!r}))") == "True"
    assert path.read_text() == "a stranger's"


def test_is_alive_when_its_file_is_a_pipe_then_nobody_and_does_not_wait(
    holders: Holders, tmp_path: Path
) -> None:
    holders.token()
    pipe = tmp_path / "holders" / ("4" * 32 + ".lock")
    os.mkfifo(pipe)

    assert holders.is_alive("4" * 32) is False
    assert holders.sweep() == 0
    assert pipe.is_fifo()
