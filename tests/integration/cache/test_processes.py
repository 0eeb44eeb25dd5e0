"""The disk store among processes: counts, races, forks, and holders that die."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from securely.cache import LockTimeout, Repository
from securely.support import clock

pytestmark = pytest.mark.integration

HOLD = """
lock = cache.lock("report"{arguments})
assert lock.acquire()
say(lock.owner)
sys.stdin.readline()
"""


def test_increment_when_eight_processes_count_then_none_is_lost(
    processes: Any, cache: Repository
) -> None:
    count = "for _ in range(200): cache.increment('n')"

    for process in [processes.start(count) for _ in range(8)]:
        processes.finish(process)

    assert cache.get("n") == 1_600


def test_add_when_processes_race_then_one_wins(processes: Any, cache: Repository) -> None:
    race = "say('ready'); sys.stdin.readline(); say(cache.add('key', os.getpid()))"
    racers = [processes.start(race) for _ in range(6)]
    for racer in racers:
        assert processes.line(racer) == "ready"

    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outcomes = [processes.finish(racer).strip() for racer in racers]

    assert sorted(outcomes) == ["False"] * 5 + ["True"]
    assert cache.get("key") == racers[outcomes.index("True")].pid


def test_lock_when_processes_contend_then_never_two_holders(
    processes: Any, cache: Repository
) -> None:
    contend = """
inside = Path(sys.argv[1]) / "inside"
for _ in range(10):
    with cache.lock("report", wait=40):
        inside.mkdir()  # fails if another process is inside
        inside.rmdir()
say("done")
"""

    contenders = [processes.start(contend) for _ in range(8)]

    assert [processes.finish(contender) for contender in contenders] == ["done\n"] * 8
    assert cache.lock("report").is_locked() is False


@pytest.mark.parametrize("arguments", ["", ", 3600"], ids=["no end", "an hour"])
def test_lock_when_its_holder_is_killed_then_free_at_once(
    processes: Any, cache: Repository, arguments: str
) -> None:
    holder = processes.start(HOLD.format(arguments=arguments))
    owner = processes.line(holder)
    lock = cache.lock("report")
    assert lock.is_owned_by(owner)
    assert lock.acquire() is False

    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert lock.is_locked() is False
    assert lock.acquire() is True
    assert cache.restore_lock("report", owner).release() is False
    assert lock.release() is True


def test_lock_when_its_holder_is_killed_then_who_waits_gets_it_at_once(
    processes: Any, cache: Repository, eventually: Callable[[Callable[[], bool]], float]
) -> None:
    holder = processes.start(HOLD.format(arguments=""))
    processes.line(holder)
    waiting = processes.start(
        "say('waiting'); cache.lock('report').block(30); cache.put('taken', 1); say('taken');"
        " sys.stdin.readline()"
    )
    assert processes.line(waiting) == "waiting"
    with pytest.raises(LockTimeout):
        cache.lock("report").block(0.1)

    holder.kill()
    took = eventually(lambda: cache.get("taken") == 1)

    assert took < 20, "It has waited for more than the end of the holder."
    assert processes.line(waiting) == "taken"


def test_lock_when_its_holder_ends_without_releasing_then_free(
    processes: Any, cache: Repository
) -> None:
    processes.finish(processes.start("cache.lock('report').acquire()"))

    assert cache.lock("report").get() is True
    holders = list((processes.directory / "locks" / "holders").glob("*.lock"))
    assert len(holders) == 1, "the file of the one that ended is left"


def test_lock_when_owner_was_given_or_detached_then_outlives_its_process(
    processes: Any, cache: Repository
) -> None:
    processes.finish(processes.start("cache.lock('given', 600, 'job-7').acquire()"))
    owner = processes.finish(
        processes.start("l = cache.lock('detached', 600); l.acquire(); say(l.detach())")
    ).strip()

    assert cache.lock("given").get() is False
    assert cache.lock("detached").get() is False
    assert cache.restore_lock("given", "job-7").release() is True
    assert cache.restore_lock("detached", owner).release() is True


def test_lock_when_its_holder_starts_a_program_and_dies_then_the_program_does_not_hold_it(
    processes: Any, cache: Repository
) -> None:
    holder = processes.start(
        "import subprocess\n"
        "cache.lock('report').acquire()\n"
        "child = subprocess.Popen(['sleep', '600'], stdin=subprocess.DEVNULL,"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "say(child.pid)\n"
        "sys.stdin.readline()\n"
    )
    child = int(processes.line(holder))
    try:
        holder.kill()
        holder.wait()

        assert cache.lock("report").get() is True
    finally:
        os.kill(child, signal.SIGKILL)


def test_lock_when_its_holder_forks_and_dies_then_the_child_does_not_hold_it(
    processes: Any, cache: Repository
) -> None:
    holder = processes.start(
        "cache.lock('report').acquire()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os.close(0); os.close(1); os.close(2)\n"
        "    time.sleep(600)\n"
        "    os._exit(0)\n"
        "say(child)\n"
        "sys.stdin.readline()\n"
    )
    child = int(processes.line(holder))
    try:
        assert cache.lock("report").is_locked() is True
        holder.kill()
        holder.wait()

        assert cache.lock("report").get() is True
    finally:
        os.kill(child, signal.SIGKILL)


def test_lock_when_a_forked_child_takes_one_then_it_is_the_childs(
    processes: Any, cache: Repository
) -> None:
    parent = processes.start(
        "cache.lock('parents').acquire()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    cache.lock('childs').acquire()\n"
        "    assert cache.lock('parents').is_locked()\n"
        "    say('child ready')\n"
        "    sys.stdin.readline()\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "say('child gone')\n"
        "sys.stdin.readline()\n"
    )
    assert processes.line(parent) == "child ready"
    both = cache.lock("parents").is_locked(), cache.lock("childs").is_locked()
    parent.stdin.write("go\n")
    parent.stdin.flush()
    assert processes.line(parent) == "child gone"

    assert both == (True, True)
    assert cache.lock("childs").get() is True
    assert cache.lock("parents").is_locked() is True


def test_store_when_the_process_forks_then_each_has_its_own_connection(
    processes: Any, cache: Repository
) -> None:
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
say([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""

    output = processes.finish(processes.start(program))

    assert output == "[0, 0, 0, 0]\n"
    assert cache.get("n") == 250


def test_store_when_processes_start_at_once_then_all_can_use_it(
    processes: Any, cache: Repository
) -> None:
    starters = [processes.start("cache.increment('n'); say('done')") for _ in range(12)]

    assert [processes.finish(starter) for starter in starters] == ["done\n"] * 12
    assert cache.get("n") == 12


def test_store_when_writers_are_killed_then_every_entry_is_whole(
    processes: Any, cache: Repository
) -> None:
    write = """
