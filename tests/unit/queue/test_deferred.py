"""The connection `deferred`, and jobs after the response: run once what is under way is over."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from securely.container import Container
from securely.foundation.deferred import Deferring
from securely.queue.bus.trail import Trail
from securely.queue.contracts import BatchRecord
from securely.queue.drivers.deferred import DeferredConnection
from securely.queue.exceptions import NotQueueable
from securely.queue.job import Extras
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import DeferredOptions, QueueOptions


class App(Container):
    """A container that defers as an application does."""

    def __init__(self) -> None:
        super().__init__()
        self.reported: list[BaseException] = []
        self.errors = SimpleNamespace(report=lambda error, **_: self.reported.append(error))
        self.deferred = Deferring(self)

    def defer(self, function: Any, name: str | None = None, *, always: bool = False) -> None:
        self.deferred.defer(function, name, always=always)


@pytest.fixture
def container() -> Container:
    return App()


@pytest.fixture
def app(container: Container) -> Iterator[App]:
    assert isinstance(container, App)
    with container.active():
        yield container


@pytest.fixture
def log(stages: Any) -> Iterator[list[Any]]:
    stages.LOG.clear()
    stages.STAGES.clear()
    yield stages.LOG
    stages.LOG.clear()


@pytest.fixture
def materials(bench: Any, app: App) -> Materials:
    return Materials(lambda: bench.codec, lambda: bench.runner, defer=app.defer)


def opened(materials: Materials, **said: Any) -> DeferredConnection:
    options = DeferredOptions(driver="deferred", **said)
    return DeferredConnection.build("deferred", options, materials)


@pytest.fixture
def connection(materials: Materials) -> DeferredConnection:
    return opened(materials)


@pytest.fixture
def packed(codec: Any, stages: Any, log: list[Any]):
    def pack(
        name: str = "j",
        plan: str = "ok",
        *,
        kind: Any = None,
        batch: str | None = None,
        **changes: Any,
    ) -> Any:
        job = (kind or stages.Worked)(name, plan)
        return codec.envelope(job, "default", extras=Extras(batch=batch))._replace(**changes)

    return pack


def ran(log: list[Any]) -> list[str]:
    return [entry[1] for entry in log if entry[0] == "run"]


def test_jobs_run_in_order_at_the_end_of_what_is_under_way(app, connection, packed, log):
    with app.scope():
        connection.push([packed("a"), packed("b")])
        connection.push([packed("c", delay=60.0)])
        assert log == []

    assert ran(log) == ["a", "b", "c"]


def test_jobs_of_both_colours_run_in_the_loop_of_a_request(app, connection, packed, stages, log):
    async def request() -> None:
        async with app.ascope():
            await connection.apush([packed("a"), packed("b", kind=stages.AsyncWorked)])
            assert log == []

    asyncio.run(request())

    assert ran(log) == ["a", "b"]


def test_jobs_of_a_request_that_failed_do_not_run(app, connection, packed, log):
    def request() -> None:
        with app.scope():
            connection.push([packed("a")])
            raise KeyError

    with pytest.raises(KeyError):
        request()

    assert log == []


def test_jobs_of_a_request_that_failed_run_where_that_is_wanted(app, materials, packed, log):
    connection = opened(materials, always=True)

    def request() -> None:
        with app.scope():
            connection.push([packed("a")])
            raise KeyError

    with pytest.raises(KeyError):
        request()

    assert ran(log) == ["a"]


def test_outside_of_any_scope_jobs_run_when_the_application_ends(app, connection, packed, log):
    connection.push([packed("a")])
    assert log == []

    app.deferred.rest.run()

    assert ran(log) == ["a"]


def test_exception_is_reported_once_reaches_nobody_and_stops_no_other(
    app, connection, packed, log, bench
):
    with app.scope():
        connection.push([packed("a", "throw"), packed("b")])

    assert log == [("run", "a", 1), ("failed()", "a", "JobError"), ("run", "b", 1)]
    assert [str(error) for error, _ in bench.reported] == ["boom"]
    assert app.reported == []


def test_unique_job_is_accepted_once_until_it_has_run(app, connection, packed, log):
    with app.scope():
        first = packed("a", unique="k")
        assert connection.push([first, packed("b", unique="k")]) == [first.uuid, first.uuid]

    with app.scope():
        connection.push([packed("c", unique="k")])

    assert ran(log) == ["a", "c"]


def test_key_of_a_job_that_was_dropped_with_its_request_is_free(app, connection, packed, log):
    def request() -> None:
        with app.scope():
            connection.push([packed("a", unique="k")])
            raise KeyError

    with pytest.raises(KeyError):
        request()
    gc.collect()

    with app.scope():
        connection.push([packed("b", unique="k")])
    assert ran(log) == ["b"]


def test_of_debounced_jobs_of_a_request_the_last_one_runs(app, connection, packed, log):
    with app.scope():
        connection.push([packed("a", unique="k", max_wait=9.0), packed("x")])
        connection.push([packed("b", unique="k", max_wait=9.0)])
        connection.push([packed("c", unique="other", max_wait=9.0)])

    assert ran(log) == ["x", "b", "c"]


def test_batch_is_counted_when_its_members_have_run(app, connection, codec, stages, packed, log):
    done = codec.envelope(stages.Worked("then"), "default")
    record = BatchRecord("b1", callbacks={"then": (done,)})

    with app.scope():
        connection.batches.create(record, [packed("a", batch="b1"), packed("b", batch="b1")])
        assert connection.batches.find("b1").done == 0

    assert ran(log) == ["a", "b", "then"]
    assert connection.batches.find("b1").finished_at is not None


def test_link_of_a_chain_follows_at_once(app, connection, codec, stages, log):
    link = codec.link(stages.Worked("b"), "deferred", "default")
    first = codec.envelope(stages.Worked("a"), "default", extras=Extras(trail=Trail((link,))))
    with app.scope():
        connection.push([first])

    assert ran(log) == ["a", "b"]


# -- after the response


@pytest.fixture
def manager(app: App, bench: Any, materials: Materials) -> QueueManager:
    parsed = QueueOptions.parse({"connections": {"sqlite": {"driver": "null"}}}, "queue")
    manager = QueueManager("sqlite", parsed.connections, bench.events, materials)
    app.instance(QueueManager, manager)
    app.alias(QueueManager, "queue")
    return manager


def test_job_after_the_response_runs_in_this_process_even_after_a_failure(
    app, manager, stages, log, bench
):
    def request() -> None:
        with app.scope():
            stages.Worked.dispatch_after_response("a", "throw")
            stages.Worked.using("b").after_response()
            assert log == []
            raise KeyError

    with pytest.raises(KeyError):
        request()

    assert ran(log) == ["a", "b"]
    assert [str(error) for error, _ in bench.reported] == ["boom"]
    assert app.reported == []


def test_job_after_the_response_that_can_not_be_written_is_refused_at_once(app, manager, stages):
    with app.scope(), pytest.raises(NotQueueable):
        stages.Worked.dispatch_after_response(object())


def test_without_defer_a_job_after_the_response_runs_at_once(app, manager, stages, log):
    with app.scope(), app.deferred.without():
        stages.Worked.dispatch_after_response("a")
        assert ran(log) == ["a"]


def test_materials_without_an_application_run_at_once_in_each_colour(bench, stages, packed, log):
    materials = Materials(lambda: bench.codec, lambda: bench.runner)
    connection = opened(materials)

    connection.push([packed("a")])
    asyncio.run(connection.apush([packed("b", kind=stages.AsyncWorked)]))

    assert ran(log) == ["a", "b"]
