"""What follows for each delivery when its executor dies."""

from __future__ import annotations

import json

import pytest

from securely.queue.contracts import Charge, Delivery, Kind, Verdict
from securely.queue.crew.board import State
from securely.queue.crew.fates import Fate, Remains, fate_of, judge

PLAIN = Delivery(1, 2, "default", "Greet", 1, 0, 2, 0, None, 3, b"p")
CONDEMNED = PLAIN._replace(verdict=Verdict.LOST)


@pytest.mark.parametrize(
    ("state", "is_cancelled", "is_overdue", "fate"),
    [
        (State.FINISHED, True, True, Fate.FINISHED),
        (State.HANDED, True, True, Fate.HANDED),
        (State.STARTED, True, True, Fate.CANCELLED),
        (State.STARTED, False, True, Fate.OVERDUE),
        (State.STARTED, False, False, Fate.STARTED),
    ],
)
def test_fate_is_what_the_board_says_before_what_was_asked_for(
    state: State, is_cancelled: bool, is_overdue: bool, fate: Fate
) -> None:
    assert fate_of(state, is_cancelled=is_cancelled, is_overdue=is_overdue) is fate


def test_judge_when_finished_settles_it() -> None:
    outcome, again, _ = judge(Remains(Fate.FINISHED, 0, PLAIN), is_pardoned=False)

    assert (outcome.kind if outcome else None, again) == (Kind.DONE, None)


def test_judge_when_not_begun_gives_it_back_uncharged() -> None:
    outcome, again, _ = judge(Remains(Fate.HANDED, 0, PLAIN), is_pardoned=False)

    assert outcome is not None
    assert (outcome.kind, outcome.charge, again) == (Kind.RETURN, Charge.NONE, None)


def test_judge_when_running_charges_the_death() -> None:
    outcome, _, _ = judge(Remains(Fate.STARTED, 0, PLAIN), is_pardoned=False)

    assert outcome is not None
    assert (outcome.id, outcome.token) == (1, 2)
    assert (outcome.kind, outcome.charge) == (Kind.RELEASE, Charge.LOST)


def test_judge_when_running_beside_the_guilty_one_gives_it_back_uncharged() -> None:
    outcome, _, _ = judge(Remains(Fate.STARTED, 0, PLAIN), is_pardoned=True)

    assert outcome is not None
    assert (outcome.kind, outcome.charge) == (Kind.RETURN, Charge.NONE)


@pytest.mark.parametrize("is_pardoned", [True, False])
def test_judge_when_overdue_hands_it_on_as_timed_out(is_pardoned: bool) -> None:
    outcome, again, _ = judge(Remains(Fate.OVERDUE, 0, PLAIN), is_pardoned=is_pardoned)

    assert outcome is None
    assert again == PLAIN._replace(verdict=Verdict.TIMED_OUT)


def test_judge_when_a_verdict_was_not_begun_hands_it_on() -> None:
    assert judge(Remains(Fate.HANDED, 0, CONDEMNED), is_pardoned=False).again == CONDEMNED


@pytest.mark.parametrize("fate", [Fate.STARTED, Fate.OVERDUE])
def test_judge_when_a_verdict_kills_too_fails_it_without_an_executor(fate: Fate) -> None:
    outcome, again, reason = judge(Remains(fate, 0, CONDEMNED), is_pardoned=False)

    assert outcome is not None
    assert (outcome.kind, outcome.has_hook, again) == (Kind.FAIL, False, None)
    assert json.loads(outcome.error or b"")["type"].endswith("WorkerLost")
    assert "3 times" in reason


@pytest.mark.parametrize("is_pardoned", [True, False])
def test_judge_when_cancelled_hands_it_on_to_be_told(is_pardoned: bool) -> None:
    outcome, again, _ = judge(Remains(Fate.CANCELLED, 0, PLAIN), is_pardoned=is_pardoned)

    assert outcome is None
    assert again == PLAIN._replace(verdict=Verdict.CANCELLED)


@pytest.mark.parametrize("fate", [Fate.STARTED, Fate.OVERDUE, Fate.CANCELLED])
def test_judge_when_telling_of_a_cancellation_kills_too_skips_it(fate: Fate) -> None:
    cancelled = PLAIN._replace(verdict=Verdict.CANCELLED)

    outcome, again, _ = judge(Remains(fate, 0, cancelled), is_pardoned=False)

    assert outcome is not None
    assert (outcome.kind, outcome.id, outcome.token, again) == (Kind.SKIP, 1, 2, None)
