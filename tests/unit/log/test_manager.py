"""The channels, and what happens when one cannot be used."""

from __future__ import annotations

import copy
import io
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.container import Container
from securely.exceptions import ConfigurationError
from securely.log import Logger, LogManager, Record
from securely.log.drivers.array import ArrayHandler
from securely.log.exceptions import ChannelLoop, UndefinedChannel, UnknownDriver, UnknownLevel
from securely.log.hub import Hub
from securely.log.options import LogOptions, channel_options
from securely.support.clock import FrozenClock
from securely.support.paths import Paths

Records = Callable[..., deque[Record]]
Make = Callable[..., LogManager]


def emergency(tmp_path: Path) -> str:
    return (tmp_path / "storage" / "logs" / "emergency.log").read_text()


def test_the_manager_is_its_default_channel(log: LogManager, records: Records) -> None:
    log.info("said")

    assert log.name == "memory"
    assert records()[0].message == "said"
    assert log.handlers == log.channel().handlers


def test_the_manager_takes_the_level_of_its_default_channel(make: Make) -> None:
    log = make("errors")

    log.info("filtered")
    log.error("written")

    assert log.threshold == 40
    assert isinstance(log.handlers[0], ArrayHandler)
    assert [record.message for record in log.handlers[0].records] == ["written"]


def test_set_default_and_forget_look_again(log: LogManager, records: Records) -> None:
    log.set_default("errors")
    log.info("filtered")
    log.set_default("memory")
    log.info("written")
    first = log.channel()
    log.forget("memory")

    assert [record.message for record in first.handlers[0].records] == ["written"]  # type: ignore[attr-defined]  # an ArrayHandler
    assert log.channel() is not first


def test_channels_are_built_once_and_listed(log: LogManager) -> None:
    assert log.channel("memory") is log.channel("memory")
    assert set(log.channels()) == {"memory"}


def test_a_stack_hands_to_each_channel_with_its_own_level(
    log: LogManager, records: Records
) -> None:
    log.channel("both").info("info")
    log.channel("both").error("error")

    assert [record.message for record in records("memory")] == ["info", "error"]
    assert [record.message for record in records("errors")] == ["error"]


def test_stack_makes_one_on_demand(log: LogManager, records: Records) -> None:
    log.stack(["memory", "errors"], "audit").error("said")

    assert records("memory")[0].channel == "audit"
    assert len(records("errors")) == 1
    assert "ondemand" not in log.channels()


def test_build_makes_a_channel_that_is_not_kept(log: LogManager) -> None:
    one, two = log.build({"driver": "array"}), log.build({"driver": "array", "level": "alert"})

    assert one is not two
    assert two.threshold == 55


def test_extend_builds_channels_of_an_own_driver(make: Make) -> None:
    handler = ArrayHandler()
    log = make("own", own={"driver": "own", "colour": "red"})
    seen: list[object] = []

    def factory(name: str, definition: object) -> ArrayHandler:
        seen.append((name, getattr(definition, "colour", None)))
        return handler

    log.extend("own", factory)
    log.info("said")

    assert seen == [("own", "red")]
    assert handler.records[0].message == "said"


def test_a_driver_may_be_a_dotted_path(make: Make) -> None:
    log = make("own", own={"driver": "securely.log.drivers.array:ArrayHandler", "records_max": 5})

    log.info("said")

    assert isinstance(log.handlers[0], ArrayHandler)


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ("memroy", r'Log channel "memroy" is not defined.*Did you mean "memory"'),
        ("odd", r'asks for the driver "odd", which does not exist'),
        ("nowhere", "no_such_module"),
        ("loop", r"Log channel loop -> loop contains itself"),
        ("form", "no_such_formatter"),
    ],
)
def test_a_channel_that_cannot_be_used_is_an_emergency(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], channel: str, reason: str
) -> None:
    import re

    log = make(
        odd={"driver": "odd"},
        nowhere={"driver": "no_such_module.Handler"},
        loop={"driver": "stack", "channels": ["memory", "loop"]},
        form={"driver": "single", "formatter": "no_such_formatter.Formatter"},
    )

    log.channel(channel).info("not lost", order=5)
    log.channel(channel).info("not lost either")

    kept, told = emergency(tmp_path), capsys.readouterr().err
    for text in (kept, told):
        assert re.search(reason, text), text
        assert "testing.INFO: not lost {" in text
        assert text.count("cannot be used") == 1
    assert "not lost either" in kept
    assert len(told.splitlines()) == 1


