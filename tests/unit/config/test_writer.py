"""Changing one line of an .env file."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.config.dotenv import read_dotenv
from securely.config.writer import create_file, write_variable


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("APP_KEY=\n", "APP_KEY=new\n"),
        ("A=1\nAPP_KEY=old # c\nB=2\n", "A=1\nAPP_KEY=new\nB=2\n"),
        ("A=1\r\nAPP_KEY=old\r\nB=2\r\n", "A=1\r\nAPP_KEY=new\r\nB=2\r\n"),
        ("export APP_KEY = old", "export APP_KEY=new"),
        ("APP_KEY=one\nAPP_KEY=two\n", "APP_KEY=one\nAPP_KEY=new\n"),
        ("#APP_KEY=x\nMY_APP_KEY=y\nAPP_KEY=z\n", "#APP_KEY=x\nMY_APP_KEY=y\nAPP_KEY=new\n"),
    ],
)
def test_write_when_there_is_a_line_then_changes_that_line_only(
    tmp_path: Path, before: str, after: str
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(before.encode())

    assert write_variable(file, "APP_KEY", "new")
    assert file.read_bytes().decode() == after
    assert read_dotenv(file, {})["APP_KEY"] == "new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("text", ["", "# APP_KEY=\n", "APP_KEYS=1\n", "APP_KEY\n"])
def test_write_when_there_is_no_line_then_changes_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".env"
    file.write_text(text)

    assert not write_variable(file, "APP_KEY", "new")
    assert file.read_text() == text


def test_write_when_the_file_is_linked_then_keeps_link_and_mode(tmp_path: Path) -> None:
    real = tmp_path / "shared.env"
    real.write_text("APP_KEY=\n")
    real.chmod(0o640)
    link = tmp_path / ".env"
    link.symlink_to(real)

    assert write_variable(link, "APP_KEY", "new")
    assert link.is_symlink()
    assert real.read_text() == "APP_KEY=new\n"
    assert real.stat().st_mode & 0o777 == 0o640


def test_create_when_there_is_no_file_then_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"

    create_file(file, "APP_KEY=x\n")

    assert file.read_text() == "APP_KEY=x\n"
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        create_file(file, "")
