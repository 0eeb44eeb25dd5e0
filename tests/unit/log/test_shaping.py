"""What a channel may ask for beside its driver: taps, processors, held records, own factories."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, ClassVar, cast

import pytest

from securely.container import Container
from securely.events import Dispatcher
from securely.log import Logger, LogManager, MessageLogged, Record
from securely.log.drivers.array import ArrayHandler
from securely.log.drivers.base import Processing
from securely.log.hub import Hub

Make = Callable[..., LogManager]

STREAM = io.StringIO()


def kept(log: LogManager, channel: str | None = None) -> deque[Record]:
    handler: Any = log.channel(channel).handlers[0]
    while not isinstance(handler, ArrayHandler):
        handler = handler.handler
    return handler.records


def said(log: LogManager, channel: str | None = None) -> list[str]:
    return [record.message for record in kept(log, channel)]


def loud(record: Record) -> Record:
    return record._replace(message=record.message.upper())


class Adding:
    def __init__(self, text: str = "!") -> None:
        self.text = text

    def __call__(self, record: Record) -> Record:
        return record._replace(message=record.message + self.text)


class Service:
    calls: ClassVar[int] = 0


class Wired:
    """A class that the container makes."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(self, logger: Logger) -> None:
        Service.calls += 1


def own_factory(settings: dict[str, Any]) -> ArrayHandler:
    return ArrayHandler(records_max=settings["size"])


def test_processors_run_in_order_and_may_be_given_in_many_ways(make: Make) -> None:
    path = f"{__name__}:Adding"
    log = make(
        "own",
        own={
            "driver": "array",
            "processors": [loud, Adding, (Adding, {"text": "?"}), {"processor": path, "with": {}}],
        },
    )

    log.info("said")

    assert said(log) == ["SAID!?!"]


def test_a_processor_that_returns_nothing_keeps_the_record_away(make: Make) -> None:
    log = make("own", own={"driver": "array", "processors": [lambda record: None]})

    log.info("said")

    assert said(log) == []


