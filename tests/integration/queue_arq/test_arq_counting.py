"""The scripts count as `delivery/counting.py` does, whatever happens in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from securely.queue.contracts import BatchRecord, Envelope, Kind, Outcome
from securely.queue.delivery import counting
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.support import clock, entropy
from securely.support.clock import FrozenClock
from securely.testing.suites.queue import envelope
from tests.valkey import Valkey

pytestmark = pytest.mark.integration

KINDS = (Kind.DONE, Kind.DONE, Kind.FAIL, Kind.SKIP, Kind.DROP, Kind.RELEASE)


@pytest.fixture
def connection(valkey: Valkey, tmp_path: Path) -> Iterator[ArqConnection]:
    connection = ArqConnection("arq", ArqServer("arq", valkey.address, "securely:"), tmp_path)
    yield connection
    connection.close()


@pytest.mark.parametrize("seed", range(12))
def test_scripts_count_as_the_model_does(connection: ArqConnection, seed: int) -> None:
    with entropy.seeded(seed), clock.using(FrozenClock(at=1_800_000_000.0)):
        allows = bool(entropy.below(2))
        callbacks = {name: (_callback(name),) for name in ("catch", "then", "finally", "next")}
        model = BatchRecord(
            "b", "n", allow_failures=allows, callbacks=callbacks, created_at=clock.timestamp()
        )
        members = [
            envelope()._replace(batch="b", links=entropy.below(3))
            for _ in range(1 + entropy.below(8))
        ]
        connection.batches.create(model, members)
        links = {one.uuid: one.links for one in members}
        model = counting.after_more(model, len(members) + sum(links.values()))
        seat = connection.join(["default"])
        fired: list[str] = []
        uuids = {job.id: job.uuid for job in connection.jobs("default")}
        while held := seat.turn([], 3).deliveries:
            for one in held:
                kind = KINDS[entropy.below(len(KINDS))]
                seat.turn([Outcome(one.id, one.token, kind, error=b"{}", is_member=True)], 0)
                model, names = _after(model, uuids[one.id], kind, links[uuids[one.id]])
                fired += names
                assert connection.batches.find("b") == model
            if not entropy.below(3) and (failed := connection.failed.all()):
                connection.failed.retry([failed[0].uuid])
                model = counting.after_retry(model, failed[0].uuid, links[failed[0].uuid])
                uuids |= {job.id: job.uuid for job in connection.jobs("default")}
                assert connection.batches.find("b") == model
        seat.leave()

        pushed = [job.name for job in connection.jobs("callbacks")]
        assert pushed == fired


def _callback(name: str) -> Envelope:
    return envelope(name, "callbacks")


def _after(
    model: BatchRecord, uuid: str, kind: Kind, links: int
) -> tuple[BatchRecord, tuple[str, ...]]:
    if kind in {Kind.DONE, Kind.DROP}:  # links that nobody will run are skipped
        model = replace(model, skipped=model.skipped + links)
    model, names = counting.after_member(model, uuid, kind, links=links, error=b"{}")
    told = tuple(name for name in names if name != "progress")
    return model, told
