"""What a ledger on sqlite owes to its file, its members' files and forks."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.queue.contracts import Envelope
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.drivers.sqlite_schema import MIGRATIONS
from securely.schedule.contracts import Claim, Ending, Holder, State, Verdict
from securely.schedule.drivers import sqlite, sqlite_presence
from securely.schedule.drivers.base import job_uuid, overlap_reason, seen_until
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.schedule.exceptions import LedgerUnavailable
from tests.effort import effort

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="members need locks of Unix")

NOON = 1_800_000_000
CLAIM = Claim("report", NOON, "", "report", lock="report")


def nobody():
    raise AssertionError("nothing is to be queued")


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SqliteConnection]:
    queue = SqliteConnection("jobs", tmp_path / "queue", durability="relaxed")
    yield queue
    queue.close()


@pytest.fixture
def ledger(queue: SqliteConnection) -> SqliteLedger:
    return SqliteLedger.of(queue, nobody)


def files(ledger: SqliteLedger) -> list[str]:
    return sorted(path.name for path in ledger.home.iterdir())


def in_child(work: Callable[[], object]) -> int:
    """Run *work* in a forked child, and return 1 where it raised or returned something false."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# -- the file


def test_file_of_a_queue_gets_tables_on_first_use_and_keeps_its_schema(queue, ledger) -> None:
    queue.push([Envelope("u-1", "job", "default", b"x")])
    tables = "SELECT name FROM sqlite_master WHERE name LIKE 'schedule%' AND type = 'table'"
    assert queue.database.query(tables) == []

    assert ledger.history() == []

    assert len(queue.database.query(tables)) == 3
    assert queue.database.query("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert queue.counts("default").pending == 1
    assert files_of(queue) == []


def files_of(queue: SqliteConnection) -> list[str]:
    """Return what looking made beside the file."""
    return [path.name for path in queue.path.iterdir() if path.is_dir() and path.name != "workers"]


@pytest.mark.parametrize("use", ["join", "history", "claim", "settle", "is_paused"])
def test_file_of_a_newer_version_is_refused_and_left_as_it_is(queue, ledger, use: str) -> None:
    member = ledger.join()
    grant = member.claim(CLAIM)
    with queue.database.transaction() as connection:
        connection.execute("UPDATE meta SET value = 2 WHERE key = 'schedule_schema'")
    uses = {
        "join": ledger.join,
        "history": ledger.history,
        "is_paused": ledger.is_paused,
        "claim": lambda: member.claim(CLAIM._replace(at=NOON + 60)),
        "settle": lambda: member.settle(grant, Ending(State.DONE)),
    }

    with pytest.raises(LedgerUnavailable, match="schema version 2, this code knows up to 1") as got:
        uses[use]()

    assert got.value.connection == "jobs"
    assert "Upgrade Securely" in str(got.value)
    rows = queue.database.query("SELECT at, state FROM schedule_runs")
    assert rows == [(NOON, "running")]
    queue.push([Envelope("u-1", "job", "default", b"x")])  # the queue goes on
    member.leave()


def test_damaged_row_is_named_and_stops_nobody_else(queue, ledger) -> None:
    member = ledger.join()
    member.claim(CLAIM)
    with queue.database.transaction() as connection:
        connection.execute("UPDATE schedule_runs SET state = 'bogus'")

    with pytest.raises(LedgerUnavailable, match='the run of "report" at 1800000000') as got:
        ledger.history()

    assert 'state "bogus"' in str(got.value)
    assert member.claim(CLAIM).verdict is Verdict.TAKEN
    assert member.claim(CLAIM._replace(task="other", lock=None)).verdict is Verdict.GRANTED
    assert [run.task for run in ledger.history("other")] == ["other"]
    member.leave()


def test_damaged_member_of_a_row_counts_as_dead(queue, ledger) -> None:
    dead, member = ledger.join(), ledger.join()
    dead.claim(CLAIM)
    with queue.database.transaction() as connection:
        connection.execute("UPDATE schedule_runs SET member = '../../etc/passwd'")

    assert [run.state for run in member.reap()] == [State.LOST]


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "schedule"
    home.mkdir(mode=0o700)
    (home / "schedule.db").write_bytes(b"no database" * 100)
    ledger = SqliteLedger.own("schedule", home, nobody)

    for use in (ledger.join, ledger.history, ledger.pause):
        with pytest.raises(LedgerUnavailable, match="not a usable SQLite database"):
            use()
    assert [path.name for path in home.iterdir() if path.is_dir()] == []


def test_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    ledger = SqliteLedger.own("schedule", tmp_path / "taken", nobody)

    with pytest.raises(LedgerUnavailable, match='kept by "schedule"'):
        ledger.join()


def test_directory_of_members_that_cannot_be_made_is_refused(queue, ledger) -> None:
    queue.database.connection()
    ledger.home.write_text("a file")

    with pytest.raises(LedgerUnavailable, match="writable"):
        ledger.join()


def test_history_is_fast_with_many_rows(queue, ledger) -> None:
    ledger.history()
    with queue.database.transaction() as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
            " INSERT INTO schedule_runs (at, task, scope, name, state, token, member, host, pid,"
            " started_at, finished_at, exit_code, output, reason)"
            " SELECT i, 'task-' || (i % 10), '', 'x', 'done', 1, 'm', 'h', 1, 1.0, 2.0, 0, '', ''"
            " FROM n"
        )

    def look() -> None:
        assert [run.at for run in ledger.history("task-3", 2)] == [99_993, 99_983]
        assert [run.at for run in ledger.history(limit=2)] == [100_000, 99_999]
        assert ledger.last(["task-7"])["task-7"].at == 99_997

    assert min(effort(look) for _ in range(3)) < 0.1
    assert ledger.prune(100) == 99_000
    assert len(ledger.history("task-3", 1_000)) == 100


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (sqlite._HISTORY, "schedule_runs_at"),
        (sqlite._HISTORY_OF, "sqlite_autoindex_schedule_runs_1"),
        (sqlite._LAST, "schedule_runs_run"),
        (sqlite._HELD, "schedule_runs_held"),
        (sqlite._FOUND, "sqlite_autoindex_schedule_runs_1"),
    ],
)
def test_queries_use_their_index(queue, ledger, sql: str, index: str) -> None:
    ledger.history()
    parameters = ("x",) * sql.count("?")

    plan = queue.database.query(f"EXPLAIN QUERY PLAN {sql}", parameters)

    assert index in plan[0][3]