def test_a_processor_that_raises_is_an_emergency(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(record: Record) -> Record:
        raise RuntimeError("processor broke")

    log = make("own", own={"driver": "array", "processors": [broken]})

    log.info("not lost")

    error = capsys.readouterr().err
    assert "processor broke" in error
    assert "not lost" in error


def test_taps_are_called_once_with_the_channel_in_order(make: Make) -> None:
    seen: list[str] = []

    def first(logger: Logger) -> None:
        seen.append(logger.name)
        logger.process(loud)

    log = make("own", own={"driver": "array", "tap": [first, lambda logger: seen.append("second")]})

    log.info("said")
    log.info("again")

    assert seen == ["own", "second"]
    assert said(log) == ["SAID", "AGAIN"]


def test_a_tap_may_be_a_class_that_the_container_makes(make: Make) -> None:
    before = Service.calls
    log = make("own", own={"driver": "array", "tap": [Wired]})

    with Container().active():
        log.info("said")

    assert Service.calls == before + 1


def test_a_tap_may_change_the_formatter(make: Make) -> None:
    class Shouting:
        def format(self, record: Record) -> str:
            return record.message.upper() + "\n"

    def tap(logger: Logger) -> None:
        cast("Any", logger.handlers[0]).formatter = Shouting()

    log = make("own", own={"driver": "stdout", "tap": [tap]})

    log.info("said")


def test_records_are_held_back_until_one_matters(make: Make) -> None:
    log = make("own", own={"driver": "array", "action_level": "error", "buffer_size": 2})

    for word in ("one", "two", "three"):
        log.debug(word)
    assert said(log) == []
    log.error("broke")
    log.debug("after")

    assert said(log) == ["two", "three", "broke", "after"]


def test_records_are_held_back_again_if_buffering_does_not_stop(make: Make) -> None:
    held = {"driver": "array", "action_level": "error", "stop_buffering": False}
    log = make("own", own=held)

    log.debug("one")
    log.error("broke")
    log.debug("two")

    assert said(log) == ["one", "broke"]


def test_each_task_holds_back_its_own_and_none_is_written_twice(make: Make) -> None:
    log = make("own", own={"driver": "array", "action_level": "error"})

    async def quiet() -> None:
        log.debug("quiet")

    async def broken(number: int) -> None:
        log.debug("broken {number}", number=number)
        log.error("error {number}", number=number)

    async def main() -> None:
        log.debug("parent")
        await asyncio.gather(quiet(), broken(1), broken(2))

    asyncio.run(main())

    assert said(log) == ["parent", "broken 1", "error 1", "broken 2", "error 2"]


def test_a_new_request_forgets_what_was_held(make: Make) -> None:
    log = make("own", own={"driver": "array", "action_level": "error", "processors": [loud]})

    log.debug("one")
    log.reset_context()
    log.error("broke")

    assert said(log) == ["BROKE"]


def test_channels_made_on_demand_leave_nothing_in_the_context(make: Make) -> None:
    log = make()
    definition = {"driver": "array", "action_level": "error"}

    def build() -> None:
        for _ in range(50):
            log.build(definition).info("held")

    context = copy_context()
    context.run(build)
    gc.collect()
    context.run(log.build(definition).info, "held")

    ours = [each for variable, each in context.items() if variable.name == "securely_log_held"]
    assert [len(each) for each in ours] == [1]


def test_a_channel_that_does_not_bubble_ends_its_stack(make: Make) -> None:
    log = make(
        "pair",
        first={"driver": "array", "level": "error", "bubble": False},
        second={"driver": "array"},
        pair={"driver": "stack", "channels": ["first", "second"]},
    )

    log.info("info")
    log.error("error")

    assert said(log, "first") == ["error"]
    assert said(log, "second") == ["info"]


def test_a_stack_keeps_the_processors_of_its_channels(make: Make) -> None:
    log = make(
        "pair",
        first={"driver": "array", "processors": [loud]},
        pair={"driver": "stack", "channels": ["first", "memory"]},
    )

    log.info("said")

    assert said(log, "first") == ["SAID"]
    assert said(log, "memory") == ["said"]


def test_a_stack_of_stacks_that_leads_back_says_the_way(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    log = make(
        "one",
        one={"driver": "stack", "channels": ["two", "memory"]},
        two={"driver": "stack", "channels": ["one"]},
    )

    for _ in range(3):
        log.info("said")

    assert said(log, "memory") == ["said"] * 3
    told = capsys.readouterr().err
    assert "one -> two -> one contains itself" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("via", [own_factory, f"{__name__}:own_factory"])
def test_custom_asks_a_factory_with_the_settings(make: Make, via: object) -> None:
    log = make("own", own={"driver": "custom", "via": via, "size": 5})

    log.info("said")

    handler: Any = log.handlers[0]
    assert handler._handler.records[0].message == "said"
    assert handler._handler.records.maxlen == 5


def test_custom_takes_loggers_and_what_is_made_for_logging(make: Make, hub: Hub) -> None:
    stream = io.StringIO()
    own = Logger("own", [ArrayHandler()], hub)
    log = make(
        "ours",
        ours={"driver": "custom", "via": lambda settings: own},
        theirs={"driver": "custom", "via": lambda settings: logging.StreamHandler(stream)},
        named={"driver": "custom", "via": lambda settings: logging.getLogger("named.custom")},
    )
    logging.getLogger("named.custom").addHandler(logging.StreamHandler(stream))

    log.channel("theirs").info("said", order=5)
    log.channel("named").error("named")

    assert log.channel() is own
    assert stream.getvalue() == 'said {"order":5}\nnamed\n'
    logging.getLogger("named.custom").handlers.clear()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"driver": "custom"}, "needs via"),
        ({"driver": "custom", "via": lambda settings: 5}, "made 5, which is no handler"),
        ({"driver": "handler", "handler": "builtins:dict"}, "is no handler of logging"),
        ({"driver": "single", "tap": ["no_such_module:tap"]}, "no_such_module"),
    ],
)
def test_what_cannot_be_made_is_an_emergency(
    log: LogManager, capsys: pytest.CaptureFixture[str], settings: dict[str, Any], problem: str
) -> None:
    log.build(settings).info("not lost")

    error = capsys.readouterr().err
    assert problem in error
    assert "not lost" in error


def test_a_handler_of_logging_is_made_from_its_path(make: Make) -> None:
    STREAM.truncate(0)
    log = make(
        "own",
        own={
            "driver": "handler",
            "handler": "logging.StreamHandler",
            "with": {"stream": STREAM},
            "formatter": "logfmt",
        },
    )

    log.info("said", order=5)

    assert "level=info channel=testing msg=said order=5\n" in STREAM.getvalue()


