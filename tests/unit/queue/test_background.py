"""The connection `background` without its processes: what it hands over, and what it falls to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from securely.queue.contracts import BatchRecord, Counts
from securely.queue.crew.loading import Place
from securely.queue.drivers.background import BackgroundConnection
from securely.queue.drivers.background_process import Order, main
from securely.queue.manager import Materials
from securely.queue.options import BackgroundOptions


class Later:
    """What waits for the end of what is under way."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], object], bool]] = []

    def __call__(
        self, function: Callable[[], object], name: str | None = None, *, always: bool = False
    ) -> None:
        self.waiting.append((function, always))


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def reported() -> list[tuple[BaseException, dict[str, Any]]]:
    return []


@pytest.fixture
def open_connection(bench: Any, later: Later, reported: list[Any], tmp_path: Path):
    def build(**said: Any) -> BackgroundConnection:
        materials = Materials(
            lambda: bench.codec,
            lambda: bench.runner,
            lambda path: tmp_path / path,
            defer=later,
            report=lambda error, facts: reported.append((error, dict(facts))),
        )
        options = BackgroundOptions(driver="background", **said)
        return BackgroundConnection.build("background", options, materials)

    return build


@pytest.fixture
def packed(codec: Any, stages: Any):
    stages.LOG.clear()
    yield lambda name="a", plan="ok": codec.envelope(stages.Worked(name, plan), "default")
    stages.LOG.clear()


def ran(stages: Any) -> list[str]:
    return [entry[1] for entry in stages.LOG if entry[0] == "run"]


def test_nothing_starts_before_what_is_under_way_is_over(open_connection, later, packed, stages):
    connection = open_connection(always=True)

    connection.push([packed("a"), packed("b")])
    asyncio.run(connection.apush([packed("c")]))

    assert [always for _, always in later.waiting] == [True, True]
    assert (ran(stages), connection.counts("default")) == ([], Counts())


def test_jobs_run_here_where_no_process_can_be_started(
    open_connection, later, packed, stages, reported, tmp_path
):
    (tmp_path / "logs").write_text("a file, and no directory")
    connection = open_connection(output="logs/background.log")
    connection.push([packed("a"), packed("b", "throw"), packed("c")])
    connection.batches.create(BatchRecord("b1"), [packed("d")])

    for function, _ in later.waiting:
        function()

    assert ran(stages) == ["a", "b", "c", "d"]
    assert [facts["during"] for _, facts in reported] == ["starting a process for them"] * 2
    assert isinstance(reported[0][0], OSError)
    # What comes next tries to start a process again.
    assert connection.batches.create(BatchRecord("b2"), [packed("e")])
    assert connection.batches.find("b2") is None


def test_order_arrives_as_it_was_given(packed, bench):
    place = Place("/srv/shop", "/var/shop", {"APP_ENV": "staging"})
    envelope = packed("a")
    then = {"then": (packed("then"),)}
    record = BatchRecord("b1", "import", callbacks=then, fired=frozenset({"catch"}))
    order = Order("background", place, [envelope], record)

    assert msgspec.msgpack.decode(order.pack(), type=Order) == order


def test_application_that_can_not_be_loaded_names_the_jobs_that_were_not_run(packed, capsys):
    order = Order("background", Place("/srv"), [packed("a")], loader="nowhere.at.all:load")

    assert main(order.pack()) == 1

    said = capsys.readouterr().err
    assert "could not be loaded; not run: sample_stages.Worked" in said
    assert "nowhere" in said
