"""The store in a booted application, and its commands as real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.facades import Store
from securely.store import Corrupted, Database, StoreManager

pytestmark = pytest.mark.integration


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    """A booted application with a store on the disk."""
    environment = {"APP_ENV": "testing", "APP_KEY": "k" * 32, "LOG_CHANNEL": "array"}
    app = Application.configure(tmp_path).build(environment=environment)
    with app.active():
        try:
            yield app.boot()
        finally:
            app.make(StoreManager).close()
            app.terminate()


def test_store_when_asked_for_then_one_manager_by_name_and_class(app: Any) -> None:
    assert app.make("store") is app.make(StoreManager) is app.make(Database)
    assert isinstance(app.make("store"), StoreManager)


def test_store_when_not_configured_then_a_file_under_storage(app: Any, tmp_path: Path) -> None:
    Store.put("key", {"a": (1,)})

    assert (tmp_path / "storage" / "app" / "store" / "store.db").exists()
    assert Store.get("key") == {"a": (1,)}
    assert "key" in Store


def test_store_when_the_key_of_the_application_changes_then_old_ones_are_read(
    app: Any, tmp_path: Path
) -> None:
    Store.put("key", 1)
    app.make(StoreManager).close()
    environment = {"APP_ENV": "testing", "APP_KEY": "n" * 32, "LOG_CHANNEL": "array"}
    for more, readable in (({"APP_PREVIOUS_KEYS": "k" * 32}, True), ({}, False)):
        other = Application.configure(tmp_path).build(environment={**environment, **more})
        with other.active():
            other.boot()
            store = other.make("store")
            if readable:
                assert store.get("key") == 1
            else:
                with pytest.raises(Corrupted, match="APP_PREVIOUS_KEYS"):
                    store.get("key")
            store.close()
            other.terminate()


def test_commands_when_run_then_they_share_the_store(run: Any, project: Path) -> None:
    other = Database.temporary()
    other.tree("t").put("key", {"n": 1})
    with (project / "dump").open("w", encoding="utf-8") as file:
        other.export(file)

    def said(*words: str) -> str:
        done = run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout.strip())

    assert "1 row imported" in said("store:import", "dump")
    assert said("store:get", "key", "t") == '{"n": 1}'
    assert said("store:scan", "--tree=t") == "'key'  {\"n\": 1}"
    assert "Tree t" in said("store:info")
    assert "1 row" in said("store:verify")
    assert "0 expired keys" in said("store:compact")
    assert "1 row written" in said("store:export", "again")
    assert (project / "again").read_text() == (project / "dump").read_text()
    assert (project / "storage/app/store/store.db").stat().st_mode & 0o777 == 0o600


def test_commands_when_listed_then_there_without_the_application(run: Any) -> None:
    output = run("list", "store").stdout

    for name in ("compact", "export", "get", "import", "info", "scan", "verify"):
        assert f"store:{name}" in output
