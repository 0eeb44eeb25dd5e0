"""Many processes on one store: each operation is atomic among them, and watches hear of all."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from securely.store import Database, Event
from securely.support import clock

pytestmark = pytest.mark.integration


def test_update_when_processes_count_then_none_is_lost(processes: Any, store: Database) -> None:
    count = "for _ in range(100): store.update_and_fetch('n', lambda old: (old or 0) + 1)"

    for process in [processes.start(count) for _ in range(4)]:
        processes.finish(process)

    assert store.get("n") == 400


def test_pop_min_when_processes_take_then_each_key_once(processes: Any, store: Database) -> None:
    with store.transaction():
        for number in range(200):
            store.put(number, number)
    take = """
while (found := store.pop_min()) is not None:
    say(found[0])
"""

    takers = [processes.start(take) for _ in range(4)]
    taken = [int(line) for taker in takers for line in processes.finish(taker).split()]

    assert sorted(taken) == list(range(200))
    assert store.is_empty()


def test_compare_and_swap_when_processes_race_then_one_wins(
    processes: Any, store: Database
) -> None:
    race = """
say('ready'); sys.stdin.readline()
say(store.compare_and_swap('leader', MISSING, os.getpid()).ok)
"""
    racers = [processes.start(race) for _ in range(4)]
    for racer in racers:
        assert processes.line(racer) == "ready"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outcomes = [processes.finish(racer).strip() for racer in racers]

    assert sorted(outcomes) == ["False", "False", "False", "True"]
    assert store.get("leader") == racers[outcomes.index("True")].pid


def test_generate_id_when_processes_ask_then_never_twice(processes: Any, store: Database) -> None:
    ask = "for _ in range(500): say(store.generate_id())"

    askers = [processes.start(ask) for _ in range(4)]
    numbers = [[int(line) for line in processes.finish(asker).split()] for asker in askers]

    assert all(mine == sorted(mine) for mine in numbers)
    assert len({number for mine in numbers for number in mine}) == 2_000


def test_watch_when_another_process_writes_then_told_within_a_moment(
    processes: Any, store: Database
) -> None:
    tree = store.tree("t")
    with tree.watch_prefix("a:") as watch:
        processes.finish(
            processes.start(
                "t = store.tree('t')\n"
                "t.put('b:1', 0); t.put('a:1', {'x': (1,)}); t.remove('a:1')\n"
                "t.put('a:2', 'y' * 50_000)"
            )
        )
        began = clock.monotonic()
        events = [watch.next(40) for _ in range(3)]
        took = clock.monotonic() - began

    assert [(event.kind, event.key) for event in events if event] == [
        ("insert", "a:1"),
        ("remove", "a:1"),
        ("insert", "a:2"),
    ]
    assert events[0] == Event("insert", "a:1", {"x": (1,)})
    assert took < 20


def test_watch_when_async_and_another_process_writes_then_told(
    processes: Any, store: Database
) -> None:
    async def use() -> Event[Any] | None:
        async with await store.awatch_prefix() as watch:
            writer = processes.start("store.put('k', 7)")
            event = await watch.anext(100)
            await asyncio.to_thread(processes.finish, writer)
            return event

    assert asyncio.run(use()) == Event("insert", "k", 7)


def test_watch_when_its_process_is_killed_then_the_store_goes_on(
    processes: Any, store: Database
) -> None:
    watcher = processes.start("w = store.watch_prefix(); say('watching'); sys.stdin.readline()")
    assert processes.line(watcher) == "watching"
    watcher.kill()
    watcher.wait()

    with store.transaction():
        for number in range(6_000):
            store.put(number, number)

    assert store.len() == 6_000
    assert store.verify()


def test_transaction_when_its_process_is_killed_then_undone_and_the_lock_is_free(
    processes: Any, store: Database
) -> None:
    store.put("k", "before")
    holder = processes.start("""
