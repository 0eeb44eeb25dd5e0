"""EnvFile: setting variables, quoted where they have to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.config.dotenv import read_dotenv
from securely.config.writer import EnvFile, quoted


@pytest.fixture
def file(tmp_path: Path) -> EnvFile:
    return EnvFile(tmp_path / ".env")


def test_set_when_there_is_no_file_then_makes_one_that_only_its_owner_reads(file: EnvFile) -> None:
    assert file.set("APP_NAME", "My Blog")

    assert file.path.read_text() == 'APP_NAME="My Blog"\n'
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_set_when_the_variable_is_there_then_keeps_it_unless_told_otherwise(file: EnvFile) -> None:
    file.path.write_text("# name\nAPP_NAME=old\nB=2\n")
    file.path.chmod(0o640)

    assert not file.set("APP_NAME", "new")
    assert file.path.read_text() == "# name\nAPP_NAME=old\nB=2\n"
    assert file.set("APP_NAME", "new", overwrite=True)
    assert file.path.read_text() == "# name\nAPP_NAME=new\nB=2\n"
    assert file.path.stat().st_mode & 0o777 == 0o640


def test_set_when_the_variable_is_new_then_joins_those_with_its_prefix(file: EnvFile) -> None:
    file.path.write_text("MAIL_HOST=h\nAPP_NAME=x\n")

    file.set("MAIL_PORT", "25")
    file.set("OTHER", "1")

    assert file.path.read_text() == "MAIL_HOST=h\nMAIL_PORT=25\nAPP_NAME=x\nOTHER=1\n"


def test_set_when_the_lines_end_as_on_windows_then_so_does_the_new_one(file: EnvFile) -> None:
    file.path.write_bytes(b"A=1\r\n")

    file.set("B", "2")

    assert file.path.read_bytes() == b"A=1\r\nB=2\r\n"


def test_set_when_the_name_is_none_then_refuses_it(file: EnvFile) -> None:
    with pytest.raises(ValueError, match="cannot name a variable"):
        file.set("A B", "1")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_quoted_is_read_back_as_it_was(text: str) -> None:
    lines = f"A={quoted(text)}\nB=after\n"

    assert _read(lines) == {"A": text, "B": "after"}


def _read(text: str) -> dict[str, str]:
    class File:
        def read_bytes(self) -> bytes:
            return text.encode()

    return read_dotenv(File(), {})  # type: ignore[arg-type]  # all it needs of a file
