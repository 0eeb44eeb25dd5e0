"""Which ledger keeps the runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from securely.container import Container
from securely.events import Dispatcher
from securely.queue.exceptions import ConnectionUndefined
from securely.queue.fake import QueueFake
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.queue import Encodes
from securely.schedule.contracts import Ledger
from securely.schedule.drivers.array import ArrayLedger
from securely.schedule.drivers.redis import RedisLedger
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.schedule.manager import ledger_for
from securely.schedule.options import ScheduleOptions
from securely.support.paths import Paths

CONNECTIONS = {
    "sync": {"driver": "sync"},
    "null": {"driver": "null"},
    "deferred": {"driver": "deferred"},
    "background": {"driver": "background"},
    "sqlite": {"driver": "sqlite", "path": "jobs"},
    "arq": {"driver": "arq"},
    "empty": {"driver": "failover", "connections": ["sync", "null"]},
    "first": {"driver": "failover", "connections": ["sync", "sqlite", "arq"]},
}


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[QueueManager]:
    options = QueueOptions.parse({"default": "sqlite", "connections": CONNECTIONS}, "queue")
    materials = Materials(
        lambda: cast(Encodes, None),  # nothing is packed
        lambda: pytest.fail("nothing is run"),
        lambda path: tmp_path / path,
    )
    events = Dispatcher(Container())
    manager = QueueManager(options.default, options.connections, events, materials)
    manager.extend("sync", lambda name, options: manager.connection("null").driver)
    yield manager
    manager.close()


@pytest.fixture
def choose(manager: QueueManager, tmp_path: Path) -> Callable[..., Ledger]:
    def choose(connection: str | None = None, environment: str = "production") -> Ledger:
        options = ScheduleOptions(connection=connection)
        return ledger_for(lambda: manager, options, Paths(tmp_path), environment)

    return choose


@pytest.mark.parametrize("environment", ["production", "testing"])
def test_runs_are_kept_beside_the_jobs(choose, manager, tmp_path, environment) -> None:
    for name in (None, "sqlite", "first"):
        ledger = choose(name, environment)
        assert isinstance(ledger, SqliteLedger)
        assert ledger.queue is manager.connection("sqlite").driver
        assert ledger.home == tmp_path / "jobs" / "schedule"
    ledger = choose("arq", environment)
    assert isinstance(ledger, RedisLedger)
    assert ledger.name == "arq"


@pytest.mark.parametrize("name", ["sync", "null", "deferred", "background", "empty"])
def test_runs_of_what_keeps_nothing_have_a_file_of_their_own(choose, tmp_path, name) -> None:
    ledger = choose(name)

    assert isinstance(ledger, SqliteLedger)
    assert (ledger.name, ledger.queue) == ("schedule", None)
    assert ledger.home == tmp_path / "storage" / "framework" / "schedule" / "members"
    assert isinstance(choose(name, "testing"), ArrayLedger)
    assert not (tmp_path / "storage").exists()


def test_connection_that_is_not_there_is_named(choose) -> None:
    with pytest.raises(ConnectionUndefined, match="jobz"):
        choose("jobz")


def test_driver_of_somebody_elses_that_is_called_as_ours_keeps_no_runs(choose, manager) -> None:
    manager.extend("sqlite", lambda name, options: manager.connection("null").driver)

    assert choose().queue is None


def test_runs_while_the_queue_is_faked_are_kept_elsewhere(manager, tmp_path) -> None:
    fake = QueueFake(manager, manager._connections)
    options, paths = ScheduleOptions(), Paths(tmp_path)

    assert isinstance(ledger_for(lambda: fake, options, paths, "testing"), ArrayLedger)
    assert ledger_for(lambda: fake, options, paths).queue is None