def test_a_handler_of_logging_that_fails_is_told_of_once(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                (5).no_such_attribute  # type: ignore[attr-defined]  # noqa: B018  # to fail
            except AttributeError:
                self.handleError(record)

    log = make("own", own={"driver": "custom", "via": lambda settings: Broken()})

    for _ in range(3):
        log.info("said")

    told = capsys.readouterr().err
    assert "no_such_attribute" in told
    assert len(told.splitlines()) == 1


def test_formatters_are_given_their_settings(
    log: LogManager, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"formatter": "console", "formatter_with": {"colour": True}}

    log.build({"driver": "stdout", **settings}).info("said")

    assert "\x1b[32mINFO" in capsys.readouterr().out


def test_listen_hears_what_is_written(make: Make, hub: Hub) -> None:
    heard: list[MessageLogged] = []
    hub.events = None
    log = make()

    log.listen(heard.append)
    log.listen(lambda event: log.info("what a listener says is told to nobody"))
    log.channel("errors").info("filtered")
    log.info("said", order=5)

    assert heard == [MessageLogged("info", "said", {"order": 5}, "memory")]
    assert isinstance(hub.events, Dispatcher)


def test_a_logger_of_logging_is_given_what_follows_the_request(make: Make, hub: Hub) -> None:
    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    seen: list[Any] = []
    logger = logging.getLogger("given.extra")
    logger.addHandler(Keeping())
    hub.extra = lambda: {"trace_id": "4bf9", "api_key": "planted"}
    try:
        make("out", out={"driver": "stdlib", "logger": "given.extra"}).error("said", order=5)
    finally:
        logger.handlers.clear()

    assert seen[0].fields == {"order": 5}
    assert seen[0].extra == {"trace_id": "4bf9", "api_key": "********"}


def test_deprecations_are_written_once_per_place(make: Make) -> None:
    log = make(deprecations={"driver": "array"})

    for _ in range(3):
        assert log.deprecated("use the other in a.py on line 5")
    log.deprecated("use the other in b.py on line 5")

    assert len(kept(log, "deprecations")) == 2
    assert kept(log, "deprecations")[0].level == 30
    assert kept(log, "deprecations")[0].fields == {}


def test_deprecations_go_where_the_configuration_says_and_tell_the_way(
    hub: Hub, make: Make
) -> None:
    channels = make()._definitions
    log = LogManager("memory", channels, hub, deprecations=("errors", True))
    log.extend("array", lambda name, definition: ArrayHandler())

    log.deprecated("use the other")

    (record,) = kept(log, "errors")
    trace = cast("list[str]", record.fields["trace"])
    assert any("test_deprecations_go_where" in call for call in trace)
    assert not make().deprecated("nobody asks")


def test_messages_that_have_parts_say_them_masked(log: LogManager) -> None:
    log.info({"user": "ann", "api_key": "planted"})
    log.info(["a", {"token": "planted"}])

    assert said(log) == ["{'user': 'ann', 'api_key': '********'}", "['a', {'token': '********'}]"]


def test_process_of_the_manager_is_that_of_the_default_channel(make: Make) -> None:
    log = make()

    assert log.process(loud) is log
    log.info("said")

    assert said(log, "memory") == ["SAID"]


def test_a_tap_that_writes_to_its_own_channel_is_an_emergency_and_taps_all_the_same(
    make: Make, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    def tap(logger: Logger) -> None:
        log.info("the channel is made")
        logger.process(loud)

    log = make("tapped", tapped={"driver": "array", "tap": [tap]})
    log.info("said")

    assert said(log) == ["SAID"]
    assert "tapped -> tapped contains itself" in capsys.readouterr().err
    assert hub.emergency.path.read_text().count("the channel is made") == 1


def test_process_wraps_each_handler(hub: Hub) -> None:
    one, two = ArrayHandler(), ArrayHandler(40)
    logger = Logger("own", [one, two], hub).process(loud)

    logger.error("said")

    assert [each.records[0].message for each in (one, two)] == ["SAID", "SAID"]
    assert all(isinstance(each, Processing) for each in logger.handlers)
    logger.close()


def test_a_channel_may_leave_placeholders_as_they_are(make: Make) -> None:
    log = make("plain", plain={"driver": "array", "replace_placeholders": False})

    log.info("order {order}", order=5)

    assert kept(log)[0].message == "order {order}"
