"""What a logger makes of a message and its fields."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from securely.events import Dispatcher
from securely.log import LogManager, MessageLogged, Record, UnknownLevel
from securely.log.levels import LEVELS, level_name, level_number
from securely.support.clock import FrozenClock

Records = Callable[..., deque[Record]]


@pytest.mark.parametrize(("level", "number"), LEVELS.items())
def test_each_level_has_a_method_and_the_number_of_logging(
    log: LogManager, records: Records, level: str, number: int
) -> None:
    getattr(log, level)("said", a=1)
    log.log(level.upper(), "said again")

    assert [record.level for record in records()] == [number, number]
    assert records()[0].fields == {"a": 1}


def test_log_when_the_level_does_not_exist_says_what_does(log: LogManager) -> None:
    with pytest.raises(UnknownLevel, match=r"warnin.*Did you mean \"warning\""):
        log.log("warnin", "said")


def test_levels_in_between_bear_the_name_below() -> None:
    assert level_name(33) == "warning"
    assert level_name(1) == "debug"
    assert level_number(33) == 33


def test_a_record_has_the_time_and_the_environment(
    log: LogManager, records: Records, frozen: FrozenClock
) -> None:
    log.info("said")

    assert records()[0].timestamp == frozen.timestamp()
    assert records()[0].channel == "testing"


def test_placeholders_are_filled_from_fields_and_their_parts(
    log: LogManager, records: Records
) -> None:
    user = SimpleNamespace(id=7, address={"town": "Bonn"}, api_key="hunter2")

    log.info("{user.id} in {user.address.town} has {n} of 100% {unknown} {user.none} { n }", n=3)
    log.info("{user.id} {user.address.town} {user.api_key} {user.none}", user=user)
    log.info("no fields {n}")

    assert [record.message for record in records()] == [
        "{user.id} in {user.address.town} has 3 of 100% {unknown} {user.none} { n }",
        "7 Bonn ******** {user.none}",
        "no fields {n}",
    ]


def test_a_value_in_a_placeholder_is_not_filled_again(log: LogManager, records: Records) -> None:
    log.info("{name}", name="{secretish}", secretish="x")

    assert records()[0].message == "{secretish}"


def test_an_exception_is_taken_out_of_the_fields(log: LogManager, records: Records) -> None:
    error = ValueError("bad")

    log.error("failed", exception=error, order=5)
    log.error(error)
    try:
        raise error
    except ValueError:
        log.exception("caught")
    log.error("no exception", exception="text")

    assert [record.exception for record in records()] == [error, error, error, None]
    assert records()[0].fields == {"order": 5}
    assert records()[1].message == "bad"
    assert records()[3].fields == {"exception": "text"}


def test_messages_need_not_be_text(log: LogManager, records: Records) -> None:
    log.info({"a": 1})

    assert records()[0].message == "{'a': 1}"


def test_context_is_added_and_own_fields_win(log: LogManager, records: Records) -> None:
    log.share_context(host="web1", a="shared")
    log.with_context(a="context", b="context")

    log.info("said", b="own")
    log.without_context("a")
    log.info("said")
    log.without_context().flush_shared_context()
    log.info("said")

    assert [record.fields for record in records()] == [
        {"host": "web1", "a": "context", "b": "own"},
        {"host": "web1", "a": "shared", "b": "context"},
        {},
    ]


def test_context_is_of_one_channel_and_shared_context_of_all(
    log: LogManager, records: Records
) -> None:
    log.with_context(a=1)
    log.share_context(b=2)

    log.channel("errors").error("said")

    assert records("errors")[0].fields == {"b": 2}
    assert log.shared_context() == {"b": 2}


def test_context_as_a_block_ends_with_it(log: LogManager, records: Records) -> None:
    with log.context(order=1):
        with log.context(item=2):
            log.info("inner")
        log.info("outer")
    log.info("after")

    assert [record.fields for record in records()] == [{"order": 1, "item": 2}, {"order": 1}, {}]


def test_context_of_tasks_keeps_each_its_own(log: LogManager, records: Records) -> None:
    async def serve(request: int, turn: asyncio.Event, other: asyncio.Event) -> None:
        log.with_context(request=request)
        turn.set()
        await other.wait()
        log.info("served")

    async def main() -> None:
        first, second = asyncio.Event(), asyncio.Event()
        log.with_context(parent=True)
        await asyncio.gather(serve(1, first, second), serve(2, second, first))
        log.info("parent")

    asyncio.run(main())

    assert all(record.fields["parent"] for record in records())
    assert "request" not in records().pop().fields
    assert sorted(str(record.fields["request"]) for record in records()) == ["1", "2"]


def test_context_of_a_thread_begins_empty_and_reset_empties_it(
    log: LogManager, records: Records
) -> None:
    log.with_context(a=1)
    thread = threading.Thread(target=lambda: log.info("thread"))
    thread.start()
    thread.join()
    log.reset_context()
    log.info("reset")

    assert [record.fields for record in records()] == [{}, {}]


def test_a_filtered_message_is_not_made(log: LogManager, records: Records) -> None:
    class Dear:
        def __str__(self) -> str:
            raise AssertionError("it must not be asked")

    log.channel("errors").info(Dear())
    log.channel("silent").emergency(Dear())

    assert not records("errors")


def test_a_message_that_cannot_say_itself_raises_nothing(
    log: LogManager, records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError("no words")

    log.info(Mute())

    assert not records()
    assert "no words" in capsys.readouterr().err


def test_message_logged_is_fired_when_somebody_listens(log: LogManager, events: Dispatcher) -> None:
    heard: list[MessageLogged] = []

    def listener(event: MessageLogged) -> None:
        heard.append(event)
        log.info("heard")

    events.listen(listener)
    log.warning("said", api_key="hunter2")
    log.channel("errors").debug("filtered")

    assert heard == [
        MessageLogged("warning", "said", {"api_key": "********"}, "memory"),
    ]


def test_a_listener_that_fails_does_not_reach_who_logs(
    log: LogManager, events: Dispatcher, capsys: pytest.CaptureFixture[str]
) -> None:
    def listener(event: MessageLogged) -> None:
        raise RuntimeError("listener broke")

    events.listen(listener)
    log.info("said")

    assert "listener broke" in capsys.readouterr().err
