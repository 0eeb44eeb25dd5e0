"""The redis store on real servers: strangers' values, faults, forks, loops and processes."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import time  # noqa: TID251  # real servers take real time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.cache import (
    CacheFailedOver,
    CacheManager,
    EntryRefused,
    Repository,
    StoreUnavailable,
)
from securely.cache.drivers.redis import RedisStore
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.facades import Cache
from securely.log import LogManager
from securely.support.clock import FrozenClock, using
from securely.support.missing import MISSING
from securely.support.redis import Address
from tests.valkey import Valkey

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
SEAL = KeyRing(b"k" * 32).purpose("cache")
# What is done at once, where that matters, and how long nobody may wait.
CROWD = 60
PATIENCE_SECONDS = 0.3
# Of who shall be answered at other times, however busy the machine is.
LONG_PATIENCE_SECONDS = 4.0
RIGHT, WRONG = "hunter2", "letmein"


@pytest.fixture
def refused() -> list[EntryRefused]:
    return []


@pytest.fixture
def store(valkey: Valkey, refused: list[EntryRefused]) -> Iterator[RedisStore]:
    store = RedisStore(valkey.address, SEAL, report=refused.append)
    yield store
    store.close()


@pytest.fixture
def raw(valkey: Valkey) -> Iterator[Any]:
    """What a stranger writes with."""
    with valkey.client as client:
        client.connection_pool.disconnect()
        client.ping()  # connected before all that the test opens
        yield client


@pytest.fixture
def own_valkey() -> Iterator[Callable[..., Valkey]]:
    """What starts a server for one test, which may be killed."""
    servers: list[Valkey] = []

    def start(*arguments: str) -> Valkey:
        servers.append(Valkey(*arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def hanging() -> Iterator[Address]:
    """A server that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield Address(
            port=listener.getsockname()[1],
            timeout_seconds=PATIENCE_SECONDS,
            connect_timeout_seconds=PATIENCE_SECONDS,
        )


def place(key: str) -> str:
    return f"cache:redis:{key}"


# What strangers write


def write_text(raw: Any) -> None:
    raw.set(place("key"), "42")


def write_long_text(raw: Any) -> None:
    raw.set(place("key"), b"\x01" * 100)


def write_nothing(raw: Any) -> None:
    raw.set(place("key"), b"")


def write_list(raw: Any) -> None:
    raw.delete(place("key"))
    raw.rpush(place("key"), "a", "b")


def write_hash(raw: Any) -> None:
    raw.delete(place("key"))
    raw.hset(place("key"), "a", "b")


def move_another(raw: Any) -> None:
    raw.copy(place("other"), place("key"), replace=True)


def take_one_of_another_store(raw: Any) -> None:
    raw.copy("cache:second:key", place("key"), replace=True)


def edit_value(raw: Any) -> None:
    row = raw.get(place("key"))
    raw.set(place("key"), row[:-1] + bytes([row[-1] ^ 1]))


def edit_signature(raw: Any) -> None:
    row = raw.get(place("key"))
    raw.set(place("key"), row[:20] + bytes([row[20] ^ 1]) + row[21:])


def edit_end(raw: Any) -> None:
    row = raw.get(place("key"))
    raw.set(place("key"), b"\xbf\xf0" + b"\x00" * 6 + row[8:])


STRANGERS = [
    *(write_text, write_long_text, write_nothing, write_list, write_hash),
    *(move_another, take_one_of_another_store, edit_value, edit_signature, edit_end),
]


@pytest.fixture
def planted(request: Any, store: RedisStore, raw: Any, valkey: Valkey) -> RedisStore:
    """A store that has an entry of a stranger under "key"."""
    second = RedisStore(valkey.address, SEAL, name="second")
    second.put("key", 1, 60)
    second.close()
    store.put("key", 1, 60)
    store.put("other", 2, 60)
    request.param(raw)
    return store


