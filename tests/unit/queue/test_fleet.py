"""Which supervisors an environment has, how processes are shared, and who has a master's name."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.queue.crew.fleet.balance import Load, first, step, targets
from securely.queue.crew.fleet.master import Master, Means
from securely.queue.crew.fleet.office import MasterState, Office, Order, masters, send
from securely.queue.crew.fleet.plan import Plan, make_plans
from securely.queue.crew.fleet.pool import Pool
from securely.queue.exceptions import (
    AlreadySupervised,
    EnvironmentUnsupervised,
)
from securely.queue.options import QueueOptions
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.options import InvalidOptions

QUEUES = ("a", "b")


def plans(environment: str, **supervisors: Any) -> list[Plan]:
    options = QueueOptions.parse({"supervisors": supervisors}, "queue")
    return make_plans(options.supervisors, environment, "sqlite", lambda name: f"{name}-default")


# -- plans


def test_plans_when_defaults_name_a_supervisor_merges_what_the_environment_says() -> None:
    defaults = {"mail": {"queues": ["mail"], "tries": 3}, "rest": {}}
    (mail, rest) = plans("production", defaults=defaults, production={"mail": {"tries": 5}})

    assert mail.command(mail.queues) == (
        *("queue:work", "sqlite", "--queue=mail", "--name=mail", "--tries=5"),
    )
    assert (rest.name, rest.queues) == ("rest", ("sqlite-default",))


def test_plans_when_an_environment_fits_itself_and_a_pattern_takes_itself() -> None:
    said = {"*": {"any": {}}, "prod-*": {"prod": {}}, "prod-1": {"one": {}}}

    assert [plans(name, **said)[0].name for name in ("prod-1", "prod-2", "dev")] == [
        *("one", "any", "any"),
    ]


def test_plans_when_nothing_fits_names_what_there_is_and_the_nearest() -> None:
    with pytest.raises(EnvironmentUnsupervised, match='Did you mean "production"') as caught:
        plans("prodution", production={"mail": {}}, defaults={"mail": {}})

    assert caught.value.known == ("production",)


def test_plans_when_all_options_are_said_hands_them_to_the_worker() -> None:
    said = {
        "connection": "arq",
        "backoff": [1, "10s"],
        "force": True,
        "max_jobs": 1000,
        "max_time": "1h",
        "memory": 256,
        "rest": 0.5,
        "sleep": 2,
        "timeout": 90,
    }
    (plan,) = plans("local", local={"mail": said})

    assert plan.arguments == (
        *("--timeout=90", "--memory=256", "--max-jobs=1000", "--max-time=3600"),
        *("--rest=0.5", "--sleep=2", "--backoff=1,10", "--force"),
    )
    assert plan.queues == ("arq-default",)


def test_plans_when_there_are_fewer_processes_than_queues_is_refused() -> None:
    with pytest.raises(InvalidOptions, match=r"local\.mail\.max_processes 1 is less than 2"):
        plans("local", local={"mail": {"queues": ["a", "b"]}})
    assert len(plans("local", local={"mail": {"queues": ["a", "b"], "balance": False}})) == 1


def test_plans_when_a_setting_is_misspelt_names_the_near_one() -> None:
    with pytest.raises(InvalidOptions, match='Did you mean "max_processes"'):
        plans("local", local={"mail": {"max_proceses": 2}})


# -- balance


def plan(**said: Any) -> Plan:
    return Plan("mail", "sqlite", QUEUES, **{"processes_max": 10, **said})


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([Load(0, 0.0), Load(0, 0.0)], [1, 1]),
        ([Load(1000, 10.0), Load(10, 90.0)], [1, 9]),
        ([Load(1000, 50.0), Load(1000, 50.0)], [5, 5]),
        ([Load(3, 50.0), Load(0, 0.0)], [3, 1]),  # no more processes than jobs
        ([Load(1000, 1e9), Load(1, 1e-9)], [9, 1]),  # the least is never taken away
    ],
)
def test_targets_when_load_is_time_share_by_it(loads: list[Load], expected: list[int]) -> None:
    assert targets(plan(), loads) == expected


def test_targets_when_load_is_size_share_by_jobs() -> None:
    assert targets(plan(strategy="size"), [Load(900, 1.0), Load(100, 99.0)]) == [9, 1]


def test_targets_when_balance_is_simple_ignore_load() -> None:
    simple = plan(balance="simple", processes_max=5)

    assert targets(simple, [Load(0, 0.0), Load(99, 9.0)]) == first(simple) == [3, 2]


def test_targets_when_one_pool_serves_all_go_up_to_the_most() -> None:
    assert targets(plan(balance=False), [Load(50, 1.0)]) == [10]


@pytest.mark.parametrize("shift", [1, 3])
def test_step_when_repeated_reaches_the_goals_and_never_exceeds_the_most(shift: int) -> None:
    shifting = plan(processes_max=6, shift_max=shift)
    wanted, goals = [5, 1], [2, 4]

    for _ in range(10):
        following = step(shifting, wanted, goals, alive=sum(wanted))
        # Those that go are alive still while others come.
        coming = sum(max(0, new - old) for new, old in zip(following, wanted, strict=True))
        assert sum(wanted) + coming <= 6
        assert all(abs(n - o) <= shift for n, o in zip(following, wanted, strict=True))
        wanted = following

    assert wanted == goals


# -- pools


@pytest.fixture
def make_pool() -> Iterator[Callable[[str, int], tuple[Pool, list[str]]]]:
    made: list[Pool] = []

    def make(code: str, wanted: int) -> tuple[Pool, list[str]]:
        said: list[str] = []
        command = [sys.executable, "-S", "-c", code]
        start = lambda: subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: E731
        made.append(Pool(("a",), start, said.append, wanted))
        return made[-1], said

    yield make
    for pool in made:
        everyone = [*pool.workmen, *pool.leaving]
        pool.kill()
        for one in everyone:
            assert one.process.stdin is not None
            one.process.stdin.close()


def wait_for(condition: Callable[[], bool]) -> None:
    began = clock.monotonic()
    while not condition():
        assert clock.monotonic() - began < 30, "It did not come to that."
        clock.sleep(0.01)


WAITS = "import sys; sys.stdin.read()"


def test_pool_when_fewer_are_wanted_lets_the_youngest_go(make_pool: Any) -> None:
    pool, _ = make_pool(WAITS, 3)
    pool.tend(starts=True)
    oldest, young = pool.workmen[0], pool.workmen[1:]

    pool.wanted = 1
    pool.tend(starts=True)

    assert pool.workmen == [oldest]
    wait_for(lambda: all(one.process.poll() == -signal.SIGTERM for one in young))
    pool.tend(starts=True)
    assert pool.alive == 1
    for one in young:
        one.process.stdin.close()


def test_pool_when_processes_cannot_live_waits_longer_each_time(make_pool: Any) -> None:
    pool, said = make_pool("raise SystemExit(1)", 1)

    for again in ("at once", "in 0.3 s", "in 1 s"):
        wait_for(lambda: started(pool))
        (one,) = pool.workmen
        one.process.wait()
        one.process.stdin.close()
        pool.tend(starts=True)
        assert said[-1].endswith(f"ended with 1; another one starts {again}.")


def started(pool: Pool) -> bool:
    if not pool.workmen:
        pool.tend(starts=True)
    return bool(pool.workmen)


def ends(pool: Pool, frozen: FrozenClock, after: float, number: int = signal.SIGKILL) -> None:
    """Let the youngest process of *pool* end *after* so many seconds."""
    frozen.travel(after)
    process = pool.workmen[-1].process
    process.send_signal(number)
    process.wait()
    assert process.stdin is not None
    process.stdin.close()
    pool.tend(starts=True)


def test_pool_when_a_process_fails_while_it_may_be_loading_waits_longer_each_time(
    make_pool: Any,
) -> None:
    frozen = FrozenClock(at=1_800_000_000.0)
    with clock.using(frozen):
        pool, said = make_pool(WAITS, 2)
        pool.tend(starts=True)
        for delay, again in ((0.0, "at once"), (0.3, "in 0.3 s"), (1.0, "in 1 s")):
            ends(pool, frozen, 5.0)
            assert said[-1].endswith(f"another one starts {again}.")
            frozen.travel(delay)
            pool.tend(starts=True)
            assert len(pool.workmen) == 2

        assert pool.workmen[0].since < pool.workmen[1].since  # that it lives proves nothing

        frozen.travel(60.0)
        pool.tend(starts=True)
        ends(pool, frozen, 5.0)
        assert said[-1].endswith("another one starts at once.")


def test_pool_when_a_process_has_grown_too_large_replaces_it_at_once(make_pool: Any) -> None:
    code = "import sys; sys.stdin.read(); raise SystemExit(12)"
    frozen = FrozenClock(at=1_800_000_000.0)
    with clock.using(frozen):
        pool, said = make_pool(code, 1)
        for _ in range(3):
            pool.tend(starts=True)
            frozen.travel(5.0)
            (one,) = pool.workmen
            one.process.stdin.close()
            one.process.wait()
        pool.tend(starts=True)

    assert [line.partition(" ended ")[2] for line in said] == [
        "with 12; another one starts at once."
    ] * 3


def test_pool_when_a_process_cannot_be_started_says_so_and_keeps_the_others() -> None:
    said: list[str] = []
    tries: list[float] = []

    def start() -> subprocess.Popen[bytes]:
        tries.append(clock.monotonic())
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    frozen = FrozenClock(at=1_800_000_000.0)
    with clock.using(frozen):
        pool = Pool(("a",), start, said.append, 2)
        for _ in range(200):
            pool.tend(starts=True)
            frozen.travel(0.1)

    assert len(tries) <= 7
    assert said[1] == (
        f"A worker could not be started: [Errno {errno.EAGAIN}] no more processes; "
        "it is tried again in 0.3 s."
    )


def test_master_when_it_fails_lets_the_workers_finish(tmp_path: Path) -> None:
    code = (
        "import signal, sys, pathlib\n"
        "def stop(*_):\n    pathlib.Path('finished').touch()\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "pathlib.Path('began').touch()\n"
        "sys.stdin.read()\n"
    )
    made: list[subprocess.Popen[bytes]] = []

    def start(plan: Plan, queues: tuple[str, ...]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-S", "-c", code]
        made.append(subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path))
        return made[-1]

    def loads(plan: Plan) -> list[Load]:
        wait_for((tmp_path / "began").exists)
        raise RuntimeError("nobody knows this")

    said: list[str] = []
    master = Master(
        "master",
        "local",
        [Plan("mail", "sqlite", ("a",), cooldown=0.1)],
        Office(tmp_path / "office", "master"),
        Means(start, loads, said.append),
    )

    with pytest.raises(RuntimeError, match="nobody knows this"):
        master.run()

    (process,) = made
    assert process.stdin is not None
    process.stdin.close()
    assert process.returncode == 0
    assert (tmp_path / "finished").exists()
    assert "The master fails, and stops its workers: RuntimeError('nobody knows this')" in said


# -- offices


def test_open_when_the_name_is_taken_is_refused_until_it_is_given_back(tmp_path: Path) -> None:
    one, other = Office(tmp_path / "x", "master"), Office(tmp_path / "x", "master")
    one.open()

    with pytest.raises(AlreadySupervised, match='A master "master" runs'):
        other.open()
    one.close()
    other.open()
    other.close()


def test_masters_when_one_is_dead_names_only_those_that_live(tmp_path: Path) -> None:
    office = Office(tmp_path, "one")
    office.open()
    state = MasterState("one", 1, "local", "running", 0.0)
    office.show(state)
    (tmp_path / "dead.json").write_bytes((tmp_path / "one.json").read_bytes())
    (tmp_path / "dead.lock").touch()

    assert masters(tmp_path) == [state]
    office.close()
    assert masters(tmp_path) == []


def test_orders_when_sent_are_taken_once_and_what_is_no_order_is_passed_over(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path, "one")
    send(tmp_path, ["one"], Order("terminate"))
    office.open()
    assert office.orders() == []  # it was for whoever had the name before

    send(tmp_path, ["one"], Order("pause", "mail"))
    with (tmp_path / "one.orders").open("a") as file:
        file.write("nonsense\n")
    send(tmp_path, ["one"], Order("continue"))

    assert office.orders() == [Order("pause", "mail"), Order("continue")]
    assert office.orders() == []
    office.close()
