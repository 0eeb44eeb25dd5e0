"""What has moved since a payload was written is found by its alias: not only classes of jobs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from securely.queue.bus.callbacks import Callback
from securely.queue.bus.listeners import CallListener
from securely.queue.bus.task import AsyncCall, Call
from securely.queue.delivery.runner import JobRunner
from securely.queue.exceptions import UnknownJob
from securely.queue.job import Extras, Job
from securely.queue.middleware import FailOnException
from securely.queue.payload import Codec

BEFORE = "sample_bus_before"
NAMES = ("chain_catch", "noted", "anoted", "passed", "before", "JobError", "Heard", "Gate", "then")


@pytest.fixture
def before(sample: ModuleType) -> Iterator[ModuleType]:
    """A module whose functions and classes are elsewhere today; importable until `gone`."""
    module = ModuleType(BEFORE)
    for name in NAMES:
        kind = type(name, (), {"handle": sample.Gate.handle, "__module__": BEFORE})
        setattr(module, name, kind)
    module.JobError = type("JobError", (Exception,), {"__module__": BEFORE})
    sys.modules[BEFORE] = module
    yield module
    sys.modules.pop(BEFORE, None)


@pytest.fixture
def runner(container: Any, keys: Any, events: Any, sample: ModuleType) -> Iterator[Any]:
    """A runner that knows where all of them are today."""
    aliases = {f"{BEFORE}:{name}": f"{sample.__name__}:{name}" for name in NAMES}
    codec = Codec(keys.purpose("queue"), aliases=aliases)
    with container.active():
        yield JobRunner(container, codec, events)


@pytest.fixture
def run(runner: Any, bench: Any, codec: Codec):
    """Run a job that was written by who did not know of it, and raise what it raises."""

    def run(job: Job, **extras: Any) -> None:
        payload = codec.envelope(job, "default", extras=Extras(**extras)).payload
        delivery = bench.delivery(job)._replace(payload=payload)
        sys.modules.pop(BEFORE, None)
        ran = runner.attempt(delivery, is_last=True)
        if ran.error is not None:
            raise ran.error

    return run


def test_callback_that_has_moved_is_called(run, log):
    run(Callback(f"{BEFORE}:chain_catch", error=b'{"type":"E","message":"m","trace":""}'))

    assert log == [("chain catch", "E: m")]


@pytest.mark.parametrize(("kind", "name"), [(Call, "noted"), (AsyncCall, "anoted")])
def test_function_that_has_moved_is_called(run, log, sample, kind, name):
    written = kind.of(getattr(sample, name), "x")

    run(kind(f"{BEFORE}:{name}", written.arguments))

    assert [entry[:2] for entry in log] == [(name, "x")]


def test_listener_that_has_moved_hears(run, log, before):
    run(CallListener(f"{BEFORE}:Heard", "handle", [], b'["x"]'))

    assert log == [("heard", "x")]


def test_hook_of_a_listener_that_has_moved_is_called(runner, codec, log):
    job = CallListener(f"{BEFORE}:noted", "", [], b"[]", catches=[f"{BEFORE}:chain_catch"])

    found = runner._codec.decode(codec.envelope(job, "default").payload).job

    assert found.catches == ["sample_bus:chain_catch"]


def test_middleware_that_has_moved_stands_around_the_job(run, log, sample, before):
    run(sample.J("a"), through=(before.Gate(),))

    assert log == [("gate",), ("run", "a", 1)]


def test_exception_that_has_moved_is_known_to_middleware(run, log, sample, before):
    with pytest.raises(sample.JobError):
        run(sample.J("a", "throw"), through=(FailOnException([before.JobError]),))


def test_what_has_moved_without_an_alias_is_named(bench, codec, container):
    with container.active():
        ran = bench.runner.attempt(bench.delivery(Callback("sample_bus_gone:it")), is_last=True)

    with pytest.raises(UnknownJob, match="sample_bus_gone:it"):
        raise ran.error
