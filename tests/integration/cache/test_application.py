"""The cache in a booted application: what the provider puts together."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.cache import CacheHit, CacheManager
from securely.events import Dispatcher
from securely.facades import Cache
from securely.log import LogManager
from securely.testing import freeze

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


def test_failover_when_a_store_is_gone_then_logged_as_a_warning_once(
    app: Any, tmp_path: Path
) -> None:
    fake = app.make(LogManager).fake()
    (tmp_path / "file").touch()
    app.make("config").set("cache.stores.gone", {"driver": "disk", "path": str(tmp_path / "file")})
    app.make("config").set("cache.stores.both", {"driver": "failover", "stores": ["gone", "disk"]})

    both = app.make(CacheManager).store("both")
    both.put("key", 1)

    assert [both.get("key"), both.get("key")] == [1, 1]
    fake.assert_logged_times("warning", 1, "cache store failed over", store="gone")


async def _new() -> str:
    return "new"


async def _broken() -> str:
    raise TimeoutError("no answer")


def _fails() -> str:
    raise TimeoutError("no answer")


def _stale(read: Callable[[], object]) -> object:
    """Return what *read* answers when the value is stale."""
    with freeze() as travel:
        Cache.put("rates", "old", 60)
        travel(30)
        return read()


def _run(read: Callable[[], Awaitable[object]]) -> object:
    async def main() -> object:
        return await read()

    return asyncio.run(main())


@pytest.mark.parametrize(
    "read",
    [
        lambda: Cache.flexible("rates", (10, 60), lambda: "new"),
        lambda: _run(lambda: Cache.aflexible("rates", (10, 60), _new)),
    ],
    ids=["sync", "async"],
)
def test_flexible_when_no_scope_will_end_then_made_anew_at_once(
    app: Any, read: Callable[[], object]
) -> None:
    assert _stale(read) == "old"

    assert Cache.get("rates") == "new"


@pytest.mark.parametrize(
    "read",
    [
        lambda: Cache.flexible("rates", (10, 60), _fails),
        lambda: _run(lambda: Cache.aflexible("rates", (10, 60), _broken)),
    ],
    ids=["sync", "async"],
)
def test_flexible_when_a_refresh_at_once_fails_then_reported_and_the_stale_one_is_given(
    app: Any, read: Callable[[], object]
) -> None:
    reported: list[TimeoutError] = []
    app.errors.reporting(TimeoutError, reported.append)

    assert _stale(read) == "old"

    assert [str(error) for error in reported] == ["no answer"]


@pytest.mark.parametrize(
    "read",
    [
        lambda: Cache.flexible("rates", (10, 60), lambda: "new"),
        lambda: _run(lambda: Cache.aflexible("rates", (10, 60), _new)),
    ],
    ids=["sync", "async"],
)
def test_flexible_when_a_scope_will_end_then_made_anew_at_its_end(
    app: Any, read: Callable[[], object]
) -> None:
    with freeze() as travel:
        Cache.put("rates", "old", 60)
        travel(30)

        with app.scope():
            assert read() == "old"
            assert Cache.get("rates") == "old"

        assert Cache.get("rates") == "new"


def test_flexible_when_nothing_is_to_be_deferred_then_made_anew_at_once(app: Any) -> None:
    with app.scope(), app.without_defer():
        assert _stale(lambda: Cache.flexible("rates", (10, 60), lambda: "new")) == "old"

        assert Cache.get("rates") == "new"
