"""Middleware of one dispatch: it travels in the payload, and stands around the job there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from securely.queue.delivery.through import pack, unpack
from securely.queue.exceptions import InvalidPayload, NotQueueable, UnknownJob
from securely.queue.job import Extras, Job, PendingDispatch
from securely.queue.middleware import (
    ConcurrencyLimit,
    FailOnException,
    Idempotent,
    RateLimited,
    Release,
    Skip,
    SkipIfBatchCancelled,
    ThrottlesExceptions,
    Timeout,
    Transactional,
    WithoutOverlapping,
)

PASSED: list[str] = []


def by_function(job: Job, next_: Any) -> object:
    """A middleware that is a function."""
    PASSED.append("function")
    return next_(job)


def is_final(error: BaseException) -> bool:
    """Tell of an error."""
    return True


@dataclass(frozen=True, slots=True)
class Slotted:
    """A middleware that is frozen and slotted."""

    number: int

    def handle(self, job: Job, next_: Any) -> object:
        PASSED.append("slotted")
        return next_(job)


@pytest.mark.parametrize(
    "stage",
    [
        ConcurrencyLimit("k", 3).release_after("1m"),
        FailOnException([KeyError, ValueError]),
        FailOnException(is_final),
        Idempotent("k", "1h"),
        RateLimited("mail").dont_release(),
        Release.unless(False, 30),
        Skip.unless(True),
        SkipIfBatchCancelled(),
        ThrottlesExceptions(3, "5m").when(KeyError).delete_when(is_final).by("api").backoff(5),
        Timeout(9.5),
        Transactional(),
        WithoutOverlapping("k").shared().expire_after("1h"),
    ],
    ids=lambda stage: type(stage).__name__,
)
def test_each_of_ours_arrives_as_it_was(stage):
    (twin,) = unpack(pack([stage]))

    assert type(twin) is type(stage)
    assert vars(twin) == vars(stage)


def test_function_and_slotted_dataclass_arrive():
    function, slotted = unpack(pack([by_function, Slotted(7)]))

    assert function is by_function
    assert slotted == Slotted(7)


def test_middleware_of_a_dispatch_stands_within_that_of_its_class(bench, stages):
    """Case mw/through@database."""
    stages.LOG.clear()
    stages.STAGES[:] = [stages.Trace("outer")]
    extras = Extras(through=[stages.Trace("inner"), by_function])
    payload = bench.codec.envelope(stages.Worked(), "default", extras=extras).payload

    bench.runner.run(bench.delivery(stages.Worked())._replace(payload=payload))

    assert [entry[:2] for entry in stages.LOG] == [
        ("before", "outer"),
        ("before", "inner"),
        ("run", "j"),
        ("after", "inner"),
        ("after", "outer"),
    ]
    assert PASSED[-1] == "function"
    stages.STAGES.clear()
    stages.LOG.clear()


def test_dispatch_says_it_through_its_builder():
    stage = Skip.when(True)

    assert PendingDispatch(object()).through([stage]).placement.through == (stage,)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (lambda job, next_: None, "instead of a lambda"),
        (Skip.when(lambda: True), "instead of a lambda"),
        (object(), 'no "handle"'),
        (Skip.when(partial(is_final, KeyError())), r"Skip\._condition"),
    ],
)
def test_what_can_not_travel_is_refused_at_the_dispatch(stage, message):
    with pytest.raises(NotQueueable, match=message):
        pack([stage])


def test_middleware_that_is_gone_or_none_is_refused_where_it_is_to_run():
    with pytest.raises(UnknownJob, match=r"nowhere\.at\.all:Gone"):
        unpack([("nowhere.at.all:Gone", "{}")])
    with pytest.raises(UnknownJob, match="no middleware"):
        unpack([("decimal:Decimal", "{}")])
    with pytest.raises(InvalidPayload):
        unpack([("securely.queue.middleware.conditions:Skip", "{")])
