"""The store on disk: what it writes, what it refuses, what it says when it can not go on."""

from __future__ import annotations

import os
import pickle  # noqa: TID251  # a planted pickle must not run
import sqlite3
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diskcache
import pytest

from securely.cache import EntryRefused, Repository, StoreUnavailable, ValueTooLarge
from securely.cache.drivers.disk import DiskStore
from securely.cache.drivers.disk_entries import Limits
from securely.cache.drivers.disk_rows import Disk
from securely.cache.envelopes import ForeignRow
from securely.encryption import KeyRing
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING
from securely.support.serializer import Serializer

RUN: list[str] = []


class Bomb:
    """Notes that it was unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return RUN.append, ("boom",)


@dataclass
class Money:
    cents: int


class Disks:
    """Makes stores on one directory, and looks into its rows."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.refused: list[EntryRefused] = []
        self._made: list[DiskStore] = []

    def store(self, *, key: bytes = b"k" * 32, previous: Any = (), **settings: Any) -> DiskStore:
        seal = KeyRing(key, previous).purpose("cache")
        store = DiskStore(self.directory, seal, report=self.refused.append, **settings)
        self._made.append(store)
        return store

    def sql(self, statement: str, *parameters: object, where: str = "cache.db") -> list[Any]:
        connection = sqlite3.connect(self.directory / where)
        try:
            with connection:
                return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()

    def close(self) -> None:
        for store in self._made:
            store.close()


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    """Stores on one directory."""
    disks = Disks(tmp_path / "cache")
    yield disks
    disks.close()


# What is written


