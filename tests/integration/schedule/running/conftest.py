"""A runner with a ledger in memory, as the unit tests have it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# The tests beside this file import `running_worlds`.
if (here := str(Path(__file__).parents[3] / "unit" / "schedule" / "running")) not in sys.path:
    sys.path.append(here)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Any]:
    """A machine that runs tasks."""
    from running_worlds import World

    made = World(tmp_path)
    with made.container.active():
        yield made
    made.runner.close()
