"""What the providers bind."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.config import Config
from securely.container import Container
from securely.events import Dispatcher
from securely.events.provider import EventProvider
from securely.log import LogManager
from securely.log.drivers.array import ArrayHandler
from securely.log.provider import LogProvider
from securely.support.paths import Paths

SECTIONS: dict[str, object] = {
    "app": {"env": "testing", "timezone": "Europe/Berlin", "key": "base64:c2VjcmV0LWtleQ=="},
    "events": {"discover": []},
    "log": {"default": "memory", "channels": {"memory": {"driver": "array"}}},
}


def booted(tmp_path: Path, **sections: object) -> Container:
    container = Container()
    container.instance(Config, Config({**SECTIONS, **sections}))
    container.instance(Paths, Paths(tmp_path))
    for provider in (EventProvider(container), LogProvider(container)):
        provider.register()
    return container


def test_the_log_is_configured_and_bound_once(tmp_path: Path) -> None:
    container = booted(tmp_path)
    log = container.make(LogManager)

    log.info("the key is c2VjcmV0LWtleQ==")

    assert container.make(LogManager) is log
    assert isinstance(log.handlers[0], ArrayHandler)
    (record,) = log.handlers[0].records
    assert record.channel == "testing"
    assert record.message == "the key is ********"


def test_a_section_that_is_wrong_is_an_emergency_and_no_exception(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    container = booted(tmp_path, log={"default": "x", "channels": {"x": {"driver": "singel"}}})

    container.make(LogManager).info("not lost")

    error = capsys.readouterr().err
    assert "log.channels.x.driver" in error
    assert 'Did you mean "single"?' in error
    assert "testing.INFO: not lost" in error


def test_the_dispatcher_discovers_what_the_configuration_names(tmp_path: Path) -> None:
    container = booted(tmp_path, events={"discover": ["no_such_application.listeners"]})
    events = container.make(Dispatcher)

    assert container.make(Dispatcher) is events
    assert not events.has_listeners("anything")
