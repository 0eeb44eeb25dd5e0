"""Document: one variable changes, and every other byte stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.config.dotenv import parse_dotenv
from securely.settings import Document, InvalidName, InvalidText


def read(text: str) -> dict[str, str]:
    return parse_dotenv(text, Path(".env"), {})


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("A=1\n", "2", "A=2\n"),
        ("A=1", "2", "A=2"),
        ("export A=1\r\nB=2\r\n", "x y", 'export A="x y"\r\nB=2\r\n'),
        ("# c\n\n  A = 1 # why\n", "2", "# c\n\n  A = 2 # why\n"),
        ("A='1'\n", "2", "A='2'\n"),
        ("A='1'\n", "it's", 'A="it\'s"\n'),
        ('A="1" # c\n', "2", 'A="2" # c\n'),
        ('A="one\ntwo"\nB=1\n', "x", 'A="x"\nB=1\n'),
        ("A= # only a comment\n", "2", "A= 2 # only a comment\n"),
        ("A=1 # c\n", "", "A= # c\n"),
        ("A=\nB=1\n", "${B}", 'A="\\${B}"\nB=1\n'),
        ("\ufeffA=1\n", "2", "\ufeffA=2\n"),
        ("A=1\nA=2\n", "3", "A=1\nA=3\n"),
        ("'A'=1\n", "2", "'A'=2\n"),
        ("A=a#b\n", "c", "A=c\n"),
    ],
)
def test_set_when_the_variable_is_there_then_only_its_value_changes(
    before: str, value: str, after: str
) -> None:
    document = Document(before)

    document.set("A", value)

    assert document.text == after
    assert read(document.text.removeprefix("\ufeff"))["A"] == value


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("", "A", "A=1\n"),
        ("B=2", "A", "B=2\nA=1\n"),
        ("B=2\r\n", "A", "B=2\r\nA=1\r\n"),
        ("MAIL_A=1\nB=2\n", "MAIL_B", "MAIL_A=1\nMAIL_B=1\nB=2\n"),
        ('MAIL_A="x\ny"\nB=2\n', "MAIL_B", 'MAIL_A="x\ny"\nMAIL_B=1\nB=2\n'),
        ("# the end", "A", "# the end\nA=1\n"),
    ],
)
def test_set_when_the_variable_is_new_then_one_line_joins(
    before: str, name: str, after: str
) -> None:
    document = Document(before)

    document.set(name, "1")

    assert document.text == after


def test_remove_takes_every_line_of_the_variable_and_leaves_the_blank_ones() -> None:
    document = Document("A=1\n\n  B=2\n# c\nB=3\nC=4\n")

    assert document.remove("B")
    assert not document.remove("B")

    assert document.text == "A=1\n\n# c\nC=4\n"


def test_rename_keeps_place_value_and_comment() -> None:
    document = Document("A=1\nexport B = 'x' # c\n")

    assert document.rename("B", "D")
    assert not document.rename("B", "E")

    assert document.text == "A=1\nexport D = 'x' # c\n"
    assert document.names() == ("A", "D")


def test_set_when_the_name_is_none_then_is_refused() -> None:
    with pytest.raises(InvalidName, match="'A B'"):
        Document().set("A B", "1")


@pytest.mark.parametrize("value", ["hunter2\0", "hunter2\ud800"])
def test_set_when_no_file_can_hold_the_value_then_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(InvalidText) as caught:
        Document().set("A", value)

    assert "hunter2" not in str(caught.value)
