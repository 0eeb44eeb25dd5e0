"""What a ledger on a Redis server owes to leases, cut connections, and servers that are ill."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue import Job
from securely.queue.contracts import Runner
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.events import JobQueued
from securely.queue.exceptions import QueueUnavailable
from securely.queue.job import Placement
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.schedule.contracts import Claim, Ending, Grant, Run, State, Verdict
from securely.schedule.drivers.redis import RedisLedger, RedisMember
from securely.schedule.exceptions import LedgerUnavailable
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.redis import Address
from tests.proxy import Cut, Proxy
from tests.valkey import Valkey

pytestmark = pytest.mark.integration

CLAIM = Claim("report", 1_800_000_000, "", "report:send", lock="report", lock_seconds=600.0)
LATER = CLAIM._replace(at=1_800_000_060)
DONE = Ending(State.DONE)
CUTS: list[Cut] = ["request", "reply", "half"]


class Send(Job):
    """A job that does nothing."""

    def handle(self) -> None: ...


class SendOnce(Job):
    """A job of which one waits at a time."""

    unique = True

    def handle(self) -> None: ...


def no_queues() -> QueueManager:
    raise AssertionError("nothing is to be queued")


def no_runner() -> Runner:
    raise AssertionError("nothing is to be run")


@pytest.fixture
def ledger(valkey: Valkey) -> Iterator[RedisLedger]:
    server = ArqServer("arq", valkey.address, "securely:")
    ledger = RedisLedger(server, no_queues, host="web1")
    yield ledger
    ledger.close()
    server.close()


def manager_of(tmp_path: Path, events: Dispatcher, **where: object) -> QueueManager:
    codec = Codec(KeyRing(b"k" * 32).purpose("queue"))
    connections = {
        "arq": {"driver": "arq", **where},
        "sqlite": {"driver": "sqlite", "path": "queue"},
        "gone": {"driver": "arq", "socket": str(tmp_path / "nobody")},
    }
    options = QueueOptions.model_validate({"default": "arq", "connections": connections})
    materials = Materials(lambda: codec, no_runner, lambda path: tmp_path / path)
    return QueueManager("arq", options.connections, events, materials)


@pytest.fixture
def events() -> Dispatcher:
    return Dispatcher(Container())


@pytest.fixture
def queues(valkey: Valkey, tmp_path: Path, events: Dispatcher) -> Iterator[QueueManager]:
    manager = manager_of(tmp_path, events, socket=valkey.path)
    yield manager
    manager.close()


@pytest.fixture
def dispatching(queues: QueueManager) -> Iterator[RedisLedger]:
    driver = queues.connection("arq").driver
    assert isinstance(driver, ArqConnection)
    ledger = RedisLedger.of(driver, lambda: queues, host="web1")
    yield ledger
    ledger.close()


def everything(valkey: Valkey) -> dict[bytes, Any]:
    """Return all that the server keeps, but for leases."""
    with valkey.client as client:
        return {key: client.dump(key) for key in client.keys("*") if b"alive" not in key}


def states(ledger: RedisLedger) -> list[str]:
    return [run.state.value for run in ledger.history()]


# -- leases


def test_who_could_not_renew_is_dead_and_refused(ledger: RedisLedger, valkey: Valkey) -> None:
    silent = ledger.join()
    grant = silent.claim(CLAIM)
    valkey.travel(31)
    other = ledger.join()

    assert not silent.settle(grant, DONE)
    assert ledger.holders(["report"]) == {}
    lost = other.reap()
    assert [(run.token, run.state) for run in lost] == [(grant.token, State.LOST)]
    assert lost[0].reason == f"process {lost[0].pid} on web1 died while it ran"
    assert other.reap() == []
    assert not silent.settle(grant, DONE)


def test_who_could_not_renew_comes_back_as_another_one(ledger: RedisLedger, valkey: Valkey) -> None:
    member = ledger.join()
    before = member.id
    grant = member.claim(CLAIM)
    valkey.travel(31)

    again = member.claim(LATER)

    assert again.verdict is Verdict.GRANTED
    assert member.id != before
    assert [run.token for run in member.reap()] == [grant.token]
    assert member.settle(again, DONE)
    assert member.lead()


def test_a_member_lives_on_by_the_thread_that_renews_it(valkey: Valkey) -> None:
    server = ArqServer("arq", valkey.address, "securely:")
    # It is renewed every four seconds: also who stands still for four more keeps it.
    ledger = RedisLedger(server, no_queues, lease_seconds=12.0)
    member = ledger.join()
    before = member.id
    grant = member.claim(CLAIM)
    valkey.travel(3)
    deadline = clock.monotonic() + 60

    with valkey.client as client:
        while client.pttl(f"securely:@schedule:alive:{before}") < 10_000:
            assert clock.monotonic() < deadline
            threading.Event().wait(0.05)

    assert member.lead()
    assert member.id == before
    assert member.settle(grant, DONE)
    ledger.close()
    valkey.travel(13)
    assert member.lead()
    assert member.id != before
    ledger.close()
    server.close()


def test_the_lease_of_a_member_that_nobody_has_runs_out(valkey: Valkey) -> None:
    server = ArqServer("arq", valkey.address, "securely:")
    ledger = RedisLedger(server, no_queues, lease_seconds=0.3)
    ledger.join().claim(CLAIM)

    assert [run.task for run in reaped(ledger.join())] == ["report"]
    ledger.close()
    server.close()


def reaped(member: RedisMember) -> Sequence[Run]:
    """Wait until the lease of somebody is over, and return what that has left."""
    deadline = clock.monotonic() + 60
    while not (lost := member.reap()) and clock.monotonic() < deadline:
        threading.Event().wait(0.05)
    return lost


KILLED = """
import signal, sys, os
from securely.queue.drivers.arq_server import ArqServer
from securely.schedule.contracts import Claim
from securely.schedule.drivers.redis import RedisLedger
from securely.support.redis import Address
server = ArqServer("arq", Address(path=sys.argv[1]), "securely:")
member = RedisLedger(server, lambda: None, host="web2", lease_seconds=9.0).join()
grant = member.claim(Claim("report", 1_800_000_000, "", "report:send", lock="report"))
print(grant.token, member.lead(), flush=True)
signal.pause()
"""


def test_what_a_killed_process_ran_is_lost_and_its_lock_is_free(
    ledger: RedisLedger, valkey: Valkey
) -> None:
    arguments = [sys.executable, "-c", KILLED, valkey.path]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        token, leads = process.stdout.readline().split()
        assert leads == "True"
        member = ledger.join()
        assert member.claim(LATER).verdict is Verdict.OVERLAPS
        process.kill()
    valkey.travel(7)  # of the lease, there is a rest
    (skipped,) = ledger.history(limit=1)
    assert f"process {process.pid} on web2" in skipped.reason
    lost = reaped(member)

    assert [(run.token, run.pid, run.host) for run in lost] == [(int(token), process.pid, "web2")]
    again = member.claim(CLAIM._replace(instead=int(token)))
    assert again.verdict is Verdict.GRANTED
    assert again.token > int(token)


FORKED = """
import os, sys
from securely.queue.drivers.arq_server import ArqServer
from securely.schedule.contracts import Claim, Ending, State, Verdict
from securely.schedule.drivers.redis import RedisLedger
from securely.support.redis import Address
server = ArqServer("arq", Address(path=sys.argv[1]), "securely:")
member = RedisLedger(server, lambda: None, lease_seconds=30.0).join()
before = member.id
grant = member.claim(Claim("report", 1_800_000_000, "", "report:send", lock="report"))
assert member.lead()
child = os.fork()
if child == 0:
    assert not member.lead() and member.id != before
    other = member.claim(Claim("report", 1_800_000_060, "", "report:send", lock="report"))
    assert other.verdict is Verdict.OVERLAPS
    taken = member.adopt(grant.claim, grant.token)
    member.leave()
    os._exit(0 if taken is not None else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert member.lead() and member.id == before
assert not member.settle(grant, Ending(State.DONE))
assert [run.pid for run in member.reap()] == [child]
"""


def test_a_child_is_another_member_and_its_parent_lives_on(
    ledger: RedisLedger, valkey: Valkey
) -> None:
    arguments = [sys.executable, "-W", "ignore", "-c", FORKED, valkey.path]

    done = subprocess.run(arguments, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.returncode == 0


def test_machines_have_a_leader_each_and_the_next_one_once_it_is_gone(
    ledger: RedisLedger, valkey: Valkey
) -> None:
    elsewhere = RedisLedger(ledger.server, no_queues, host="web2")
    first, second, there = ledger.join(), ledger.join(), elsewhere.join()

    assert [first.lead(), second.lead(), there.lead(), first.lead()] == [True, False, True, True]
    first.leave()
    assert second.lead()
    valkey.travel(31)
    third = ledger.join()
    assert third.lead()
    assert not second.lead()


def test_nothing_is_left_of_members_that_are_gone(ledger: RedisLedger, valkey: Valkey) -> None:
    for _ in range(5):
        member = ledger.join()
        grant = member.claim(CLAIM)
        member.leave()
        assert ledger.join().reap()
        again = ledger.join()
        assert again.settle(again.claim(CLAIM._replace(instead=grant.token)), DONE)
        again.leave()
        valkey.flush()
    member = ledger.join()
    member.leave()

    with valkey.client as client:
        assert client.keys("*") == []


# -- connections that are cut, and servers that are ill


@pytest.fixture
def proxy(valkey: Valkey) -> Iterator[Proxy]:
    proxy = Proxy(valkey.port)
    yield proxy
    proxy.end()


@pytest.fixture
def shaky(proxy: Proxy) -> Iterator[RedisLedger]:
    server = ArqServer("arq", Address(port=proxy.port, timeout_seconds=30), "securely:")
    ledger = RedisLedger(server, no_queues, host="web1")
    yield ledger
    ledger.close()
    server.close()


@pytest.mark.parametrize("cut", CUTS)
def test_a_claim_that_is_cut_is_taken_back_and_counts_once(
    shaky: RedisLedger, proxy: Proxy, cut: Cut
) -> None:
    member, other = shaky.join(), shaky.join()
    proxy.arm(cut)
    with pytest.raises(LedgerUnavailable, match='"arq"'):
        member.claim(CLAIM)

    grant = member.claim(CLAIM)

    assert proxy.cuts == 1
    assert grant.verdict is Verdict.GRANTED
    assert other.claim(CLAIM).verdict is Verdict.TAKEN
    assert member.settle(grant, DONE)
    assert states(shaky) == ["done"]
    assert other.claim(LATER).verdict is Verdict.GRANTED


@pytest.mark.parametrize("cut", CUTS)
def test_a_lost_run_whose_new_claim_is_cut_is_lost_as_before(
    shaky: RedisLedger, proxy: Proxy, cut: Cut
) -> None:
    dead, member = shaky.join(), shaky.join()
    token = dead.claim(CLAIM).token
    dead.leave()
    assert len(member.reap()) == 1
    proxy.arm(cut)
    with pytest.raises(LedgerUnavailable):
        member.claim(CLAIM._replace(instead=token))

    assert member.claim(CLAIM).verdict is Verdict.TAKEN
    assert states(shaky) == ["lost"]
    assert member.claim(CLAIM._replace(instead=token)).verdict is Verdict.GRANTED


@pytest.mark.parametrize("cut", CUTS)
def test_an_ending_that_is_cut_may_be_repeated(shaky: RedisLedger, proxy: Proxy, cut: Cut) -> None:
    member = shaky.join()
    grant = member.claim(CLAIM)
    proxy.arm(cut)
    with pytest.raises(LedgerUnavailable):
        member.settle(grant, DONE)

    assert member.settle(grant, DONE)

    assert not member.settle(grant, DONE)
    assert states(shaky) == ["done"]
    assert shaky.holders(["report"]) == {}


@pytest.mark.parametrize("cut", CUTS)
def test_a_reaping_that_is_cut_tells_of_each_run_once(
    shaky: RedisLedger, proxy: Proxy, cut: Cut
) -> None:
    dead, member, other = shaky.join(), shaky.join(), shaky.join()
    token = dead.claim(CLAIM).token
    dead.leave()
    proxy.arm(cut)
    with pytest.raises(LedgerUnavailable):
        member.reap()

    assert [run.token for run in member.reap()] == [token]
    assert member.reap() == []
    assert other.reap() == []


@pytest.mark.parametrize("cut", CUTS)
def test_a_takeover_that_is_cut_may_be_repeated(shaky: RedisLedger, proxy: Proxy, cut: Cut) -> None:
    parent, child, stranger = shaky.join(), shaky.join(), shaky.join()
    grant = parent.claim(CLAIM)
    proxy.arm(cut)
    with pytest.raises(LedgerUnavailable):
        child.adopt(CLAIM, grant.token)

    taken = child.adopt(CLAIM, grant.token)

    assert taken is not None
    assert stranger.adopt(CLAIM, grant.token) is None
    assert not parent.settle(grant, DONE)
    assert child.settle(taken, DONE)


def test_a_server_that_is_gone_is_named(ledger: RedisLedger, tmp_path: Path) -> None:
    nobody = ArqServer("redis", Address(path=str(tmp_path / "nobody"), retries=0), "securely:")
    gone = RedisLedger(nobody, no_queues)

    with pytest.raises(LedgerUnavailable, match=r'kept by "redis".*nobody'):
        gone.join()
    with pytest.raises(LedgerUnavailable):
        gone.history()
    with pytest.raises(LedgerUnavailable):
        gone.is_paused()


def test_a_server_that_has_lost_everything_is_begun_anew(
    ledger: RedisLedger, valkey: Valkey
) -> None:
    member = ledger.join()
    grant = member.claim(CLAIM)
    with valkey.client as client:
        client.flushall()

    again = member.claim(CLAIM)

    assert again.verdict is Verdict.GRANTED
    assert again.token > grant.token
    assert not member.settle(grant, DONE)
    assert member.settle(again, DONE)


def test_a_full_server_grants_nothing_and_runs_still_end(
    ledger: RedisLedger, valkey: Valkey
) -> None:
    member = ledger.join()
    grant = member.claim(CLAIM)
    dead = ledger.join()
    lost = dead.claim(CLAIM._replace(task="other", lock="other"))
    before = everything(valkey)
    client = valkey.client
    client.config_set("maxmemory", 1)
    try:
        for step in (
            lambda: member.claim(LATER),
            lambda: member.claim(LATER._replace(lock="free")),
            lambda: member.claim(LATER._replace(lock=None)),
            lambda: member.skip(LATER, "the schedule is paused"),
            lambda: member.seen(["report"], 5.0),
            ledger.pause,
            ledger.join,
        ):
            with pytest.raises(LedgerUnavailable, match="maxmemory"):
                step()
        assert everything(valkey) == before
        assert member.settle(grant, DONE)
        dead.leave()
        assert [run.token for run in member.reap()] == [lost.token]
        assert ledger.prune(1) == 0
        member.leave()
    finally:
        client.config_set("maxmemory", 0)
        client.close()
    assert states(ledger) == ["lost", "done"]


@pytest.mark.parametrize(
    "key",
    [
        "tick:1800000060:0::report",
        "history",
        "history:report",
        "ran:report",
        "tasks",
        "locks",
        "held:{member}",
    ],
)
def test_a_key_of_another_type_is_named_and_nothing_is_half_written(
    ledger: RedisLedger, valkey: Valkey, key: str
) -> None:
    member = ledger.join()
    member.settle(member.claim(CLAIM), DONE)
    with valkey.client as client:
        name = "securely:@schedule:" + key.format(member=member.id)
        client.delete(name)
        client.set(name, "something else")
    before = everything(valkey)

    for _ in range(2):
        with pytest.raises(LedgerUnavailable, match="WRONGTYPE"):
            member.claim(LATER)

    assert everything(valkey) == before


@pytest.mark.parametrize("field", ["state", "at", "token", "began", "pid", "host"])
def test_a_damaged_row_is_named_with_what_to_do(
    ledger: RedisLedger, valkey: Valkey, field: str
) -> None:
    member = ledger.join()
    member.settle(member.claim(CLAIM), DONE)
    with valkey.client as client:
        row = "securely:@schedule:tick:1800000000:0::report"
        client.hset(row, field, b"\xff")

    with pytest.raises(LedgerUnavailable, match=r"of the task \"report\".*Delete the key"):
        ledger.history("report")


def test_a_damaged_lock_is_named_and_can_be_freed(ledger: RedisLedger, valkey: Valkey) -> None:
    member = ledger.join()
    with valkey.client as client:
        client.hset("securely:@schedule:locks", "report", "rubbish")

    with pytest.raises(LedgerUnavailable, match='the lock "report"'):
        member.claim(CLAIM)
    with pytest.raises(LedgerUnavailable, match='the lock "report"'):
        ledger.holders(["report"])

    assert ledger.free(["report"]) == 1
    assert member.claim(CLAIM).verdict is Verdict.GRANTED


def test_what_a_damaged_row_holds_does_not_keep_the_others(
    ledger: RedisLedger, valkey: Valkey
) -> None:
    dead, member = ledger.join(), ledger.join()
    dead.claim(CLAIM)
    other = dead.claim(CLAIM._replace(task="other", lock=None))
    with valkey.client as client:
        client.set("securely:@schedule:tick:1800000000:0::report", "something else")
    valkey.travel(31)

    assert [run.token for run in member.reap()] == [other.token]


def test_a_password_is_in_no_error(valkey: Valkey) -> None:
    address = Address(path=valkey.path, username="me", password="hunter22")  # noqa: S106  # of nobody
    with pytest.raises(LedgerUnavailable) as caught:
        RedisLedger(ArqServer("arq", address, "securely:"), no_queues).join()

    assert "hunter22" not in str(caught.value)


# -- forgetting


def test_a_tick_that_was_pruned_stays_taken_for_a_day_more(
    ledger: RedisLedger, valkey: Valkey
) -> None:
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        assert isinstance(frozen, FrozenClock)
        member = ledger.join()
        for number in range(5):
            member.settle(member.claim(CLAIM._replace(at=CLAIM.at + 60 * number)), DONE)
        assert ledger.prune(2) == 0
        frozen.travel(2 * 86_400)

        assert ledger.prune(2) == 3

        assert [run.at for run in ledger.history("report")] == [1_800_000_240, 1_800_000_180]
        assert member.claim(CLAIM).verdict is Verdict.TAKEN
        valkey.travel(25 * 3_600 - 60)
        assert ledger.join().claim(CLAIM).verdict is Verdict.TAKEN
        valkey.travel(60)
        assert ledger.join().claim(CLAIM).verdict is Verdict.GRANTED


def test_pruning_goes_on_behind_what_is_kept(ledger: RedisLedger) -> None:
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        assert isinstance(frozen, FrozenClock)
        member = ledger.join()
        running = member.claim(CLAIM)
        for number in range(1, 1_100):
            member.skip(LATER._replace(at=CLAIM.at + number), "a condition is not met")
        frozen.travel(2 * 86_400)

        assert ledger.prune(10) == 1_100 - 10 - 1

        assert [run.token for run in ledger.history("report", 50)][-1] == running.token
        assert ledger.last(["report"])["report"].token == running.token


# -- jobs


def queued(queues: QueueManager, connection: str = "arq") -> int:
    return queues.connection(connection).size()


def test_a_tick_and_its_job_are_one_step(
    dispatching: RedisLedger, queues: QueueManager, events: Dispatcher
) -> None:
    told: list[JobQueued] = []
    events.listen(JobQueued, told.append)
    members = [dispatching.join() for _ in range(8)]

    def dispatch(member: RedisMember) -> Grant:
        return member.claim_with(CLAIM, Send(), Placement())

    with ThreadPoolExecutor(8) as pool:
        grants = list(pool.map(dispatch, members))

    granted = [grant for grant in grants if grant.verdict is Verdict.GRANTED]
    assert len(granted) == 1
    assert queued(queues) == 1
    (run,) = dispatching.history()
    assert (run.state, run.reason) == (State.DONE, "")
    sent = granted[0].dispatched
    assert sent is not None
    assert [event.id for event in told] == [sent.id]
    assert dispatching.holders(["report"]) == {}


def test_a_job_whose_key_is_held_is_not_queued_and_the_tick_is_done(
    dispatching: RedisLedger, queues: QueueManager
) -> None:
    member = dispatching.join()
    first = member.claim_with(CLAIM, SendOnce(), Placement())
    second = member.claim_with(LATER, SendOnce(), Placement())

    assert queued(queues) == 1
    assert first.dispatched is not None
    assert second.dispatched is not None
    assert second.verdict is Verdict.GRANTED
    assert second.dispatched.skipped
    run = dispatching.history()[0]
    assert run.state is State.DONE
    assert first.dispatched.id in run.reason


def test_a_job_for_another_store_is_handed_over_once_after_a_death(
    dispatching: RedisLedger, queues: QueueManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def die(*_: object) -> bool:
        raise Killed

    there = Placement(connection="sqlite")
    dead, member = dispatching.join(), dispatching.join()
    with monkeypatch.context() as patch:
        patch.setattr(dead, "settle", die)
        with pytest.raises(Killed):
            dead.claim_with(CLAIM, Send(), there)
    dead.leave()
    (lost,) = member.reap()

    again = member.claim_with(CLAIM._replace(instead=lost.token), Send(), there)

    assert again.verdict is Verdict.GRANTED
    assert queued(queues, "sqlite") == 1
    assert queued(queues) == 0
    assert states(dispatching) == ["done"]


def test_a_job_that_its_store_refuses_leaves_the_tick_free(
    dispatching: RedisLedger, queues: QueueManager
) -> None:
    member = dispatching.join()
    with pytest.raises(QueueUnavailable):
        member.claim_with(CLAIM, Send(), Placement(connection="gone"))

    assert states(dispatching) == []
    assert member.claim_with(CLAIM, Send(), Placement()).verdict is Verdict.GRANTED
    assert queued(queues) == 1


@pytest.mark.parametrize("cut", CUTS)
def test_a_dispatch_that_is_cut_is_done_once(
    dispatching: RedisLedger, queues: QueueManager, proxy: Proxy, tmp_path: Path, cut: Cut
) -> None:
    cutting = manager_of(tmp_path, Dispatcher(Container()), port=proxy.port)
    driver = cutting.connection("arq").driver
    assert isinstance(driver, ArqConnection)
    member = RedisLedger.of(driver, lambda: cutting, host="web1").join()
    proxy.arm(cut, b"Send")
    with pytest.raises(LedgerUnavailable):
        member.claim_with(CLAIM, Send(), Placement())

    member.claim_with(CLAIM, Send(), Placement())

    assert proxy.cuts == 1
    assert states(dispatching) == ["done"]
    assert queued(queues) == 1
    assert dispatching.holders(["report"]) == {}
    cutting.close()
