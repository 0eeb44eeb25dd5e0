"""The bus: what is queued, what is run now, and what stands around it."""

from __future__ import annotations

import asyncio

import pytest

from securely.queue.exceptions import NotQueueable
from securely.queue.job import Dispatched


def test_find_batch_and_links(world, sample):
    batch = world.bus.batch([sample.J("a")]).dispatch()

    assert world.bus.find_batch(batch.id).total_jobs == 1
    assert world.bus.find_batch("nope") is None
    links = world.bus.links([sample.J("a"), sample.Elsewhere("b")], "q", "other")
    assert [(link.connection, link.queue) for link in links] == [("other", "q"), ("other", "own")]


def test_job_is_queued(world, sample):
    sent = world.bus.dispatch(sample.J("a"))

    assert isinstance(sent, Dispatched)
    assert world.state() == ["a"]


def test_what_is_no_job_runs_at_once(world, sample, log):
    """Case handlers/plain@database."""
    assert world.bus.dispatch(sample.Plain(2)) == 4
    assert asyncio.run(world.bus.adispatch(sample.AsyncPlain(2))) == 6
    assert world.bus.dispatch(sample.AsyncPlain(1)) == 3
    assert (log, world.state()) == ([("plain", 2)], [])


def test_what_nothing_handles_is_refused(world, sample):
    with pytest.raises(NotQueueable, match=r"Bare can not be queued: it has no `handle`"):
        world.bus.dispatch(sample.Bare())