with store.transaction():
    store.put('k', 'within'); store.put('other', 1)
    say('within'); sys.stdin.readline()
""")
    assert processes.line(holder) == "within"
    holder.kill()
    holder.wait()

    began = clock.monotonic()
    store.put("after", 1)

    assert clock.monotonic() - began < 25  # and not as long as a writer waits
    assert dict(store.range()) == {"k": "before", "after": 1}


def test_store_when_the_process_forks_then_each_has_its_own_connection(
    processes: Any, store: Database
) -> None:
    program = """
store.put("before", 1)
mine = [store.generate_id() for _ in range(3)]
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for _ in range(20):
                store.update_and_fetch("n", lambda old: (old or 0) + 1)
            fresh = store.generate_id()
            store.put(("id", fresh), os.getpid())
            code = 0 if store.get("before") == 1 and fresh not in mine else 2
        finally:
            os._exit(code)
    children.append(child)
for _ in range(20):
    store.update_and_fetch("n", lambda old: (old or 0) + 1)
say([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""

    output = processes.finish(processes.start(program))

    assert output == "[0, 0, 0]\n"
    assert store.get("n") == 80
    assert len(list(store.scan_prefix(("id",)))) == 3


def test_tree_when_another_process_drops_it_then_it_begins_again(
    processes: Any, store: Database
) -> None:
    tree = store.tree("t")
    tree.put(1, 1)

    processes.finish(processes.start("assert store.drop_tree('t'); store.tree('t').put(2, 2)"))

    assert list(tree.range()) == [(2, 2)]
    tree.put(3, 3)
    assert processes.finish(processes.start("say(list(store.tree('t').range()))")) == (
        "[(2, 2), (3, 3)]\n"
    )


def test_store_when_processes_start_at_once_then_all_can_use_it(
    processes: Any, store: Database
) -> None:
    code = "store.tree('t').put(os.getpid(), 1); say('done')"
    starters = [processes.start(code) for _ in range(8)]

    assert [processes.finish(starter) for starter in starters] == ["done\n"] * 8
    assert store.tree("t").len() == 8


@pytest.mark.parametrize("processes", ["lmdb"], indirect=True)
def test_lmdb_when_forked_within_a_transaction_then_the_child_is_turned_away(
    processes: Any, store: Database
) -> None:
    program = """
with store.transaction():
    block = store.bound.engine.write()
    block.__enter__()
    store.put("k", 1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for use in (lambda: store.get("k"), lambda: store.put("k", 2)):
                try:
                    use()
                    code = 3
                except Exception as error:
                    assert "forked while a thread" in str(error)
            code = 0 if code == 1 else code
            raise LookupError("leave the block, as a child may")
        except LookupError:
            try:
                block.__exit__(LookupError, LookupError(), None)
            except LookupError:
                pass
        finally:
            os._exit(code)
    say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    block.__exit__(None, None, None)
say(store.get("k"))
"""

    assert processes.finish(processes.start(program)) == "0\n1\n"
    assert store.get("k") == 1


def test_transaction_when_its_process_has_forked_and_is_killed_then_the_lock_is_free(
    processes: Any, store: Database
) -> None:
    store.put("k", "before")
    holder = processes.start("""
import threading
forked, held = threading.Event(), threading.Event()

def hold():
    with store.transaction():
        store.put("k", "within")
        held.set()
        forked.wait()
        say(child)
        sys.stdin.readline()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    os.close(0); os.close(1); os.close(2)
    time.sleep(600)
    os._exit(0)
forked.set()
thread.join()
""")
    child = int(processes.line(holder))
    try:
        holder.kill()
        holder.wait()
        began = clock.monotonic()
        store.put("after", 1)

        assert clock.monotonic() - began < 25  # and not as long as a writer waits
        assert dict(store.range()) == {"k": "before", "after": 1}
    finally:
        os.kill(child, signal.SIGKILL)
