from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import pytest

from securely.queue.contracts import BatchRecord, Charge, Envelope, Kind, Outcome
from securely.queue.drivers import sqlite_views
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.drivers.sqlite_rows import Ids
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.testing.suites.queue import done, envelope
from securely.testing.suites.queue.base import ended, names, run_dry

HOUR = 3_600.0


@pytest.fixture
def connection(tmp_path: Path):
    connection = SqliteConnection("sqlite", tmp_path / "queue")
    yield connection
    connection.close()


class WallClock(FrozenClock):
    """A clock whose wall time can be set, as an administrator or NTP does; the other goes on."""

    def jump(self, seconds: float) -> None:
        self._wall += seconds


@pytest.fixture
def wall():
    wall = WallClock(at=1_800_000_000.0)
    with clock.using(wall):
        yield wall


def statements(database: sqlite3.Connection, work) -> list[str]:
    """Return the first words of what *work* has SQLite do."""
    said: list[str] = []
    database.set_trace_callback(lambda sql: said.append(" ".join(sql.split()[:2])))
    try:
        work()
    finally:
        database.set_trace_callback(None)
    return said


def found(connection: SqliteConnection, sql: str) -> list[dict[str, object]]:
    cursor = connection._database.connection().execute(sql)
    columns = [name for name, *_ in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor]


# -- what most jobs pay for


def test_push_of_one_plain_job_is_one_statement(connection):
    connection.push([envelope()])

    said = statements(connection._database.connection(), lambda: connection.push([envelope()]))

    assert said == ["INSERT INTO"]


def test_push_of_many_is_one_transaction_whatever_they_are(connection):
    many = [
        envelope(),
        envelope()._replace(unique="k"),
        envelope()._replace(group="g"),
        envelope()._replace(batch="b"),
    ]

    said = statements(connection._database.connection(), lambda: connection.push(many))

    assert (said.count("BEGIN IMMEDIATE"), said.count("COMMIT")) == (1, 1)


@pytest.mark.parametrize("name", ["Job", "Job{}"])
@pytest.mark.parametrize("count", [1, 2, 9, 10, 99, 100, 101, 237])
def test_push_of_jobs_that_say_nothing_writes_them_in_order_with_their_defaults(
    connection, wall, count, name
):
    told = [
        Envelope(str(number), name.format(number), "default", b"%d" % number)
        for number in range(count)
    ]

    stand = connection.push(told)

    assert list(stand) == [one.uuid for one in told]
    rows = found(connection, "SELECT * FROM jobs ORDER BY id")
    assert len({row.pop("id") for row in rows}) == count
    first, *others = rows
    assert first == {
        "queue": "default",
        "state": 0,
        "priority": 0,
        "available_at": wall.timestamp(),
        "token": 0,
        "worker": None,
        "attempts": 0,
        "exceptions": 0,
        "lost": 0,
        "deferrals": 0,
        "timeout": None,
        "max_lost": told[0].max_lost,
        "uuid": told[0].uuid,
        "name": told[0].name,
        "unique_key": None,
        "unique_at": None,
        "unique_for": None,
        "group_key": None,
        "batch": None,
        "links": 0,
        "payload": told[0].payload,
        "history": None,
    }
    own = [{"uuid": one.uuid, "name": one.name, "payload": one.payload} for one in told[1:]]
    assert others == [first | one for one in own]


def test_push_of_jobs_for_several_queues_puts_each_into_its_own(connection):
    told = [Envelope(str(number), "Job", f"queue{number % 2}", b"") for number in range(5)]

    connection.push(told)

    rows = found(connection, "SELECT uuid, queue, id - min(id) OVER () AS place FROM jobs")
    assert rows == [
        {"uuid": one.uuid, "queue": one.queue, "place": place} for place, one in enumerate(told)
    ]


@pytest.mark.parametrize("said", [{}, {"timeout": 5.0, "priority": 1}])
def test_push_of_many_without_keys_writes_a_hundred_at_once(connection, said):
    bare = Envelope("u", "Job", "default", b"payload")._replace(**said)
    connection.push([bare])
    many = [bare] * 213

    words = statements(connection._database.connection(), lambda: connection.push(many))

    assert words.count("INSERT INTO") == 2 + 1 + 3  # hundreds, tens, and the rest one by one


@pytest.mark.parametrize(
    "said",
    [
        {"delay": 60.0},
        {"timeout": 5.0},
        {"max_lost": 1},
        {"priority": 4},
    ],
)
def test_push_of_jobs_of_which_one_says_more_keeps_what_it_says(connection, said):
    bare = Envelope("u", "Job", "default", b"payload")
    connection.push([bare, bare._replace(**said), bare])
    connection.push([bare._replace(**said)])

    sql = "SELECT state = 2 AS delay, timeout, max_lost, priority FROM jobs ORDER BY id"
    usual = {"delay": 0, "timeout": None, "max_lost": 3, "priority": 0}
    other = usual | {name: 1 if name == "delay" else value for name, value in said.items()}
    assert found(connection, sql) == [usual, other, usual, other]


