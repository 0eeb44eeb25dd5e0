"""A folder of views, and a factory of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.view import ViewFactory

Write = Callable[..., Path]

_written = 1_700_000_000  # seconds; each file is a second younger than the one before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the views."""
    made = tmp_path / "views"
    made.mkdir()
    return made


@pytest.fixture
def write(folder: Path) -> Write:
    """Write a view into the folder, or into another one; no two of the same age."""

    def write(name: str, text: str, into: Path = folder) -> Path:
        global _written  # noqa: PLW0603
        _written += 1
        file = into / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (_written, _written))
        return file

    return write


@pytest.fixture
def views(folder: Path) -> ViewFactory:
    """A factory of the folder."""
    return ViewFactory([folder])
