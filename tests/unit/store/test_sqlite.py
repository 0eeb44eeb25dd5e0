"""The sqlite engine, and what a stranger with write access to its directory can not do."""

# ruff: noqa: PT012, S608  # transactions are blocks, and the tables have numbers of ours

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.encryption import KeyRing
from securely.store import Conflict, Corrupted, Database, StoreFull, StoreUnavailable
from securely.store.drivers.sqlite import SqliteEngine
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING

from .conftest import SEAL, engine


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database.over(engine("sqlite", tmp_path / "store"), SEAL)
    yield database
    database.close()


@pytest.fixture
def file(store: Database) -> Iterator[sqlite3.Connection]:
    """A stranger's connection to the file of the store, in which there are two trees."""
    store.tree("t").put("a", "of a")
    store.tree("t").put("b", "of b", 3_600)
    store.tree("u").put("a", "of u")
    connection = sqlite3.connect(store.bound.engine.place, isolation_level=None)
    yield connection
    connection.close()


def table(file: sqlite3.Connection, tree: str) -> str:
    return "tree_" + file.execute("SELECT id FROM trees WHERE name = ?", (tree,)).fetchone()[0]


def test_files_when_made_then_for_their_owner_only(store: Database) -> None:
    store.put(1, 1)
    path = Path(store.bound.engine.place)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_database_when_it_lies_nowhere_yet_then_reading_makes_no_tree(store: Database) -> None:
    assert store.get("k") is None
    assert store.remove("k") is MISSING
    assert store.trees() == []


# What a stranger writes


