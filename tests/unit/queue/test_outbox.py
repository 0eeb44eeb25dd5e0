"""Jobs of an application's own transaction: there with its data, or not at all; and then once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from securely.queue.bus.outbox import DatabaseOutbox, OutboxDriver
from securely.queue.contracts import Envelope, OutboxRow, OutboxTable
from securely.queue.exceptions import QueueUnavailable
from securely.queue.job import PendingDispatch
from securely.queue.manager import QueueManager
from securely.queue.upkeep.relay import LEAVE_SECONDS, FileRelay, Relay, Relays
from securely.support import clock
from securely.support.clock import FrozenClock

BOTH = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.db"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders (number INTEGER)")
    yield connection
    connection.close()


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


class Killed(BaseException):
    """Stands for the end of a relay's process."""


class Deadly(DatabaseOutbox):
    """An outbox whose relay dies before it has removed what it has moved."""

    def remove(self, uuids: Any) -> None:
        raise Killed


def rows(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM securely_outbox").fetchone()[0])


def test_push_when_the_transaction_commits_is_moved_and_run(
    world: Any, database: sqlite3.Connection, path: Path, sample: Any, log: list[Any]
) -> None:
    with database:
        database.execute("INSERT INTO orders VALUES (7)")
        uuid = world.queues.outbox(database).push(sample.J("seven"))
    assert world.state() == []

    with closing(sqlite3.connect(path)) as other:
        assert Relay(world.queues, other).run() == 1

    (job,) = world.queues.connection("sqlite").pending_jobs()
    assert job.uuid == uuid
    assert rows(database) == 0
    world.work()
    assert log == [("run", "seven", 1)]


def test_push_when_the_transaction_is_rolled_back_was_never_there(
    world: Any, database: sqlite3.Connection, path: Path, sample: Any
) -> None:
    database.execute("INSERT INTO orders VALUES (7)")
    world.queues.outbox(database).push(sample.J("seven"))
    database.rollback()

    assert FileRelay(world.queues, path).run() == 0
    assert world.state() == []
    assert database.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_run_when_the_transaction_is_open_yet_moves_nothing(
    world: Any, database: sqlite3.Connection, path: Path, sample: Any
) -> None:
    with database:
        world.queues.outbox(database).push(sample.J("first"))
    world.queues.outbox(database).push(sample.J("second"))

    with closing(sqlite3.connect(path)) as other:
        assert [row.uuid for row in DatabaseOutbox(other).waiting(0, 9)] != []
        assert len(DatabaseOutbox(other).waiting(0, 9)) == 1
    database.rollback()


@BOTH
@pytest.mark.parametrize("is_over", [False, True], ids=["job waits", "job is done"])
def test_run_when_a_relay_died_after_its_push_accepts_the_job_once(
    world: Any, database: sqlite3.Connection, sample: Any, log: list[Any], is_over: bool
) -> None:
    with database:
        world.queues.outbox(database).bulk([sample.J("one"), sample.J("two")])
    with pytest.raises(Killed):
        Relay(world.queues, Deadly(database)).run()
    if is_over:
        world.work()

    assert Relay(world.queues, database).run() == 2
    world.work()

    assert log == [("run", "one", 1), ("run", "two", 1)]
    assert rows(database) == 0


@pytest.mark.parametrize("world", ["arq"], indirect=True)
def test_run_when_a_relay_died_and_arqs_results_have_ended_accepts_the_job_once(
    world: Any, database: sqlite3.Connection, sample: Any, log: list[Any], valkey: Any
) -> None:
    with database:
        world.queues.outbox(database).push(sample.J("one"))
    with pytest.raises(Killed):
        Relay(world.queues, Deadly(database)).run()
    world.work()
    with closing(redis.Redis(port=valkey.port, db=1)) as client:
        assert client.delete(*client.keys("arq:result:*")) == 1

    Relay(world.queues, database).run()
    world.work()

    assert log == [("run", "one", 1)]


def test_push_once_when_a_week_has_passed_forgets_the_uuid(
    world: Any, database: sqlite3.Connection, sample: Any, frozen: FrozenClock
) -> None:
    with database:
        world.queues.outbox(database).push(sample.J("one"))
    with pytest.raises(Killed):
        Relay(world.queues, Deadly(database)).run()
    frozen.travel(7 * 86_400 + 1)

    Relay(world.queues, database).run()

    assert world.state() == ["one", "one"]


def test_later_when_it_is_moved_late_waits_only_for_the_rest(
    world: Any, database: sqlite3.Connection, sample: Any, frozen: FrozenClock
) -> None:
    began = clock.timestamp()
    with database:
        outbox = world.queues.outbox(database)
        outbox.later(60, sample.J("soon"))
        outbox.later(5, sample.J("late"))
    frozen.travel(10)

    Relay(world.queues, database).run()

    (soon,) = world.queues.connection("sqlite").delayed_jobs()
    assert soon.available_at == pytest.approx(began + 60)
    assert world.queues.counts().pending == 1


def test_push_when_options_are_said_go_to_their_connection_and_queue(
    world: Any, database: sqlite3.Connection, sample: Any
) -> None:
    pending = PendingDispatch(sample.J("far")).on_connection("other").priority(5)
    with database:
        world.queues.outbox(database).push(pending)
        world.queues.outbox(database).push(sample.J("mail"), "mail")

    Relay(world.queues, database).run()

    (far,) = world.queues.connection("other").pending_jobs()
    assert (far.queue, far.priority) == ("others", 5)
    assert world.state("mail") == ["mail"]


def test_run_when_a_connection_is_gone_or_a_row_is_no_job_moves_the_others_and_says_so(
    world: Any, database: sqlite3.Connection, sample: Any
) -> None:
    table = DatabaseOutbox(database)
    table.add(OutboxRow(0, "u-1", "gone", 0.0, b""))
    table.add(OutboxRow(0, "u-2", "sqlite", 0.0, b"nonsense"))
    world.queues.outbox(table).push(sample.J("good"))
    database.commit()
    said: list[str] = []
    relay = Relay(world.queues, database, said.append)

    assert [relay.run(), relay.run()] == [1, 0]

    assert world.state() == ["good"]
    assert rows(database) == 2
    first, second = said
    assert first.startswith('The job u-1 stays in the outbox: Queue connection "gone" is not')
    assert second.startswith("The job u-2 stays in the outbox: it is no job")


def test_run_when_there_are_more_rows_than_a_page_moves_all_in_order(
    world: Any, database: sqlite3.Connection, sample: Any
) -> None:
    names = [f"{number:03}" for number in range(450)]
    with database:
        world.queues.outbox(database).bulk(sample.J(name) for name in names)

    assert Relay(world.queues, database).run() == 450
    jobs = world.queues.connection("sqlite").pending_jobs()
    assert [world.name_of(job) for job in jobs] == names


def test_keep_on_when_the_store_is_away_says_so_once_and_moves_when_it_is_back(
    world: Any, database: sqlite3.Connection, path: Path, sample: Any
) -> None:
    with database:
        world.queues.outbox(database).push(sample.J("one"))
    driver = world.queues.connection("sqlite").driver
    said: list[str] = []
    looks: list[int] = []

    def refuse(envelopes: Any) -> Any:
        raise QueueUnavailable("sqlite", "its disk is away")

    def is_over() -> bool:
        looks.append(1)
        if len(looks) == 3:
            del driver.push
        return len(looks) == 4

    driver.push = refuse

    assert FileRelay(world.queues, path, said.append).keep_on(is_over) == 1
    assert said == [
        f'The outbox {path} waits: Queue connection "sqlite" is unavailable: its disk is away'
    ]


class Down:
    """A driver that takes nothing."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def push(self, envelopes: Any) -> Any:
        self.asked += 1
        raise self.error


class Away:
    """The connections of a world, of which "away" is down."""

    def __init__(self, world: Any, error: Exception) -> None:
        self.world = world
        self.driver = Down(error)

    def connection(self, name: str) -> Any:
        return self if name == "away" else self.world.queues.connection(name)


def test_run_when_one_connection_is_down_moves_what_is_for_the_others_and_raises(
    world: Any, database: sqlite3.Connection, sample: Any
) -> None:
    away(database, 0)
    world.queues.outbox(database).push(sample.J("one"))
    away(database, 1)
    world.queues.outbox(database).push(sample.J("two"))
    database.commit()
    queues = Away(world, QueueUnavailable("away", "it is down"))

    with pytest.raises(QueueUnavailable, match="it is down"):
        Relay(cast("QueueManager", queues), database).run()

    assert world.state() == ["one", "two"]
    assert [row.uuid for row in DatabaseOutbox(database).waiting(0, 9)] == ["away-0", "away-1"]
    assert queues.driver.asked == 1  # its later rows are not tried before its first


def away(database: sqlite3.Connection, number: int) -> None:
    envelope = Envelope(f"away-{number}", "a job", "default", b"")
    OutboxDriver(DatabaseOutbox(database), "away").push([envelope])


def test_keep_on_when_an_error_is_unknown_tells_it_and_goes_on(
    world: Any, database: sqlite3.Connection, path: Path, sample: Any
) -> None:
    away(database, 0)
    world.queues.outbox(database).push(sample.J("one"))
    database.commit()
    said: list[str] = []
    looks = iter([False, False, True])
    queues = cast("QueueManager", Away(world, TypeError("a driver's own mistake")))

    assert FileRelay(queues, path, said.append).keep_on(lambda: next(looks)) == 1

    assert said == [f'The outbox {path} waits: TypeError("a driver\'s own mistake")']


def test_keep_on_when_the_outbox_itself_fails_in_an_unknown_way_goes_on(
    world: Any, path: Path
) -> None:
    said: list[str] = []
    looks = iter([False, True])

    class Odd:
        def absolute(self) -> Path:
            raise RuntimeError("no such thing")

    assert (
        FileRelay(world.queues, cast("Path", Odd()), said.append).keep_on(lambda: next(looks)) == 0
    )

    assert len(said) == 1
    assert said[0].endswith("waits: RuntimeError('no such thing')")


def test_run_when_another_writer_has_the_file_gives_up_before_a_worker_would_leave_it(
    world: Any, database: sqlite3.Connection, path: Path, sample: Any
) -> None:
    with database:
        world.queues.outbox(database).push(sample.J("one"))
    database.execute("BEGIN EXCLUSIVE")

    def took() -> float:
        began = clock.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            FileRelay(world.queues, path).run()
        return clock.monotonic() - began

    # Twice, for something else may have held the machine up.
    assert took() < LEAVE_SECONDS / 2 or took() < LEAVE_SECONDS / 2
    database.rollback()


def test_run_of_a_file_that_is_not_there_does_not_make_it(world: Any, path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        FileRelay(world.queues, path).run()

    assert not path.exists()


def test_relays_beside_a_worker_move_what_waits(
    world: Any, database: sqlite3.Connection, path: Path, sample: Any
) -> None:
    with database:
        world.queues.outbox(database).push(sample.J("one"))

    with Relays(world.queues, [path]):
        pass  # each looks once at least

    assert world.state() == ["one"]


def test_fake_when_a_job_goes_to_an_outbox_records_it_and_leaves_the_database_alone(
    world: Any, database: sqlite3.Connection, sample: Any
) -> None:
    fake = world.queues.fake()

    fake.outbox(database).push(sample.J("one"))

    fake.assert_pushed(sample.J)
    tables = database.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("orders",)]


def test_table_of_the_database_fulfils_the_contract(database: sqlite3.Connection) -> None:
    assert isinstance(DatabaseOutbox(database), OutboxTable)
    assert not isinstance(database, OutboxTable)
