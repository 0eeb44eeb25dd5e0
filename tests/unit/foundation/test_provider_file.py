"""bootstrap/providers.py is edited, and all else in it stays as it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from securely.foundation.providers import (
    add_to_provider_file,
    read_provider_file,
    remove_from_provider_file,
)

Write = Callable[[str, str], Path]

NEW = "app.new:New"
FILE = "bootstrap/providers.py"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '"""Ours."""\n\nproviders = [\n    "a:A",  # first\n]\nlast = 1\n',
            '"""Ours."""\n\nproviders = [\n    "a:A",  # first\n    "app.new:New",\n]\nlast = 1\n',
        ),
        ('providers = [\n    "a:A"\n]\n', 'providers = [\n    "a:A",\n    "app.new:New",\n]\n'),
        (
            'providers = [\n    "a:A"  # no, comma\n]\n',
            'providers = [\n    "a:A",  # no, comma\n    "app.new:New",\n]\n',
        ),
        (
            'providers = ["a:A", B]  # both\n',
            'providers = [\n    "a:A",\n    B,\n    "app.new:New",\n]  # both\n',
        ),
        ("providers = []\n", 'providers = [\n    "app.new:New",\n]\n'),
        (
            "providers: list[str] = [\n]\n",
            'providers: list[str] = [\n    "app.new:New",\n]\n',
        ),
        (
            'providers = ["a:A",\n             "b:B"]\n',
            'providers = ["a:A",\n             "b:B",\n             "app.new:New",\n]\n',
        ),
        (
            'x = "ü"; providers = ["ü:A"]\n',
            'x = "ü"; providers = [\n    "ü:A",\n    "app.new:New",\n]\n',
        ),
    ],
)
def test_a_provider_is_added_behind_the_others(write: Write, before: str, after: str) -> None:
    file = write(FILE, before)

    assert add_to_provider_file(file, NEW)
    assert file.read_text(encoding="utf-8") == after


def test_a_provider_that_is_there_is_not_added_again(write: Write) -> None:
    text = "providers = ['app.new:New']\n"
    file = write(FILE, text)

    assert add_to_provider_file(file, NEW)
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["", "providers = make()\n", "providers = [\n", "others = []\n"])
def test_a_file_without_a_list_is_left_alone(write: Write, text: str) -> None:
    file = write(FILE, text)

    assert not add_to_provider_file(file, NEW)
    assert not remove_from_provider_file(file, NEW)
    assert file.read_text(encoding="utf-8") == text


def test_a_file_that_is_not_there_is_not_made(base: Path) -> None:
    assert not add_to_provider_file(base / FILE, NEW)
    assert not (base / FILE).exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'providers = [\n    "a:A",\n    "app.new:New",  # soon gone\n    "b:B",\n]\n',
            'providers = [\n    "a:A",\n    "b:B",\n]\n',
        ),
        ('providers = [\n    "a:A",\n    "app.new:New"\n]\n', 'providers = [\n    "a:A",\n]\n'),
        ('providers = ["app.new:New", "b:B"]\n', 'providers = ["b:B"]\n'),
        ('providers = ["app.new:New"]\n', "providers = []\n"),
    ],
)
def test_a_provider_is_removed_with_its_comma_and_line(
    write: Write, before: str, after: str
) -> None:
    file = write(FILE, before)

    assert remove_from_provider_file(file, NEW)
    assert file.read_text(encoding="utf-8") == after


def test_one_that_is_not_there_is_not_removed(write: Write) -> None:
    assert not remove_from_provider_file(write(FILE, 'providers = ["a:A"]\n'), NEW)


def test_what_is_added_and_removed_is_what_is_read(write: Write) -> None:
    file = write(FILE, 'providers = ["a:A"]\n')

    add_to_provider_file(file, NEW)
    added = read_provider_file(file)
    remove_from_provider_file(file, "a:A")

    assert added == ["a:A", NEW]
    assert read_provider_file(file) == [NEW]


def test_a_file_with_the_line_ends_of_windows_keeps_them_and_its_rights(base: Path) -> None:
    file = base / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b'providers = [\r\n    "a:A",\r\n]\r\n')
    file.chmod(0o640)

    assert add_to_provider_file(file, NEW)

    assert file.read_bytes() == b'providers = [\r\n    "a:A",\r\n    "app.new:New",\r\n]\r\n'
    assert file.stat().st_mode & 0o777 == 0o640
    assert remove_from_provider_file(file, NEW)
    assert file.read_bytes() == b'providers = [\r\n    "a:A",\r\n]\r\n'
    assert [each.name for each in file.parent.iterdir() if each.name.endswith(".new")] == []


def test_a_file_that_is_no_utf_8_is_left_alone(base: Path) -> None:
    file = base / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b'providers = ["\xe9:A"]\n')

    assert not add_to_provider_file(file, NEW)
    assert not remove_from_provider_file(file, NEW)
    assert file.read_bytes() == b'providers = ["\xe9:A"]\n'
