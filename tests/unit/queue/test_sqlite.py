from __future__ import annotations

import os
import select
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from securely.queue.contracts import (
    Attempt,
    BatchRecord,
    Cancellation,
    Charge,
    Delivery,
    Envelope,
    Kind,
    Outcome,
    Reaped,
    Verdict,
)
from securely.queue.crew.board import Board, State
from securely.queue.delivery.failure import pack_error
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.drivers.sqlite_files import Bell, _bell_directory, hold, is_free
from securely.queue.drivers.sqlite_schema import MIGRATIONS
from securely.queue.exceptions import QueueUnavailable, StoreFull, WorkerLost
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.sqlite import Database, DatabaseError
from securely.testing.suites.queue import done, envelope
from securely.testing.time import Travel


@pytest.fixture
def connection(tmp_path: Path):
    connection = SqliteConnection("sqlite", tmp_path / "queue")
    yield connection
    connection.close()


def die(seat, *, boot: str | None = None) -> None:
    """Let the worker of *seat* be gone, as SIGKILL leaves it: the kernel drops its lock."""
    if boot is not None:
        with seat._database.transaction() as database:
            database.execute("UPDATE workers SET boot = ? WHERE id = ?", (boot, seat._row))
    os.close(seat._lock)
    seat._lock = -1
    seat._bell.close()
    seat._bells.close()
    seat._database.close()


def rung(seat) -> bool:
    return bool(select.select([seat], [], [], 0)[0])


# -- death


def test_reap_when_a_worker_died_gives_back_what_had_not_started(connection):
    connection.push([envelope("a"), envelope("b")])
    dead, living = connection.join(["default"]), connection.join(["default"])
    dead.turn([], 2)
    die(dead)

    reaped = living.reap()

    assert (reaped.returned, reaped.charged, reaped.settled) == (2, 0, 0)
    again = living.turn([], 9).deliveries
    assert [(one.name, one.attempts, one.lost) for one in again] == [("a", 1, 0), ("b", 1, 0)]
    living.leave()


def test_reap_when_a_worker_died_judges_by_its_board(connection):
    connection.push([envelope(name) for name in ("handed", "started", "finished")])
    dead, living = connection.join(["default"]), connection.join(["default"])
    held = dead.turn([], 3).deliveries
    board = Board(dead.home / f"{dead.id}.board", 8)
    for cell, delivery in enumerate(held):
        board.place(cell, delivery.id, delivery.token)
    board.start(1, 0.0)
    board.start(2, 0.0)
    board.finish(2)
    board.close()
    die(dead)

    reaped = living.reap()

    assert (reaped.returned, reaped.charged, reaped.settled) == (1, 1, 1)
    again = living.turn([], 9).deliveries
    assert [(one.name, one.attempts, one.lost) for one in again] == [
        ("handed", 1, 0),
        ("started", 2, 1),
    ]
    living.leave()


def test_reap_when_a_board_tells_of_an_older_token_does_not_believe_it(connection):
    connection.push([envelope()])
    dead, living = connection.join(["default"]), connection.join(["default"])
    (first,) = dead.turn([], 1).deliveries
    (second,) = dead.turn([Outcome(first.id, first.token, Kind.RETURN)], 1).deliveries
    board = Board(dead.home / f"{dead.id}.board", 8)
    board.place(0, first.id, first.token)
    board.finish(0)
    board.close()
    die(dead)

    reaped = living.reap()

    assert second.token > first.token
    assert (reaped.returned, reaped.settled) == (1, 0)
    living.leave()


def test_reap_when_a_job_took_its_last_worker_down_hands_it_over_to_be_failed(connection):
    connection.push([envelope("poison", max_lost=2), envelope("innocent", max_lost=2)])
    living = connection.join(["default"])
    for expected in ((1, 0), (0, 1)):
        dead = connection.join(["default"])
        held = dead.turn([], 2).deliveries
        board = Board(dead.home / f"{dead.id}.board", 8)
        for cell, delivery in enumerate(held):
            board.place(cell, delivery.id, delivery.token)
        board.start(0, 0.0)
        board.close()
        die(dead)
        reaped = living.reap()
        assert (reaped.charged, len(reaped.condemned)) == expected

    (condemned,) = reaped.condemned
    assert (condemned.name, condemned.verdict, condemned.lost) == ("poison", Verdict.LOST, 2)
    assert connection.counts("default").reserved == 1
    turn = living.turn([Outcome(condemned.id, condemned.token, Kind.FAIL, error=b"{}")], 9)
    assert [one.name for one in turn.deliveries] == ["innocent"]
    assert [one.name for one in connection.failed.all()] == ["poison"]
    living.leave()


