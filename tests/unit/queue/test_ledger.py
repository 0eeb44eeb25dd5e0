"""Outcomes on their way to the store, and what is said of them once they are there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from securely.queue.contracts import Charge, Delivery, Kind, Measure, Outcome, Seat, Turn
from securely.queue.crew.ledger import Ledger
from securely.queue.crew.report import Ended, Report

ONE = Delivery(7, 1, "mail", "Send", 2, 0, 0, 0, None, 3, b"p")


class CancelledSeat:
    """A store where job 7 was cancelled: it is not put back."""

    def __init__(self) -> None:
        self.measured: list[Measure] = []

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        return Turn((), cancelled=[7])

    def measure(self, measures: Sequence[Measure]) -> None:
        self.measured += measures


@pytest.mark.parametrize("kind", [Kind.RELEASE, Kind.RETURN])
def test_record_when_the_store_takes_out_what_was_to_go_back_says_cancelled(kind: Kind) -> None:
    lines: list[dict[str, Any]] = []
    report = Report(lambda text: lines.extend(map(json.loads, text.splitlines())), as_json=True)
    ledger, seat = Ledger("sqlite", report), CancelledSeat()
    back = Outcome(7, 1, kind, 60.0, Charge.EXCEPTION)
    other = Outcome(8, 1, Kind.DONE)
    ledger.add(Ended(ONE, back, 0.5, "Busy: later", lambda: None))
    ledger.add(Ended(ONE._replace(id=8), other, 0.5, "", lambda: None))

    ledger.record(cast(Seat, seat), 0)
    ledger.measure(cast(Seat, seat))

    assert [(line["status"], line["delay"]) for line in lines] == [
        ("cancelled", 0.0),
        ("done", 0.0),
    ]
    assert (report.tally.cancelled, report.tally.retried, report.tally.processed) == (1, 0, 2)
    assert [one.times for one in seat.measured] == [1]
    assert ledger.is_empty
