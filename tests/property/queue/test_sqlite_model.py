"""The sqlite store against a model of it: random pushes, turns, releases, deaths and waits."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from securely.queue.contracts import Charge, Delivery, Envelope, Kind, Outcome, Verdict
from securely.queue.crew.board import Board
from securely.queue.drivers.sqlite import SqliteConnection
from securely.support import clock
from securely.support.clock import FrozenClock

pytestmark = pytest.mark.property

QUEUES = ("high", "low")


@dataclass
class Row:
    """What the model knows of a job."""

    number: int
    queue: str
    priority: int
    due: float
    max_lost: int
    counters: dict[str, int] = field(
        default_factory=lambda: {"attempts": 0, "exceptions": 0, "lost": 0, "deferrals": 0}
    )
    held_by: Any = None

    def order(self) -> tuple[int, int, float, int]:
        return (QUEUES.index(self.queue), -self.priority, self.due, self.number)


class Store(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.mkdtemp()
        self.clock = FrozenClock(at=1_800_000_000.0)
        self.frozen = clock.using(self.clock)
        self.frozen.__enter__()
        self.connection = SqliteConnection(
            "sqlite", Path(self.directory) / "q", durability="relaxed"
        )
        self.numbers = count()
        self.rows: dict[str, Row] = {}
        self.held: dict[str, Delivery] = {}
        self.old: list[Outcome] = []
        self.failed: set[str] = set()
        self.seat: Any = None

    @initialize()
    def join(self) -> None:
        self.seat = self.connection.join(QUEUES)

    @rule(
        queue=st.sampled_from(QUEUES),
        priority=st.integers(-1, 1),
        delays=st.lists(st.sampled_from([0.0, 0.0, 5.0, 60.0]), min_size=1, max_size=3),
        max_lost=st.integers(1, 2),
    )
    def push(self, queue: str, priority: int, delays: list[float], max_lost: int) -> None:
        envelopes = []
        for delay in delays:
            number = next(self.numbers)
            name = f"job-{number}"
            due = self.clock.timestamp() + delay
            self.rows[name] = Row(number, queue, priority, due, max_lost)
            envelopes.append(
                Envelope(name, name, queue, b"x", delay, None, max_lost, priority=priority)
            )
        self.connection.push(envelopes)

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.clock.travel(seconds)

    @rule(room=st.integers(0, 4), choices=st.lists(st.integers(0, 7), max_size=4))
    def turn(self, room: int, choices: list[int]) -> None:
        outcomes = []
        for choice, name in zip(choices, list(self.held), strict=False):
            outcomes.append(self.settle(choice, name))
        expected = self.claimable()[:room]

        turn = self.seat.turn(outcomes, room)

        assert list(turn.stale) == []
        assert [one.name for one in turn.deliveries] == expected
        for delivery in turn.deliveries:
            row = self.rows[delivery.name]
            row.held_by = self.seat
            row.counters["attempts"] += 1
            self.held[delivery.name] = delivery
            seen = {key: getattr(delivery, key) for key in row.counters}
            assert seen == row.counters
            lost = row.counters["lost"]
            assert (delivery.verdict is Verdict.LOST) == (lost > 0 and lost >= row.max_lost)

    def claimable(self) -> list[str]:
        now = self.clock.timestamp()
        free = [name for name, row in self.rows.items() if not row.held_by and row.due <= now]
        return sorted(free, key=lambda name: self.rows[name].order())

    def settle(self, choice: int, name: str) -> Outcome:
        """Apply one way of ending to the model and return it as an outcome."""
        delivery, row = self.held.pop(name), self.rows[name]
        row.held_by = None
        ends = [
            (Kind.DONE, 0.0, Charge.NONE),
            (Kind.DROP, 0.0, Charge.NONE),
            (Kind.FAIL, 0.0, Charge.NONE),
            (Kind.RETURN, 0.0, Charge.NONE),
            (Kind.RELEASE, 0.0, Charge.EXCEPTION),
            (Kind.RELEASE, 10.0, Charge.EXCEPTION),
            (Kind.RELEASE, 3.0, Charge.DEFERRAL),
            (Kind.RELEASE, 0.0, Charge.LOST),
        ]
        kind, delay, charge = ends[choice]
        if kind in {Kind.DONE, Kind.DROP, Kind.FAIL}:
            del self.rows[name]
            if kind is Kind.FAIL:
                self.failed.add(name)
        elif kind is Kind.RETURN:
            row.counters["attempts"] -= 1
        else:
            counter = {Charge.EXCEPTION: "exceptions", Charge.DEFERRAL: "deferrals"}
            row.counters[counter.get(charge, "lost")] += 1
            if charge is not Charge.LOST:
                row.due = self.clock.timestamp() + delay
        outcome = Outcome(delivery.id, delivery.token, kind, delay, charge, b"{}")
        self.old.append(outcome)
        return outcome

    @precondition(lambda self: self.old)
    @rule(data=st.data())
    def settle_again(self, data: st.DataObject) -> None:
        outcome = data.draw(st.sampled_from(self.old))

        assert list(self.seat.turn([outcome], 0).stale) == [outcome.id]

    @rule(started=st.lists(st.booleans(), max_size=4), finished=st.booleans())
    def die(self, started: list[bool], finished: bool) -> None:
        """Kill the worker with some of its jobs started, and one of them finished."""
        dead, self.seat = self.seat, self.connection.join(QUEUES)
        board = Board(dead.home / f"{dead.id}.board", 64)
        held, self.held = self.held, {}
        for cell, (name, delivery) in enumerate(held.items()):
            row = self.rows[name]
            row.held_by = None
            self.old.append(Outcome(delivery.id, delivery.token, Kind.DONE))
            board.place(cell, delivery.id, delivery.token)
            if cell >= len(started) or not started[cell]:
                row.counters["attempts"] -= 1
                continue
            board.start(cell, 0.0)
            if finished and cell == 0:
                board.finish(cell)
                del self.rows[name]
            else:
                row.counters["lost"] += 1
        board.close()
        os.close(dead._lock)
        dead._bell.close()
        dead._bells.close()
        dead._database.close()

        reaped = self.seat.reap()

        for delivery in reaped.condemned:
            row = self.rows[delivery.name]
            assert row.counters["lost"] >= row.max_lost
            row.held_by = self.seat
            self.held[delivery.name] = delivery

    @invariant()
    def counts_agree(self) -> None:
        now = self.clock.timestamp()
        for queue in QUEUES:
            rows = [row for row in self.rows.values() if row.queue == queue]
            counts = self.connection.counts(queue)
            assert counts.reserved == sum(row.held_by is not None for row in rows)
            waiting = [row for row in rows if row.held_by is None]
            assert counts.pending == sum(row.due <= now for row in waiting)
            assert counts.delayed == sum(row.due > now for row in waiting)
        assert {job.name for job in self.connection.failed.all()} == self.failed

    def teardown(self) -> None:
        assert self.connection._database.query("PRAGMA integrity_check") == [("ok",)]
        if self.seat is not None:
            self.seat.leave()
        self.connection.close()
        self.frozen.__exit__(None, None, None)
        shutil.rmtree(self.directory)


Store.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStore = Store.TestCase
