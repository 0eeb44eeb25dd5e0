"""The same queue on each engine that keeps jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.watched import World, watched


@pytest.fixture(params=["sqlite", "arq"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An application in the local environment, with its queue on each engine."""
    main: dict[str, object] | None = None
    if request.param == "arq":
        server = request.getfixturevalue("valkey")
        main = {"driver": "arq", "socket": server.path, "path": str(tmp_path / "workers")}
    with watched(tmp_path / "base", main) as made:
        yield made
