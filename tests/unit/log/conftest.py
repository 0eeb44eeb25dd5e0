"""A log manager whose default channel is kept in memory, under a clock that stands still."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from securely.container import Container
from securely.events import Dispatcher
from securely.log import LogManager, Record
from securely.log import context as log_context
from securely.log.drivers.array import ArrayHandler
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.paths import Paths

CHANNELS: dict[str, object] = {
    "memory": {"driver": "array"},
    "errors": {"driver": "array", "level": "error"},
    "both": {"driver": "stack", "channels": "memory, errors"},
    "silent": {"driver": "null"},
}


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    with clock.using(FrozenClock(at=1_793_872_800.25)) as frozen:
        yield cast("FrozenClock", frozen)


@pytest.fixture
def events() -> Dispatcher:
    return Dispatcher(Container())


@pytest.fixture
def hub(tmp_path: Path, events: Dispatcher) -> Hub:
    return Hub(paths=Paths(tmp_path), environment="testing", events=events)


@pytest.fixture
def make(hub: Hub) -> Callable[..., LogManager]:
    """Make a manager of channels as they stand in `config/log.py`."""

    def make(default: str = "memory", **channels: object) -> LogManager:
        options = LogOptions.parse(
            {"default": default, "channels": {**CHANNELS, **channels}}, key="log"
        )
        return LogManager(options.default, options.channels, hub)

    return make


@pytest.fixture
def log(make: Callable[..., LogManager]) -> Iterator[LogManager]:
    log_context.clear()
    yield make()
    log_context.clear()


@pytest.fixture
def records(log: LogManager) -> Callable[..., deque[Record]]:
    """Give what a channel of `log` has kept."""

    def of(channel: str = "memory") -> deque[Record]:
        return cast("ArrayHandler", log.channel(channel).handlers[0]).records

    return of