@pytest.mark.parametrize("planted", STRANGERS, indirect=True, ids=lambda f: f.__name__)
class TestStrangers:
    def test_get_when_a_stranger_wrote_it_then_refused_reported_and_removed(
        self, planted: RedisStore, raw: Any, refused: list[EntryRefused]
    ) -> None:
        assert planted.get("key") is MISSING
        assert [(error.store, error.key) for error in refused] == [("redis", "key")]
        assert raw.exists(place("key")) == 0
        assert planted.get("key") is MISSING
        assert len(refused) == 1
        assert planted.get("other") == 2

    def test_aget_when_a_stranger_wrote_it_then_refused(
        self, planted: RedisStore, refused: list[EntryRefused]
    ) -> None:
        assert asyncio.run(planted.aget("key")) is MISSING
        assert len(refused) == 1

    @pytest.mark.parametrize(
        ("use", "answer"),
        [
            (lambda store: store.pull("key"), MISSING),
            (lambda store: store.forget("key"), False),
            (lambda store: store.ttl("key"), MISSING),
            (lambda store: store.touch("key", 60), False),
            (lambda store: store.add("key", "ours", 60), True),
            (lambda store: store.increment("key", 5, 60), 5),
            (lambda store: store.many(["key", "other"]), {"other": 2}),
        ],
        ids=["pull", "forget", "ttl", "touch", "add", "increment", "many"],
    )
    def test_key_when_a_stranger_wrote_it_then_absent_to_all(
        self, planted: RedisStore, use: Callable[[RedisStore], object], answer: object
    ) -> None:
        assert use(planted) == answer


def test_put_when_a_stranger_wrote_a_list_then_replaced(
    store: RedisStore, raw: Any, refused: list[EntryRefused]
) -> None:
    write_list(raw)

    store.put("key", 1, 60)

    assert store.get("key") == 1
    assert refused == []


def test_entry_when_put_back_after_its_end_then_refused(
    store: RedisStore, raw: Any, refused: list[EntryRefused]
) -> None:
    with using(FrozenClock(at=1_700_000_000.0)) as clock:
        assert isinstance(clock, FrozenClock)
        store.put("key", "old", 100)
        row = raw.get(place("key"))
        raw.set(place("key"), row)  # without an end
        clock.travel(104)
        within = store.get("key")  # the clocks of two machines may differ so much
        clock.travel(1)

        assert within == "old"
        assert store.get("key") is MISSING
        assert "prolonged" in refused[0].reason


def test_entry_when_the_key_of_the_application_has_changed_then_a_miss(
    valkey: Valkey, store: RedisStore
) -> None:
    refused: list[EntryRefused] = []
    store.put("key", 1, 60)
    changed = RedisStore(valkey.address, KeyRing(b"n" * 32).purpose("cache"), report=refused.append)
    rotated = RedisStore(valkey.address, KeyRing(b"n" * 32, [b"k" * 32]).purpose("cache"))

    assert rotated.get("key") == 1
    assert changed.get("key") is MISSING
    assert "APP_PREVIOUS_KEYS" in str(refused[0])
    changed.close()
    rotated.close()


# Where things lie


def test_flush_when_others_use_the_database_then_theirs_and_locks_stay(
    store: RedisStore, raw: Any
) -> None:
    raw.set("queue:jobs", "theirs")
    raw.set("cache:other:key", "theirs")
    store.put_many({f"key{number}": number for number in range(5_000)}, None)
    store.acquire("lock", "ann", None, bound=True)

    store.flush("")

    assert sorted(raw.keys("*")) == [b"cache:other:key", b"lock:redis:lock", b"queue:jobs"]


def test_stats_when_asked_then_counts_what_has_the_prefix(
    valkey: Valkey, store: RedisStore, raw: Any
) -> None:
    raw.set("queue:jobs", "theirs")
    store.put_many({f"blog:{number}": number for number in range(2_500)}, None)
    store.put("shop:key", 1, None)
    store.acquire("blog:lock", "ann", None, bound=True)

    found = store.stats("blog:")

    assert found == asyncio.run(store.astats("blog:")) | {"server_bytes": found["server_bytes"]}
    assert (found["entries"], found["locks"]) == (2_500, 1)
    assert found["server"] == str(valkey.address)
    assert isinstance(found["server_bytes"], int)
    assert found["server_bytes_max"] == "no limit"


