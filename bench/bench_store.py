"""The store beside raw SQLite, diskcache's Index and LMDB.

Raw SQLite is what one would write by hand: a table WITHOUT ROWID with a BLOB as its key, in WAL
mode, with the same codec (tagged JSON) at the same durability, unsigned. Ours is measured twice:
as it is, and with a codec that does not sign, so that the price of signatures stands by itself.
All are measured in one process, in turns; a ratio is the median of the ratios round by round.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diskcache

from securely.encryption import KeyRing
from securely.store import Database
from securely.store.codec import Codec
from securely.store.database import DEFAULT_TREE
from securely.store.drivers.lmdb import LmdbEngine
from securely.store.drivers.sqlite import SqliteEngine
from securely.support.serializer import Serializer

SEAL = KeyRing(b"k" * 32).purpose("store")
# About a hundred bytes of JSON, another one at each call: SQLite does not write what is the same.
VALUES = [
    {"id": number, "name": "ann" * 6, "email": f"ann{number}@example.com", "roles": ["admin"]}
    for number in range(997)
]
PREFIXES = 1_000


class Unsigned(Codec[Any]):
    """The codec without the signature; the envelope is as long."""

    __slots__ = ()

    def for_tree(self, tree: str, of: Any) -> Codec[Any]:
        return Unsigned(self.store, tree, SEAL, of=of)

    def sealed(self, key: bytes, expires: float | None, body: bytes) -> bytes:
        return b"\x00" * 32 + body

    def unsealed(self, key: bytes, expires: float | None, data: bytes) -> bytes:
        return data[32:]

    def items(self, rows: Any) -> Any:
        decode = self._decode
        for key, _expires, data in rows:
            body = data[32:]
            shown = key[1:] if key[0] == 1 else self.key(key)
            if body[0] == 74:
                yield shown, decode(body[1:])
            else:
                yield shown, self.value(body)


class Ours:
    """Our store, as its users call it."""

    def __init__(self, engine: Any, codec: type[Codec[Any]], keys: list[bytes]) -> None:
        self.store = Database(engine, codec(engine.name, DEFAULT_TREE, SEAL))
        self.tree = self.store.tree("t")
        with self.store.transaction():
            for key in keys:
                self.tree.put(key, VALUES[0])

    def get(self, key: bytes) -> Any:
        return self.tree.get(key)

    def put(self, key: bytes, value: Any) -> Any:
        return self.tree.put(key, value)

    def insert(self, key: bytes, value: Any) -> Any:
        return self.tree.insert(key, value)

    def range100(self, key: bytes) -> Any:
        return list(itertools.islice(self.tree.range(key), 100))

    def prefix100(self, prefix: bytes) -> Any:
        return list(self.tree.scan_prefix(prefix))

    def cas(self, key: bytes, old: Any, new: Any) -> Any:
        return self.tree.compare_and_swap(key, old, new).ok

    def txn10(self, keys: list[bytes], value: Any) -> Any:
        tree = self.tree
        with self.store.transaction():
            for key in keys:
                tree.put(key, value)


class Raw:
    """A table that somebody tuned by hand."""

    def __init__(self, path: Path, synchronous: str, keys: list[bytes]) -> None:
        self.c = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "cache_size=-32768",
            "temp_store=MEMORY",
            "wal_autocheckpoint=4000",
        ):
            self.c.execute("PRAGMA " + pragma)
        self.c.execute("CREATE TABLE t (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID")
        serializer = Serializer()
        self.encode, self.decode = serializer.encode, serializer.decode
        self.upsert = "INSERT INTO t VALUES(?,?) ON CONFLICT(k) DO UPDATE SET v=excluded.v"
        first = self.encode(VALUES[0])
        self.c.execute("BEGIN")
        self.c.executemany(self.upsert, ((key, first) for key in keys))
        self.c.execute("COMMIT")

    def get(self, key: bytes) -> Any:
        row = self.c.execute("SELECT v FROM t WHERE k=?", (key,)).fetchone()
        return row and self.decode(row[0])

    def put(self, key: bytes, value: Any) -> Any:
        self.c.execute(self.upsert, (key, self.encode(value)))

    def insert(self, key: bytes, value: Any) -> Any:
        execute = self.c.execute
        execute("BEGIN IMMEDIATE")
        row = execute("SELECT v FROM t WHERE k=?", (key,)).fetchone()
        execute(self.upsert, (key, self.encode(value)))
        execute("COMMIT")
        return row and self.decode(row[0])

    def range100(self, key: bytes) -> Any:
        decode = self.decode
        rows = self.c.execute("SELECT k, v FROM t WHERE k>=? ORDER BY k LIMIT 100", (key,))
        return [(key, decode(value)) for key, value in rows]

    def prefix100(self, prefix: bytes) -> Any:
        decode = self.decode
        upper = prefix[:-1] + bytes((prefix[-1] + 1,))
        rows = self.c.execute("SELECT k, v FROM t WHERE k>=? AND k<? ORDER BY k", (prefix, upper))
        return [(key, decode(value)) for key, value in rows]

    def cas(self, key: bytes, old: Any, new: Any) -> Any:
        row = self.encode(new), key, self.encode(old)
        return self.c.execute("UPDATE t SET v=? WHERE k=? AND v=?", row).rowcount == 1

    def txn10(self, keys: list[bytes], value: Any) -> Any:
        encode = self.encode
        self.c.execute("BEGIN IMMEDIATE")
        self.c.executemany(self.upsert, [(key, encode(value)) for key in keys])
        self.c.execute("COMMIT")


class Index:
    """diskcache's Index, which pickles; it keeps the order of insertion, so it scans nothing."""

    def __init__(self, path: Path, keys: list[bytes]) -> None:
        self.index = diskcache.Index(str(path))
        self.cache = self.index.cache
        with self.cache.transact():
            for key in keys:
                self.index[key] = VALUES[0]

    def get(self, key: bytes) -> Any:
        return self.index.get(key)

    def put(self, key: bytes, value: Any) -> Any:
        self.index[key] = value

    insert = put

    def cas(self, key: bytes, old: Any, new: Any) -> Any:
        with self.cache.transact():
            if self.index.get(key) == old:
                self.index[key] = new
                return True
        return False

    def txn10(self, keys: list[bytes], value: Any) -> Any:
        with self.cache.transact():
            for key in keys:
                self.index[key] = value


