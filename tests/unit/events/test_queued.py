"""Where and when queued listeners run, with the real queue behind them, as Laravel was seen to do.

Source: Laravel 13.26.1, vectors of the dispatcher: its queued listeners Q1 to Q6.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher, InvalidListener, queueable
from securely.queue import InteractsWithQueue, NotRunning
from securely.queue.bus.listeners import CallListener, QueuedListeners
from securely.queue.contracts import Delivery, Kind
from securely.queue.delivery.runner import JobRunner
from securely.queue.exceptions import NotQueueable
from securely.queue.fake import Pushed, QueueFake
from securely.queue.job import Job, option
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec

HEARD: list[object] = []


@dataclass(frozen=True)
class Shipped:
    id: int = 1


@dataclass(frozen=True)
class Other:
    pass


class Q1:
    queued = True

    def handle(self, *given: object) -> None:
        HEARD.append(given)


class Lane(Enum):
    HIGH = "high"


class Q2(Q1):
    connection = "redis"
    queue = Lane.HIGH
    delay = 60
    tries = 5
    max_exceptions = 2
    backoff: ClassVar = [1, 5, 10]
    timeout = 30
    fail_on_timeout = True

    def middleware(self) -> list[object]:
        return [_note]


class Q3:
    """Everything is said by methods, which are given what the listener is given."""

    queued = True

    def handle(self, *given: object) -> None: ...

    def on_custom(self, *given: object) -> None: ...

    def via_connection(self, event: object = None) -> str:
        return f"conn-{_id(event)}"

    def via_queue(self, event: object = None) -> str:
        return f"q-{_id(event)}"

    def with_delay(self, event: object = None) -> int:
        return 10 if _id(event) == 9 else 0

    def tries(self) -> int:
        return 7

    def backoff(self) -> int:
        return 3

    def retry_until(self, event: object = None) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)

    def middleware(self, event: object = None) -> list[object]:
        return [f"m-{_id(event)}"]


class Q5(Q1):
    """In Laravel it is encrypted; what the queue cannot do yet changes nothing."""

    encrypted = True


def _id(event: object) -> object:
    return event.id if isinstance(event, Shipped) else "?"


def _note(job: Job, next_: Callable[[Job], Any]) -> Any:
    HEARD.append("around")
    return next_(job)


@pytest.fixture(autouse=True)
def heard() -> list[object]:
    HEARD.clear()
    return HEARD


@pytest.fixture
def codec() -> Codec:
    return Codec(KeyRing(b"k" * 32).purpose("queue"))


@pytest.fixture
def queue(events: Dispatcher, container: Container, codec: Codec) -> QueueFake:
    """A queue that records, plugged into the events."""
    connections = {
        name: {"driver": "null"} for name in ("sqlite", "redis", "conn-1", "conn-2", "conn-9")
    }
    parsed = QueueOptions.parse({"connections": connections, "default": "sqlite"}, "queue")
    runner = JobRunner(container, codec, events)
    real = QueueManager(
        "sqlite", parsed.connections, events, Materials(lambda: codec, lambda: runner)
    )
    fake = QueueFake(real, parsed.connections)
    events.queue_by(QueuedListeners(lambda: fake))
    return fake


def only(queue: QueueFake) -> Pushed:
    (pushed,) = queue.pushed_jobs()
    return pushed


def told(pushed: Pushed) -> dict[str, object]:
    names = ("tries", "max_exceptions", "backoff", "retry_until", "timeout", "fail_on_timeout")
    found = {name: option(pushed.job, name) for name in names}
    return {
        name: value for name, value in found.items() if value is not None and value is not False
    }


INPUTS: dict[str, tuple[object, object, list[object]]] = {
    "id1": (Shipped(1), None, [Shipped(1)]),
    "id9": (Shipped(9), None, [Shipped(9)]),
    "string": ("s", [Other(), 5], [Other(), 5]),
    "no-payload": ("s", None, []),
}


def cases(*listeners: type) -> list[Any]:
    return [
        pytest.param(listener, *values, id=f"queued/{listener.__name__}/{name}")
        for listener in listeners
        for name, values in INPUTS.items()
    ]


@pytest.mark.parametrize(("listener", "event", "payload", "given"), cases(Q1, Q5))
def test_a_queued_listener_that_says_nothing_takes_the_defaults(
    listener: type,
    event: object,
    payload: object,
    given: list[object],
    events: Dispatcher,
    queue: Any,
) -> None:
    """Cases queued/Q1/id1, queued/Q1/id9, queued/Q5/id1, queued/Q5/string, queued/Q5/no-payload."""
    events.listen([Shipped, "s"], listener)

    assert events.dispatch(event, payload) == [None]
    pushed = only(queue)
    assert (pushed.connection, pushed.queue, pushed.delay) == ("sqlite", "default", 0.0)
    assert told(pushed) == {}
    assert pushed.job.arguments() == given
    assert pushed.job.display_name() == f"{__name__}.{listener.__name__}"


@pytest.mark.parametrize(("listener", "event", "payload", "given"), cases(Q2))
def test_attributes_of_a_listener_say_where_and_when_its_job_runs(
    listener: type,
    event: object,
    payload: object,
    given: list[object],
    events: Dispatcher,
    queue: Any,
) -> None:
    """Cases queued/Q2/id1, queued/Q2/id9, queued/Q2/string and queued/Q2/no-payload."""
    events.listen([Shipped, "s"], listener)

    assert events.dispatch(event, payload) == [None]
    pushed = only(queue)
    assert (pushed.connection, pushed.queue, pushed.delay) == ("redis", "high", 60.0)
    assert told(pushed) == {
        "tries": 5,
        "max_exceptions": 2,
        "backoff": [1, 5, 10],
        "timeout": 30,
        "fail_on_timeout": True,
    }
    assert pushed.job.arguments() == given


@pytest.mark.parametrize(("listener", "event", "payload", "given"), cases(Q3))
def test_methods_of_a_listener_are_given_the_event_and_say_where_and_when(
    listener: type,
    event: object,
    payload: object,
    given: list[object],
    events: Dispatcher,
    queue: Any,
    codec: Codec,
) -> None:
    """Cases queued/Q3/id1, queued/Q3/id9, queued/Q3/string and queued/Q3/no-payload."""
    events.listen([Shipped, "s"], listener)

    assert events.dispatch(event, payload) == [None]
    pushed = only(queue)
    name = {"id1": 1, "id9": 9}.get(f"id{getattr(event, 'id', '')}", "?")
    assert (pushed.connection, pushed.queue) == (f"conn-{name}", f"q-{name}")
    assert pushed.delay == (10.0 if name == 9 else 0.0)
    until = datetime(2030, 1, 1, tzinfo=UTC)
    assert told(pushed) == {"tries": 7, "backoff": 3, "retry_until": until}
    header = codec.header(codec.envelope(pushed.job, "q").payload)
    assert (header.tries, header.retry_until) == (7, pytest.approx(until.timestamp()))
    with Container().active():
        assert list(pushed.job.middleware()) == [f"m-{name}"]
    assert pushed.job.arguments() == given


def test_a_method_that_is_named_is_queued_once(events: Dispatcher, queue: QueueFake) -> None:
    """Case queued/method. Both spellings lead to one target, which runs once."""
    events.listen(Shipped, f"{__name__}.Q3@on_custom")
    events.listen(Shipped, (Q3, "on_custom"))

    assert events.dispatch(Shipped(2)) == [None]
    pushed = only(queue)
    assert (pushed.connection, pushed.queue) == ("conn-2", "q-2")
    assert isinstance(pushed.job, CallListener)
    assert pushed.job.method == "on_custom"


def test_a_delay_that_is_none_is_refused_and_named(events: Dispatcher, queue: QueueFake) -> None:
    class Wrong(Q1):
        def with_delay(self, event: Shipped) -> object:
            return object()

    events.listen(Shipped, Wrong)

    with pytest.raises(NotQueueable, match="delay"):
        events.dispatch(Shipped())
    assert queue.pushed_jobs() == ()


# What runs: through the payload and the runner, as a worker does it


@pytest.fixture
def work(container: Container, codec: Codec, events: Dispatcher) -> Callable[[Pushed], object]:
    """Run a recorded job from its payload, and its `failed` hook where it failed."""
    runner = JobRunner(container, codec, events)

    def run(pushed: Pushed) -> object:
        envelope = codec.envelope(pushed.job, pushed.queue)
        delivery = Delivery(
            1, 1, pushed.queue, envelope.name, 1, 0, 0, 0, None, 3, envelope.payload
        )
        with container.active():
            ran = asyncio.run(runner.aattempt(delivery))
            if ran.outcome.kind is Kind.RELEASE:
                HEARD.append((ran.outcome.kind, ran.outcome.delay))
            if ran.outcome.has_hook:
                frame = codec.decode(envelope.payload)
                asyncio.run(container.acall(frame.job.failed, overrides={"error": ran.error}))
        return ran.error

    return run


def test_middleware_of_a_listener_stands_around_its_job(
    events: Dispatcher, queue: QueueFake, work: Callable[[Pushed], object], heard: list[object]
) -> None:
    events.listen(Shipped, Q2)
    events.dispatch(Shipped(3))

    assert work(only(queue)) is None
    assert heard == ["around", (Shipped(3),)]


class Patient(InteractsWithQueue):
    queued = True

    def handle(self, event: Shipped) -> None:
        HEARD.append((self.attempts, bool(self.job_id)))
        self.release("5m")


def test_a_listener_that_interacts_with_the_queue_knows_its_job(
    events: Dispatcher, queue: QueueFake, work: Callable[[Pushed], object], heard: list[object]
) -> None:
    events.listen(Patient)
    events.dispatch(Shipped())

    assert work(only(queue)) is None
    assert heard == [(1, True), (Kind.RELEASE, 300.0)]
    with pytest.raises(NotRunning):
        Patient().release()


def book(event: Shipped) -> None:
    HEARD.append(("booked", event))


async def abook(event: Shipped, container: Container) -> None:
    HEARD.append(("abooked", event, type(container)))


def lose(event: Shipped) -> None:
    raise ValueError(f"lost {event.id}")


def mourn(event: Shipped, error: Exception) -> None:
    HEARD.append((event, str(error)))


def test_queueable_functions_run_on_the_queue_they_name(
    events: Dispatcher, queue: QueueFake, work: Callable[[Pushed], object], heard: list[object]
) -> None:
    """Case queued/closure, with a function that can be imported."""
    events.listen(queueable(book).on_queue(Lane.HIGH).on_connection("redis").delay("9s"))
    events.listen(Shipped, queueable(abook))

    assert events.dispatch(Shipped(4)) == [None, None]
    assert heard == []
    first, second = queue.pushed_jobs()
    assert (first.connection, first.queue, first.delay) == ("redis", "high", 9.0)
    assert (second.connection, second.queue, second.delay) == ("sqlite", "default", 0.0)
    assert (work(first), work(second)) == (None, None)
    assert heard == [("booked", Shipped(4)), ("abooked", Shipped(4), Container)]


def test_queueable_when_its_job_fails_calls_what_catches(
    events: Dispatcher, queue: QueueFake, work: Callable[[Pushed], object], heard: list[object]
) -> None:
    events.listen(queueable(lose).catch(mourn).catch(mourn))
    events.dispatch(Shipped(5))

    assert isinstance(work(only(queue)), ValueError)
    assert heard == [(Shipped(5), "lost 5")] * 2


@pytest.mark.parametrize("function", [lambda event: None, "text", Q1().handle])
def test_queueable_refuses_what_a_worker_cannot_import(function: Any) -> None:
    with pytest.raises(InvalidListener):
        queueable(function)
    with pytest.raises(InvalidListener):
        queueable(book).catch(function)


def test_queueable_functions_are_listening(events: Dispatcher) -> None:
    events.listen(queueable(book))

    fake = events.fake()

    fake.assert_listening(Shipped, book)
    fake.assert_listening(Shipped, queueable(book))
    with pytest.raises(AssertionError, match="mourn"):
        fake.assert_listening(Shipped, mourn)


# All or none


@dataclass(frozen=True)
class Moved:
    durable: ClassVar = True
    id: int = 1


class Bulky(QueueFake):
    """Notes how many jobs come at once."""

    sizes: list[int]

    def bulk(self, jobs: Any, queue: Any = None) -> list[str]:
        found = list(jobs)
        self.sizes.append(len(found))
        return super().bulk(found, queue)

    async def abulk(self, jobs: Any, queue: Any = None) -> list[str]:
        return self.bulk(jobs, queue)


@pytest.fixture
def bulky(queue: QueueFake, events: Dispatcher) -> Bulky:
    queue.__class__ = Bulky
    assert isinstance(queue, Bulky)
    queue.sizes = []
    return queue


class Third(Q1):
    pass


def test_durable_events_queue_all_listeners_in_one_step(events: Dispatcher, bulky: Bulky) -> None:
    told: list[str] = []
    events.listen(Moved, Q1)
    events.listen(Moved, lambda event: told.append("at once"))
    events.listen(Moved, queueable(book))
    events.listen(Moved, Third)

    assert events.dispatch(Moved()) == [None] * 4
    assert bulky.sizes == [3]
    assert told == ["at once"]


def test_durable_when_a_listener_raises_queues_none(events: Dispatcher, bulky: Bulky) -> None:
    def refuse(event: object) -> None:
        raise ValueError("no")

    events.listen(Moved, Q1)
    events.listen(Moved, Third)
    events.listen(Moved, refuse)

    with pytest.raises(ValueError, match="no"):
        events.dispatch(Moved())
    assert bulky.pushed_jobs() == ()


def test_durable_in_the_other_colour(events: Dispatcher, bulky: Bulky) -> None:
    events.listen(Moved, Q1)
    events.listen(Moved, Third)

    asyncio.run(events.adispatch(Moved()))

    assert bulky.sizes == [2]
