"""A worker whose executor sits in its event loop when it is to stop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

LOADER = """
import shop_app
import shop_jobs


def load(place):
    loaded = shop_app.load(place)
    return loaded._replace(close=lambda: shop_jobs.note("closed", "application"))
"""
ROUNDS = 3  # who reads the request to quit is a matter of luck


@pytest.mark.parametrize("concurrency", [1, 4])
def test_stop_when_jobs_are_async_closes_the_application_each_time(
    shop: Any, jobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, concurrency: int
) -> None:
    (tmp_path / "closing_app.py").write_text(LOADER, encoding="utf-8")
    paths = (os.environ.get("PYTHONPATH", ""), str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))

    for round_ in range(ROUNDS):
        shop.push(jobs.AsyncWork(str(round_), 0.15))
        shop.work(size={"concurrency": concurrency}, loader="closing_app:load")

    assert shop.tags("end") == [str(round_) for round_ in range(ROUNDS)]
    assert shop.tags("closed") == ["application"] * ROUNDS
    shop.assert_nothing_is_left()
