"""Jobs in a module that can be imported, and what runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue.contracts import Defaults, Delivery, Verdict
from securely.queue.delivery.runner import JobRunner
from securely.queue.job import Job
from securely.queue.payload import Codec


@pytest.fixture(scope="session")
def jobs() -> Iterator[ModuleType]:
    """The module `sample_jobs` beside this file: workers must be able to import a job by name."""
    here = str(Path(__file__).parent)
    sys.path.insert(0, here)
    import sample_jobs

    yield sample_jobs
    sys.path.remove(here)


@pytest.fixture(scope="session")
def stages() -> Iterator[ModuleType]:
    """The module `sample_stages` beside this file: jobs with middleware."""
    here = str(Path(__file__).parent)
    sys.path.insert(0, here)
    import sample_stages

    yield sample_stages
    sys.path.remove(here)


@pytest.fixture(scope="session")
def sample() -> Iterator[ModuleType]:
    """The module `sample_bus` beside this file: what chains and batches are made of."""
    here = str(Path(__file__).parent)
    sys.path.insert(0, here)
    import sample_bus

    yield sample_bus
    sys.path.remove(here)


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    container: Container,
    codec: Codec,
    events: Dispatcher,
    sample: ModuleType,
    tmp_path: Path,
) -> Iterator[Any]:
    """An application of a kind, with a worker that is turned by hand.

    Its connections "sqlite" and "other" are on sqlite; or, where a module says so, on a server.
    """
    import bus_worlds

    engine = getattr(request, "param", "sqlite")
    server = request.getfixturevalue("valkey").port if engine == "arq" else None
    made = bus_worlds.BusWorld(container, codec, events, tmp_path, server)
    with container.active():
        yield made
    made.close()


@pytest.fixture
def log(sample: ModuleType) -> Iterator[list[Any]]:
    """What the samples of the bus note down."""
    sample.LOG.clear()
    sample.THROWS.clear()
    yield sample.LOG
    sample.LOG.clear()
    sample.THROWS.clear()


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing(b"k" * 32)


@pytest.fixture
def codec(keys: KeyRing) -> Codec:
    return Codec(keys.purpose("queue"))


@pytest.fixture
def container() -> Container:
    return Container()


@pytest.fixture
def events(container: Container) -> Dispatcher:
    return Dispatcher(container)


class Bench:
    """A runner, with what it told and reported."""

    def __init__(self, container: Container, codec: Codec, events: Dispatcher) -> None:
        self.container = container
        self.codec = codec
        self.events = events
        self.reported: list[tuple[BaseException, dict[str, Any]]] = []
        self.told: list[object] = []
        self.runner = JobRunner(
            container,
            codec,
            events,
            lambda error, facts: self.reported.append((error, dict(facts))),
        )
        self.runner.configure(Defaults(connection="sqlite", tries=1, backoff=(0.0,)))

    def listen(self) -> None:
        """Note every event of the queue."""
        from securely.queue import events

        for name in events.__all__:
            self.events.listen(getattr(events, name), self.told.append)

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.told]

    def delivery(self, job: Job, **changes: Any) -> Delivery:
        envelope = self.codec.envelope(job, "default")
        delivery = Delivery(
            id=7,
            token=1,
            queue="default",
            name=envelope.name,
            attempts=1,
            exceptions=0,
            lost=0,
            deferrals=0,
            timeout=envelope.timeout,
            max_lost=envelope.max_lost,
            payload=envelope.payload,
            verdict=Verdict.RUN,
        )
        return delivery._replace(**changes)


@pytest.fixture
def bench(container: Container, codec: Codec, events: Dispatcher) -> Bench:
    return Bench(container, codec, events)


@pytest.fixture
def journal(jobs: ModuleType) -> Iterator[list[Any]]:
    """What the sample jobs note down."""
    jobs.JOURNAL.clear()
    yield jobs.JOURNAL
    jobs.JOURNAL.clear()


Run = Callable[..., Any]
