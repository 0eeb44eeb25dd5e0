"""A supervisor whose store refuses, whose outcomes are stale, whose seat is asked to restart."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from securely.queue.contracts import (
    Charge,
    Defaults,
    Delivery,
    Kind,
    Outcome,
    Reaped,
    Turn,
    Verdict,
)
from securely.queue.crew.crew import Size
from securely.queue.crew.loading import Place
from securely.queue.crew.orders import Orders, Stop
from securely.queue.crew.process import Launch
from securely.queue.crew.report import Report
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.queue.supervisor import Supervisor

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SHOP = Path(__file__).parent / "shop"
ROOT = Path(__file__).parents[3]


class MemorySeat:
    """A seat without a store: hands out what is given to it, and notes what comes back."""

    def __init__(self, home: Path, deliveries: Sequence[Delivery]) -> None:
        self.id = "w"
        self.home = home
        self.waiting = deque(deliveries)
        self.outcomes: list[Outcome] = []
        self.troubles: deque[Exception] = deque()  # raised by turns that bring outcomes
        self.reaped: deque[Reaped] = deque()
        self.stale: set[int] = set()
        self.hooks_done: list[int] = []
        self.must_restart = False
        self.stops_when_refused = False  # a signal asks for it, at the first of the troubles
        self.rooms: list[int] = []
        self.left: list[Outcome] | None = None
        self._reader, self._writer = os.pipe()

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        if outcomes and self.troubles:
            if self.stops_when_refused:
                self.stops_when_refused = False
                os.kill(os.getpid(), signal.SIGTERM)
            raise self.troubles.popleft()
        self.rooms.append(room)
        self.outcomes += [one for one in outcomes if one.id not in self.stale]
        stale = [one.id for one in outcomes if one.id in self.stale]
        claimed = [self.waiting.popleft() for _ in range(min(room, len(self.waiting)))]
        return Turn(claimed, stale, None, self.must_restart)

    def reap(self) -> Reaped:
        return self.reaped.popleft() if self.reaped else Reaped()

    def peers(self) -> Sequence[int]:
        return ()

    def hook_done(self, failed_id: int) -> None:
        self.hooks_done.append(failed_id)

    def fileno(self) -> int:
        return self._reader

    def drain(self) -> None:
        os.read(self._reader, 64)

    def leave(self, held: Sequence[Outcome] = ()) -> None:
        self.left = list(held)

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class Bench:
    """Makes deliveries, and lets a supervisor work them off."""

    def __init__(self, shop: Any, path: Path) -> None:
        self.shop = shop
        self.path = path
        self.text = ""
        self.seats: list[MemorySeat] = []

    def write(self, text: str) -> None:
        self.text += text

    def seat(self, *jobs: Any) -> MemorySeat:
        deliveries = [self.delivery(n, job) for n, job in enumerate(jobs, 1)]
        seat = MemorySeat(self.path, deliveries)
        self.seats.append(seat)
        return seat

    def delivery(self, id_: int, job: Any) -> Delivery:
        envelope = self.shop.envelope(job)
        return Delivery(
            id_, 1, "default", envelope.name, 1, 0, 0, 0, envelope.timeout, 3, envelope.payload
        )

    def work(self, seat: MemorySeat, **orders: Any) -> Stop:
        orders.setdefault("stop_when_empty", True)
        # Who is ended at its time is to be so by itself, also where the machine is busy.
        size = Size(overtime=orders.pop("overtime", 20.0))
        launch = Launch(Place(str(self.path)), loader="shop_app:load")
        report = Report(self.write, as_json=True)
        return Supervisor(
            seat, Orders(size=size, defaults=Defaults("memory"), **orders), launch, report
        ).run()


@pytest.fixture
def bench(shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(SHOP))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "journal"))
    bench = Bench(shop, tmp_path)
    yield bench
    for seat in bench.seats:
        seat.close()


def test_turn_when_the_store_refuses_keeps_outcomes_and_tries_again(
    bench: Bench, jobs: Any
) -> None:
    seat = bench.seat(jobs.Work("a"), jobs.Work("b"))
    full = StoreFull("memory", "the disk is full")
    seat.troubles.extend([full, QueueUnavailable("memory", "it is locked")])

    stop = bench.work(seat)

    assert stop == Stop("empty")
    assert [(one.id, one.kind) for one in seat.outcomes] == [(1, Kind.DONE), (2, Kind.DONE)]
    assert bench.text.count('"warning"') == 1
    assert seat.left == []


def test_turn_when_the_store_never_answers_gives_up_after_a_stop(
    bench: Bench, jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("securely.queue.supervisor.GIVE_UP_SECONDS", 0.5)
    seat = bench.seat(jobs.Work("a"))
    seat.troubles.extend([StoreFull("memory", "the disk is full")] * 1000)
    seat.stops_when_refused = True

    stop = bench.work(seat)

    assert stop.reason == "interrupted"
    assert len(seat.troubles) < 1000
    # What was done is offered once more on leaving.
    assert [one.kind for one in seat.left or ()] == [Kind.DONE]


def test_outcome_when_stale_is_told_and_counts_as_neither_done_nor_failed(
    bench: Bench, jobs: Any
) -> None:
    seat = bench.seat(jobs.Work("a"), jobs.Work("b"))
    seat.stale.add(1)

    bench.work(seat)

    assert [one.id for one in seat.outcomes] == [2]
    assert bench.text.count('"status": "stale"') == 1
    assert bench.text.count('"status": "done"') == 1


def test_outcome_when_stale_and_failed_runs_no_hook(bench: Bench, jobs: Any) -> None:
    seat = bench.seat(jobs.Slow("s"))
    seat.stale.add(1)

    bench.work(seat)

    assert seat.hooks_done == []
    assert bench.shop.tags("failed:JobTimedOut") == []


def test_hook_when_run_is_told_to_the_store(bench: Bench, jobs: Any) -> None:
    seat = bench.seat(jobs.Slow("s"))

    bench.work(seat)

    assert [(one.kind, one.has_hook) for one in seat.outcomes] == [(Kind.FAIL, True)]
    assert bench.shop.tags("failed:JobTimedOut") == ["s"]
    assert seat.hooks_done == [1]


def test_hook_when_it_kills_twice_is_given_up(bench: Bench, jobs: Any) -> None:
    seat = bench.seat(jobs.DeadlyHook("h", ""))

    bench.work(seat)

    assert bench.shop.tags("hook") == ["h", "h"]
    assert seat.hooks_done == [1]
    assert "ended its executor twice" in bench.text


def test_hook_when_it_hangs_is_ended_in_time(bench: Bench, jobs: Any) -> None:
    seat = bench.seat(jobs.SlowHook("slow"), jobs.Work("next"))

    bench.work(seat)

    assert sorted(bench.shop.tags("hook", "hook:JobTimedOut", "end")) == ["next", "slow", "slow"]
    assert seat.hooks_done == [1]
    assert "killed" not in bench.text


def test_hook_when_it_does_not_let_go_costs_two_executors_and_is_given_up(
    bench: Bench, jobs: Any
) -> None:
    seat = bench.seat(jobs.StubbornHook("stubborn"))

    bench.work(seat, overtime=0.3)

    assert bench.shop.tags("hook") == ["stubborn", "stubborn"]
    assert seat.hooks_done == [1]
    assert bench.text.count("failed() of shop_jobs.StubbornHook did not end in time") == 2
    assert "ended its executor twice" in bench.text


def test_condemned_when_reaped_fails_with_its_hook_and_does_not_run(
    bench: Bench, jobs: Any
) -> None:
    seat = bench.seat()
    condemned = bench.delivery(9, jobs.Poison("p"))._replace(lost=3, verdict=Verdict.LOST)
    seat.reaped.append(Reaped(condemned=[condemned]))

    bench.work(seat)

    assert [(one.id, one.kind) for one in seat.outcomes] == [(9, Kind.FAIL)]
    assert bench.shop.tags("start") == []
    assert bench.shop.tags("failed:WorkerLost") == ["p"]


def test_executor_when_it_dies_charges_what_ran_and_returns_the_rest(
    bench: Bench, jobs: Any
) -> None:
    seat = bench.seat(*(jobs.Work(str(n)) for n in range(30)), jobs.Poison("p"), jobs.Work("after"))

    bench.work(seat)

    by_id = {one.id: one for one in seat.outcomes}
    assert {by_id[n].kind for n in range(1, 31)} == {Kind.DONE}
    assert (by_id[31].kind, by_id[31].charge) == (Kind.RELEASE, Charge.LOST)
    assert by_id[32].kind in {Kind.DONE, Kind.RETURN}


def test_restart_when_asked_stops_and_claims_no_more(bench: Bench, jobs: Any) -> None:
    seat = bench.seat(*(jobs.Work(str(n)) for n in range(5)))
    seat.must_restart = True

    stop = bench.work(seat)

    assert stop == Stop("restart_signal")
    assert len(seat.outcomes) <= 1


def test_claim_when_jobs_are_few_asks_for_one_first_and_for_more_then(
    bench: Bench, jobs: Any
) -> None:
    seat = bench.seat(*(jobs.Work(str(n)) for n in range(400)))

    bench.work(seat)

    asked = [room for room in seat.rooms if room]
    assert asked[0] == 1
    assert max(asked) >= 4  # how many fit into a moment is for the machine to say
    assert len(seat.outcomes) == 400


def test_bug_when_a_turn_raises_kills_the_executors_and_leaves(bench: Bench, jobs: Any) -> None:
    seat = bench.seat(jobs.Work("a"))
    seat.troubles.append(RuntimeError("a bug"))

    with pytest.raises(RuntimeError, match="a bug"):
        bench.work(seat)

    assert seat.left is not None
