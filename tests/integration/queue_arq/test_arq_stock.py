"""arq itself on our queue: its command, its jobs' API, its functions, its health check."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest
from arq.jobs import Job, JobStatus

from securely.queue.drivers.arq_wire import deserialize
from securely.queue.exceptions import RecordedFailure

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def test_the_arq_command_drains_all_of_our_jobs(depot: Any, jobs: Any) -> None:
    depot.push(*(jobs.Work(str(n)) for n in range(100)))
    depot.push(*(jobs.AsyncWork(str(n)) for n in range(100, 200)))

    stock = depot.stock("--burst")

    assert stock.wait() == 0, stock.output.read_text()[-3000:]
    assert sorted(map(int, depot.tags("end"))) == list(range(200))
    depot.assert_nothing_is_left()


def test_the_arq_command_retries_and_fails_our_jobs_as_we_do(depot: Any, jobs: Any) -> None:
    (uuid,) = depot.push(jobs.Broken("b"))

    stock = depot.stock()
    depot.wait_for(lambda: depot.connection.failed.count() == 1)
    depot.wait_for(lambda: depot.tags("failed") == ["b"])
    stock.process.send_signal(signal.SIGINT)
    stock.wait()

    (failed,) = depot.connection.failed.all()
    assert (failed.uuid, failed.name, failed.attempts) == (uuid, "depot_jobs.Broken", 2)
    assert b"no such customer" in failed.error
    reason = "ValueError: no such customer"
    assert [(one.number, one.reason) for one in failed.history] == [(1, reason), (2, reason)]
    assert depot.tags("start") == ["b", "b"]
    depot.assert_nothing_is_left()


def test_both_kinds_of_workers_share_a_queue_and_run_each_job_once(depot: Any, jobs: Any) -> None:
    depot.push(jobs.Together("0", 2), *(jobs.Work(str(n)) for n in range(1, 1500)))

    ours, stock = depot.start(), depot.stock()
    depot.wait_for(lambda: len(depot.tags("end")) >= 1500, 120)
    depot.wait_for(lambda: depot.connection.counts("default").total == 0)

    assert sorted(map(int, depot.tags("end"))) == list(range(1500))
    for worker in (ours, stock):
        worker.process.send_signal(signal.SIGINT)
        worker.wait()
    assert len({line.pid for line in depot.journal("end")}) == 2
    depot.assert_nothing_is_left()


def test_arqs_job_tells_the_status_and_the_result(depot: Any, jobs: Any) -> None:
    (done,) = depot.push(jobs.Work("a"))
    (broken,) = depot.push(jobs.Broken("b"))
    (later,) = depot.push(jobs.Work("later"), delay=600)

    async def ask() -> tuple[Any, ...]:
        pool = depot.connection.pool()
        named = {"_queue_name": "securely:default", "_deserializer": deserialize}
        before = await Job(done, pool, **named).status(), await Job(later, pool, **named).status()
        await asyncio.to_thread(depot.work)
        # (All but what is due much later: it may have been tried again already.)
        depot.wait_for(lambda: depot.connection.counts("default").delayed == 1)
        await asyncio.to_thread(depot.work)
        after = await Job(done, pool, **named).status()
        result = await Job(done, pool, **named).result(timeout=30)
        with pytest.raises(RecordedFailure, match="no such customer"):
            await Job(broken, pool, **named).result(timeout=30)
        info = await Job(done, pool, **named).info()
        return before, after, result, info

    before, after, result, info = asyncio.run(ask())

    assert before == (JobStatus.queued, JobStatus.deferred)
    assert (after, result) == (JobStatus.complete, None)
    assert (info.function, info.success, info.job_try) == ("securely_job", True, 1)


def test_arqs_job_aborts_what_waits_and_what_runs(depot: Any, jobs: Any) -> None:
    depot.push(jobs.AsyncWork("runs", 60.0))
    worker = depot.start()
    depot.wait_for(lambda: depot.tags("start") == ["runs"])
    (running,) = [job.uuid for job in depot.connection.jobs("default")]
    (waiting,) = depot.push(jobs.Work("waits"), delay=60)

    async def ask() -> list[bool]:
        pool = depot.connection.pool()
        named = {"_queue_name": "securely:default", "_deserializer": deserialize}
        one, other = Job(waiting, pool, **named), Job(running, pool, **named)
        return list(
            await asyncio.gather(
                one.abort(timeout=50, poll_delay=0.05), other.abort(timeout=50, poll_delay=0.05)
            )
        )

    assert asyncio.run(ask()) == [True, True]
    assert depot.tags("end") == []
    worker.process.send_signal(signal.SIGINT)
    assert worker.wait() == 0
    depot.assert_nothing_is_left()


def test_arqs_health_check_finds_our_worker(depot: Any, jobs: Any) -> None:
    assert depot.stock("--check").wait() == 1
    worker = depot.start()
    depot.wait_for(lambda: depot.valkey.client.exists("securely:default:health-check") == 1)

    assert depot.stock("--check").wait() == 0

    worker.process.send_signal(signal.SIGINT)
    worker.wait()
    assert depot.valkey.client.exists("securely:default:health-check") == 0


def test_our_executors_run_functions_that_plain_arq_has_enqueued(depot: Any, jobs: Any) -> None:
    async def enqueue() -> None:
        pool = depot.connection.pool()
        await pool.enqueue_job("send", "by-name")
        await pool.enqueue_job("depot_jobs.send", "by-path", loud=True)
        await pool.enqueue_job("delete_everything")

    asyncio.run(enqueue())
    depot.connection.enqueue("send", "by-us")

    depot.work()

    assert sorted(depot.tags("sent", "sent!")) == ["by-name:1", "by-path:1", "by-us:1"]
    (failed,) = depot.connection.failed.all()
    assert failed.name == "delete_everything"
    assert b"functions" in failed.error
    depot.assert_nothing_is_left()


def test_stock_workers_run_functions_that_we_have_enqueued(depot: Any, jobs: Any) -> None:
    asyncio.run(depot.connection.aenqueue("send", "async"))
    depot.connection.enqueue("send", "sync")

    assert depot.stock("--burst").wait() == 0

    assert sorted(depot.tags("sent")) == ["async:1", "sync:1"]


def test_calls_of_a_pool_without_our_serializer_wake_no_code(depot: Any, jobs: Any) -> None:
    from arq.connections import ArqRedis

    async def enqueue() -> None:
        pool = ArqRedis(
            unix_socket_path=depot.valkey.path,
            job_serializer=lambda data: b"\x80\x05cposix\nsystem\n.",
            default_queue_name="securely:default",
        )
        await pool.enqueue_job("send", "a")
        await pool.aclose(close_connection_pool=True)

    asyncio.run(enqueue())

    depot.work()

    (failed,) = depot.connection.failed.all()
    assert b"JSON" in failed.error
    assert depot.tags() == []


def test_our_workers_leave_what_a_stock_worker_leaves(depot: Any, jobs: Any) -> None:
    """Keys and results, field by field; times and arguments apart."""
    left: list[tuple[set[str], list[dict[str, Any]]]] = []
    for drain in (lambda: depot.stock("--burst").wait(), depot.work):
        depot.push(jobs.Work("done"), jobs.AsyncWork("done-too"))
        (failing,) = depot.push(jobs.Broken("fails"))
        drain()
        depot.wait_for(lambda: depot.connection.counts("default").delayed == 0)
        drain()
        with depot.valkey.client as client:
            keys = {key.decode() for key in client.keys("arq:*")}
            results = [deserialize(client.get(key)) for key in sorted(keys) if "result" in key]
            assert keys == {f"arq:result:{one['id']}" for one in results}
            assert all(0 < client.ttl(key) <= 3600 for key in keys)
        assert all(one["et"] <= one["st"] <= one["ft"] for one in results)
        (failed,) = [one for one in results if not one["s"]]
        assert (failed["id"], failed["r"].message) == (failing, "no such customer")
        fields = [
            {name: one[name] for name in ("f", "k", "q", "s", "t")} | {"names": set(one)}
            for one in sorted(results, key=lambda one: one["s"])
        ]
        left.append(({key.partition(":0")[0] for key in keys}, fields))
        depot.valkey.flush()

    assert left[0] == left[1]