# -- members


def test_files_of_members_go_with_them(ledger) -> None:
    member, other = ledger.join(), ledger.join()
    assert len(files(ledger)) == 2
    member.leave()
    assert files(ledger) == [f"{other.id}.member"]

    other._presence.forked()  # as the kernel does when it dies
    last = ledger.join()

    assert files(ledger) == [f"{last.id}.member"]
    dying = ledger.join()
    dying.claim(CLAIM)
    dying._presence.forked()
    last.reap()
    assert files(ledger) == [f"{last.id}.member"]
    last.leave()


def test_member_whose_file_was_removed_is_a_new_one(ledger) -> None:
    member = ledger.join()
    before = member.id
    lost = member.claim(CLAIM)
    (ledger.home / f"{before}.member").unlink()

    again = member.claim(CLAIM._replace(at=NOON + 60))

    assert again.verdict is Verdict.GRANTED
    assert member.id != before
    assert [run.token for run in member.reap()] == [lost.token]
    member.leave()


def test_leader_whose_file_was_removed_leads_no_more_than_others(ledger) -> None:
    first, second = ledger.join(), ledger.join()
    assert first.lead()
    (path,) = ledger.home.glob("*.leader")
    path.unlink()

    assert second.lead()
    assert not first.lead()
    second.leave()
    assert first.lead()
    first.leave()


def test_leaders_of_two_hosts_do_not_know_each_other(queue) -> None:
    one, two = (SqliteLedger.of(queue, nobody, host=host).join() for host in ("web-1", "web-2"))

    assert (one.lead(), two.lead(), one.host, two.host) == (True, True, "web-1", "web-2")


def test_names_of_members_are_not_taken_twice(ledger, monkeypatch) -> None:
    drawn = iter(["aa", "aa", "bb"])
    monkeypatch.setattr(sqlite_presence.entropy, "token_hex", lambda size: next(drawn))
    monkeypatch.setattr(sqlite_presence.clock, "timestamp", lambda: 1.0)

    assert ledger.join().id.endswith("-aa")
    assert ledger.join().id.endswith("-bb")