say("ready")
number = 0
while True:
    number += 1
    cache.put_many({f"key{place}": ["x" * 200, number] for place in range(20)})
"""
    for _ in range(6):
        writer = processes.start(write)
        processes.line(writer)
        clock.sleep(0.05)
        writer.kill()
        writer.wait()

        found = cache.many([f"key{place}" for place in range(20)])

        numbers = {tuple(value) if isinstance(value, list) else value for value in found.values()}
        assert len(numbers) <= 1, "a write is half there"


def test_remember_when_processes_want_it_under_a_lock_then_one_produces(
    processes: Any, cache: Repository
) -> None:
    want = """
def produce():
    cache.increment("produced")
    time.sleep(0.3)
    return "value"

say("ready")
sys.stdin.readline()
say(cache.remember("key", 60, produce, lock=30))
"""
    wanting = [processes.start(want) for _ in range(5)]
    for process in wanting:
        processes.line(process)

    for process in wanting:
        process.stdin.write("go\n")
        process.stdin.flush()

    assert [processes.finish(process) for process in wanting] == ["value\n"] * 5
    assert cache.get("produced") == 1


@pytest.mark.slow
def test_lock_when_fifty_processes_contend_then_never_two_holders(
    processes: Any, cache: Repository
) -> None:
    contend = """
inside = Path(sys.argv[1]) / "inside"
with cache.lock("report", wait=50):
    inside.mkdir()  # fails if another process is inside
    inside.rmdir()
say("done")
"""

    contenders = [processes.start(contend) for _ in range(50)]

    assert [processes.finish(contender) for contender in contenders] == ["done\n"] * 50
    assert cache.lock("report").is_locked() is False


@pytest.mark.slow
@pytest.mark.parametrize(
    "call", ["remember('key', 60, produce)", "flexible('key', (30, 60), produce)"]
)
def test_a_thousand_callers_in_ten_processes_produce_once(
    processes: Any, cache: Repository, call: str
) -> None:
    want = f"""
from concurrent.futures import ThreadPoolExecutor

def produce():
    cache.increment("produced")
    time.sleep(0.5)
    return "value"

say("ready")
sys.stdin.readline()
with ThreadPoolExecutor(100) as pool:
    say(set(pool.map(lambda _: cache.{call}, range(100))))
"""
    wanting = [processes.start(want) for _ in range(10)]
    for process in wanting:
        processes.line(process)

    for process in wanting:
        process.stdin.write("go\n")
        process.stdin.flush()

    assert [processes.finish(process) for process in wanting] == ["{'value'}\n"] * 10
    assert cache.get("produced") == 1


def test_remember_when_a_process_fails_to_produce_then_another_does(
    processes: Any, cache: Repository
) -> None:
    want = """
def produce():
    if cache.increment("tried") == 1:
        time.sleep(0.2)
        raise TimeoutError
    return "value"

say("ready")
sys.stdin.readline()
try:
    say(cache.remember("key", 60, produce))
except TimeoutError:
    say("failed")
"""
    wanting = [processes.start(want) for _ in range(4)]
    for process in wanting:
        processes.line(process)

    for process in wanting:
        process.stdin.write("go\n")
        process.stdin.flush()

    said = sorted(processes.finish(process) for process in wanting)
    assert said == ["failed\n", "value\n", "value\n", "value\n"]
    assert cache.get("tried") == 2


def test_remember_when_the_producing_process_is_killed_then_another_produces(
    processes: Any, cache: Repository
) -> None:
    first = processes.start(
        "cache.remember('key', 60, lambda: (say('begun'), sys.stdin.readline()))"
    )
    processes.line(first)
    second = processes.start(
        "say('ready'); say(cache.remember('key', 60, lambda: 'mine', lock=50))"
    )
    processes.line(second)

    first.kill()

    assert processes.finish(second) == "mine\n"


def test_twins_when_the_disk_is_used_then_the_loop_goes_on(cache: Repository) -> None:
    async def use() -> int:
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await clock.asleep(0)

        other = asyncio.create_task(turn())
        for number in range(50):
            await cache.aput("key", number)
        other.cancel()
        return turns

    assert asyncio.run(use()) >= 50
    assert cache.get("key") == 49
