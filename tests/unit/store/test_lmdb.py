"""The lmdb engine: room, damage, and a writer that waits no longer than it is told."""

# ruff: noqa: PT012  # a transaction that is undone is a block

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.exceptions import MissingExtra
from securely.store import Conflict, Corrupted, Database, InvalidKey, StoreFull, StoreUnavailable
from securely.store.drivers.lmdb import LmdbEngine

from .conftest import SEAL


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LmdbEngine]:
    made = LmdbEngine(
        tmp_path / "store", "orders", durability="relaxed", busy_seconds=0.1, size_bytes_max=2**20
    )
    yield made
    made.close()


@pytest.fixture
def store(engine: LmdbEngine) -> Database:
    return Database.over(engine, SEAL)


def test_files_when_made_then_for_their_owner_only(store: Database, tmp_path: Path) -> None:
    store.put(1, 1)

    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
    for path in (tmp_path / "store").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_room_when_there_is_none_then_told_so_and_nothing_is_written(store: Database) -> None:
    store.put(0, "x")
    with pytest.raises(StoreFull, match=r'"orders".*size_bytes_max'):
        for number in range(1, 2_000):
            store.put(number, "x" * 2_000)
    count = store.len()

    assert 0 < count < 2_000
    assert store.verify().rows == count
    store.clear()
    store.put(1, 1)


def test_room_when_there_is_none_within_a_transaction_then_undone_though_the_error_is_caught(
    store: Database,
) -> None:
    store.put(0, "x")
    with pytest.raises(StoreUnavailable), store.transaction():
        with pytest.raises(StoreFull):
            for number in range(1, 2_000):
                store.put(number, "x" * 2_000)
        store.put("after", 1)

    assert list(store.range()) == [(0, "x")]


def test_key_when_longer_than_lmdb_takes_then_refused(store: Database) -> None:
    store.put("k" * 506, 1)

    with pytest.raises(InvalidKey, match="at most 507 bytes"):
        store.put("k" * 507, 1)
    assert store.get("k" * 506) == 1


def test_import_when_a_key_is_longer_than_lmdb_takes_then_nothing_is_imported(
    store: Database,
) -> None:
    other = Database.temporary()
    other.put("a", 1)
    other.put("k" * 1_000, 1)
    file = io.StringIO()
    other.export(file)
    file.seek(0)

    with pytest.raises(InvalidKey, match="at most 507 bytes"):
        store.import_(file)

    assert store.is_empty()


def test_row_when_a_stranger_wrote_it_then_refused(store: Database, engine: LmdbEngine) -> None:
    store.put("a", 1)
    store.put("b", 2)
    environment = engine._env()
    with environment.begin(write=True) as transaction:
        rows = dict(transaction.cursor())
        (one,) = [key for key in rows if key.endswith(b"\x02a")]
        (other,) = [key for key in rows if key.endswith(b"\x02b")]
        transaction.put(one, rows[other])
        transaction.put(other, b"")

    for key in ("a", "b"):
        with pytest.raises(Corrupted) as caught:
            store.get(key)
        assert (caught.value.tree, caught.value.key) == ("default", key)
    assert [each.key for each in store.verify().problems] == ["a", "b"]


def test_file_when_it_is_no_database_then_named(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "data.mdb").write_bytes(b"no database" * 1_000)
    store = Database.over(LmdbEngine(tmp_path / "store", "orders"), SEAL)

    with pytest.raises(StoreUnavailable, match=r'"orders" at .*import a backup'):
        store.get(1)
    assert not store.verify()


def test_directory_when_it_can_not_be_made_then_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Database.over(LmdbEngine(tmp_path / "file" / "store", "orders"), SEAL)

    with pytest.raises(StoreUnavailable, match='"orders"'):
        store.put(1, 1)


def test_writer_when_another_process_holds_the_lock_then_turned_away_in_time(
    store: Database, tmp_path: Path
) -> None:
    fcntl: Any = pytest.importorskip("fcntl")
    store.put(1, 1)
    with (tmp_path / "store" / "writer.lock").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        with pytest.raises(Conflict, match='"orders" is held by another writer'):
            store.put(2, 2)
        assert store.get(1) == 1

    store.put(2, 2)
    assert store.get(2) == 2


def test_package_when_it_is_missing_then_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lmdb", None)
    store = Database.over(LmdbEngine(tmp_path / "store"), SEAL)

    with pytest.raises(
        MissingExtra, match=r'the store "\w+" needs.*pip install "securely\[lmdb\]"'
    ):
        store.get(1)
