"""The queue in a booted application: what the provider puts together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.log import LogManager
from securely.queue import QueueManager

pytestmark = pytest.mark.integration


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    """A booted application; of its two stores, one can not be opened."""
    (tmp_path / "file").touch()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "queue.py").write_text(
        'config = {"default": "either", "connections": {'
        '"sqlite": {"driver": "sqlite"},'
        f'"gone": {{"driver": "sqlite", "path": "{tmp_path / "file"}"}},'
        '"either": {"driver": "failover", "connections": ["gone", "sqlite"]}}}\n'
    )
    environment = {"APP_ENV": "testing", "APP_KEY": "k" * 32, "LOG_CHANNEL": "array"}
    app = Application.configure(tmp_path).build(environment=environment)
    with app.active():
        try:
            yield app.boot()
        finally:
            app.make(QueueManager).close()
            app.terminate()


def test_failed_jobs_when_a_member_is_gone_then_the_log_names_it(app: Any) -> None:
    log = app.make(LogManager).fake()

    assert list(app.make(QueueManager).failed.all()) == []

    text = 'The failed jobs of the queue connection "gone" are missing'
    log.assert_logged("warning", text, connection="either", member="gone")
