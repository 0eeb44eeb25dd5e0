"""Between the standard library's `logging` and ours, both ways."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.log import LogManager, Record
from securely.log.bridge import BridgeHandler, install, uninstall
from securely.log.hub import delivering

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
    said = "{logger}, {logger.title}, {path.name} and {password}"
    logging.getLogger("some.library").info(said, extra={"path": Path("a/b"), "password": "p"})
    logging.getLogger("some.library").info("token=%s {logger}", "planted")

    assert [each.message for each in records()] == [said, "token=******** {logger}"]


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


def test_lines_of_uvicorn_are_there_once(log: LogManager, records: Records) -> None:
    own = logging.StreamHandler()
    server = logging.getLogger("uvicorn.access")
    server.setLevel(logging.INFO)  # a server of this process may have been told otherwise
    server.addHandler(own)
    server.propagate = False
    install(log)

    server.info("GET / 200")
    assert server.handlers == []
    uninstall()

    assert [record.message for record in records()] == ["GET / 200"]
    assert server.handlers == [own]
    assert server.propagate is False
    server.removeHandler(own)
    server.propagate = True
    server.setLevel(logging.NOTSET)


@pytest.mark.usefixtures("bridge")
def test_what_is_told_while_records_are_delivered_is_not_logged_in_turn(records: Records) -> None:
    token = delivering.set(True)
    logging.getLogger("httpx2").info("POST https://hooks.example.com")
    delivering.reset(token)

    assert not records()


def test_a_handler_that_tells_logging_of_its_work_makes_no_loop(
    make: Callable[..., LogManager],
) -> None:
    class Telling(logging.Handler):
        calls = 0

        def emit(self, record: logging.LogRecord) -> None:
            Telling.calls += 1
            logging.getLogger("mail.library").warning("sent")

    log = make("own", own={"driver": "custom", "via": lambda settings: Telling()})
    install(log)

    log.error("failed")
    logging.getLogger("some.library").error("failed too")
    uninstall()

    assert Telling.calls == 2


class Mute:
    """Can not say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Hoarse(str):
    """A text that can not say itself, though it has one."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.usefixtures("bridge")
def test_texts_that_can_not_speak_raise_nothing_into_the_library(records: Records) -> None:
    logging.getLogger("some.library").warning(Hoarse("it is"))

    assert [record.message for record in records()] == ["it is ()"]


@pytest.mark.usefixtures("bridge")
def test_arguments_that_can_not_speak_raise_nothing_into_the_library(records: Records) -> None:
    logging.getLogger("some.library").warning("it is %s", Mute())
    logging.getLogger("some.library").warning(Mute())

    assert [record.message for record in records()] == ["it is %s", "Mute ()"]


def test_a_handler_that_tells_logging_again_ends(log: LogManager) -> None:
    told: list[str] = []

    class Telling:
        def log(self, level: str | int, message: object, /, **fields: object) -> None:
            told.append(str(message))
            logging.getLogger("again").warning("once more")

    install(Telling())
    try:
        logging.getLogger("some.library").warning("first")
    finally:
        uninstall()

    assert told == ["first"]
