"""Both engines are shown alike, through the contract of drivers, and buttons do what they say."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from securely.facades import Bus
from securely.queue.contracts import Gauge, Measure
from securely.support import clock
from tests.watched import BROKEN, RAN, Charge, Send, World, text_of, watched

pytestmark = pytest.mark.integration


def test_the_overview_counts_what_waits_runs_and_has_failed(world: World) -> None:
    world.fail(Send("ann"))
    for name in ("bob", "cid", "dee"):
        world.push(Send(name), "mail")
    world.queue.later("1h", Send("eve"))
    world.seat.turn([], 1)

    text = text_of(world.page("/"))

    assert "main default" in text
    assert "Pending 2 Delayed 1 Running 1 Failed 1" in text
    assert f"{world.store.workers()[0].pid} on" in text
    assert "Send" in text  # what the worker holds
    assert "spare" in text  # the connection beside it
    assert "sync" not in text  # keeps no jobs


def test_the_overview_and_the_metrics_show_what_workers_have_measured(world: World) -> None:
    minute = int(clock.timestamp() // 60)
    world.seat.measure(
        [
            Measure(minute, "mail", "shop.jobs.Send", Gauge.DONE, 50, 9, 4.5),
            Measure(minute, "mail", "shop.jobs.Send", Gauge.FAILED, 50, 1, 0.5),
            Measure(minute, "mail", "shop.jobs.Send", Gauge.WAIT, 60, 10, 10.0),
        ]
    )
    world.push(Send("ann"), "mail")

    overview, metrics = text_of(world.page("/")), text_of(world.page("/metrics"))

    assert "Run p50" in overview
    assert "Wait p99" in overview
    assert "10 runs, 1 failed" in overview  # the chart says it to who points at a bar
    assert "mail 10 " in metrics
    assert "Send 10 " in metrics
    assert " 500 ms " in metrics  # the mean, which is exact


def test_a_paused_queue_is_said_to_be_paused(world: World) -> None:
    world.push(Send("ann"), "mail")
    world.queue.pause("mail")

    assert "mail paused" in text_of(world.page("/"))


def test_a_retried_job_really_runs_again(world: World) -> None:
    id_ = world.fail(Send("ann"))

    answer = world.press(f"/failed/{id_}/retry")

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/failed?connection=main&said=retried",
    )
    assert "back in its queue" in world.page("/failed", connection="main", said="retried")
    assert world.store.failed.count() == 0
    world.work()
    assert RAN == ["ann"]


def test_a_forgotten_job_is_gone(world: World) -> None:
    id_ = world.fail(Send("ann"))
    world.fail(Send("bob"))

    answer = world.press(f"/failed/{id_}/forget")

    assert answer.headers["location"].endswith("said=forgotten")
    assert [job.uuid for job in world.store.failed.all()] != [id_]
    assert world.store.failed.count() == 1


def test_a_failed_job_that_somebody_else_has_retried_is_gone(world: World) -> None:
    id_ = world.fail(Send("ann"))
    token = {"token": world.token()}
    world.store.failed.forget(id_)

    for verb in ("retry", "forget"):
        answer = world.client.post(f"/failed/{id_}/{verb}", data={**token, "connection": "main"})
        assert answer.headers["location"].endswith("said=gone")


def test_a_failed_job_is_shown_with_its_exception_and_without_its_secrets(world: World) -> None:
    id_ = world.fail(Send("ann", "sk_live_0123456789", "refused: password=hunter2"))

    text = text_of(world.page(f"/failed/{id_}"))

    assert "ValueError" in text
    assert "in handle" in text  # the trace
    assert "refused: password=********" in text
    assert '"api_key": "********"' in text
    assert '"name": "ann"' in text
    assert "hunter2" not in text
    assert "sk_live" not in text


def test_a_failed_job_is_shown_with_each_of_its_attempts(world: World) -> None:
    id_ = world.fail(Send("ann", error="token=abcdefgh12345 is no more"), tries=2)

    text = text_of(world.page(f"/failed/{id_}"))

    assert "Attempt Ended By 1 " in text
    assert text.count("ValueError: token=********") >= 2
    assert "abcdefgh12345" not in text


def test_an_encrypted_payload_is_not_shown(world: World) -> None:
    id_ = world.fail(Charge("4242 4242 4242 4242"))

    text = text_of(world.page(f"/failed/{id_}"))

    assert "It is encrypted, and is not shown." in text
    assert "4242" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"class": "Send"}, {"ann", "bob"}),
        ({"class": "tests.watched.Send"}, {"ann", "bob"}),
        ({"queue": "mail"}, {"bob"}),
        ({"tag": "customer:ann"}, {"ann"}),
        ({"queue": "mail", "tag": "customer:ann"}, set()),
        ({"class": "Sent"}, set()),
    ],
)
def test_failed_jobs_are_found_by_class_queue_and_tag(
    world: World, query: dict[str, str], found: set[str]
) -> None:
    world.fail(Send("ann"))
    world.fail(Send("bob"), "mail")

    text = text_of(world.page("/failed", **query))

    assert {name for name in ("ann", "bob") if f"customer:{name} " in text} == found
    assert ("No failed jobs match" in text) == (not found)


def test_a_failed_job_is_found_by_its_id_and_a_slip_is_answered(world: World) -> None:
    id_ = world.fail(Send("ann"))
    world.fail(Send("bob"))

    assert id_ in world.page("/failed", id=id_)
    assert "1 job," in text_of(world.page("/failed", id=id_))
    assert f"Did you mean “ {id_} ”?" in text_of(world.page("/failed", id=id_[:-1]))


def test_a_batch_is_shown_cancelled_and_its_failed_jobs_are_retried(world: World) -> None:
    BROKEN.add("bob")
    batch = (
        Bus.batch([Send("ann"), Send("bob"), Send("cid")])
        .name("import")
        .allow_failures()
        .dispatch()
    )
    world.work()
    BROKEN.clear()
    world.fail(Send("dee"))  # so that there is a form to take a token from

    listed = text_of(world.page("/batches"))
    shown = text_of(world.page(f"/batches/{batch.id}"))
    answer = world.press(f"/batches/{batch.id}/retry")

    assert "import" in listed
    assert "67 %" in listed
    assert "Jobs 3 Done 2 Failed 1 Skipped 0" in shown
    assert "First failure ValueError no such customer" in shown
    assert "customer:bob" in shown
    assert answer.headers["location"] == (f"/batches/{batch.id}?connection=main&said=batch-retried")
    world.work()
    assert RAN == ["ann", "cid", "bob"]
    assert "finished" in text_of(world.page(f"/batches/{batch.id}"))


def test_a_batch_is_cancelled_once(world: World) -> None:
    batch = Bus.batch([Send("ann"), Send("bob")]).dispatch()
    world.push(Send("dee"))
    world.store.failed.all()
    token = _token_of(world, f"/batches/{batch.id}")

    answers = [
        world.client.post(
            f"/batches/{batch.id}/cancel", data={"token": token, "connection": "main"}
        )
        .headers["location"]
        .rpartition("=")[2]
        for _ in range(2)
    ]

    assert answers == ["cancelled", "cancelled"]
    assert Bus.find_batch(batch.id, "main").cancelled()  # type: ignore[union-attr]
    assert "Cancel the batch" not in world.page(f"/batches/{batch.id}")


def test_batches_are_shown_in_pages(world: World) -> None:
    ids = [Bus.batch([Send(str(number))]).dispatch().id for number in range(27)]

    first = world.page("/batches")
    second = world.page("/batches", before=ids[2])

    assert f"before={ids[2]}" in first
    assert [id_ for id_ in ids if f"/batches/{id_}?" in second] == ids[:2]
    assert "Older" not in second


def test_jobs_that_wait_are_listed_in_pages(world: World) -> None:
    ids = [world.push(Send(str(number)), "mail") for number in range(53)]

    first = world.page("/jobs", queue="mail")
    after = first.partition("after=")[2].partition('"')[0]
    second = world.page("/jobs", queue="mail", after=after)

    assert [id_ for id_ in ids if id_ in first] == ids[:50]
    assert [id_ for id_ in ids if id_ in second] == ids[50:]
    assert "No job of this queue is delayed." in text_of(
        world.page("/jobs", queue="mail", state="delayed")
    )


def test_ids_of_nothing_are_not_found(world: World) -> None:
    for path in ("/failed/6f1c-0", "/failed/12345", f"/failed/{'9' * 40}", "/batches/none"):
        assert world.client.get(path).status_code == 404
    assert world.client.get("/batches", params={"before": "none"}).status_code == 404
    assert world.client.get("/jobs", params={"connection": "sync"}).status_code == 404
    assert world.client.get("/failed", params={"connection": "none"}).status_code == 404


def _token_of(world: World, path: str) -> str:
    return world.page(path).partition('name="token" value="')[2].partition('"')[0]


def test_a_server_that_is_down_is_said_to_be_so_and_the_others_are_shown(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    down = {"driver": "arq", "port": port, "path": str(tmp_path / "workers")}
    with watched(tmp_path / "base", spare=down) as world:
        overview = text_of(world.page("/"))
        failed = world.client.get("/failed", params={"connection": "spare"})

    assert "main default Pending 0" in overview
    assert f"{port}" in overview
    assert failed.status_code == 503
    assert f"{port}" in failed.text
