"""Jobs of the connection `background` run in a process of their own, with the whole application."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.foundation import Application
from securely.queue import QueueManager
from securely.queue.bus.trail import Trail
from securely.queue.contracts import BatchRecord
from securely.queue.crew.loading import Place, place_of
from securely.queue.drivers.background import BackgroundConnection
from securely.queue.exceptions import BackgroundFailed
from securely.queue.job import Extras
from securely.queue.manager import Materials
from securely.queue.options import BackgroundOptions
from securely.support import clock
from securely.testing.application import TestEnvironment, fresh_application

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SHOP = Path(__file__).parent / "shop"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop_app(
    securely_environment: TestEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    monkeypatch.syspath_prepend(str(SHOP))
    paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(SHOP))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "journal"))
    variables = {"QUEUE_CONNECTION": "background", "CACHE_STORE": "disk"}
    with fresh_application(securely_environment, tmp_path / "storage", variables) as app:
        yield app


@pytest.fixture
def journal(tmp_path: Path):
    """Wait until so many lines are in the journal, and return them as event and tag."""

    def lines(count: int) -> list[tuple[str, str]]:
        path = tmp_path / "journal"
        deadline = clock.monotonic() + 60
        while clock.monotonic() < deadline:
            text = path.read_text() if path.exists() else ""
            found = text.splitlines()
            if len(found) >= count:
                return [tuple(line.split()[:2]) for line in found]
            clock.sleep(0.02)
        raise AssertionError(f"only this was written: {text}")

    return lines


@pytest.fixture
def work(shop_app: Application) -> Any:
    import shop_jobs

    return shop_jobs


@pytest.fixture
def reported() -> list[tuple[BaseException, dict[str, Any]]]:
    return []


@pytest.fixture
def connection(shop_app: Application, reported: list[Any], tmp_path: Path) -> BackgroundConnection:
    """One whose reports are kept, and which starts processes at once."""
    materials = Materials(
        lambda: shop_app.make("queue.codec"),
        lambda: shop_app.make("queue.runner"),
        lambda path: tmp_path / path,
        report=lambda error, facts: reported.append((error, dict(facts))),
        here=lambda: place_of(shop_app, shop_app.paths),
    )
    return BackgroundConnection.build(
        "background", BackgroundOptions(driver="background"), materials
    )


def test_jobs_run_elsewhere_once_what_is_under_way_is_over(
    shop_app: Application, work: Any, journal: Any, tmp_path: Path
) -> None:
    queue = shop_app.make(QueueManager)

    with shop_app.scope():
        queue.bulk([work.Work("a"), work.AsyncWork("b"), work.Work("c")])
        assert not (tmp_path / "journal").exists()

    expected = [(event, tag) for tag in "abc" for event in ("start", "end")]
    assert journal(6) == expected
    pids = {line.split()[2] for line in (tmp_path / "journal").read_text().splitlines()}
    assert pids != {str(os.getpid())}
    assert len(pids) == 1


def test_what_follows_from_a_job_runs_in_the_same_process(
    shop_app: Application, connection: BackgroundConnection, work: Any, journal: Any
) -> None:
    codec = shop_app.make("queue.codec")
    then = codec.envelope(work.Work("then"), "default")
    link = codec.link(work.Work("link"), "background", "default")
    extras = Extras(trail=Trail((link,)), batch="b1")
    first = codec.envelope(work.Work("a"), "default", extras=extras)

    assert connection.batches.create(BatchRecord("b1", callbacks={"then": (then,)}), [first])

    tags = [tag for event, tag in journal(6) if event == "start"]
    assert sorted(tags) == ["a", "link", "then"]
    assert connection.batches.find("b1") is None  # the other process counts it


def test_job_that_fails_runs_its_hook_and_stops_no_other(
    shop_app: Application, work: Any, journal: Any
) -> None:
    shop_app.make(QueueManager).bulk([work.Broken("a"), work.Work("b")])
    shop_app.deferred.rest.run()

    events = journal(4)

    assert ("failed", "a") in events
    assert events[-1] == ("end", "b")


def test_process_that_is_killed_is_reported_with_its_jobs(
    shop_app: Application, connection: BackgroundConnection, work: Any, reported: list[Any]
) -> None:
    codec = shop_app.make("queue.codec")
    envelope = codec.envelope(work.Poison("a"), "default")

    connection.push([envelope])

    error, facts = waited(reported)
    assert isinstance(error, BackgroundFailed)
    assert (error.code, error.jobs) == (-signal.SIGKILL, ("shop_jobs.Poison",))
    assert facts["ids"] == [envelope.uuid]


def test_lock_of_a_job_whose_process_was_killed_is_free_at_once(
    shop_app: Application, connection: BackgroundConnection, work: Any, reported: list[Any]
) -> None:
    lock = shop_app.make("cache").lock("queue-overlap:report")
    codec = shop_app.make("queue.codec")

    connection.push([codec.envelope(work.LonelyPoison("report"), "default")])

    assert waited(reported)[0].code == -signal.SIGKILL
    assert not lock.is_locked()


def test_application_that_can_not_be_loaded_is_reported_and_says_why(
    shop_app: Application, tmp_path: Path, work: Any, reported: list[Any]
) -> None:
    materials = Materials(
        lambda: shop_app.make("queue.codec"),
        lambda: shop_app.make("queue.runner"),
        lambda path: tmp_path / path,
        report=lambda error, facts: reported.append((error, dict(facts))),
        here=lambda: Place(str(tmp_path / "nowhere")),
    )
    options = BackgroundOptions(driver="background", output="said.log")
    connection = BackgroundConnection.build("background", options, materials)

    connection.push([shop_app.make("queue.codec").envelope(work.Work("a"), "default")])

    error, _ = waited(reported)
    assert isinstance(error, BackgroundFailed)
    assert error.code == 1
    assert "could not be loaded; not run: shop_jobs.Work" in (tmp_path / "said.log").read_text()


def waited(reported: list[Any]) -> Any:
    deadline = clock.monotonic() + 60
    while not reported and clock.monotonic() < deadline:
        clock.sleep(0.02)
    return reported[0]
