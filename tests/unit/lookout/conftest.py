"""A queue on SQLite that is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.watched import World, watched


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An application in the local environment."""
    with watched(tmp_path / "base") as made:
        yield made


@pytest.fixture
def production(tmp_path: Path) -> Iterator[World]:
    """An application in production."""
    with watched(tmp_path / "base", APP_ENV="production") as made:
        yield made
