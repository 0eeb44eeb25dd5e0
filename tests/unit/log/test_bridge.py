"""Between the standard library's `logging` and ours, both ways."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator

import pytest

from securely.log import LogManager, Record
from securely.log.bridge import BridgeHandler, install, uninstall

Records = Callable[..., deque[Record]]


@pytest.fixture
def bridge(log: LogManager) -> Iterator[BridgeHandler]:
    before = logging.getLogger().level
    yield install(log)
    uninstall()
    assert logging.getLogger().level == before


@pytest.mark.usefixtures("bridge")
def test_records_of_logging_come_into_the_default_channel(records: Records) -> None:
    library = logging.getLogger("some.library")

    library.warning("%d of %s", 3, "five", extra={"order": 5, "password": "hunter2"})
    library.debug("detail")

    first, second = records()
    assert (first.level, first.message) == (30, "3 of five")
    assert first.fields == {"logger": "some.library", "order": 5, "password": "********"}
    assert second.level == 10


@pytest.mark.usefixtures("bridge")
def test_exceptions_of_logging_come_along(records: Records) -> None:
    error = LookupError("nobody")

    logging.getLogger("some.library").error("failed", exc_info=error)

    assert records()[0].exception is error


def test_a_message_whose_arguments_do_not_fit_is_not_lost(
    log: LogManager, records: Records
) -> None:
    record = logging.LogRecord("some.library", 20, "", 0, "%d", ("text",), None)

    BridgeHandler(log).handle(record)

    assert "text" in records()[0].message


@pytest.mark.usefixtures("bridge")
def test_braces_of_a_foreign_message_are_no_placeholders(records: Records) -> None:
    logging.getLogger("some.library").info("{logger}")

    assert records()[0].message == "{ logger }"


@pytest.mark.usefixtures("bridge")
def test_install_twice_writes_once(log: LogManager, records: Records) -> None:
    install(log)

    logging.getLogger("some.library").info("once")

    assert len(records()) == 1


@pytest.mark.usefixtures("bridge")
def test_levels_of_ours_have_names_in_logging() -> None:
    assert logging.getLevelName(25) == "NOTICE"
    assert logging.getLevelName(60) == "EMERGENCY"


def test_stdlib_handler_can_be_added_to_one_logger(log: LogManager, records: Records) -> None:
    library = logging.getLogger("one.library")
    handler = log.stdlib_handler("error")
    library.addHandler(handler)
    library.propagate = False

    library.warning("filtered")
    library.error("written")
    library.removeHandler(handler)

    assert [record.message for record in records()] == ["written"]


def test_a_channel_that_writes_to_logging_does_not_come_back(
    make: Callable[..., LogManager],
) -> None:
    log = make("std", std={"driver": "stdlib", "logger": "to.logging"})
    install(log)
    written: list[logging.LogRecord] = []
    logger = logging.getLogger("to.logging")
    logger.addFilter(lambda record: not written.append(record))

    log.notice("said", order=5)
    uninstall()

    (record,) = written
    assert (record.levelname, record.getMessage()) == ("NOTICE", "said")
    assert vars(record)["fields"] == {"order": 5}
