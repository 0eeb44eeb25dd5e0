"""Groups, causes and those who hear of errors beside the log."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from securely.container import Container
from securely.foundation import ErrorHandler, ShouldntReport
from securely.foundation.errors import Reporters
from securely.foundation.errors.causes import behind, leaves


class Log:
    """Keeps what it is told, or cannot be reached."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, dict[str, object]]] = []
        self.is_broken = False

    def log(self, level: str, message: str, **fields: object) -> None:
        if self.is_broken:
            raise OSError("No space left on device")
        fields.pop("exception")
        self.told.append((level, message, fields))


class Unpaid(Exception):
    def __init__(self, order: int) -> None:
        self.order = order
        super().__init__(f"order {order} is not paid")

    def context(self) -> dict[str, object]:
        return {"order": self.order}


class Quiet(ShouldntReport, Exception):
    pass


class Ear:
    """Hears of errors."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.heard: list[tuple[BaseException, str, dict[str, object]]] = []
        self.is_closed = False

    def report(self, error: BaseException, level: str, fields: Mapping[str, object]) -> None:
        if self.failure is not None:
            raise self.failure
        self.heard.append((error, level, dict(fields)))

    def close(self) -> None:
        self.is_closed = True
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def container(log: Log) -> Container:
    container = Container()
    container.instance("log", log)
    return container


@pytest.fixture
def errors(container: Container) -> ErrorHandler:
    return ErrorHandler(container)


def raised(error: BaseException, cause: BaseException | None, hides: BaseException | None = None):
    error.__cause__, error.__context__ = cause, hides
    return error


# Contexts of causes


def test_the_context_of_causes_is_told_beneath_that_of_the_error(
    errors: ErrorHandler, log: Log
) -> None:
    error = raised(Unpaid(1), raised(Unpaid(2), None, KeyError("x")))

    errors.report(error)

    [(_, _, fields)] = log.told
    assert fields == {"order": 1, "causes": [{"error": "Unpaid", "order": 2}]}


def test_the_context_of_members_is_told_too(errors: ErrorHandler, log: Log) -> None:
    errors.report(ExceptionGroup("two", [Unpaid(1), ValueError("a"), Unpaid(2)]))

    [(_, _, fields)] = log.told
    assert fields == {"causes": [{"error": "Unpaid", "order": 1}, {"error": "Unpaid", "order": 2}]}


def test_what_raise_from_none_hides_is_not_told(errors: ErrorHandler, log: Log) -> None:
    error = raised(ValueError("a"), None, Unpaid(2))
    error.__suppress_context__ = True

    errors.report(error)

    assert log.told[0][2] == {}


def test_a_story_that_is_a_loop_ends() -> None:
    one, two = ValueError("1"), ValueError("2")
    one.__context__, two.__context__ = two, one

    assert list(behind(one)) == [two]


# Groups


def test_a_group_is_reported_for_the_sake_of_one_member(errors: ErrorHandler, log: Log) -> None:
    errors.dont_report(KeyError)

    errors.report(ExceptionGroup("none", [KeyError("a"), Quiet("b")]))
    errors.report(ExceptionGroup("one", [KeyError("a"), ExceptionGroup("in", [OSError("c")])]))

    assert [message for _, message, _ in log.told] == ["one (2 sub-exceptions)"]


def test_a_group_has_the_level_of_its_gravest_member(errors: ErrorHandler, log: Log) -> None:
    errors.level(KeyError, "info")
    errors.level(OSError, "critical")

    errors.report(ExceptionGroup("mild", [KeyError("a")]))
    errors.report(ExceptionGroup("grave", [KeyError("a"), OSError("b")]))
    errors.level(ExceptionGroup, "warning")
    errors.report(ExceptionGroup("named", [KeyError("a"), OSError("b")]))

    assert [level for level, _, _ in log.told] == ["info", "critical", "warning"]


def test_leaves_are_those_that_are_no_groups() -> None:
    one, two = ValueError("1"), ValueError("2")

    assert leaves(ExceptionGroup("a", [one, ExceptionGroup("b", [two])])) == [one, two]
    assert leaves(one) == [one]


# Messages


def test_an_error_that_cannot_say_itself_is_named(errors: ErrorHandler, log: Log) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    errors.report(Mute())

    assert "Mute (its message raised ValueError)" in log.told[0][1]


# Those who hear


def test_others_hear_of_errors_at_their_level_with_their_fields(
    errors: ErrorHandler, container: Container
) -> None:
    ear = Ear()
    container.instance("errors.reporters", Reporters([lambda: ear], pytest.fail))
    errors.level(Unpaid, "warning")
    errors.dont_report(KeyError)
    error = Unpaid(7)

    errors.report(error, command="x")
    errors.report(error)
    errors.report(KeyError("a"))

    assert ear.heard == [(error, "warning", {"order": 7, "command": "x"})]


def test_others_hear_though_the_log_is_broken(
    errors: ErrorHandler, container: Container, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    ear = Ear()
    container.instance("errors.reporters", Reporters([lambda: ear], pytest.fail))
    log.is_broken = True

    errors.report(Unpaid(7))

    assert len(ear.heard) == 1
    assert "order 7 is not paid" in capsys.readouterr().err


def test_who_fails_is_told_of_and_keeps_nobody_from_hearing() -> None:
    failures: list[BaseException] = []
    broken, ear = Ear(OSError("no network")), Ear()

    def missing() -> Ear:
        raise LookupError("no such class")

    reporters = Reporters([missing, lambda: broken, lambda: ear], failures.append)
    reporters.report(ValueError("a"), "error", {})
    reporters.report(ValueError("b"), "error", {})
    reporters.close()

    assert [str(each[0]) for each in ear.heard] == ["a", "b"]
    assert [str(each) for each in failures] == ["no such class", *["no network"] * 3]
    assert ear.is_closed


def test_nobody_is_made_before_an_error_comes() -> None:
    made: list[int] = []

    def make() -> Ear:
        made.append(1)
        return Ear()

    reporters = Reporters([make], pytest.fail)
    assert made == []
    reporters.report(ValueError("a"), "error", {})
    reporters.report(ValueError("b"), "error", {})

    assert made == [1]


# The console


def test_a_renderer_shows_the_errors_it_is_annotated_with(errors: ErrorHandler) -> None:
    shown: list[object] = []

    @errors.render_for_console
    def show(error: Unpaid, output: list[object]) -> bool | None:
        shown.append(error.order)
        return False if error.order == 0 else None

    assert errors.shown(Unpaid(7), [])
    assert not errors.shown(Unpaid(0), [])
    assert not errors.shown(ValueError("a"), [])
    assert shown == [7, 0]