def test_ids_that_are_taken_together_are_nobody_elses():
    ids = Ids()

    first = ids.next(1.0, 100)

    assert ids.next(1.0) == first + 100
    assert ids.next(2.0) > first + 100


@pytest.mark.parametrize(
    ("durability", "pages"), [("default", 1000), ("strict", 1000), ("relaxed", 2000)]
)
def test_log_of_producers_that_wait_for_the_disk_is_written_back_sooner(
    tmp_path, durability, pages
):
    connection = SqliteConnection("sqlite", tmp_path / "queue", durability=durability)
    asked = "PRAGMA wal_autocheckpoint"
    seat = connection.join(["default"])

    assert connection._database.query(asked) == [(pages,)]
    assert seat._database.query(asked) == [(2000,)]  # one of a worker settles many jobs at once

    seat.leave()
    connection.close()


def test_turn_of_plain_jobs_reads_no_batch_and_frees_no_group(connection):
    connection.push([envelope() for _ in range(5)])
    seat = connection.join(["default"])
    held = seat.turn([], 3).deliveries

    said = statements(seat._database.connection(), lambda: seat.turn(done(held), 2))

    assert said.count("DELETE FROM") == 3
    assert said.count("UPDATE jobs") == 1  # the claim
    assert len([word for word in said if word != "SELECT min(available_at)"]) <= 7
    seat.leave()


def test_looks_at_keys_groups_and_counts_walk_indexes_only(connection):
    # (No rows: SQLite would then know that a full walk is as short.)
    plans = [
        row[3]
        for sql in (
            "SELECT id FROM jobs WHERE unique_key = 'k'",
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE group_key = 'g')",
            "SELECT min(id) FROM jobs WHERE group_key = 'g'",
            "SELECT count(*) FROM jobs WHERE state > 2 AND queue = 'x' AND state = 3",
            "SELECT uuid FROM batch_failures WHERE batch = 1 ORDER BY id",
            "SELECT envelope FROM batch_calls WHERE batch = 1 AND event = 'then' ORDER BY position",
            "SELECT row FROM batches WHERE id = 'b'",
        )
        for row in connection._database.query(f"EXPLAIN QUERY PLAN {sql}")
    ]

    searches = [plan for plan in plans if "jobs" in plan or "batch" in plan]
    assert len(searches) >= 7
    assert all(plan.startswith("SEARCH") for plan in searches), plans


def test_counts_of_a_long_queue_read_indexes_only(connection):
    connection.push([envelope() for _ in range(2_000)])

    plan = [
        row[3]
        for sql in (sqlite_views._COUNTS, sqlite_views._QUEUES)
        for row in connection._database.query(
            f"EXPLAIN QUERY PLAN {sql}", ("default", 1.0)[: sql.count("?")]
        )
        if "jobs" in row[3]
    ]

    assert len(plan) == 13
    assert all("INDEX jobs_" in step for step in plan), plan


def test_members_in_great_number_are_pushed_and_counted(connection):
    members = [envelope(str(n))._replace(batch="b") for n in range(3_000)]
    connection.batches.create(
        BatchRecord("b", callbacks={"finally": (envelope("over"),)}, allow_failures=True), members
    )
    seat = connection.join(["default"])

    outcomes: list[Outcome] = []
    ran: list[str] = []
    while held := seat.turn(outcomes, 128).deliveries:
        ran += names(held)
        kinds = [Kind.FAIL if one.name.endswith("7") else Kind.DONE for one in held]
        outcomes = [ended(*each, is_member=True) for each in zip(held, kinds, strict=True)]

    found = connection.batches.find("b")
    assert found is not None
    assert (found.total, found.done, found.failed) == (3_000, 2_700, 300)
    assert list(found.failed_ids) == [one.uuid for one in members if one.name.endswith("7")]
    assert ran == [*map(str, range(3_000)), "over"]
    seat.leave()


# -- who is woken


def test_successors_callbacks_and_freed_groups_wake_other_workers(connection):
    connection.push([envelope("plain"), envelope("first"), envelope("1")._replace(group="g")])
    connection.push([envelope("2")._replace(group="g")])
    connection.batches.create(
        BatchRecord("b", callbacks={"finally": (envelope("over"),)}),
        [envelope("member")._replace(batch="b")],
    )
    seat, other = connection.join(["default"]), connection.join(["default"])
    plain, first, grouped, member = seat.turn([], 9).deliveries

    rung = []
    for outcome in (
        ended(plain),
        ended(first, Kind.DONE, envelope("second")),
        ended(grouped),
        ended(member, is_member=True),
    ):
        other.drain()
        seat.turn([outcome], 0)
        rung.append(_has_rung(other))

    assert rung == [False, True, True, True]
    seat.leave()
    other.leave()


