"""What a logger makes of a message and its fields."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from securely.events import Dispatcher
from securely.log import LogManager, MessageLogged, Record, UnknownLevel
from securely.log.hub import Hub
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
    with pytest.raises(UnknownLevel, match=r"no log level \"3\.5\""):
        log.log(cast("int", 3.5), "said")


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


def test_placeholders_lead_to_nothing_that_is_not_public(log: LogManager, records: Records) -> None:
    user = SimpleNamespace(name="ann", _plan="free")
    message = "{user.name} {user._plan} {user.__class__} {user.__init__.__globals__} {_own}"

    log.info(message, user=user, _own=1)

    assert records()[0].message == "ann" + message.removeprefix("{user.name}").replace(
        "{_own}", "1"
    )


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


class Gone:
    """Like an entity whose session is closed."""

    @property
    def name(self) -> str:
        raise RuntimeError("detached")


def test_a_part_that_cannot_be_read_costs_no_message(
    log: LogManager, records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        log.info("user {user.name} paid {n}", user=Gone(), n=number)

    said = [record.message for record in records()]
    assert said == ["user {user.name} paid 0", "user {user.name} paid 1"]
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_message_that_cannot_be_looked_into_is_named_by_its_class(
    log: LogManager, records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    class Closed:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("closed")

    log.info(Closed())

    assert records()[0].message.endswith("Closed>")


def test_what_cannot_be_made_a_record_is_kept_in_the_emergency_log(
    log: LogManager, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> dict[str, object]:
        raise RuntimeError("no context")

    hub.extra = broken

    log.info("paid one, token=planted")
    log.info("paid two")

    kept = hub.emergency.path.read_text()
    assert "testing.INFO: paid one, token=********" in kept
    assert "testing.INFO: paid two" in kept
    assert len(capsys.readouterr().err.splitlines()) == 1


class Mute:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_a_message_that_cannot_say_itself_raises_nothing(
    log: LogManager, records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info(Mute())
    log.info("{it}", it=Mute())

    assert [record.message for record in records()] == ["<Mute>", "<Mute>"]
    assert capsys.readouterr().err.count("type Mute in a log message cannot say itself") == 1


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


def test_braces_in_the_words_of_an_exception_are_no_placeholders(
    log: LogManager, records: Callable[..., deque[Record]]
) -> None:
    log.error(ValueError("no {order} and {order.real}"), order=5)
    log.error("order {order}", order=5)

    assert [each.message for each in records()] == ["no {order} and {order.real}", "order 5"]