def test_directory_when_made_then_for_its_owner_only(disks: Disks) -> None:
    store = disks.store()
    store.put("key", {"secret": 1}, 60)
    store.acquire("lock", "ann", None, bound=True)

    found = list(disks.directory.rglob("*"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()}
    files = {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()}

    assert len(found) >= 6
    assert stat.S_IMODE(disks.directory.stat().st_mode) == 0o700
    assert modes == {0o700}
    assert files == {0o600}


def test_put_when_large_then_in_the_row_and_in_no_file(disks: Disks) -> None:
    store = disks.store()

    store.put("key", "x" * 1_000_000, None)

    assert disks.sql("SELECT mode, filename, length(value) > 1000000 FROM Cache") == [(1, None, 1)]
    assert {path.name for path in disks.directory.rglob("*") if path.is_file()} <= {
        "cache.db",
        "cache.db-wal",
        "cache.db-shm",
    }


def test_put_when_too_large_then_raises_and_keeps_the_old(disks: Disks) -> None:
    store = disks.store(limits=Limits(value_bytes_max=100))
    store.put("key", "old", None)

    with pytest.raises(ValueTooLarge, match='"key" takes 202 bytes; the store takes at most 100'):
        store.put("key", "x" * 200, None)

    assert store.get("key") == "old"


def test_put_when_there_is_no_room_then_the_oldest_go(disks: Disks) -> None:
    store = disks.store(limits=Limits(size_bytes_max=2**20))

    for number in range(600):
        store.put(f"key{number}", "x" * 10_000, None)

    kept = store.many([f"key{number}" for number in range(600)])
    size = (disks.directory / "cache.db").stat().st_size
    assert 0 < len(kept) < 400
    assert "key599" in kept
    assert "key0" not in kept
    assert size < 4 * 2**20


def test_locks_when_there_is_no_room_then_none_goes(disks: Disks) -> None:
    store = disks.store(limits=Limits(size_bytes_max=2**20))

    for number in range(300):
        store.acquire(f"lock{number}", "o" * 3_000, None, bound=False)

    assert all(store.holder(f"lock{number}") for number in range(300))


@pytest.mark.parametrize("eviction", ["least-recently-used", "least-frequently-used"])
def test_eviction_when_use_counts_then_reads_keep_an_entry(disks: Disks, eviction: str) -> None:
    store = disks.store(limits=Limits(size_bytes_max=2**20, eviction=eviction))
    store.put("used", 1, None)

    for number in range(300):
        store.put(f"key{number}", "x" * 10_000, None)
        store.get("used")

    assert store.get("used") == 1
    assert store.get("key0") is MISSING


def test_stock_diskcache_when_it_opens_the_directory_then_sees_the_rows(disks: Disks) -> None:
    disks.store().put("key", "value", None)

    with diskcache.Cache(str(disks.directory), disk=Disk) as stock:
        assert list(stock) == ["key"]
        assert stock.check() == []


def test_classes_when_allowed_then_come_back_and_else_are_refused(disks: Disks) -> None:
    allowed = disks.store(serializer=Serializer(classes=[Money]))
    allowed.put("key", Money(5), None)

    found = allowed.get("key")
    strange = disks.store().get("key")

    assert found == Money(5)
    assert strange is MISSING
    assert "Money" in disks.refused[0].reason


def test_keys_when_rotated_then_old_entries_are_read(disks: Disks) -> None:
    disks.store(key=b"a" * 32).put("key", 1, None)

    assert disks.store(key=b"b" * 32, previous=[b"a" * 32]).get("key") == 1
    assert disks.store(key=b"b" * 32).get("key") is MISSING


# What is refused


def plant(disks: Disks, change: str, *parameters: object) -> DiskStore:
    """Let a stranger change the row of a key."""
    store = disks.store()
    store.put("key", {"amount": 5}, 60)
    store.put("other", {"amount": 9}, 60)
    disks.sql(change, *parameters)
    return store


CHANGES = {
    "another key's value": "UPDATE Cache SET value = (SELECT value FROM Cache WHERE key = 'other')",
    "a longer life": "UPDATE Cache SET expire_time = expire_time + 1",
    "no end": "UPDATE Cache SET expire_time = NULL",
    "an end that is text": "UPDATE Cache SET expire_time = 'never'",
    "a plain number": "UPDATE Cache SET value = 7",
    "plain text": "UPDATE Cache SET value = 'text'",
    "nothing": "UPDATE Cache SET value = NULL",
    "no bytes": "UPDATE Cache SET value = x''",
    "cut off": "UPDATE Cache SET value = substr(value, 1, length(value) - 1)",
    "another format": "UPDATE Cache SET value = CAST(x'02' || substr(value, 2) AS BLOB)",
    "text that is none": "UPDATE Cache SET value = CAST(x'ff01' AS TEXT)",
    "a file name that is no text": "UPDATE Cache SET filename = CAST(x'ff01' AS TEXT)",
    "a mode that is text": "UPDATE Cache SET mode = 'x'",
    "a file": "UPDATE Cache SET filename = '/etc/passwd', mode = 3, value = NULL",
    "a file and a value": "UPDATE Cache SET filename = '../x'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_get_when_a_stranger_changed_the_row_then_refused_reported_and_a_miss(
    disks: Disks, change: str
) -> None:
    store = plant(disks, change + " WHERE key = 'key'")

    assert store.get("key") is MISSING
    assert [(error.store, error.key) for error in disks.refused] == [("disk", "key")]
    assert store.get("other") == {"amount": 9}
    # Removed: it is not refused again, and the key can be added.
    assert store.get("key") is MISSING
    assert len(disks.refused) == 1
    assert store.add("key", 1, None) is True


@pytest.mark.parametrize("use", ["add", "increment", "pull", "touch", "ttl", "many"])
def test_methods_when_the_row_is_a_strangers_then_the_key_is_absent(disks: Disks, use: str) -> None:
    store = plant(disks, "UPDATE Cache SET value = 7 WHERE key = 'key'")
    uses: dict[str, Callable[[], object]] = {
        "add": lambda: store.add("key", 1, None),
        "increment": lambda: store.increment("key", 1, None),
        "pull": lambda: store.pull("key"),
        "touch": lambda: store.touch("key", 60),
        "ttl": lambda: store.ttl("key"),
        "many": lambda: store.many(["key"]),
    }
    expected = {
        "add": True,
        "increment": 1,
        "pull": MISSING,
        "touch": False,
        "ttl": MISSING,
        "many": {},
    }

    assert uses[use]() == expected[use]
    assert len(disks.refused) == 1


@pytest.mark.parametrize("use", ["add", "increment", "pull", "touch", "acquire", "release"])
def test_report_when_a_transaction_refuses_then_it_may_use_the_store(
    disks: Disks, use: str
) -> None:
    told: list[str] = []

    def report(error: EntryRefused) -> None:
        told.append(error.key)
        store.increment("refusals", 1, None)
        store.acquire("refusing", "ann", None, bound=False)

    store = DiskStore(disks.directory, KeyRing(b"k" * 32).purpose("cache"), report=report)
    store.put("key", 5, None)
    store.acquire("lock", "bob", None, bound=False)
    where = "locks/cache.db" if use in {"acquire", "release"} else "cache.db"
    disks.sql("UPDATE Cache SET value = x'00'", where=where)
    uses: dict[str, Callable[[], object]] = {
        "add": lambda: store.add("key", 1, None),
        "increment": lambda: store.increment("key", 1, None),
        "pull": lambda: store.pull("key"),
        "touch": lambda: store.touch("key", 60),
        "acquire": lambda: store.acquire("lock", "eve", None, bound=False),
        "release": lambda: store.release("lock", "bob"),
    }
    uses[use]()

    assert told == ["lock" if use in {"acquire", "release"} else "key"]
    assert store.get("refusals") == 1
    assert store.holder("refusing") == "ann"
    store.close()


def test_report_when_the_transaction_fails_then_told_all_the_same(
    disks: Disks,
) -> None:
    plant(disks, "UPDATE Cache SET value = 7 WHERE key = 'key'")
    store = disks.store(limits=Limits(value_bytes_max=100))

    def fail() -> None:
        with store._values.transaction():
            assert store._values.get("key") is None
            assert disks.refused == []
            store._values.put("other", "x" * 200, None)

    with pytest.raises(ValueTooLarge):
        fail()

    assert [error.key for error in disks.refused] == ["key"]


def test_get_when_the_row_is_a_pickle_then_it_is_not_run(disks: Disks) -> None:
    RUN.clear()
    store = plant(
        disks, "UPDATE Cache SET mode = 4, value = ? WHERE key = 'key'", pickle.dumps(Bomb())
    )

    assert store.get("key") is MISSING
    assert store.pull("key") is MISSING
    assert RUN == []
    assert "never a pickle" in disks.refused[0].reason


def test_key_when_it_is_a_pickle_then_it_is_not_run(disks: Disks) -> None:
    RUN.clear()
    store = plant(
        disks, "UPDATE Cache SET raw = 0, key = ? WHERE key = 'key'", pickle.dumps(Bomb())
    )

    assert store.get("key") is MISSING
    store.prune()
    store.flush("")

    assert RUN == []
    assert disks.sql("SELECT count(*) FROM Cache") == [(0,)]


def test_row_when_it_names_a_file_outside_then_that_is_neither_read_nor_removed(
    disks: Disks, tmp_path: Path
) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    for use in ("get", "put", "pull", "forget", "add", "prune", "flush", "evict"):
        store = plant(
            disks,
            "UPDATE Cache SET filename = ?, mode = 2, value = NULL, expire_time = ?"
            " WHERE key = 'key'",
            f"../{victim.name}",
            1.0 if use == "prune" else None,
        )
        {
            "get": lambda store: store.get("key"),
            "put": lambda store: store.put("key", 1, None),
            "pull": lambda store: store.pull("key"),
            "forget": lambda store: store.forget("key"),
            "add": lambda store: store.add("key", 1, None),
            "prune": lambda store: store.prune(),
            "flush": lambda store: store.flush(""),
            "evict": lambda store: [store.put(f"k{n}", n, None) for n in range(40)],
        }[use](store)

        assert victim.read_text() == "precious", use


def test_disk_when_diskcache_itself_uses_it_then_refuses_as_well(tmp_path: Path) -> None:
    disk = Disk(str(tmp_path))

    with pytest.raises(TypeError):
        disk.put(("not", "text"))
    with pytest.raises(TypeError):
        disk.store({"not": "bytes"}, False)
    with pytest.raises(ForeignRow):
        disk.get(b"pickled", False)
    with pytest.raises(ForeignRow):
        disk.fetch(4, None, pickle.dumps(1), False)
    with pytest.raises(ForeignRow):
        disk.filename()
    assert disk.remove("../x") is None


def test_settings_when_planted_then_not_followed(disks: Disks) -> None:
    store = disks.store()
    store.put("key", 1, None)
    store.close()
    planted = {
        "sqlite_user_version": 99,
        "sqlite_journal_mode": "delete",
        "disk_min_file_size": 0,
        "disk_evil": 1,
        "get": 1,
        "_database": 1,
    }
    for name, value in planted.items():
        disks.sql("INSERT OR REPLACE INTO Settings VALUES (?, ?)", name, value)

    again = disks.store()

    assert again.get("key") == 1
    again.put("large", "x" * 100_000, None)
    assert again.get("large") == "x" * 100_000
    assert disks.sql("PRAGMA user_version") == [(0,)]
    assert disks.sql("PRAGMA journal_mode") == [("wal",)]


def test_lock_when_a_stranger_wrote_it_then_it_is_free(disks: Disks) -> None:
    store = disks.store()
    store.acquire("lock", "ann", None, bound=False)
    disks.sql("UPDATE Cache SET value = x'00'", where="locks/cache.db")

    assert store.acquire("lock", "bob", None, bound=False) is True
    assert len(disks.refused) == 1


def test_value_when_it_is_moved_to_another_store_then_refused(disks: Disks) -> None:
    disks.store(name="first").put("key", 1, None)

    assert disks.store(name="second").get("key") is MISSING
    assert disks.refused[0].store == "second"


# Locks of the living


def test_lock_when_bound_and_held_by_this_process_then_held(disks: Disks) -> None:
    first, second = disks.store(), disks.store()
    first.acquire("lock", "ann", None, bound=True)

    assert second.acquire("lock", "bob", None, bound=True) is False
    first.close()
    assert second.holder("lock") == "ann"
    assert second.prune() == 0
    assert second.holder("lock") == "ann"


def die_after(directory: Path, code: str) -> None:
    """Run *code*, which has a `store` there, in a process that dies without tidying up."""
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from securely.cache import Repository\n"
        "from securely.cache.drivers.disk import DiskStore\n"
        "from securely.encryption import KeyRing\n"
        "store = DiskStore(Path(sys.argv[1]), KeyRing(b'k' * 32).purpose('cache'))\n"
        f"{code}\nos._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(directory)], check=True)


def test_lock_when_its_holder_has_died_then_free_unless_detached(disks: Disks) -> None:
    die_after(
        disks.directory,
        "for name in ('bound', 'detached'): store.acquire(name, 'ann', None, bound=True)\n"
        "store.detach('detached', 'ann')",
    )
    store = disks.store()

    assert store.holder("bound") is None
    assert store.holder("detached") == "ann"
    assert store.acquire("bound", "bob", None, bound=False) is True


def test_lock_when_its_owner_is_given_then_bound_only_where_that_is_said(disks: Disks) -> None:
    die_after(
        disks.directory,
        "for name, bound in (('kept', None), ('bound', True)):\n"
        "    Repository(store).lock(name, 60, 'ann', bound=bound).acquire()",
    )
    cache = Repository(disks.store())

    assert cache.lock("kept").is_locked()
    assert not cache.lock("bound").is_locked()


# When it can not go on


def test_store_when_directory_can_not_be_made_then_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = DiskStore(tmp_path / "file" / "cache", KeyRing(b"k" * 32).purpose("cache"), name="main")

    with pytest.raises(StoreUnavailable, match=r'Cache store "main" at .*file/cache is') as caught:
        store.get("key")

    assert caught.value.store == "main"
    assert caught.value.__cause__ is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_store_when_directory_is_read_only_then_unavailable(disks: Disks) -> None:
    store = disks.store()
    store.put("key", 1, None)
    store.close()
    disks.directory.chmod(0o500)
    try:
        with pytest.raises(StoreUnavailable, match=r"readonly|read-only|writable"):
            disks.store().put("key", 2, None)
    finally:
        disks.directory.chmod(0o700)


def test_store_when_file_is_no_database_then_unavailable(disks: Disks) -> None:
    disks.directory.mkdir()
    (disks.directory / "cache.db").write_bytes(b"not a database, but long enough to be one" * 100)

    with pytest.raises(StoreUnavailable, match="not a database"):
        disks.store().get("key")


def test_store_when_file_is_damaged_then_unavailable_and_never_a_wrong_value(disks: Disks) -> None:
    store = disks.store()
    store.put_many({f"key{number}": ["x" * 500] for number in range(500)}, None)
    store.close()
    disks.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = disks.directory / "cache.db"
    damaged = bytearray(path.read_bytes())
    for page in range(3, len(damaged) // 4096):
        damaged[page * 4096 : page * 4096 + 2_000] = os.urandom(2_000)
    path.write_bytes(damaged)

    answers: set[str] = set()
    again = disks.store()
    for number in range(500):
        try:
            found = again.get(f"key{number}")
        except StoreUnavailable:
            answers.add("unavailable")
        else:
            assert found in (MISSING, ["x" * 500])

    assert answers == {"unavailable"}


def test_put_when_disk_is_full_then_unavailable_and_nothing_half_written(disks: Disks) -> None:
    store = disks.store()
    store.put("key", "old", None)
    # SQLite's own limit on the pages of a file stands in for the disk's.
    store._values._rows()._con.execute("PRAGMA max_page_count = 40")

    with pytest.raises(StoreUnavailable, match="full"):
        store.put_many({"key": "new", "large": "x" * 2_000_000}, None)

    assert store.get("key") == "old"
    assert store.get("large") is MISSING
    store.put("key", "small", None)
    assert store.get("key") == "small"


def test_put_when_another_writer_does_not_give_way_then_unavailable_in_time(disks: Disks) -> None:
    store = disks.store(limits=Limits(busy_seconds=0.1))
    store.put("key", 1, None)
    blocker = sqlite3.connect(disks.directory / "cache.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreUnavailable, match=r"locked|waited"):
            store.put("key", 2, None)

        assert store.get("key") == 1
    finally:
        blocker.close()


# Time


def test_expiry_when_the_clock_is_moved_then_follows_it(disks: Disks, frozen: FrozenClock) -> None:
    store = disks.store()
    store.put("key", 1, 10)
    ends = disks.sql("SELECT expire_time FROM Cache")
    frozen.travel(11)

    assert ends == [(frozen.timestamp() - 1,)]
    assert store.get("key") is MISSING
    assert store.prune() == 1
    assert disks.sql("SELECT count(*) FROM Cache") == [(0,)]


def test_prune_when_thousands_have_expired_then_all_go(disks: Disks, frozen: FrozenClock) -> None:
    store = disks.store()
    store.put_many({f"key{number}": number for number in range(2_500)}, 10)
    store.put("kept", 1, 100)
    frozen.travel(50)

    assert store.prune() == 2_500
    assert store.get("kept") == 1


def test_flush_when_thousands_then_all_of_the_prefix_go(disks: Disks) -> None:
    store = disks.store()
    store.put_many({f"a:{number}": number for number in range(2_500)}, None)
    store.put("b", 1, None)

    store.flush("a:")

    assert disks.sql("SELECT key FROM Cache") == [("b",)]


def test_signature_when_lengths_are_shifted_then_no_two_entries_are_alike() -> None:
    from securely.cache.envelopes import _HEAD

    # The lengths of place and key are covered, or "ab" + "c" would sign like "a" + "bc".
    assert _HEAD.pack(2, 1, -1.0) != _HEAD.pack(1, 2, -1.0)
    assert struct.calcsize(">HId") == 14


def test_lock_when_the_file_of_its_holder_is_removed_then_still_one_holder_in_the_process(
    disks: Disks,
) -> None:
    cache = Repository(disks.store())
    held = cache.lock("x")
    held.acquire()
    for path in (disks.directory / "locks" / "holders").glob("*.lock"):
        path.unlink()

    assert cache.lock("x").get() is False
    assert held.is_owned_by_current_process() is True
    other = cache.lock("y")
    assert [other.get(), cache.lock("y").get(), cache.lock("x").get()] == [True, False, False]
    assert held.release() is True