SPOILED: dict[str, str] = {
    "an edited value": "UPDATE {t} SET v = substr(v, 1, length(v) - 1) || x'00' WHERE k = x'0261'",
    "an edited codec": "UPDATE {t} SET v = x'42' || substr(v, 2) WHERE k = x'0261'",
    "the value of another key": "UPDATE {t} SET v = (SELECT v FROM {t} WHERE k = x'0262')"
    " WHERE k = x'0261'",
    "the value of another tree": "UPDATE {t} SET v = (SELECT v FROM {u} WHERE k = x'0261')"
    " WHERE k = x'0261'",
    "a lifetime that was added": "UPDATE {t} SET e = 9e12 WHERE k = x'0261'",
    "a lifetime that is text": "UPDATE {t} SET e = '9999999999999' WHERE k = x'0261'",
    "a lifetime that is no text": "UPDATE {t} SET e = CAST(x'ff' AS TEXT) WHERE k = x'0261'",
    "nothing": "UPDATE {t} SET v = x'' WHERE k = x'0261'",
    "text": "UPDATE {t} SET v = 'text' WHERE k = x'0261'",
    "text that is none": "UPDATE {t} SET v = CAST(x'ff' AS TEXT) WHERE k = x'0261'",
    "a number": "UPDATE {t} SET v = 5 WHERE k = x'0261'",
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_row_when_a_stranger_wrote_it_then_refused_and_named(
    store: Database, file: sqlite3.Connection, spoil: str
) -> None:
    file.execute(spoil.format(t=table(file, "t"), u=table(file, "u")))
    tree = store.tree("t")

    uses: list[Callable[[], Any]] = [
        lambda: list(tree.range()),
        tree.first,
        tree.pop_min,
        store.checksum,
    ]
    if "lifetime that is" not in spoil and "e = '" not in spoil and "CAST" not in spoil:
        uses += [
            lambda: tree.get("a"),
            lambda: tree.insert("a", 1),
            lambda: tree.remove("a"),
            lambda: tree.ttl("a"),
            lambda: tree.touch("a", 5),
            lambda: tree.update_and_fetch("a", lambda _: 1),
            lambda: tree.compare_and_swap("a", "of a", 1),
        ]
    for use in uses:
        with pytest.raises(Corrupted) as caught:
            use()
        assert (caught.value.tree, caught.value.key) == ("t", "a")
        assert "of a" not in str(caught.value)
    assert [(each.tree, each.key) for each in store.verify().problems] == [("t", "a")]
    assert tree.get("b") == "of b"
    tree.put("a", "mended")
    assert tree.get("a") == "mended"
    assert store.verify()


def test_row_when_prolonged_then_refused(store: Database, file: sqlite3.Connection) -> None:
    file.execute(f"UPDATE {table(file, 't')} SET e = NULL WHERE k = x'0262'")

    with pytest.raises(Corrupted):
        store.tree("t").get("b")


def test_row_when_planted_under_another_key_then_refused(
    store: Database, file: sqlite3.Connection
) -> None:
    name = table(file, "t")
    file.execute(f"INSERT INTO {name} SELECT x'027a', e, v FROM {name} WHERE k = x'0261'")
    file.execute(f"INSERT INTO {name} VALUES (x'99', NULL, x'4a')")

    with pytest.raises(Corrupted) as caught:
        store.tree("t").get("z")
    assert caught.value.key == "z"
    assert [each.key for each in store.verify().problems] == ["z", b"\x99"]
    with pytest.raises(Corrupted) as caught:
        store.tree("t").last()
    assert caught.value.key == b"\x99"


def test_row_when_it_has_no_value_at_all_then_refused_and_named(
    store: Database, file: sqlite3.Connection
) -> None:
    """Our table has none, but a stranger's may."""
    name = table(file, "t")
    file.execute(f"DROP TABLE {name}")
    file.execute(f"CREATE TABLE {name} (k BLOB PRIMARY KEY, e REAL, v BLOB) WITHOUT ROWID")
    file.execute(f"INSERT INTO {name} VALUES (?, NULL, NULL)", (b"\x02a",))
    tree = store.tree("t")

    for read in (
        lambda: tree.get("a"),
        lambda: list(tree.range()),
        lambda: tree.insert("a", 1),
        lambda: tree.compare_and_swap("a", 1, 2),
        tree.pop_min,
    ):
        with pytest.raises(Corrupted, match='tree "t"'):
            read()
    assert [problem.key for problem in store.verify().problems] == ["a"]
    tree.put("a", 1)

    assert tree.get("a") == 1


def test_rows_when_their_keys_are_no_bytes_then_they_are_not_there(
    store: Database, file: sqlite3.Connection
) -> None:
    name = table(file, "t")
    for key in ("5", "'text'", "CAST(x'ff' AS TEXT)"):
        file.execute(f"INSERT INTO {name} VALUES ({key}, NULL, x'4a')")

    assert [key for key, _ in store.tree("t").range()] == ["a", "b"]
    assert store.tree("t").len() == 2


def test_file_when_of_another_database_of_this_application_then_refused(
    store: Database, file: sqlite3.Connection, tmp_path: Path
) -> None:
    other = Database.over(SqliteEngine(tmp_path / "other", "other"), SEAL)
    other.tree("t").put("a", "theirs")
    other.close()
    file.close()
    store.close()
    shutil.copytree(tmp_path / "other", tmp_path / "store", dirs_exist_ok=True)

    with pytest.raises(Corrupted, match='"test"'):
        store.tree("t").get("a")


@pytest.mark.parametrize("id_", ["x' UNION SELECT 1; --", "", "0" * 15, 5, None, b"\xff"])
def test_table_when_its_number_is_none_of_ours_then_it_is_not_used(
    store: Database, file: sqlite3.Connection, id_: object
) -> None:
    store.close()
    file.execute("PRAGMA writable_schema = ON")
    file.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL UNIQUE', 'UNIQUE')")
    file.execute("PRAGMA writable_schema = OFF")
    file.execute("VACUUM")
    file.execute("UPDATE trees SET id = ? WHERE name = 't'", (id_,))

    fresh = Database.over(engine("sqlite", Path(store.bound.engine.place).parent), SEAL)
    with pytest.raises((Corrupted, StoreUnavailable)):
        fresh.tree("t").get("a")
    fresh.close()


# What may be wrong with the place


def test_file_when_it_is_no_database_then_named(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "store.db").write_bytes(b"no database" * 1_000)
    store = Database.over(engine("sqlite", tmp_path / "store", "orders"), SEAL)

    for use in (lambda: store.get(1), lambda: store.put(1, 1), store.trees):
        with pytest.raises(StoreUnavailable, match=r'store "orders" at .*store.db') as caught:
            use()
    assert caught.value.place.endswith("store.db")
    assert not store.verify()


def test_file_when_damaged_in_the_middle_then_verify_says_so(store: Database) -> None:
    with store.transaction():
        for number in range(2_000):
            store.put(number, "x" * 50)
    store.compact()
    store.close()
    path = Path(store.bound.engine.place)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4_096] = bytes(4_096)
    path.write_bytes(data)

    found = store.verify()

    assert not found
    with pytest.raises((StoreUnavailable, Corrupted)):
        list(store.range())