def test_prefixes_when_two_applications_share_a_server_then_neither_sees_the_other(
    store: RedisStore,
) -> None:
    blog, shop = Repository(store, prefix="blog:"), Repository(store, prefix="shop:")
    blog.put("key", 1)
    shop.put("key", 2)

    blog.flush()

    assert blog.get("key") is None
    assert shop.get("key") == 2
    assert blog.lock("x").get() is True
    assert shop.lock("x").get() is True


def test_name_when_it_has_a_colon_then_no_other_store_is_flushed(valkey: Valkey) -> None:
    plain = RedisStore(valkey.address, SEAL, name="a")
    colon = RedisStore(valkey.address, SEAL, name="a:b")
    colon.put("key", 1, None)

    plain.flush("")

    assert colon.get("key") == 1
    plain.close()
    colon.close()


def test_lifetime_when_real_time_passes_then_the_server_ends_it(
    store: RedisStore, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    store.put("key", 1, 0.05)
    store.acquire("lock", "ann", 0.05, bound=False)
    store.put("kept", 1, None)

    eventually(lambda: store.get("key") is MISSING and store.holder("lock") is None)

    assert store.get("kept") == 1
    assert store.acquire("lock", "bob", None, bound=False) is True


def test_increment_when_a_lifetime_is_there_then_the_server_keeps_it(
    store: RedisStore, raw: Any
) -> None:
    store.increment("n", 1, 60)
    store.increment("n", 1, None)
    store.increment("new", 1, 0.0)

    assert 58_000 < raw.pttl(place("n")) <= 60_000
    assert store.get("new") is MISSING


def test_lifetime_when_beyond_all_measure_then_taken(store: RedisStore) -> None:
    store.put("key", 1, 1e300)

    assert store.get("key") == 1


# Faults


def test_server_when_nobody_listens_then_unavailable_and_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]  # nobody listens there, and nobody else may meanwhile
        store = RedisStore(Address(port=port), SEAL, name="main")

        with pytest.raises(StoreUnavailable, match='"main" at redis://127') as caught:
            store.get("key")
        for use in (
            lambda: store.put("key", 1, None),
            lambda: store.put_many({"key": 1}, None),
            lambda: store.many(["key"]),
            lambda: store.increment("key", 1, None),
            lambda: store.flush(""),
            lambda: store.acquire("lock", "ann", None, bound=True),
            lambda: asyncio.run(store.aget("key")),
            lambda: asyncio.run(store.aput_many({"key": 1}, None)),
            lambda: asyncio.run(store.arelease("lock", "ann")),
        ):
            with pytest.raises(StoreUnavailable):
                use()

    assert caught.value.store == "main"
    assert caught.value.place == f"redis://127.0.0.1:{port}/0"


def test_server_when_it_hangs_then_unavailable_in_time(hanging: Address) -> None:
    store = RedisStore(hanging, SEAL)
    began = time.monotonic()

    with ThreadPoolExecutor(CROWD) as pool:
        futures = [pool.submit(store.get, "key") for _ in range(CROWD)]
        errors = [future.exception() for future in futures]
    took = time.monotonic() - began
    store.close()

    assert {type(error) for error in errors} == {StoreUnavailable}
    assert took < PATIENCE_SECONDS * CROWD / 2, "One has waited behind another."


def test_server_when_it_hangs_and_tasks_wait_then_unavailable_in_time(hanging: Address) -> None:
    store = RedisStore(hanging, SEAL)

    async def use() -> list[object]:
        waiting = [store.aget("key") for _ in range(CROWD)]
        waiting += [store.aput_many({"key": 1}, None) for _ in range(CROWD)]  # type: ignore[misc]
        return await asyncio.gather(*waiting, return_exceptions=True)

    began = time.monotonic()
    errors = asyncio.run(use())
    took = time.monotonic() - began

    assert {type(error) for error in errors} == {StoreUnavailable}
    assert took < PATIENCE_SECONDS * CROWD / 2, "One has waited behind another."