def test_the_emergency_log_has_dates_of_the_zone(
    tmp_path: Path, frozen: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    log = LogManager("none", {}, Hub(paths=Paths(tmp_path), timezone="Asia/Tokyo"))

    log.info("said")

    kept = (tmp_path / "storage" / "logs" / "emergency.log").read_text().splitlines()
    assert [line[:21] for line in kept] == ["[2026-11-05 19:00:00]"] * 2
    assert capsys.readouterr().err.startswith("[2026-11-05 19:00:00]")


def test_the_emergency_log_does_without_a_zone_that_does_not_exist(
    tmp_path: Path, frozen: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    log = LogManager("none", {}, Hub(paths=Paths(tmp_path), timezone="Mars/Olympus"))

    log.info("said")

    assert "said" in (tmp_path / "storage" / "logs" / "emergency.log").read_text()
    assert capsys.readouterr().err.startswith("[2026-11-05 10:00:00]")


def test_a_stack_with_a_broken_channel_still_writes_to_the_others(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = make("pair", pair={"driver": "stack", "channels": ["nobody", "memory"]})

    log.info("said")

    assert log.channel("memory").handlers[0].records[0].message == "said"  # type: ignore[attr-defined]  # an ArrayHandler
    assert "said" in emergency(tmp_path)
    assert "nobody" in capsys.readouterr().err


class Broken:
    level = 0

    def handle(self, record: Record) -> None:
        raise OSError(28, "No space left on device")

    def close(self) -> None: ...


@pytest.mark.parametrize("ignore", [True, False])
def test_a_handler_that_fails_in_a_stack_is_reported_unless_ignored(
    make: Make, capsys: pytest.CaptureFixture[str], ignore: bool
) -> None:
    log = make(
        "pair",
        broken={"driver": "broken"},
        pair={"driver": "stack", "channels": ["broken", "memory"], "ignore_exceptions": ignore},
    )
    log.extend("broken", lambda name, definition: Broken())

    log.info("said")

    assert len(log.channel("memory").handlers[0].records) == 1  # type: ignore[attr-defined]  # an ArrayHandler
    assert ("No space left" in capsys.readouterr().err) is not ignore


def test_a_handler_that_fails_raises_nothing_and_loses_nothing(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = make("broken", broken={"driver": "broken"})
    log.extend("broken", lambda name, definition: Broken())

    log.info("said", order=5)

    assert "No space left" in emergency(tmp_path)
    assert 'said {"order":5}' in capsys.readouterr().err


def test_a_manager_with_a_problem_says_it(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = LogManager("default", {}, hub, problem="log.channels.x.levle is not a known setting.")

    log.info("said")

    assert "levle is not a known setting" in capsys.readouterr().err
    assert "said" in emergency(tmp_path)


@pytest.mark.parametrize(
    ("channel", "problem"),
    [
        ({"driver": "single", "levle": "info"}, r"log\.channels\.x\.levle is not a known setting"),
        ({"driver": "single", "level": "inof"}, r"log\.channels\.x\.level.*Did you mean \"info\""),
        ({"driver": "singel"}, r"log\.channels\.x\.driver.*Did you mean \"single\""),
        ({"driver": "daily", "days": -1}, r"log\.channels\.x\.days"),
        ({}, r"log\.channels\.x.*driver"),
    ],
)
def test_options_that_are_wrong_name_the_key(channel: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        channel_options(channel, "log.channels.x")
    with pytest.raises(ConfigurationError, match=problem):
        LogOptions.parse({"default": "x", "channels": {"x": channel}}, key="log")


def test_options_when_the_default_is_not_defined_say_so() -> None:
    with pytest.raises(ConfigurationError, match=r"log\.default.*did you mean \"daily\""):
        LogOptions.parse(
            {"default": "dialy", "channels": {"daily": {"driver": "daily"}}}, key="log"
        )


def test_options_read_modes_and_lists_as_env_files_write_them() -> None:
    options = LogOptions.parse(
        {
            "default": "s",
            "channels": {
                "s": {"driver": "stack", "channels": "one, two,"},
                "one": {"driver": "single", "permission": "640", "level": "WARNING"},
            },
        },
        key="log",
    )

    stack, one = options.channels["s"], options.channels["one"]
    assert getattr(stack, "channels", None) == ["one", "two"]
    assert getattr(one, "permission", None) == 0o640
    assert one.level == "warning"


@pytest.mark.parametrize(
    "error",
    [
        ChannelLoop(("a", "b", "a")),
        UndefinedChannel("dialy", ("daily",)),
        UnknownDriver("x", "singel", ("single",)),
        UnknownLevel("inof", ("info",)),
    ],
)
def test_errors_can_be_copied(error: Exception) -> None:
    twin = copy.copy(error)

    assert str(twin) == str(error)
    assert vars(twin) == vars(error)


@pytest.fixture
def container(log: LogManager) -> Iterator[Container]:
    container = Container()
    container.instance(LogManager, log)
    with container.active():
        yield container


def test_fake_records_every_channel_and_level(
    log: LogManager, records: Records, container: Container
) -> None:
    held = log.channel("errors")

    fake = log.fake()
    log.info("order {n} shipped", n=5)
    held.debug("below its level")
    container.make(LogManager).channel("audit").error("failed", order=7)

    fake.assert_logged("info", "order 5", n=5)
    fake.assert_logged("debug", channel="errors")
    fake.assert_logged("error", "failed", channel="audit", order=7)
    fake.assert_not_logged("error", "order 5")
    fake.assert_logged_times("info", 1)
    assert not records()
    assert [record.message for record in fake.logged("error")] == ["failed"]


def test_fake_for_when_its_block_is_over_writes_again(
    log: LogManager, records: Records, container: Container
) -> None:
    held = log.channel("errors")

    with log.fake_for() as fake:
        log.info("recorded")
        fake.assert_logged("info")
    log.info("written")
    held.info("filtered")

    assert [record.message for record in records()] == ["written"]
    assert not records("errors")
    assert container.make(LogManager) is log


def test_fake_assertions_when_they_fail_say_what_was_logged(
    log: LogManager, container: Container
) -> None:
    fake = log.fake()
    fake.assert_nothing_logged()
    log.info("said", order=5)

    for broken in (
        lambda: fake.assert_logged("error"),
        lambda: fake.assert_not_logged("info"),
        lambda: fake.assert_logged_times("info", 2),
        fake.assert_nothing_logged,
    ):
        with pytest.raises(AssertionError, match=r"memory\.info: said \{'order': 5\}"):
            broken()


def test_build_when_it_is_wrong_is_an_emergency(
    log: LogManager, capsys: pytest.CaptureFixture[str]
) -> None:
    log.build({"driver": "single", "levle": "info"}).info("not lost")

    error = capsys.readouterr().err
    assert "log.channels.ondemand.levle is not a known setting" in error
    assert "not lost" in error


def test_a_driver_that_builds_a_whole_logger_is_taken_as_it_is(make: Make, hub: Hub) -> None:
    own = Logger("own", [ArrayHandler()], hub)
    log = make("own", own={"driver": "own"})
    log.extend("own", lambda name, definition: own)

    assert log.channel() is own


def test_close_and_purge_close_what_was_built(make: Make) -> None:
    closed: list[str] = []

    class Closing(ArrayHandler):
        def close(self) -> None:
            closed.append("closed")

    log = make("own", own={"driver": "own"})
    log.extend("own", lambda name, definition: Closing())

    log.info("said")
    log.channel().close()
    log.purge()
    log.info("said")
    log.close()

    assert closed == ["closed"] * 3


def test_stderr_on_a_terminal_is_coloured_and_elsewhere_a_line(
    log: LogManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, terminal = io.StringIO(), Terminal()
    for stream in (plain, terminal):
        monkeypatch.setattr(sys, "stderr", stream)
        log.build({"driver": "stderr"}).info("said")
    monkeypatch.undo()

    assert "testing.INFO: said" in plain.getvalue()
    assert "\x1b[32mINFO" in terminal.getvalue()


def test_hide_masks_a_value_everywhere(log: LogManager, records: Records) -> None:
    log.hide("sup3r-secret")

    log.info("it is sup3r-secret", note="sup3r-secret")

    assert records()[0].message == "it is ********"
    assert records()[0].fields == {"note": "********"}