def test_directory_when_it_can_not_be_made_then_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Database.over(engine("sqlite", tmp_path / "file" / "store", "orders"), SEAL)

    with pytest.raises(StoreUnavailable, match=r'"orders".*is a file'):
        store.put(1, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_directory_when_read_only_then_named(store: Database, tmp_path: Path) -> None:
    directory = tmp_path / "readonly"
    directory.mkdir(mode=0o500)
    other = Database.over(engine("sqlite", directory / "store", "orders"), SEAL)

    with pytest.raises(StoreUnavailable, match="orders"):
        other.put(1, 1)


def limit(store: Database, pages: int) -> None:
    """Let the file of *store* have no more than *pages*: a disk that is full."""
    connection = store.bound.engine._connection()  # type: ignore[attr-defined]
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()


def test_disk_when_full_then_told_so_and_nothing_is_written(store: Database) -> None:
    store.put(0, "x")
    limit(store, 30)

    with pytest.raises(StoreFull, match=r'"test".*has no room'):
        for number in range(1, 200):
            store.put(number, "x" * 2_000)
    count = store.len()
    limit(store, 10_000)
    store.put("more", 1)

    assert 0 < count < 200
    assert store.verify().rows == count + 1


def test_disk_when_full_within_a_transaction_then_it_is_undone_though_the_error_is_caught(
    store: Database,
) -> None:
    store.put(0, "x")
    limit(store, 30)

    with pytest.raises(StoreUnavailable), store.transaction():
        store.put("before", 1)
        with pytest.raises(StoreFull):
            for number in range(1, 200):
                store.put(number, "x" * 2_000)
        store.put("after", 1)

    assert list(store.range()) == [(0, "x")]


def test_writer_when_another_process_holds_the_file_then_turned_away_in_time(
    store: Database, file: sqlite3.Connection
) -> None:
    file.execute("BEGIN IMMEDIATE")

    uses: list[Callable[[], object]] = [
        lambda: store.put(1, 1),
        lambda: store.insert(1, 1),
        lambda: store.tree("t").pop_min(),
        lambda: store.transact(lambda: None),
        lambda: store.drop_tree("t"),
        store.generate_id,
        store.watch_prefix,
    ]
    for use in uses:
        with pytest.raises(Conflict, match=r'"test" is held by another writer: waited 0.5 seconds'):
            use()

    assert store.tree("t").get("a") == "of a"
    file.execute("COMMIT")
    store.put(1, 1)


def test_function_when_it_raises_an_error_of_another_database_then_that_arrives(
    store: Database,
) -> None:
    store.put("k", 1)
    calls = []

    def fail(_: object) -> int:
        calls.append(1)
        raise sqlite3.OperationalError("theirs")

    with pytest.raises(sqlite3.OperationalError, match="theirs"):
        store.update_and_fetch("k", fail)
    with pytest.raises(sqlite3.OperationalError, match="theirs"), store.transaction():
        store.put("other", 1)
        fail(0)

    assert calls == [1, 1]
    assert list(store.range()) == [("k", 1)]


def test_transaction_when_an_interrupt_left_it_open_then_it_is_ended(store: Database) -> None:
    store.put("k", 1)
    store.bound.engine._connection().execute("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    store.put("k", 2)

    other = sqlite3.connect(store.bound.engine.place, timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("COMMIT")
    other.close()
    assert store.get("k") == 2


# Trees that others drop


def test_tree_when_another_drops_it_then_it_is_empty_and_begins_again(
    store: Database, tmp_path: Path
) -> None:
    other = Database.over(engine("sqlite", tmp_path / "store"), SEAL)
    tree = store.tree("t")
    for use in (
        lambda: tree.put(1, 1),
        lambda: tree.insert(1, 1),
        lambda: tree.get(1),
        lambda: list(tree.range()),
        lambda: tree.compare_and_swap(1, MISSING, 1),
        lambda: tree.update_and_fetch(1, lambda _: 1),
        lambda: tree.forget(1),
        tree.clear,
    ):
        tree.put("before", 1)
        assert other.drop_tree("t") is True
        use()
        assert tree.get("before") is None
    other.close()


# Lifetimes


def test_rows_when_their_lifetime_is_over_then_writing_removes_them(
    store: Database, frozen: FrozenClock
) -> None:
    with store.transaction():
        for number in range(100):
            store.put(("old", number), 1, 10)
    frozen.travel(11)
    for number in range(64):
        store.insert(number, 1)

    file = sqlite3.connect(store.bound.engine.place)
    (rows,) = file.execute(f"SELECT count(*) FROM {table(file, 'default')}").fetchone()
    file.close()
    assert rows == 64


# Durability, and the rest


@pytest.mark.parametrize(("durability", "number"), [("full", 2), ("normal", 1), ("relaxed", 0)])
def test_durability_when_chosen_then_sqlite_is_told(
    tmp_path: Path, durability: Any, number: int
) -> None:
    made = SqliteEngine(tmp_path, "test", durability=durability)

    def synchronous() -> int:
        return int(made._connection().execute("PRAGMA synchronous").fetchone()[0])

    assert synchronous() == number
    made.put("t", b"k", (None, b"v"))
    made.flush()
    assert synchronous() == number
    made.close()


def test_flush_when_done_then_all_is_in_the_file_itself(store: Database) -> None:
    store.put("k", "needle-in-the-file")
    path = Path(store.bound.engine.place)
    assert b"needle" not in path.read_bytes()

    store.flush()

    assert b"needle" in path.read_bytes()


def test_compact_when_much_was_removed_then_the_file_is_smaller(store: Database) -> None:
    with store.transaction():
        for number in range(500):
            store.put(number, "x" * 1_000)
    store.clear()

    done = store.compact()

    assert done.bytes_after < done.bytes_before / 4
    assert store.verify()


def test_watchers_when_none_is_left_then_writers_note_nothing(store: Database) -> None:
    store.put(1, 1)
    watch = store.watch_prefix()
    store.put(2, 2)
    file = sqlite3.connect(store.bound.engine.place)

    def counts() -> tuple[int, int]:
        triggers = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
        ((one,),) = file.execute(triggers)
        ((other,),) = file.execute("SELECT count(*) FROM changes")
        return one, other

    assert counts() == (3, 1)
    watch.close()
    assert counts() == (0, 0)
    file.close()


def test_names_when_signed_then_a_row_of_one_place_is_none_of_another() -> None:
    # "ab" + "c" and "a" + "bc" are other places, and so are key and value that meet otherwise.
    from securely.store.codec import Codec

    one: Codec[object] = Codec("ab", "c", KeyRing(b"k" * 32).purpose("store"))
    other: Codec[object] = Codec("a", "bc", KeyRing(b"k" * 32).purpose("store"))
    data = one.seal(b"key", b"value", None)

    assert one.open(b"key", None, data) == b"value"
    with pytest.raises(Corrupted):
        other.open(b"key", None, data)
    with pytest.raises(Corrupted):
        one.open(b"ke", None, data[:1] + data[1:33] + b"y" + data[33:])