def test_server_when_killed_and_started_again_then_unavailable_until_then(
    own_valkey: Callable[..., Valkey],
) -> None:
    server = own_valkey()
    store = RedisStore(server.address, SEAL)

    async def use() -> None:
        await store.aput("key", 1, None)
        store.put("key", 2, None)
        server.kill()
        with pytest.raises(StoreUnavailable):
            store.put("key", 3, None)
        with pytest.raises(StoreUnavailable):
            await store.aput("key", 3, None)
        server.start()
        store.put("key", 4, None)
        assert await store.aget("key") == 4

    asyncio.run(use())
    store.close()


def test_server_when_it_stops_for_a_while_then_no_late_answer_is_taken_for_another(
    own_valkey: Callable[..., Valkey],
) -> None:
    server = own_valkey()
    store = RedisStore(replace(server.address, timeout_seconds=LONG_PATIENCE_SECONDS), SEAL)
    store.put_many({"a": "a", "b": "b"}, None)

    async def use() -> None:
        assert await store.aget("a") == "a"
        server.pause()
        with pytest.raises(StoreUnavailable):
            store.get("a")
        with pytest.raises(StoreUnavailable, match=r"no answer within 4(\.0)? seconds"):
            await store.aget("a")
        server.resume()
        assert [store.get("b"), await store.aget("b")] == ["b", "b"]

    asyncio.run(use())
    store.close()


