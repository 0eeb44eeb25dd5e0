"""What the providers bind."""

from __future__ import annotations

from pathlib import Path
from typing import cast

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


@pytest.mark.parametrize("fields", [["iban", "tax_no"], "iban, tax_no"])
def test_names_of_the_application_are_masked(tmp_path: Path, fields: object) -> None:
    section = {**cast("dict[str, object]", SECTIONS["log"]), "mask": {"fields": fields}}
    container = booted(tmp_path, log=section, shop={"own_iban": "DE02-1203-0000"})
    log = container.make(LogManager)

    log.info("paid to {customer.iban} of DE02-1203-0000", customer={"iban": "DE99"}, taxNo=7)
    log.hide_fields("pin")
    log.info("pin=4711", pin=4711)

    assert isinstance(log.handlers[0], ArrayHandler)
    paid, entered = log.handlers[0].records
    assert paid.message == "paid to ******** of ********"
    assert paid.fields == {"customer": {"iban": "********"}, "taxNo": "********"}
    assert (entered.message, entered.fields) == ("pin=********", {"pin": "********"})


def test_names_of_the_application_are_masked_where_the_section_is_wrong_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    section = {"default": "x", "channels": {"x": {"driver": "singel"}}, "mask": {"fields": ["pin"]}}

    booted(tmp_path, log=section).make(LogManager).info("entered", pin="4711")

    assert "4711" not in capsys.readouterr().err


@pytest.mark.parametrize("fields", [7, {"iban": 1}, [""], [7]])
def test_names_that_are_none_are_told_of(
    tmp_path: Path, fields: object, capsys: pytest.CaptureFixture[str]
) -> None:
    section = {**cast("dict[str, object]", SECTIONS["log"]), "mask": {"fields": fields}}

    booted(tmp_path, log=section).make(LogManager).info("not lost")

    assert "log.mask.fields" in capsys.readouterr().err
