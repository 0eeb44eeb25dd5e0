"""Middleware in real workers: several processes, one cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.foundation import Application
from securely.queue import QueueManager
from securely.testing.application import TestEnvironment, fresh_application
from securely.testing.console import Artisan

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SHOP = Path(__file__).parent / "shop"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop_app(
    securely_environment: TestEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    monkeypatch.syspath_prepend(str(SHOP))
    paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(SHOP))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "journal"))
    variables = {"QUEUE_CONNECTION": "sqlite", "CACHE_STORE": "disk"}
    with fresh_application(securely_environment, tmp_path / "storage", variables) as app:
        yield app


@pytest.mark.parametrize(
    ("kind", "how"),
    [("Lonely", "--processes=2"), ("AsyncLonely", "--processes=2 --concurrency=4")],
)
def test_jobs_of_one_key_never_run_beside_each_other_and_all_do_run(
    shop_app: Application, tmp_path: Path, kind: str, how: str
) -> None:
    import shop_jobs

    queue = shop_app.make(QueueManager)
    queue.bulk([getattr(shop_jobs, kind)(str(number), 0.02) for number in range(8)])

    worked: Any = Artisan(shop_app)(f"queue:work {how} --stop-when-empty-for=600ms")

    worked.assert_ok()
    events = [line.split()[:2] for line in (tmp_path / "journal").read_text().splitlines()]
    assert [event for event, _ in events] == ["start", "end"] * 8
    assert {tag for _, tag in events} == {str(number) for number in range(8)}
    assert queue.size() == 0
