""".env files: what is read, and how a malformed line is told without telling its value."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from securely.config import EnvironmentFileBroken
from securely.config.dotenv import read_dotenv


def _read(
    directory: Path, text: str | bytes, process: dict[str, str] | None = None
) -> dict[str, str]:
    file = directory / ".env"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_dotenv(file, process or {})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("A = spaced value  # comment", "spaced value"),
        ("A=", ""),
        ("A= # comment", ""),
        ("A='single ${B} \\n'", "single ${B} \\n"),
        ('A="two\\nlines \\t \\" \\\\"', 'two\nlines \t " \\'),
        ('A="over\nlines"', "over\nlines"),
        ('A="\\${B}"', "${B}"),
        ("A=a#b", "a#b"),
        ("A=a=b", "a=b"),
        ("\ufeffA=bom", "bom"),
        ("# c\r\n\r\nA=crlf\r\n", "crlf"),
        ("A=1\nA=2", "2"),
    ],
)
def test_read_when_the_line_is_well_formed_then_gives_its_value(
    tmp_path: Path, line: str, value: str
) -> None:
    assert _read(tmp_path, line)["A"] == value


def test_read_when_values_refer_to_others_then_fills_them_in(tmp_path: Path) -> None:
    text = 'A=one\nB="${A}-${X}-${NO:-none}-${NO}"\n'

    assert _read(tmp_path, text, {"X": "process"})["B"] == "one-process-none-"
    assert _read(tmp_path, text, {"A": "wins", "X": ""})["B"] == "wins--none-"


@pytest.mark.parametrize(
    ("text", "position", "excerpt", "reason"),
    [
        ("A=1\nPASSWORD hunter2\n", (2, 9), "PASSWORD …", 'Expected "="'),
        ("hunter2\n", (1, 1), "…", "Expected NAME="),
        ("HUNTER2\n", (1, 8), "HUNTER2", 'Expected "="'),
        ("APP NAME=hunter2", (1, 4), "APP NAME=…", "letters, digits and underscores"),
        ("\n\n  1A=hunter2", (3, 3), "  1A=…", "letters, digits and underscores"),
        ("=hunter2", (1, 1), "=…", "letters, digits and underscores"),
        ("hu/nt+er==", (1, 1), "…=…", "letters, digits and underscores"),
        ('A="hunter2\nB=1\n', (1, 3), "A=…", "never closed"),
        ("A='hunter2' hunter3", (1, 3), "A=…", "after the closing quote"),
        (b"A=1\nB=\xff", (2, 1), "…", "not UTF-8"),
    ],
)
def test_read_when_a_line_is_malformed_then_points_at_it_and_hides_the_value(
    tmp_path: Path, text: str | bytes, position: tuple[int, int], excerpt: str, reason: str
) -> None:
    with pytest.raises(EnvironmentFileBroken) as caught:
        _read(tmp_path, text)

    message = str(caught.value)
    line, column = position
    assert message.startswith(f"{tmp_path / '.env'}:{line}:{column}: ")
    assert reason in message
    assert message.splitlines()[1:] == [f"    {excerpt}", f"    {' ' * (column - 1)}^"]
    assert "hunter" not in message
    assert str(copy.copy(caught.value)) == message
