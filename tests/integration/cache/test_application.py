"""The cache in a booted application: what the provider puts together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.cache import CacheHit, CacheManager
from securely.events import Dispatcher
from securely.facades import Cache
from securely.log import LogManager

pytestmark = pytest.mark.integration


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    """A booted application whose cache is on disk."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "cache.py").write_text(
        'config = {"default": "disk", "prefix": "blog:", "stores": {"disk": {"driver": "disk"}}}\n'
    )
    environment = {"APP_ENV": "testing", "APP_KEY": "k" * 32, "LOG_CHANNEL": "array"}
    app = Application.configure(tmp_path).build(environment=environment)
    with app.active():
        try:
            yield app.boot()
        finally:
            app.make(CacheManager).close()
            app.terminate()


def test_cache_when_asked_for_then_one_manager_by_name_and_class(app: Any) -> None:
    assert app.make("cache") is app.make(CacheManager)
    assert isinstance(app.make("cache"), CacheManager)


def test_disk_when_used_then_lies_under_storage_with_the_prefix(app: Any, tmp_path: Path) -> None:
    Cache.put("key", 1)

    path = tmp_path / "storage" / "framework" / "cache" / "cache.db"
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("SELECT key FROM Cache").fetchall() == [("blog:key",)]
    finally:
        connection.close()
    assert Cache.get("key") == 1


def test_events_when_somebody_listens_then_heard(app: Any) -> None:
    heard: list[CacheHit] = []
    app.make(Dispatcher).listen(CacheHit, heard.append)
    Cache.put("key", 1)

    Cache.get("key")

    assert heard == [CacheHit("disk", "key", 1)]


def test_entry_when_refused_then_logged_as_a_warning(app: Any, tmp_path: Path) -> None:
    fake = app.make(LogManager).fake()
    Cache.put("key", 1)
    connection = sqlite3.connect(tmp_path / "storage" / "framework" / "cache" / "cache.db")
    with connection:
        connection.execute("UPDATE Cache SET mode = 4")
    connection.close()

    assert Cache.get("key") is None
    fake.assert_logged("warning", "cache entry refused")