def test_retry_cancel_and_clear_wake_workers_for_what_they_free(connection):
    connection.push([envelope("1", "mail")._replace(group="g"), envelope("2")._replace(group="g")])
    first = connection.jobs("mail")[0].uuid
    seat = connection.join(["default"])

    seat.drain()
    connection.cancel(first)

    assert _has_rung(seat)
    assert run_dry(seat) == ["2"]
    seat.leave()


# -- clocks that are set


def test_jobs_when_the_clock_is_set_back_are_not_stuck(connection, wall):
    connection.push([envelope("plain"), envelope("held"), envelope("1")._replace(group="g")])
    connection.push([envelope("2")._replace(group="g"), envelope("later", delay=60.0)])
    seat, other = connection.join(["default"]), connection.join(["default"])
    plain, held, grouped = seat.turn([], 9).deliveries

    wall.jump(-HOUR)
    back = [Outcome(held.id, held.token, Kind.RELEASE, charge=Charge.EXCEPTION), *done([grouped])]
    turn = seat.turn(back, 9)

    assert sorted(names(turn.deliveries)) == ["2", "held"]
    assert other.reap().returned == 0  # a lease does not know of the wall's time
    connection.push([envelope("new")])
    assert run_dry(seat, [plain, *turn.deliveries]) == ["new"]
    # A delayed job runs at the time on the wall that was promised: that comes an hour later.
    assert connection.counts("default").delayed == 1
    wall.travel(HOUR + 61)
    seat.reap()
    assert run_dry(seat) == ["later"]
    seat.leave()
    other.leave()


def test_jobs_when_the_clock_is_set_forth_are_early_by_no_more_than_that(connection, wall):
    connection.push([envelope("hour", delay=HOUR), envelope("two hours", delay=2 * HOUR)])
    seat, other = connection.join(["default"]), connection.join(["default"])

    wall.jump(HOUR)
    early = names(seat.turn([], 9).deliveries)
    wall.jump(-HOUR)

    assert early == ["hour"]
    assert names(seat.turn([], 9).deliveries) == []
    assert (other.reap().returned, seat.reap().returned) == (0, 0)
    wall.travel(2 * HOUR)
    assert names(seat.turn([], 9).deliveries) == ["two hours"]
    seat.leave()
    other.leave()


def test_order_when_the_clock_is_set_back_is_kept_within_a_group_and_a_chain(connection, wall):
    for n in range(4):
        connection.push([envelope(str(n))._replace(group="g")])
        wall.jump(-HOUR)
    seat = connection.join(["default"])

    assert run_dry(seat) == ["0", "1", "2", "3"]
    seat.leave()


def test_ids_when_the_clock_is_set_back_are_not_those_of_failed_jobs(connection, wall):
    other = SqliteConnection("sqlite", connection.path)
    seat = connection.join(["default"])
    connection.push([envelope("stays", delay=9 * HOUR)])
    wall.jump(-HOUR)
    for pushing in (connection, other):
        pushing.push([envelope(), envelope()])
        held = seat.turn([], 9).deliveries
        seat.turn([ended(one, Kind.FAIL) for one in held], 0)

    assert connection.failed.count() == 4
    seat.leave()
    other.close()


def test_keys_when_the_clock_is_set_back_end_with_their_job_all_the_same(connection, wall):
    first = envelope("first")._replace(unique="k", unique_for=60.0)
    connection.push([first])
    wall.jump(-HOUR)
    seat = connection.join(["default"])

    assert list(connection.push([envelope()._replace(unique="k")])) == [first.uuid]
    assert run_dry(seat) == ["first"]
    second = envelope("second")._replace(unique="k")
    assert list(connection.push([second])) == [second.uuid]
    seat.leave()


def test_bursts_when_the_clock_is_set_back_end_after_their_quiet(connection, wall):
    burst = envelope("first", delay=10.0)._replace(unique="k", max_wait=math.inf)
    connection.push([burst])
    wall.jump(-HOUR)

    connection.push([burst._replace(uuid="u-2", name="last")])

    wall.travel(11)
    seat = connection.join(["default"])
    assert run_dry(seat) == ["last"]
    seat.leave()


def test_pauses_for_a_time_when_the_clock_is_set_are_by_the_wall(connection, wall):
    connection.push([envelope()])
    connection.pause("default", HOUR)
    seat = connection.join(["default"])

    wall.jump(HOUR + 1)

    assert dict(connection.paused()) == {}
    assert len(seat.turn([], 1).deliveries) == 1
    seat.leave()


def _has_rung(seat) -> bool:
    import select

    return bool(select.select([seat], [], [], 0)[0])