def test_member_that_is_swept_before_it_holds_its_file_takes_another(ledger, monkeypatch) -> None:
    real, caught = sqlite_presence.hold, []

    def hold(path: Path) -> int:
        file = real(path)
        if not caught:
            caught.append(path)
            path.unlink()  # somebody has opened it before, and takes it for one of the dead
        return file

    monkeypatch.setattr(sqlite_presence, "hold", hold)
    member = ledger.join()

    assert caught[0].stem != member.id
    assert ledger.lives(member.id)


def test_child_that_is_forked_keeps_no_parent_alive(ledger) -> None:
    parent = ledger.join()
    parent.claim(CLAIM)
    assert parent.lead()
    ready, tell = os.pipe()
    go, on = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, b"x")
        os.read(go, 1)
        os._exit(0)
    os.read(ready, 1)

    parent.leave()  # as if it died: what it held is not held by its child
    other = ledger.join()

    assert other.lead()
    assert len(other.reap()) == 1
    os.write(on, b"x")
    os.waitpid(child, 0)


def test_child_that_is_forked_is_a_member_of_its_own(ledger) -> None:
    parent = ledger.join()
    grant = parent.claim(CLAIM)
    id_ = parent.id

    def child() -> bool:
        overlaps = parent.claim(CLAIM._replace(at=NOON + 1)).verdict is Verdict.OVERLAPS
        return overlaps and parent.id != id_ and parent.reap() == []

    assert in_child(child) == 0
    assert parent.id == id_
    assert ledger.lives(id_)
    assert parent.settle(grant, Ending(State.DONE))


def test_child_that_is_forked_does_not_leave_for_its_parent(ledger) -> None:
    parent = ledger.join()
    grant = parent.claim(CLAIM)

    assert in_child(lambda: parent.leave() is None) == 0

    other = ledger.join()
    assert other.reap() == []
    assert parent.settle(grant, Ending(State.DONE))
    other.leave()
    parent.leave()
    assert files(ledger) == []


def test_windows_has_no_members(ledger, monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(LedgerUnavailable, match="Unix"):
        ledger.join()


# -- what all ledgers share


def test_uuids_of_jobs_differ_where_ticks_do() -> None:
    claims = [
        CLAIM,
        CLAIM._replace(at=NOON + 1),
        CLAIM._replace(scope="web-1"),
        CLAIM._replace(task="report|1800000000|"),
        CLAIM._replace(at=-5),
        CLAIM._replace(task="half \ud800"),
    ]
    uuids = [job_uuid(claim) for claim in claims]

    assert len(set(uuids)) == len(claims)
    assert {(uuid[14], uuid[19] in "89ab") for uuid in uuids} == {("7", True)}
    assert job_uuid(CLAIM._replace(name="other", lock=None, instead=3)) == uuids[0]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "0s"), (59.9, "59s"), (60, "1m 0s"), (3_599, "59m 59s"), (3_600, "1h 0m"), (9e4, "25h")],
)
def test_reasons_say_how_long_it_runs(seconds: float, told: str) -> None:
    reason = overlap_reason(Holder("m", "web-1", 7, 100.0), 100.0 + seconds)

    assert f"for {told}" in reason
    assert reason.endswith("in process 7 on web-1")


def test_seen_until_goes_back_only_from_what_was_wrong() -> None:
    assert [seen_until(None, 5.0), seen_until(3.0, 5.0), seen_until(9.0, 5.0)] == [5.0, 5.0, 9.0]
    assert seen_until(5.0 + 86_401, 5.0) == 5.0


# -- the threads of one process


def test_threads_wait_for_each_other_before_they_ask_the_file(ledger, monkeypatch) -> None:
    member = ledger.join()
    begun: list[str] = []
    begin = ledger._database.transaction

    def transaction():
        begun.append(threading.current_thread().name)
        return begin()

    monkeypatch.setattr(ledger._database, "transaction", transaction)
    verdicts: list[Verdict] = []
    threads = [
        threading.Thread(target=lambda: verdicts.append(member.claim(CLAIM).verdict))
        for _ in range(4)
    ]

    with ledger.turns:
        for thread in threads:
            thread.start()
        threading.Event().wait(0.05)
        asked_meanwhile = list(begun)
    for thread in threads:
        thread.join()

    assert asked_meanwhile == []
    assert sorted(verdict.value for verdict in verdicts) == ["granted", "taken", "taken", "taken"]
    # Those who came later saw that it was taken, and asked for no transaction.
    assert len(begun) == 1
    member.leave()