@pytest.fixture
def breaking() -> Iterator[Address]:
    """A server that breaks its first connection in the midst of a command, then answers nil."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            for answer in (b"", b"$-1\r\n"):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1_000)
                    connection.sendall(answer)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(serve)
            yield Address(port=listener.getsockname()[1])
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_read_when_its_connection_breaks_then_sent_again(breaking: Address, colour: str) -> None:
    store = RedisStore(breaking, SEAL)

    found = store.get("key") if colour == "sync" else asyncio.run(store.aget("key"))
    store.close()

    assert found is MISSING


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_write_when_its_connection_breaks_then_unavailable_and_not_done_twice(
    breaking: Address, colour: str
) -> None:
    store = RedisStore(breaking, SEAL)

    def write() -> None:
        if colour == "sync":
            store.put("key", 1, None)
        else:
            asyncio.run(store.aput("key", 1, None))

    with pytest.raises(StoreUnavailable):
        write()
    store.close()


def test_connection_when_the_server_closes_it_then_another_is_opened(
    store: RedisStore, raw: Any
) -> None:
    async def use() -> None:
        await store.aput("key", 1, None)
        store.put("key", 2, None)
        raw.client_kill_filter(_type="normal", skipme=True)
        store.put("key", 3, None)
        assert await store.aincrement("key", 1, None) == 4

    asyncio.run(use())


def test_password_when_wrong_then_unavailable_and_not_shown(
    own_valkey: Callable[..., Valkey],
) -> None:
    server = own_valkey("--requirepass", RIGHT)
    right = RedisStore(Address(port=server.port, password=RIGHT), SEAL)
    right.put("key", 1, None)
    wrong = Address(port=server.port, username="ann", password=WRONG)

    for address in (wrong, replace(wrong, password=None), Address(port=server.port)):
        store = RedisStore(address, SEAL)
        with pytest.raises(StoreUnavailable) as caught:
            store.get("key")
        with pytest.raises(StoreUnavailable):
            asyncio.run(store.aget("key"))
        assert WRONG not in str(caught.value)
        store.close()

    assert right.get("key") == 1
    assert WRONG not in repr(wrong)
    right.close()


def test_server_when_full_then_unavailable_with_its_reason(
    own_valkey: Callable[..., Valkey],
) -> None:
    server = own_valkey("--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
    store = RedisStore(server.address, SEAL)

    def fill() -> None:
        for number in range(100):
            store.put(f"key{number}", "x" * 100_000, None)

    with pytest.raises(StoreUnavailable, match="maxmemory"):
        fill()

    assert store.get("key0") == "x" * 100_000
    store.close()


def test_lock_when_a_list_lies_in_its_place_then_unavailable(store: RedisStore, raw: Any) -> None:
    raw.rpush("lock:redis:lock", "a")

    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        store.holder("lock")
    assert store.acquire("lock", "ann", None, bound=True) is False
    assert store.force_release("lock") is True


# Connections


def clients(raw: Any) -> int:
    """Return how many have connected after *raw*: other tests may have left theirs open."""
    own = raw.client_id()
    return sum(int(each["id"]) > own for each in raw.client_list())


def test_close_when_used_before_then_no_connection_is_left(
    store: RedisStore, raw: Any, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: store.put(str(number), 1, None), range(50)))
    assert clients(raw) >= 1

    store.close()

    eventually(lambda: clients(raw) == 0)


@pytest.mark.parametrize("closing", [True, False], ids=["aclose", "end of the loop"])
def test_loops_when_they_end_then_no_connection_is_left(
    store: RedisStore,
    raw: Any,
    closing: bool,
    eventually: Callable[[Callable[[], bool]], float],
) -> None:
    async def use(number: int) -> None:
        await asyncio.gather(*[store.aput(f"{number}.{each}", 1, None) for each in range(10)])
        assert clients(raw) >= 1
        if closing:
            await store.aclose()

    for number in range(3):
        asyncio.run(use(number))
    gc.collect()  # a connection that was left open would warn, and a warning fails

    eventually(lambda: clients(raw) == 0)
    assert asyncio.run(store.aget("2.9")) == 1


def test_loops_when_in_threads_then_each_has_its_own_connections(store: RedisStore) -> None:
    async def count() -> None:
        await asyncio.gather(*[store.aincrement("n", 1, None) for _ in range(20)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: asyncio.run(count()), range(4)))

    assert store.get("n") == 80


def test_connections_when_many_tasks_want_one_then_bounded_and_all_served(
    valkey: Valkey, raw: Any
) -> None:
    store = RedisStore(replace(valkey.address, connections_max=5), SEAL)
    seen: list[int] = []

    async def use() -> None:
        for start in range(0, 300, 100):
            await asyncio.gather(
                *[store.aput(str(number), number, None) for number in range(start, start + 100)]
            )
            seen.append(clients(raw))

    asyncio.run(use())

    assert max(seen) <= 5
    assert len(store.many([str(number) for number in range(300)])) == 300
    store.close()


def test_increment_when_a_crowd_of_tasks_counts_then_none_is_lost(store: RedisStore) -> None:
    async def count() -> None:
        await asyncio.gather(*[store.aincrement("n", 1, None) for _ in range(300)])

    asyncio.run(count())

    assert store.get("n") == 300


def test_task_when_cancelled_then_the_next_one_gets_its_own_answer(store: RedisStore) -> None:
    async def use() -> None:
        await store.aput_many({str(number): number for number in range(50)}, None)
        for number in range(50):
            task = asyncio.create_task(store.aget(str(number)))
            for _ in range(number % 7):
                await asyncio.sleep(0)  # noqa: TID251  # a turn, to be cancelled in the midst
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert await store.aget("49") == 49

    asyncio.run(use())


def test_store_when_the_process_forks_then_each_has_its_own_connection(valkey: Valkey) -> None:
    program = """
cache.put("before", 1)
children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for _ in range(50):
                cache.increment("n")
            code = 0 if cache.get("before") == 1 else 2
        finally:
            os._exit(code)
    children.append(child)
for _ in range(50):
    cache.increment("n")
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
print(cache.get("n"))
"""

    assert finish(start(valkey, program)) == "[0, 0, 0, 0]\n250\n"


# Processes

PREAMBLE = """
import os, sys
from pathlib import Path
from securely.cache import Repository
from securely.cache.drivers.redis import RedisStore
from securely.support.redis import Address
from securely.encryption import KeyRing

address = Address(path=sys.argv[1], timeout_seconds=20)
cache = Repository(RedisStore(address, KeyRing(b"k" * 32).purpose("cache")), name="redis")
"""


def start(valkey: Valkey, code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code, valkey.path, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=55)
    assert process.returncode == 0, errors
    return output


def test_increment_when_eight_processes_count_then_none_is_lost(
    valkey: Valkey, store: RedisStore
) -> None:
    counters = [start(valkey, "for _ in range(200): cache.increment('n')") for _ in range(8)]

    for counter in counters:
        finish(counter)

    assert store.get("n") == 1_600


def test_lock_when_twenty_processes_contend_then_never_two_holders(
    valkey: Valkey, tmp_path: Path
) -> None:
    contend = """