def test_history_when_workers_died_names_each_attempt_that_was_lost_with_one(connection):
    connection.push([envelope(max_lost=2)])
    living = connection.join(["default"])
    for state in (State.HANDED, State.STARTED, State.STARTED):
        dead = connection.join(["default"])
        boarded(dead, state)
        die(dead)
        reaped = living.reap()
    (condemned,) = reaped.condemned

    error = pack_error(WorkerLost("job", 2))
    living.turn([Outcome(condemned.id, condemned.token, Kind.FAIL, error=error)], 0)

    (failed,) = connection.failed.all()
    assert [(one.number, one.reason.partition(":")[0]) for one in failed.history] == [
        (1, "lost with its worker"),
        (2, "lost with its worker"),
        (2, "WorkerLost"),
    ]
    living.leave()


def test_history_of_a_job_that_ends_well_goes_with_it(connection):
    connection.push([envelope()])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    error = pack_error(ValueError("once"))
    released = Outcome(held.id, held.token, Kind.RELEASE, 0.0, Charge.EXCEPTION, error)
    (again,) = seat.turn([released], 1).deliveries
    kept = connection.database.query("SELECT history FROM jobs")[0][0]

    seat.turn(done([again]), 0)

    assert "ValueError: once" in kept
    assert connection.database.query(
        "SELECT (SELECT count(*) FROM jobs), count(*) FROM failed"
    ) == [(0, 0)]
    seat.leave()


def test_condemned_job_when_its_undertaker_dies_is_condemned_again(connection):
    connection.push([envelope(max_lost=1)])
    dead, undertaker = connection.join(["default"]), connection.join(["default"])
    (held,) = dead.turn([], 1).deliveries
    board = Board(dead.home / f"{dead.id}.board", 8)
    board.place(0, held.id, held.token)
    board.start(0, 0.0)
    board.close()
    die(dead)
    (condemned,) = undertaker.reap().condemned
    die(undertaker)
    last = connection.join(["default"])

    last.reap()

    (again,) = last.turn([], 1).deliveries
    assert (again.id, again.verdict) == (condemned.id, Verdict.LOST)
    last.leave()


def test_reap_when_an_executor_still_lives_waits_for_it(connection):
    connection.push([envelope()])
    dead, living = connection.join(["default"]), connection.join(["default"])
    dead.turn([], 1)
    executor = hold(dead.home / f"{dead.id}.0.executor.lock")
    die(dead)

    waiting = living.reap()
    os.close(executor)
    after = living.reap()

    assert (waiting.waiting, waiting.returned) == (1, 0)
    assert (after.waiting, after.returned) == (0, 1)
    living.leave()


def test_reap_after_a_reboot_gives_everything_back_whatever_the_board_says(connection):
    connection.push([envelope()])
    dead, living = connection.join(["default"]), connection.join(["default"])
    (held,) = dead.turn([], 1).deliveries
    board = Board(dead.home / f"{dead.id}.board", 8)
    board.place(0, held.id, held.token)
    board.finish(0)
    board.close()
    die(dead, boot="an earlier boot")

    reaped = living.reap()

    assert (reaped.returned, reaped.settled) == (1, 0)
    assert connection.counts("default").pending == 1
    living.leave()


@pytest.mark.parametrize("boot", [None, "an earlier boot"])
@pytest.mark.parametrize("state", [State.HANDED, State.STARTED, State.FINISHED])
def test_reap_when_what_a_dead_worker_held_was_cancelled_takes_it_out(connection, boot, state):
    one, other = envelope("one")._replace(batch="b", max_lost=1), envelope("other")
    connection.batches.create(BatchRecord("b"), [one])
    connection.push([other])
    dead, living = connection.join(["default"]), connection.join(["default"])
    (held,) = boarded(dead, state)
    assert held.name == "one"
    assert connection.cancel(one.uuid) is Cancellation.STOPPING
    die(dead, boot=boot)

    reaped = living.reap()

    assert (list(reaped.condemned), list(reaped.cancelled)) == ([], [])
    assert reaped.settled >= 1
    assert "one" not in [delivery.name for delivery in living.turn([], 9).deliveries]
    found = connection.batches.find("b")
    # (Only what is no member of a batch is ever marked as finished.)
    ended_well = state is State.FINISHED and boot is None
    assert (found.done, found.failed, found.skipped) == (0, 0, 0 if ended_well else 1)
    assert connection._database.query("SELECT count(*) FROM cancelled") == [(0,)]
    assert list(living.turn([Outcome(held.id, held.token, Kind.SKIP)], 0).stale) == [held.id]
    living.leave()