def calls(peer: Any, operation: str, keys: list[bytes]) -> Callable[[], object]:
    """Return what does *operation* once with *peer*, each time with something else."""
    method = getattr(peer, operation)
    # Each operation begins elsewhere, so that no key is given the value that it has already.
    first = len(operation) * 101 % len(VALUES)
    key, value = itertools.cycle(keys), itertools.cycle(VALUES[first:] + VALUES[:first])
    if operation in {"get", "range100"}:
        return lambda: method(next(key))
    if operation == "prefix100":
        prefix = itertools.cycle([b"user:%03d:" % number for number in range(PREFIXES)])
        return lambda: method(next(prefix))
    if operation == "cas":
        peer.put(keys[5], VALUES[0])
        old, new = itertools.cycle(VALUES[:2]), itertools.cycle([VALUES[1], VALUES[0]])

        def swap() -> None:
            assert method(keys[5], next(old), next(new))

        return swap
    if operation == "txn10":
        return lambda: method(keys[:10], next(value))
    return lambda: method(next(key), next(value))


def rounds(works: list[Callable[[], object]], count: int, target: float) -> list[list[float]]:
    """Return microseconds per call of each work, for each round, taken in turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(count + 1):
        for work, found in zip(works, times, strict=True):
            number = 0
            began = time.perf_counter()
            while (took := time.perf_counter() - began) < target:
                for _ in range(10):
                    work()
                number += 10
            found.append(took / number * 1e6)
    return [found[1:] for found in times]  # the first round warms


def compared(title: str, peers: dict[str, Any], keys: list[bytes], options: Any) -> None:
    """Print one table: each operation, each peer, and what ours is to the first of them."""
    print(f"\n{title}\n{'operation':<12}" + "".join(f"{name:>22}" for name in peers))
    for operation in ("get", "put", "insert", "cas", "range100", "prefix100", "txn10"):
        able = {name: peer for name, peer in peers.items() if hasattr(peer, operation)}
        works = [calls(peer, operation, keys) for peer in able.values()]
        times = dict(zip(able, rounds(works, options.rounds, options.seconds), strict=True))
        base = next(iter(times.values()))
        cells = []
        for name in peers:
            if name in times:
                ratio = statistics.median(a / b for a, b in zip(times[name], base, strict=True))
                cells.append(f"{statistics.median(times[name]):>14.2f} {ratio:>6.2f}x")
            else:
                cells.append(" " * 21 + "-")
        print(f"{operation:<12}" + "".join(cells), flush=True)


def signature(options: Any) -> None:
    """Print what a signature costs: sealing and opening, signed and not."""
    codecs: list[Codec[Any]] = [cls("bench", "t", SEAL) for cls in (Codec, Unsigned)]
    value, key = VALUES[0], b"\x01user:001:0000001"
    data = [codec.seal(key, value, None) for codec in codecs]
    works: list[Callable[[], object]] = []
    for codec, row in zip(codecs, data, strict=True):
        works.append(lambda codec=codec: codec.seal(key, value, None))
        works.append(lambda codec=codec, row=row: codec.open(key, None, row))
    sealed, opened, plain, read = rounds(works, options.rounds, options.seconds)
    for name, one, other in (("sign", sealed, plain), ("verify", opened, read)):
        cost = statistics.median(a - b for a, b in zip(one, other, strict=True))
        print(f"signature, {name}: {cost:.2f} µs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.15, help="per peer and round")
    parser.add_argument("--keys", type=int, default=100_000)
    options = parser.parse_args()
    count = options.keys
    keys = [
        b"user:%03d:%07d" % (n % PREFIXES, n) for n in ((i * 7919) % count for i in range(count))
    ]
    directory = Path(tempfile.mkdtemp(dir=os.environ.get("BENCH_TMP")))
    try:
        print(
            f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {count:,} keys"
        )
        signature(options)
        engines = {
            "normal": ("NORMAL", "normal"),
            "full": ("FULL", "full"),
        }
        for name, (synchronous, durability) in engines.items():
            root = directory / name
            root.mkdir()
            peers: dict[str, Any] = {
                "raw SQLite": Raw(root / "raw.db", synchronous, keys),
                "ours, unsigned": Ours(
                    SqliteEngine(root / "unsigned", "bench", durability=durability), Unsigned, keys
                ),
                "ours": Ours(
                    SqliteEngine(root / "ours", "bench", durability=durability), Codec, keys
                ),
                "ours on LMDB": Ours(
                    LmdbEngine(root / "lmdb", "bench", durability=durability), Codec, keys
                ),
            }
            if name == "normal":
                peers["diskcache Index"] = Index(root / "index", keys)
            compared(f"durability {name}, µs per call and times raw SQLite", peers, keys, options)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
