"""What workers measure: exact counts, percentiles a tenth off, kept by the minute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.queue.contracts import (
    Charge,
    Delivery,
    Gauge,
    Kind,
    Measure,
    Measured,
    Measures,
    Outcome,
)
from securely.queue.crew.ledger import Ledger
from securely.queue.crew.meter import Meter, bucket_of, middle_of
from securely.queue.crew.patience import Patience
from securely.queue.crew.report import Ended, Report
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.exceptions import QueueUnavailable
from securely.queue.upkeep.metrics import summarize
from securely.support import clock
from securely.support.clock import FrozenClock

BOTH = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)
AT = 1_800_000_000.0


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    with clock.using(FrozenClock(at=AT)) as frozen:
        yield frozen


def delivery(name: str = "Send", queue: str = "default", id_: int = 1) -> Delivery:
    return Delivery(id_, 1, queue, name, 1, 0, 0, 0, None, 3, b"")


def ended(kind: Kind, seconds: float, **more: Any) -> Ended:
    return Ended(delivery(**more), Outcome(more.get("id_", 1), 1, kind), seconds, "", lambda: None)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 2e-6, 0.0031, 0.5, 1.0, 59.9, 86_400.0])
def test_middle_of_when_a_duration_was_put_into_its_bucket_is_a_tenth_off_at_most(
    seconds: float,
) -> None:
    assert middle_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.1, abs=1.2e-6)


def test_take_when_runs_have_ended_adds_up_by_queue_name_and_end(frozen: FrozenClock) -> None:
    meter = Meter()
    lost = Outcome(1, 1, Kind.RELEASE, charge=Charge.LOST)
    meter.ended(
        [
            ended(Kind.DONE, 0.01),
            ended(Kind.DROP, 0.01),
            ended(Kind.RELEASE, 0.01),
            ended(Kind.FAIL, 0.01, name="Other"),
            ended(Kind.DONE, 0.01, queue="mail"),
            ended(Kind.RETURN, 0.01),
            ended(Kind.SKIP, 0.01),
            ended(Kind.DONE, 0.01, id_=9),
            Ended(delivery(), lost, 0.01, "", lambda: None),
        ],
        stale={9},
    )

    minute, bucket = int(AT // 60), bucket_of(0.01)
    assert sorted(meter.take()) == [
        Measure(minute, "default", "Other", Gauge.FAILED, bucket, 1, 0.01),
        Measure(minute, "default", "Send", Gauge.DONE, bucket, 2, 0.02),
        Measure(minute, "default", "Send", Gauge.RELEASED, bucket, 1, 0.01),
        Measure(minute, "mail", "Send", Gauge.DONE, bucket, 1, 0.01),
    ]
    assert meter.take() == []


def test_take_when_the_clock_was_set_back_counts_no_wait_below_none(frozen: FrozenClock) -> None:
    meter = Meter()

    meter.claimed([delivery(), delivery()], [-5.0, 2.0])

    assert [(one.bucket, one.seconds) for one in meter.take()] == [(0, 0.0), (bucket_of(2), 2.0)]


def test_summarize_when_runs_differ_tells_their_percentiles() -> None:
    measures = [
        Measure(0, "mail", "Send", Gauge.DONE, bucket_of(0.01), 90, 0.9),
        Measure(0, "mail", "Send", Gauge.FAILED, bucket_of(1.0), 6, 6.0),
        Measure(1, "mail", "Send", Gauge.RELEASED, bucket_of(10.0), 4, 40.0),
        Measure(1, "mail", "Other", Gauge.WAIT, bucket_of(5.0), 4, 20.0),
    ]

    metrics = summarize(measures, 0.0, 120.0)

    mail = metrics.queue("mail")
    assert mail is not None
    assert (mail.count, mail.done, mail.failed, mail.released) == (100, 90, 6, 4)
    assert mail.run.mean == pytest.approx(0.469)
    assert (mail.run.p50, mail.run.p95, mail.run.p99) == pytest.approx((0.01, 1.0, 10.0), rel=0.1)
    assert mail.wait.p50 == pytest.approx(5.0, rel=0.1)
    assert metrics.per_minute(mail.count) == 50
    assert [(one.name, one.count) for one in metrics.jobs] == [("Other", 0), ("Send", 100)]
    assert metrics.queue("none") is None


@BOTH
def test_metrics_when_workers_have_measured_tell_it_also_to_other_processes(
    world: Any, sample: Any, frozen: FrozenClock
) -> None:
    queue = world.queues.connection("sqlite")
    queue.push(sample.J("one"))
    frozen.travel(3)
    seat = queue.driver.join(["default"])
    ledger = Ledger("sqlite", Report(len))
    turn = ledger.record(seat, 5)
    for one in turn.deliveries:
        ledger.add(Ended(one, Outcome(one.id, one.token, Kind.DONE), 0.25, "", lambda: None))
    ledger.record(seat, 0)
    ledger.measure(seat)
    ledger.measure(seat)  # nothing twice
    seat.leave()
    world.use(world.codec)  # as after a restart

    metrics = world.queues.connection("sqlite").metrics("10m")

    (found,) = metrics.queues
    assert (found.queue, found.count, found.run.mean) == ("default", 1, 0.25)
    assert found.wait.p50 == pytest.approx(3, rel=0.1)
    assert isinstance(seat, Measures)
    assert isinstance(queue.driver, Measured)
    frozen.travel(3_600)
    assert world.queues.connection("sqlite").metrics("10m").queues == []


def test_measure_when_minutes_are_too_old_forgets_them(tmp_path: Path, frozen: FrozenClock) -> None:
    connection = SqliteConnection("sqlite", tmp_path, metrics_seconds=600)
    seat = connection.join(["default"])
    old = Measure(int(AT // 60), "default", "Old", Gauge.DONE, 1, 1, 1.0)
    seat.measure([old, old])
    assert connection.measured(0) == [old._replace(times=2, seconds=2.0)]

    frozen.travel(700)
    seat.measure([old._replace(minute=old.minute + 11)])

    assert [one.minute for one in connection.measured(0)] == [old.minute + 11]
    seat.leave()
    connection.close()


def test_measure_when_nothing_is_to_be_kept_writes_nothing(tmp_path: Path) -> None:
    connection = SqliteConnection("sqlite", tmp_path, metrics_seconds=0)
    seat = connection.join(["default"])

    seat.measure([Measure(1, "default", "Send", Gauge.DONE, 1, 1, 1.0)])

    assert connection.measured(0) == []
    seat.leave()
    connection.close()


def test_metrics_when_the_connection_keeps_none_says_so(world: Any) -> None:
    with pytest.raises(QueueUnavailable, match="it keeps no jobs"):
        world.queues.connection("null").metrics()


# -- long waits


@BOTH
def test_look_when_the_oldest_job_waits_too_long_tells_once_in_five_minutes_over_all_workers(
    world: Any, sample: Any, frozen: FrozenClock
) -> None:
    queue = world.queues.connection("sqlite")
    queue.push(sample.J("one"))
    told: list[tuple[str, float]] = []
    one, other = (Patience(queue.driver, {"default": 60, "mail": 60}) for _ in range(2))

    def look() -> list[tuple[str, float]]:
        told.clear()
        for patience in (one, other):
            patience.look(lambda queue, seconds: told.append((queue, round(seconds))))
        return list(told)

    frozen.travel(59)
    assert look() == []
    frozen.travel(10)
    assert look() == [("default", 69)]
    frozen.travel(10)
    assert look() == []
    if isinstance(queue.driver, SqliteConnection):  # a server has a clock of its own
        frozen.travel(300)
        assert look() == [("default", 379)]
        queue.pause()
        frozen.travel(400)
        assert look() == []


def test_look_when_a_look_was_a_moment_ago_asks_nothing(frozen: FrozenClock) -> None:
    class Asked(Exception):
        pass

    class Connection:
        def paused(self) -> Any:
            raise Asked

    patience = Patience(Connection(), {"default": 1})  # type: ignore[arg-type]
    with pytest.raises(Asked):
        patience.look(len)  # type: ignore[arg-type]

    patience.look(len)  # type: ignore[arg-type]
    frozen.travel(6)
    with pytest.raises(Asked):
        patience.look(len)  # type: ignore[arg-type]


def test_wait_of_when_jobs_are_many_and_slow_estimates_the_wait_of_the_next(
    world: Any, sample: Any, frozen: FrozenClock
) -> None:
    queue = world.queues.connection("sqlite")
    queue.bulk([sample.J(str(number)) for number in range(10)])
    seats = [queue.driver.join(["default"]) for _ in range(2)]
    minute = int(clock.timestamp() // 60)
    seats[0].measure([Measure(minute, "default", "J", Gauge.DONE, 80, 5, 20.0)])

    assert Patience(queue.driver, {}).wait_of("default") == pytest.approx(10 * 4.0 / 2)
    assert Patience(queue.driver, {}).wait_of("mail") == 0.0
    for seat in seats:
        seat.leave()


def test_waits_of_when_a_connection_has_its_own_limit_takes_it(world: Any) -> None:
    from dataclasses import replace

    queues = world.queues
    queues._materials = replace(queues._materials, waits={"mail": 60, "arq:mail": 5, "low": 9})

    assert queues.waits_of("arq", ["mail", "high"]) == {"mail": 5}
    assert queues.waits_of("sqlite", ["mail", "low"]) == {"mail": 60, "low": 9}