inside = Path(sys.argv[2]) / "inside"
for _ in range(5):
    with cache.lock("report", 60, wait=50):
        inside.mkdir()  # fails if another process is inside
        inside.rmdir()
print("done")
"""
    contenders = [start(valkey, contend, str(tmp_path)) for _ in range(20)]

    assert [finish(contender) for contender in contenders] == ["done\n"] * 20


def test_lock_when_its_holder_is_gone_then_ends_by_its_seconds(
    valkey: Valkey, store: RedisStore
) -> None:
    cache = Repository(store, name="redis")
    finish(start(valkey, "cache.lock('report', 60).acquire()"))

    held = cache.lock("report").get()
    valkey.travel(60)

    assert held is False
    assert cache.lock("report").get() is True


def test_extra_when_not_installed_then_one_line_that_installs_it() -> None:
    program = """
import sys
sys.modules["redis"] = None
from securely.cache import CacheManager
from securely.cache.manager import Materials
from securely.cache.options import CacheOptions
options = CacheOptions.parse({"default": "r", "stores": {"r": {"driver": "redis"}}}, "cache")
try:
    CacheManager("r", options.stores, materials=Materials(seal=object)).get("key")
except ImportError as error:
    print(error)
"""
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert process.stdout == (
        'The package "redis" is not installed. Install it with: pip install "securely[redis]"\n'
    )


# In an application


@pytest.fixture
def app(valkey: Valkey, tmp_path: Path) -> Iterator[Any]:
    """A booted application whose cache is on the server, and disk where that is gone."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "cache.py").write_text(
        "from securely.config import env\n"
        "config = {'default': 'redis', 'prefix': 'blog:', 'stores': {\n"
        "    'redis': {'driver': 'redis', 'url': env('REDIS_URL')},\n"
        "    'gone': {'driver': 'redis', 'url': 'unix:///nowhere/s'},\n"
        "    'disk': {'driver': 'disk'},\n"
        "    'safe': {'driver': 'failover', 'stores': ['gone', 'disk']},\n"
        "}}\n"
    )
    environment = {
        "APP_ENV": "testing",
        "APP_KEY": "k" * 32,
        "LOG_CHANNEL": "array",
        "REDIS_URL": f"unix://{valkey.path}",
    }
    app = Application.configure(tmp_path).build(environment=environment)
    with app.active():
        try:
            yield app.boot()
        finally:
            app.make(CacheManager).close()
            app.terminate()


def test_redis_when_configured_then_used_with_prefix_and_refusals_are_logged(
    app: Any, raw: Any
) -> None:
    fake = app.make(LogManager).fake()
    Cache.put("key", 1)
    kept = Cache.get("key")
    raw.set("cache:redis:blog:key", "planted")

    assert kept == 1
    assert Cache.get("key") is None
    fake.assert_logged("warning", "cache entry refused")


def test_memo_when_in_an_application_then_lasts_for_its_scope(app: Any) -> None:
    with app.scope():
        Cache.memo().get("key")
        Cache.put("key", 1)
        within = Cache.memo().get("key")
    with app.scope():
        after = Cache.memo().get("key")

    assert (within, after) == (None, 1)


def test_failover_when_the_first_is_gone_then_heard_and_the_second_answers(app: Any) -> None:
    heard: list[CacheFailedOver] = []
    app.make(Dispatcher).listen(CacheFailedOver, heard.append)

    Cache.store("safe").put("key", 1)
    Cache.store("safe").tags("people").put("ann", 2, 60)

    assert Cache.store("disk").get("key") == 1
    assert Cache.store("safe").tags("people").get("ann") == 2
    assert [event.store for event in heard] == ["gone"]


def test_terminate_when_the_application_ends_then_no_connection_is_left(
    app: Any, raw: Any, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    Cache.put("key", 1)
    before = clients(raw)

    app.terminate()

    assert before >= 1
    eventually(lambda: clients(raw) == 0)