def test_reap_when_what_a_silent_worker_holds_was_cancelled_takes_it_out(connection, clock: Travel):
    one = envelope()
    connection.push([one])
    silent, living = connection.join(["default"]), connection.join(["default"])
    (held,) = boarded(silent, State.STARTED)
    connection.cancel(one.uuid)
    clock(LEASE + 1)

    reaped = living.reap()

    assert taken(reaped) == (0, 0, 1)
    assert list(living.turn([], 9).deliveries) == []
    assert list(silent.turn([Outcome(held.id, held.token, Kind.SKIP)], 0).stale) == [held.id]
    silent.leave()
    living.leave()


def test_reap_by_two_at_once_takes_a_dead_worker_over_once(connection):
    connection.push([envelope() for _ in range(20)])
    dead = connection.join(["default"])
    dead.turn([], 20)
    die(dead)
    seats = [connection.join(["default"]) for _ in range(4)]
    found: list[int] = []

    threads = [
        threading.Thread(target=lambda seat=seat: found.append(seat.reap().returned))
        for seat in seats
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [0, 0, 0, 20]
    for seat in seats:
        seat.leave()


def test_reap_when_a_failed_job_waits_for_its_hook_hands_it_over(connection):
    connection.push([envelope("hooked")])
    dead, living = connection.join(["default"]), connection.join(["default"])
    (held,) = dead.turn([], 1).deliveries
    dead.turn([Outcome(held.id, held.token, Kind.FAIL, error=b"{}", has_hook=True)], 0)
    assert list(living.reap().hooks) == []
    die(dead)

    (hook,) = living.reap().hooks

    assert (hook.id, hook.name) == (held.id, "hooked")
    living.leave()


def test_late_outcome_of_a_worker_taken_for_dead_is_refused(connection):
    connection.push([envelope()])
    stalled, living = connection.join(["default"]), connection.join(["default"])
    (old,) = stalled.turn([], 1).deliveries
    os.close(stalled._lock)
    living.reap()
    (new,) = living.turn([], 1).deliveries
    stalled._lock = os.open(os.devnull, os.O_RDONLY)

    late = stalled.turn(done([old]), 0)

    assert list(late.stale) == [old.id]
    assert list(living.turn(done([new]), 0).stale) == []
    stalled.leave()
    living.leave()


# -- silence: a worker that holds its lock, and is stopped or cut off from its disk

LEASE = 30.0


def boarded(seat, *states: State) -> list[Delivery]:
    """Claim one job for each of *states*, and have the board say that it has come so far."""
    held = list(seat.turn([], len(states)).deliveries)
    board = Board(seat.home / f"{seat.id}.board", 8)
    for cell, (delivery, state) in enumerate(zip(held, states, strict=True)):
        board.place(cell, delivery.id, delivery.token)
        if state is not State.HANDED:
            board.start(cell, 0.0)
        if state is State.FINISHED:
            board.finish(cell)
    board.close()
    return held


def taken(reaped: Reaped) -> tuple[int, int, int]:
    return reaped.returned, reaped.charged, reaped.settled


@pytest.mark.parametrize(
    ("state", "result", "again"),
    [
        (State.STARTED, (0, 1, 0), [(2, 1)]),
        (State.HANDED, (1, 0, 0), [(1, 0)]),
        (State.FINISHED, (0, 0, 1), []),
    ],
)
def test_reap_when_a_worker_was_silent_for_its_lease_judges_its_job_by_its_board(
    connection, clock: Travel, state, result, again
):
    connection.push([envelope()])
    silent, living = connection.join(["default"]), connection.join(["default"])
    (old,) = boarded(silent, state)
    clock(LEASE + 1)

    reaped = living.reap()

    assert taken(reaped) == result
    held = living.turn([], 9).deliveries
    assert [(one.attempts, one.lost) for one in held] == again
    assert list(silent.turn(done([old]), 0).stale) == [old.id]
    assert list(living.turn(done(held), 0).stale) == []
    assert connection.counts("default").total == 0
    silent.leave()
    living.leave()


def test_reap_when_a_silent_worker_had_the_last_life_of_a_job_condemns_it(
    connection, clock: Travel
):
    connection.push([envelope()._replace(max_lost=1)])
    silent, living = connection.join(["default"]), connection.join(["default"])
    (old,) = boarded(silent, State.STARTED)
    clock(LEASE + 1)

    (condemned,) = living.reap().condemned

    assert (condemned.id, condemned.verdict, condemned.lost) == (old.id, Verdict.LOST, 1)
    assert condemned.token > old.token
    silent.leave()
    living.leave()


def test_reap_when_the_lease_is_not_over_takes_nothing(connection, clock: Travel):
    connection.push([envelope()])
    silent, living = connection.join(["default"]), connection.join(["default"])
    held = boarded(silent, State.STARTED)
    clock(LEASE - 1)

    assert taken(living.reap()) == (0, 0, 0)

    assert list(silent.turn(done(held), 0).stale) == []
    silent.leave()
    living.leave()


def test_reap_when_a_worker_renews_its_lease_leaves_its_jobs_to_it(connection, clock: Travel):
    connection.push([envelope()])
    slow, living = connection.join(["default"]), connection.join(["default"])
    held = boarded(slow, State.STARTED)

    for _ in range(10):
        clock(LEASE / 2)
        slow.reap()
        assert taken(living.reap()) == (0, 0, 0)

    assert list(slow.turn(done(held), 0).stale) == []
    slow.leave()
    living.leave()


def test_renewal_when_a_third_of_the_lease_has_not_passed_writes_nothing(connection, clock: Travel):
    seat = connection.join(["default"])
    lease = "SELECT lease_until FROM workers"
    before = connection._database.query(lease)

    clock(LEASE / 3 - 1)
    seat.reap()
    early = connection._database.query(lease)
    clock(2)
    seat.reap()

    assert early == before
    assert connection._database.query(lease) != before
    seat.leave()


def test_expiry_when_several_look_happens_once(connection, clock: Travel):
    connection.push([envelope(name) for name in ("a", "b")])
    silent, *living = (connection.join(["default"]) for _ in range(3))
    boarded(silent, State.STARTED, State.HANDED)
    clock(LEASE + 1)
    for seat in living:
        seat._renew()  # else each of the two would be silent to the other

    first, second, third = living[0].reap(), living[1].reap(), living[0].reap()

    assert [taken(one) for one in (first, second, third)] == [(1, 1, 0), (0, 0, 0), (0, 0, 0)]
    # The silent one lives: its row and its files stay until it leaves or dies.
    assert len(living[0].peers()) == 2
    assert (silent.home / f"{silent.id}.lock").exists()
    for seat in (silent, *living):
        seat.leave()
    assert list(connection.home.iterdir()) == []


def test_silent_worker_when_it_wakes_has_a_lease_again(connection, clock: Travel):
    connection.push([envelope()])
    silent, living = connection.join(["default"]), connection.join(["default"])
    boarded(silent, State.HANDED)
    clock(LEASE + 1)
    living.reap()

    silent.reap()  # it wakes
    (new,) = boarded(silent, State.STARTED)
    clock(LEASE - 1)
    early = living.reap()
    clock(2)
    late = living.reap()

    assert new.attempts == 1
    assert (taken(early), taken(late)) == ((0, 0, 0), (0, 1, 0))
    silent.leave()
    living.leave()


def test_silent_worker_when_it_wakes_while_another_decides_keeps_its_jobs(
    connection, clock: Travel
):
    connection.push([envelope()])
    silent, living = connection.join(["default"]), connection.join(["default"])
    held = boarded(silent, State.STARTED)
    ((lease,),) = connection._database.query(
        "SELECT lease_until FROM workers WHERE id = ?", (silent._row,)
    )
    clock(LEASE + 1)
    silent._renew()

    # Another worker has read the lease before it was renewed, and writes after it.
    reaped = living._reaper._expire(silent._row, lease, Reaped())

    assert taken(reaped) == (0, 0, 0)
    assert list(silent.turn(done(held), 0).stale) == []
    silent.leave()
    living.leave()


def test_silent_worker_when_it_dies_is_taken_over_like_any_other(connection, clock: Travel):
    connection.push([envelope()])
    silent, living = connection.join(["default"]), connection.join(["default"])
    boarded(silent, State.STARTED)
    clock(LEASE + 1)
    living.reap()
    die(silent)

    reaped = living.reap()

    assert taken(reaped) == (0, 0, 0)
    assert list(living.peers()) == []
    assert connection.counts("default").pending == 1
    living.leave()


def test_lease_when_configured_is_what_a_worker_gets(tmp_path, clock: Travel):
    connection = SqliteConnection("sqlite", tmp_path / "queue", lease_seconds=5.0)
    connection.push([envelope()])
    silent, living = connection.join(["default"]), connection.join(["default"])
    boarded(silent, State.HANDED)
    clock(5.5)

    assert taken(living.reap()) == (1, 0, 0)

    silent.leave()
    living.leave()
    connection.close()


def test_files_of_workers_are_gone_when_they_left_or_were_reaped(connection):
    left, dead, living = (connection.join(["default"]) for _ in range(3))
    Board(left.home / f"{left.id}.board", 8).close()
    Board(dead.home / f"{dead.id}.board", 8).close()
    die(dead)

    left.leave()
    living.reap()

    assert {path.name.partition(".")[0] for path in living.home.iterdir()} == {living.id}
    assert list(living.peers()) == []
    living.leave()
    assert list(connection.home.iterdir()) == []


def test_lock_of_a_worker_is_not_inherited_by_its_children(connection):
    seat = connection.join(["default"])
    lock = seat.home / f"{seat.id}.lock"
    child = subprocess.Popen(["/bin/sleep", "60"], close_fds=False)

    assert not is_free(lock)
    die(seat)

    # A child closes what it must not inherit a moment after its parent goes on.
    deadline = clock.monotonic() + 30
    while not is_free(lock) and clock.monotonic() < deadline:
        clock.sleep(0.001)
    assert is_free(lock)
    assert child.poll() is None
    child.kill()
    child.wait()


# -- waking


def test_push_rings_every_worker(connection):
    seats = [connection.join(["default"]), connection.join(["mail"])]
    assert not any(map(rung, seats))

    connection.push([envelope()])

    assert all(map(rung, seats))
    for seat in seats:
        seat.drain()
    assert not any(map(rung, seats))
    for seat in seats:
        seat.leave()


def test_push_when_the_directory_is_too_deep_for_a_socket_rings_all_the_same(tmp_path):
    connection = SqliteConnection("sqlite", tmp_path / ("deep" * 20) / ("deeper" * 10))
    seat = connection.join(["default"])

    connection.push([envelope()])

    assert rung(seat)
    seat.leave()
    connection.close()


def test_bell_when_its_directory_is_a_link_refuses_it(tmp_path):
    home = tmp_path / ("deep" * 20) / ("deeper" * 10)
    home.mkdir(parents=True)
    bells = _bell_directory(home)
    bells.symlink_to(tmp_path)

    try:
        with pytest.raises(PermissionError, match="somebody else"):
            Bell(home, "1")
    finally:
        bells.unlink()


def test_push_when_a_worker_never_listens_does_not_wait(connection):
    seat = connection.join(["default"])

    for _ in range(300):
        connection.push([envelope()])

    assert connection.counts("default").pending == 300
    seat.leave()


def test_leave_and_restart_ring_the_others(connection):
    connection.push([envelope()])
    leaving, other = connection.join(["default"]), connection.join(["default"])
    leaving.turn([], 1)
    other.drain()

    leaving.leave()

    assert rung(other)
    other.drain()
    connection.restart()
    assert rung(other)
    other.leave()


# -- settings and limits


@pytest.mark.parametrize(
    ("durability", "producer", "worker"),
    [("default", 2, 1), ("strict", 2, 2), ("relaxed", 1, 1)],
)
def test_durability_sets_what_commits_wait_for(tmp_path, durability, producer, worker):
    connection = SqliteConnection("sqlite", tmp_path / "queue", durability=durability)
    seat = connection.join(["default"])

    assert connection._database.query("PRAGMA synchronous") == [(producer,)]
    assert seat._database.query("PRAGMA synchronous") == [(worker,)]
    seat.leave()
    connection.close()


def test_ids_when_the_clock_stands_or_goes_back_still_grow(connection):
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        for step in (0, 0, -3_600, 0):
            frozen.travel(step)
            connection.push([envelope(), envelope()])
            connection.push([envelope()])

    ids = [id_ for (id_,) in connection._database.query("SELECT id FROM jobs ORDER BY rowid")]
    assert ids == sorted(set(ids))
    assert len(ids) == 12
    assert max(ids) < 2**63


def test_push_when_another_process_took_the_id_takes_the_next_one(connection):
    with clock.using(FrozenClock(at=1_800_000_000.0)):
        connection.push([envelope("first")])
        connection._ids._last = 0  # as it is in a process that has just started

        connection.push([envelope("second")])

    seat = connection.join(["default"])
    assert [one.name for one in seat.turn([], 9).deliveries] == ["first", "second"]
    seat.leave()


def test_full_store_when_pushed_to_raises_and_writes_nothing(connection):
    connection._database._pragmas["max_page_count"] = 60
    connection.push([envelope()])

    with pytest.raises(StoreFull, match="nothing was written") as caught:
        connection.push([envelope(payload=b"x" * 1_000) for _ in range(500)])

    assert str(connection.path) in str(caught.value)
    assert connection.counts("default").total == 1
    assert connection._database.query("PRAGMA integrity_check") == [("ok",)]
    connection.push([envelope("fits")])
    assert connection.counts("default").total == 2


def test_full_store_when_a_worker_settles_raises_and_keeps_what_is_held(connection):
    connection.push([envelope(payload=b"x" * 500) for _ in range(40)])
    seat = connection.join(["default"])
    held = seat.turn([], 10).deliveries
    pages = seat._database.query("PRAGMA page_count")[0][0]
    seat._database.connection().execute(f"PRAGMA max_page_count = {pages}")
    fail = [Outcome(one.id, one.token, Kind.FAIL, error=b"e" * 9_000) for one in held]

    with pytest.raises(StoreFull, match="no room"):
        seat.turn(fail, 0)

    assert connection.failed.count() == 0
    assert connection.counts("default").reserved == 10
    seat._database.connection().execute("PRAGMA max_page_count = 100000")
    assert list(seat.turn(fail, 0).stale) == []
    assert connection.failed.count() == 10
    seat.leave()


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_file_size_limit_when_pushed_over_raises_and_leaves_a_sound_store(tmp_path):
    script = f"""
import resource
from securely.queue.contracts import Envelope
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.exceptions import StoreFull
connection = SqliteConnection("sqlite", {str(tmp_path / "queue")!r})
def envelope(n): return Envelope(f"u-{{n}}", "job", "default", b"x" * 1_000)
connection.push([envelope(0)])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
accepted = 1
try:
    for n in range(1, 2_000):
        connection.push([envelope(n)])
        accepted += 1
except StoreFull as error:
    print("full", connection.counts("default").pending == accepted)
else:
    print("never full")
"""
    run = subprocess.run(  # the script above
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "full True", run.stderr
    connection = SqliteConnection("sqlite", tmp_path / "queue")
    assert connection._database.query("PRAGMA integrity_check") == [("ok",)]
    connection.push([envelope()])
    connection.close()


def test_corrupt_file_is_named(tmp_path):
    path = tmp_path / "queue"
    path.mkdir()
    (path / "jobs.db").write_bytes(b"not a database, whatever its name says" * 200)
    connection = SqliteConnection("sqlite", path)

    with pytest.raises(QueueUnavailable, match=r"jobs\.db") as caught:
        connection.push([envelope()])

    assert "Move it away" in str(caught.value)
    with pytest.raises(QueueUnavailable, match=r"jobs\.db"):
        connection.join(["default"])
    with pytest.raises(QueueUnavailable, match=r"jobs\.db"):
        connection.counts("default")


def test_directory_that_can_not_be_written_is_named_with_a_remedy(tmp_path):
    blocked = tmp_path / "storage"
    blocked.write_text("a file where a directory belongs")
    connection = SqliteConnection("sqlite", blocked / "queue")

    with pytest.raises(QueueUnavailable, match="Move it away") as caught:
        connection.push([envelope()])
    with pytest.raises(QueueUnavailable, match="Move it away"):
        connection.join(["default"])

    assert str(blocked) in str(caught.value)


def test_workers_directory_that_can_not_be_made_lets_no_lock_behind(connection):
    connection.join(["default"]).leave()
    connection.home.rmdir()
    connection.home.write_text("a file where a directory belongs")

    with pytest.raises(QueueUnavailable, match="workers"):
        connection.join(["default"])


def test_store_of_the_first_schema_takes_workers_once_it_is_opened(tmp_path):
    old = Database(tmp_path / "queue" / "jobs.db", migrations=MIGRATIONS[:1])
    old.query("SELECT 1")
    old.close()
    connection = SqliteConnection("sqlite", tmp_path / "queue")

    seat = connection.join(["default"])
    connection.push([envelope("kept")])

    assert [each.name for each in seat.turn((), 1).deliveries] == ["kept"]
    seat.leave()
    connection.close()


def test_store_of_the_sixth_schema_keeps_histories_from_now_on(tmp_path):
    old = Database(tmp_path / "queue" / "jobs.db", migrations=MIGRATIONS[:6])
    with old.transaction() as before:
        before.execute(
            "INSERT INTO jobs (id, queue, state, available_at, token, attempts, exceptions, uuid,"
            " name, payload) VALUES (1, 'default', 0, 1.0, 1, 1, 1, 'u-1', 'tried', ?)",
            (b"x" * 9_000,),
        )
        before.execute(
            "INSERT INTO failed (id, uuid, queue, name, attempts, max_lost, failed_at, error,"
            " payload) VALUES (9, 'u-9', 'mail', 'over', 2, 3, 5.0, ?, x'00ff')",
            (pack_error(ValueError("long ago")),),
        )
    old.close()
    connection = SqliteConnection("sqlite", tmp_path / "queue")
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    error = pack_error(ValueError("second"))
    released = Outcome(held.id, held.token, Kind.RELEASE, 0.0, Charge.EXCEPTION, error)

    (held,) = seat.turn([released], 1).deliveries
    seat.turn([Outcome(held.id, held.token, Kind.FAIL, error=error)], 0)

    tried, over = connection.failed.all()
    assert (len(tried.payload), [one.number for one in tried.history]) == (9_000, [2, 3])
    assert over.history == (Attempt(2, 5.0, "ValueError: long ago"),)
    assert connection.database.query("PRAGMA integrity_check") == [("ok",)]
    seat.leave()
    connection.close()


def test_store_of_the_second_schema_keeps_all_that_it_held(tmp_path):
    old = Database(tmp_path / "queue" / "jobs.db", migrations=MIGRATIONS[:2])
    with old.transaction() as before:
        before.executemany(
            "INSERT INTO jobs (id, queue, state, priority, available_at, token, worker, attempts,"
            " uuid, name, tags, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (1, "default", 0, 0, 1.0, 0, None, 0, "u-1", "ready", None, b"\x00one"),
                (2, "default", 1, 0, 1.0, 4, 77, 4, "u-2", "held", "[]", b"two"),
                (3, "default", 2, 7, 9e9, 1, None, 1, "u-3", "delayed", None, b"x" * 9_000),
            ],
        )
        before.execute(
            "INSERT INTO failed (id, uuid, queue, name, attempts, max_lost, failed_at, hook_state,"
            " hook_worker, tags, error, payload) VALUES (9, 'u-9', 'mail', 'over', 2, 3, 5.0, 1,"
            " 77, '[]', x'7b7d', x'00ff')"
        )
        before.execute(
            "INSERT INTO workers VALUES (77, 1, 'here', 'an earlier boot', 'default', 1.0, NULL)"
        )
    old.close()
    connection = SqliteConnection("sqlite", tmp_path / "queue")

    seat = connection.join(["default"])
    reaped = seat.reap()
    held = seat.turn([], 9).deliveries

    assert (reaped.returned, [one.name for one in reaped.hooks]) == (1, ["over"])
    assert [(one.id, one.name, one.attempts, one.token) for one in held] == [
        (1, "ready", 1, 1),
        (2, "held", 4, 5),
    ]
    assert held[0].payload == b"\x00one"
    (delayed,) = connection.jobs("default", "delayed")
    assert (delayed.payload, delayed.priority, delayed.batch) == (b"x" * 9_000, 7, None)
    (failed,) = connection.failed.all()
    assert (failed.payload, failed.unique, failed.batch, failed.links) == (
        b"\x00\xff",
        None,
        None,
        0,
    )
    assert connection._database.query("SELECT value FROM meta WHERE key = 'schema_version'") == [
        (7,)
    ]
    assert connection._database.query("PRAGMA integrity_check") == [("ok",)]
    with pytest.raises(DatabaseError, match="knows up to 2"):
        old.query("SELECT 1")
    seat.leave()
    connection.close()


def test_store_of_an_older_schema_is_upgraded_with_its_jobs(tmp_path):
    def later(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")

    connection = SqliteConnection("sqlite", tmp_path / "queue")
    connection.push([envelope("kept")])
    connection.close()
    upgraded = Database(connection.path / "jobs.db", migrations=[*MIGRATIONS, later])

    assert upgraded.query("SELECT name FROM jobs") == [("kept",)]
    assert upgraded.query("SELECT count(*) FROM notes") == [(0,)]
    upgraded.close()
    with pytest.raises(QueueUnavailable, match="knows up to"):
        connection.push([envelope()])


def test_store_is_for_its_owner_only(connection):
    seat = connection.join(["default"])
    connection.push([envelope()])

    assert connection.path.stat().st_mode & 0o777 == 0o700
    assert connection.home.stat().st_mode & 0o777 == 0o700
    for path in (connection.path / "jobs.db", seat.home / f"{seat.id}.lock"):
        assert path.stat().st_mode & 0o777 == 0o600
    seat.leave()


def test_claim_of_many_queues_walks_indexes_only(connection):
    plans = [
        row[3]
        for sql in (
            (
                "SELECT id FROM jobs WHERE state = 0 AND queue = 'x' "
                "ORDER BY priority DESC, available_at, id LIMIT 9"
            ),
            "SELECT min(available_at) FROM jobs WHERE state = 2 AND queue = 'x'",
            "SELECT id FROM jobs WHERE state = 1 AND worker = 7",
        )
        for row in connection._database.query(f"EXPLAIN QUERY PLAN {sql}")
    ]

    assert all("INDEX jobs_" in plan for plan in plans), plans
    assert not any("TEMP B-TREE" in plan for plan in plans), plans


def test_claim_reads_an_index_of_what_is_due_and_not_the_delayed_jobs_before_it(connection):
    connection.push([envelope(delay=3_600, priority=9) for _ in range(2_000)])
    connection.push([envelope("now")])
    seat = connection.join(["default"])

    assert [one.name for one in seat.turn([], 5).deliveries] == ["now"]
    seat.leave()


# -- many at once


def test_many_processes_when_they_push_and_work_lose_and_double_nothing(tmp_path):
    path = str(tmp_path / "queue")
    script = """
import sys
from securely.queue.contracts import Envelope, Kind, Outcome
from securely.queue.drivers.sqlite import SqliteConnection
path, me, mode = sys.argv[1], sys.argv[2], sys.argv[3]
connection = SqliteConnection("sqlite", path, durability="relaxed")
if mode == "push":
    for n in range(150):
        connection.push([Envelope(f"{me}-{n}", f"{me}-{n}", "default", b"x" * 200)])
else:
    seat, outcomes, idle = connection.join(["default"]), [], 0
    while idle < 400:
        turn = seat.turn(outcomes, 7)
        assert not turn.stale
        outcomes = [Outcome(one.id, one.token, Kind.DONE) for one in turn.deliveries]
        for one in turn.deliveries:
            print(one.name)
        idle = 0 if turn.deliveries else idle + 1
    seat.leave(outcomes)
connection.close()
"""
    children = [
        subprocess.Popen(  # the script above
            [sys.executable, "-c", script, path, f"p{number}", "push" if number < 3 else "work"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]

    names = [name for child in children for name in child.communicate()[0].split()]

    assert [child.returncode for child in children] == [0] * 6
    rest = SqliteConnection("sqlite", path)
    seat = rest.join(["default"])
    names += [one.name for one in seat.turn([], 1_000).deliveries]
    assert len(names) == 450
    assert len(set(names)) == 450
    assert rest._database.query("PRAGMA integrity_check") == [("ok",)]
    seat.leave()
    rest.close()


def test_release_of_a_lost_executor_keeps_its_place(connection):
    connection.push([envelope("first"), envelope("second")])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries

    lost = Outcome(held.id, held.token, Kind.RELEASE, charge=Charge.LOST)
    again = seat.turn([lost], 2).deliveries

    assert [(one.name, one.lost) for one in again] == [("first", 1), ("second", 0)]
    seat.leave()


def test_idle_turn_takes_no_write_lock(connection):
    seat = connection.join(["default"])
    other = sqlite3.connect(connection.path / "jobs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    turn = seat.turn([], 8)

    assert list(turn.deliveries) == []
    other.execute("ROLLBACK")
    other.close()
    seat.leave()


def test_idle_turn_when_the_store_can_not_be_read_says_so(connection):
    seat = connection.join(["default"])
    other = sqlite3.connect(connection.path / "jobs.db")
    other.execute("ALTER TABLE jobs RENAME TO elsewhere")
    other.close()

    with pytest.raises(QueueUnavailable, match="no such table"):
        seat.turn([], 0)

    other = sqlite3.connect(connection.path / "jobs.db")
    other.execute("ALTER TABLE elsewhere RENAME TO jobs")
    other.close()
    seat.leave()


def test_envelope_of_a_foreign_shape_is_kept_byte_by_byte(connection):
    odd = Envelope("u-1", "näme ✓", "quëue", bytes(range(256)), timeout=None, max_lost=0)
    connection.push([odd])
    seat = connection.join(["quëue"])

    (held,) = seat.turn([], 1).deliveries

    assert (held.name, held.queue, held.payload) == (odd.name, odd.queue, odd.payload)
    assert (held.timeout, held.max_lost, held.verdict) == (None, 0, Verdict.RUN)
    seat.leave()


def test_push_after_the_workers_directory_was_made_anew_rings_again(connection):
    connection.join(["default"]).leave()
    connection.push([envelope()])
    for path in connection.home.iterdir():
        path.unlink()
    connection.home.rmdir()

    connection.push([envelope()])
    seat = connection.join(["default"])
    connection.push([envelope()])

    assert rung(seat)
    seat.leave()
