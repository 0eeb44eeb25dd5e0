"""Chains, batches and tasks with the real worker, on the queue of an application."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.facades import Bus
from securely.foundation import Application
from securely.helpers import dispatch
from securely.testing.application import TestEnvironment, fresh_application
from securely.testing.console import Artisan

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SHOP = Path(__file__).parent / "shop"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop_app(
    securely_environment: TestEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """An application whose jobs wait in a sqlite queue of this test's own."""
    monkeypatch.syspath_prepend(str(SHOP))
    paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(SHOP))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "journal"))
    sqlite = {"QUEUE_CONNECTION": "sqlite"}
    with fresh_application(securely_environment, tmp_path / "storage", sqlite) as app:
        yield app


@pytest.fixture
def work(shop_app: Application, tmp_path: Path):
    """Run a worker until the queue is empty, and return the lines of the journal."""

    def run(options: str = "") -> list[tuple[str, str]]:
        Artisan(shop_app)(f"queue:work --stop-when-empty {options}").assert_ok()
        lines = (tmp_path / "journal").read_text().splitlines()
        return [(line.split()[0], line.split()[1]) for line in lines]

    return run


@pytest.fixture
def shop(shop_app: Application) -> Any:
    import shop_bus

    return shop_bus


def test_chain_runs_in_order_with_a_batch_among_its_links(work: Any, shop: Any) -> None:
    inner = Bus.batch([shop.Step("b1"), shop.AsyncStep("b2")]).then(shop.told)
    Bus.chain([shop.Step("a"), inner, shop.AsyncStep("c"), shop.Step("d")]).dispatch()

    lines = work("--processes=2")

    ran = [tag for event, tag in lines if event == "ran"]
    assert (ran[0], sorted(ran[1:3]), ran[3:]) == ("a", ["b1", "b2"], ["c", "d"])
    assert ("then", "2/2") in lines


def test_broken_chain_stops_and_tells_why(work: Any, shop: Any) -> None:
    Bus.chain([shop.Step("a"), shop.Step("bad"), shop.Step("c")]).catch(shop.broken).dispatch()

    assert work("--tries=1") == [("ran", "a"), ("ran", "bad"), ("broken", "bad")]


def test_batch_counts_over_processes_and_calls_back_once(work: Any, shop: Any) -> None:
    jobs = [shop.Step(str(n)) for n in range(40)]
    batch = Bus.batch(jobs).then(shop.told).finally_(shop.over).catch(shop.failed).dispatch()

    lines = work("--processes=2")

    assert sorted(int(tag) for event, tag in lines if event == "ran") == list(range(40))
    assert [line for line in lines if line[0] != "ran"] == [("then", "40/40"), ("over", "40/40")]
    found = batch.fresh()
    assert found is not None
    assert (found.finished(), found.pending_jobs) == (True, 0)


def test_batch_whose_job_fails_is_cancelled_and_told_so(work: Any, shop: Any) -> None:
    batch = asyncio.run(
        Bus.batch([shop.Step("bad"), shop.Step("b")])
        .catch(shop.failed)
        .finally_(shop.over)
        .adispatch()
    )

    lines = work("--tries=1")

    assert ("failed", "1:bad") in lines
    assert ("over", "1/2") in lines
    assert Bus.find_batch(batch.id).cancelled()


def test_job_adds_to_its_batch_from_inside(work: Any, shop: Any) -> None:
    Bus.batch([shop.Adds("a")]).then(shop.told).dispatch()

    lines = work()

    assert [tag for event, tag in lines if event == "ran"] == ["a", "a-more", "a-chained", "last"]
    assert lines[-1] == ("then", "4/4")


def test_retried_failure_lets_the_batch_end_well(work: Any, shop: Any, shop_app: Any) -> None:
    batch = Bus.batch([shop.Step("bad"), shop.Step("b")]).allow_failures().dispatch()
    work("--tries=1")
    assert Bus.find_batch(batch.id).failed_jobs == 1

    Artisan(shop_app)(f"queue:retry-batch {batch.id}").assert_ok()
    assert Bus.find_batch(batch.id).failed_jobs == 0
    work("--tries=1")
    assert Bus.find_batch(batch.id).failed_jobs == 1


def test_tasks_and_functions_are_called_by_name(work: Any, shop: Any) -> None:
    shop.work.dispatch("x", times=2)
    shop.awork.dispatch("y")
    dispatch(shop.awork, "z")

    lines = work("--queue=tasks,default")

    assert lines == [("task", "xx"), ("task", "y"), ("task", "z")]


def test_bulk_and_fakes_of_the_application(work: Any, shop: Any) -> None:
    Bus.bulk([shop.Step("a"), shop.AsyncStep("b")])
    assert [tag for _, tag in work()] == ["a", "b"]

    fake = Bus.fake()
    shop.Step.dispatch("recorded")
    Bus.chain([shop.Step("c"), shop.Step("d")]).dispatch()

    fake.assert_dispatched(shop.Step, 2)
    Bus.assert_chained([shop.Step("c"), shop.Step("d")])
    assert fake.queue.size() == 2
