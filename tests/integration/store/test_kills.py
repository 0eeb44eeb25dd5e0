"""Writers are killed at random moments: what was acknowledged is there, and nothing is half."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.store.storm import Storm

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("driver", ["sqlite", "lmdb"])
def test_store_when_writers_are_killed_then_nothing_acknowledged_is_lost(
    driver: str, tmp_path: Path
) -> None:
    storm = Storm(driver, tmp_path / "store", kills=40)

    storm.rage()

    assert storm.check()["kills"] == 40


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_store_when_a_thousand_writers_are_killed_then_nothing_acknowledged_is_lost(
    tmp_path: Path,
) -> None:
    storm = Storm("sqlite", tmp_path / "store", kills=1_000, seed=7)

    storm.rage()
    found = storm.check()

    assert found["kills"] == 1_000
    assert found["acknowledged"] > 1_000
    # Shown with -rP: how many of what.
    print(found, f"in {storm.seconds:.0f} seconds")  # noqa: T201
