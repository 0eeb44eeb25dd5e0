"""replace, replacing and hold_folder: a file is the old one or the new one, and one changes it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from securely.support.replacing import hold_folder, replace, replacing

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


def test_replacing_makes_a_file_its_owners_and_keeps_the_old_one_after_an_error(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rows.json"
    file.write_text("old")
    file.chmod(0o644)

    with pytest.raises(TypeError), replacing(file) as beside:
        beside.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert file.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["rows.json"]

    with replacing(file) as beside:
        beside.write(b"new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_hold_folder_when_another_holds_it_then_gives_none(tmp_path: Path) -> None:
    release = hold_folder(tmp_path)

    assert release is not None
    assert hold_folder(tmp_path) is None
    release()
    again = hold_folder(tmp_path)
    assert again is not None
    again()
