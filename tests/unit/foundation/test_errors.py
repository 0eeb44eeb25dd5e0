"""What is reported, at which level, to whom, and what happens when it cannot be."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections.abc import Callable

import pytest

from securely.container import Container
from securely.foundation import ErrorHandler, ShouldntReport, UntypedCallback
from securely.queue.exceptions import EntityNotFound
from securely.support import clock
from securely.validation import ValidationError


class Log:
    """Keeps what it is told, or cannot be reached."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, dict[str, object]]] = []
        self.is_broken = False

    def log(self, level: str, message: str, **fields: object) -> None:
        if self.is_broken:
            raise OSError("No space left on device")
        self.told.append((level, message, fields))


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def errors(log: Log) -> ErrorHandler:
    container = Container()
    container.instance("log", log)
    return ErrorHandler(container)


def test_report_tells_the_log_message_error_and_context(errors: ErrorHandler, log: Log) -> None:
    error = OSError("gone")

    errors.report(error, command="mail:send")

    assert log.told == [("error", "gone", {"exception": error, "command": "mail:send"})]


def test_report_when_told_the_same_error_again_is_quiet(errors: ErrorHandler, log: Log) -> None:
    one, two = OSError("one"), OSError("two")

    for error in (one, one, two, one, two):
        errors.report(error)

    assert [message for _, message, _ in log.told] == ["one", "two"]


def test_another_handler_tells_an_error_that_one_has_told(errors: ErrorHandler, log: Log) -> None:
    container = Container()
    container.instance("log", log)
    error = OSError("gone")

    errors.report(error)
    ErrorHandler(container).report(error)

    assert len(log.told) == 2


def test_report_keeps_no_error_alive(errors: ErrorHandler, log: Log) -> None:
    class Heavy(Exception):
        pass

    error = Heavy("with all its frames")
    held = weakref.ref(error)
    errors.report(error)
    log.told.clear()
    del error
    gc.collect()

    assert held() is None


def test_report_takes_errors_that_take_no_attributes(errors: ErrorHandler, log: Log) -> None:
    class Closed(Exception):
        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    errors.report(Closed("sealed"))

    assert [message for _, message, _ in log.told] == ["sealed"]


def test_dont_report_covers_subclasses(errors: ErrorHandler, log: Log) -> None:
    errors.dont_report(LookupError, OSError)

    errors.report(KeyError("a"))
    errors.report(FileNotFoundError("b"))
    errors.report(ValueError("c"))

    assert [message for _, message, _ in log.told] == ["c"]
    assert not errors.should_report(IndexError())


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(1), GeneratorExit(), asyncio.CancelledError()]
)
def test_being_told_to_stop_is_never_reported(
    errors: ErrorHandler, log: Log, error: BaseException
) -> None:
    errors.report(error)

    assert log.told == []


def test_level_when_several_fit_takes_the_first(errors: ErrorHandler, log: Log) -> None:
    errors.level(FileNotFoundError, "warning")
    errors.level(OSError, "critical")

    for error in (FileNotFoundError("a"), PermissionError("b"), ValueError("c")):
        errors.report(error)

    assert [level for level, _, _ in log.told] == ["warning", "critical", "error"]


def test_reporters_hear_errors_of_their_kind_and_may_keep_them(
    errors: ErrorHandler, log: Log
) -> None:
    heard: list[str] = []

    def keep(error: LookupError) -> bool:
        heard.append(f"kept {error.args[0]}")
        return False

    errors.reporting(OSError, lambda error: heard.append(f"heard {error}"))
    errors.reporting(LookupError, keep)
    errors.report(OSError("disk"))
    errors.report(KeyError("key"))

    assert heard == ["heard disk", "kept key"]
    assert [message for _, message, _ in log.told] == ["disk"]


def test_report_when_the_log_is_broken_writes_both_to_stderr(
    errors: ErrorHandler, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    log.is_broken = True

    errors.report(ValueError("the invoice is wrong"))

    said = capsys.readouterr().err
    assert "ValueError: the invoice is wrong" in said
    assert "OSError: No space left on device" in said


def test_what_is_said_when_the_log_is_broken_holds_no_secret(
    errors: ErrorHandler, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    log.is_broken = True

    errors.report(ValueError("login failed: password=planted-1 at redis://ann:planted-2@host/0"))

    said = capsys.readouterr().err
    assert "ValueError: login failed: password=********" in said
    assert "planted" not in said


def test_an_error_that_cannot_say_itself_is_named_when_the_log_is_broken(
    errors: ErrorHandler, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    log.is_broken = True

    errors.report(Mute())

    assert "Mute" in capsys.readouterr().err


def test_a_reporter_that_raises_keeps_neither_the_log_nor_others_from_hearing(
    errors: ErrorHandler, log: Log
) -> None:
    heard: list[str] = []

    def broken(error: OSError) -> None:
        raise RuntimeError("no line to the pager")

    errors.reporting(OSError, broken)
    errors.reporting(OSError, lambda error: heard.append(str(error)))
    errors.report(OSError("disk"))

    assert heard == ["disk"]
    said = [(message, str(fields["exception"])) for _, message, fields in log.told]
    assert said == [
        ("an error could not be reported as it should be", "no line to the pager"),
        ("disk", "disk"),
    ]


def test_a_reporter_that_stops_and_raises_does_not_stop(errors: ErrorHandler, log: Log) -> None:
    def broken(error: OSError) -> None:
        raise RuntimeError("no line to the pager")

    errors.reporting(OSError, broken).stop()
    errors.report(OSError("disk"))

    told = [str(fields["exception"]) for _, _, fields in log.told]
    assert told == ["no line to the pager", "disk"]


def test_what_is_asked_about_an_error_and_raises_keeps_nobody_from_hearing(
    errors: ErrorHandler, log: Log
) -> None:
    class Odd(Exception):
        def report(self) -> bool:
            raise RuntimeError("it cannot report itself")

    @errors.dont_report_when
    def rule(error: EOFError) -> bool:
        raise RuntimeError("the rule is broken")

    def mapping(error: KeyError) -> Exception:
        raise RuntimeError("the map is broken")

    errors.map(KeyError, mapping)
    for error in (Odd("one"), EOFError("two"), KeyError("three")):
        errors.report(error)

    assert [str(fields["exception"]) for _, _, fields in log.told] == [
        "it cannot report itself",
        "one",
        "the rule is broken",
        "two",
        "the map is broken",
        "'three'",
    ]


def _gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)


def _closed(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)


@pytest.mark.parametrize("deafen", [_gone, _closed])
def test_report_when_nobody_can_hear_it_does_not_raise(
    errors: ErrorHandler,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    deafen: Callable[[pytest.MonkeyPatch], None],
) -> None:
    log.is_broken = True
    deafen(monkeypatch)

    errors.report(OSError("disk"))


def test_a_reporter_is_told_what_its_annotation_names(errors: ErrorHandler, log: Log) -> None:
    heard: list[str] = []

    @errors.report
    def page(error: TimeoutError | ConnectionError) -> None:
        heard.append(str(error))

    for error in (TimeoutError("a"), ConnectionResetError("b"), ValueError("c")):
        errors.report(error)

    assert heard == ["a", "b"]
    assert [message for _, message, _ in log.told] == ["a", "b", "c"]


def test_a_reporter_that_stops_keeps_the_log_and_later_ones_from_it(
    errors: ErrorHandler, log: Log
) -> None:
    heard: list[str] = []

    def page(error: TimeoutError) -> None:
        heard.append("page")

    errors.report(page).stop()
    errors.reporting(TimeoutError, lambda error: heard.append("later"))

    errors.report(TimeoutError("a"))

    assert heard == ["page"]
    assert log.told == []


def test_a_reporter_may_be_async(errors: ErrorHandler, log: Log) -> None:
    heard: list[str] = []

    @errors.report
    async def page(error: TimeoutError) -> bool:
        await clock.asleep(0)
        heard.append(str(error))
        return False

    errors.report(TimeoutError("a"))

    assert heard == ["a"]
    assert log.told == []


def test_a_reporter_can_still_be_called(errors: ErrorHandler) -> None:
    @errors.report
    def page(error: TimeoutError) -> str:
        return f"paged {error}"

    assert page(TimeoutError("a")) == "paged a"


class Pager:
    """A reporter that is an object."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __call__(self, error: LookupError) -> None:
        self.heard.append(str(error.args[0]))


def test_a_reporter_may_be_an_object(errors: ErrorHandler) -> None:
    pager = Pager()

    errors.report(pager)
    errors.report(KeyError("a"))
    errors.report(OSError("b"))

    assert pager.heard == ["a"]


def untyped(error) -> None:  # type: ignore[no-untyped-def]  # that is what it is about
    raise NotImplementedError


def no_error(error: int) -> None:
    raise NotImplementedError


def no_parameter() -> None:
    raise NotImplementedError


def half(error: OSError | int) -> None:
    raise NotImplementedError


@pytest.mark.parametrize("reporter", [untyped, no_error, no_parameter, half])
def test_a_reporter_that_does_not_say_for_what_is_refused(
    errors: ErrorHandler, reporter: Callable[[BaseException], object]
) -> None:
    with pytest.raises(UntypedCallback, match=reporter.__name__):
        errors.report(reporter)


class Declined(ShouldntReport, Exception):
    """An error that nobody wants to hear of."""


def test_an_error_that_says_so_is_not_reported(errors: ErrorHandler, log: Log) -> None:
    errors.report(Declined("no money"))

    assert log.told == []
    assert not errors.should_report(Declined())


class Loud(Exception):
    """An error that reports itself."""

    def __init__(self, answer: bool | None) -> None:
        self.answer = answer
        self.heard: list[Container] = []
        super().__init__("loud")

    def report(self, container: Container) -> bool | None:
        self.heard.append(container)
        return self.answer


@pytest.mark.parametrize(("answer", "count"), [(None, 0), (True, 0), (False, 1)])
def test_an_error_may_report_itself(
    errors: ErrorHandler, log: Log, answer: bool | None, count: int
) -> None:
    error = Loud(answer)

    errors.report(error)

    assert len(error.heard) == 1
    assert len(log.told) == count


class Paid(Exception):
    """An error with a context."""

    def context(self) -> dict[str, object]:
        return {"order": 7, "shop": "mine", "level": "high"}


def test_context_comes_from_callbacks_the_error_and_who_reports(
    errors: ErrorHandler, log: Log
) -> None:
    errors.context(lambda: {"shop": "theirs", "host": "a"})

    @errors.context
    def both(error: BaseException, fields: dict[str, object]) -> dict[str, object]:
        return {"fields": len(fields), "kind": type(error).__name__}

    error = Paid("twice")
    errors.report(error, host="b")

    assert log.told == [
        (
            "error",
            "twice",
            {
                "exception": error,
                "shop": "mine",
                "host": "b",
                "fields": 2,
                "kind": "Paid",
                "order": 7,
                "level_": "high",
            },
        )
    ]


def test_a_context_that_fails_is_noted_and_keeps_nothing_from_the_log(
    errors: ErrorHandler, log: Log
) -> None:
    def broken() -> dict[str, object]:
        raise LookupError("no user")

    errors.context(broken)
    errors.report(ValueError("a"))

    assert log.told[0][2]["context_failed"] == "LookupError: no user"


def test_dont_report_when_asks_for_errors_of_its_kind(errors: ErrorHandler, log: Log) -> None:
    @errors.dont_report_when
    def is_small(error: ValueError) -> bool:
        return "small" in str(error)

    for error in (ValueError("small"), ValueError("large"), OSError("small")):
        errors.report(error)

    assert [message for _, message, _ in log.told] == ["large", "small"]


def test_stop_ignoring_reports_again(errors: ErrorHandler, log: Log) -> None:
    errors.dont_report(OSError, ValueError)
    errors.stop_ignoring(OSError)

    errors.report(OSError("a"))
    errors.report(ValueError("b"))

    assert [message for _, message, _ in log.told] == ["a"]


def test_what_only_tells_whoever_asked_is_not_reported_unless_that_is_wanted(
    errors: ErrorHandler, log: Log
) -> None:
    class Refused(ValidationError):
        pass

    for error in (
        ValidationError({"age": ["The age is too low."]}),
        Refused({"age": ["The age is too low."]}),
        EntityNotFound("Order", 7),
    ):
        errors.report(error)
    assert log.told == []

    errors.stop_ignoring(ValidationError)
    errors.report(Refused({"age": ["The age is too low."]}))
    errors.report(EntityNotFound("Order", 7))

    assert [message for _, message, _ in log.told] == ["The age is too low."]


def test_map_reports_another_error_and_keeps_the_first_as_its_cause(
    errors: ErrorHandler, log: Log
) -> None:
    errors.map(KeyError, LookupError)
    errors.map(OSError, lambda error: RuntimeError(f"disk: {error}"))
    first, second = KeyError("a"), OSError("b")

    errors.report(first)
    errors.report(second)

    told = [fields["exception"] for _, _, fields in log.told]
    assert [type(error) for error in told] == [LookupError, RuntimeError]
    assert [getattr(error, "__cause__", None) for error in told] == [first, second]
    assert str(told[1]) == "disk: b"


def test_map_when_an_error_is_reported_twice_tells_once(errors: ErrorHandler, log: Log) -> None:
    errors.map(OSError, lambda error: RuntimeError("disk"))
    error = OSError("b")

    errors.report(error)
    errors.report(error)

    assert len(log.told) == 1


def test_should_retry_follows_what_was_said(errors: ErrorHandler) -> None:
    errors.dont_retry(LookupError)

    @errors.dont_retry_when
    def is_final(error: OSError) -> bool:
        return error.errno == 28

    assert not errors.should_retry(KeyError("a"))
    assert not errors.should_retry(OSError(28, "full"))
    assert errors.should_retry(OSError(4, "interrupted"))
    assert errors.should_retry(ValueError())


def test_report_takes_words(errors: ErrorHandler, log: Log) -> None:
    errors.report("the pump is dry", pump=3)

    assert [(level, message) for level, message, _ in log.told] == [("error", "the pump is dry")]
    assert log.told[0][2]["pump"] == 3


def fail() -> int:
    raise OSError("disk")


def test_rescue_gives_what_there_is_or_the_default(errors: ErrorHandler, log: Log) -> None:
    assert errors.rescue(lambda: 5, 7) == 5
    assert errors.rescue(fail, 7) == 7
    assert errors.rescue(fail) is None
    assert str(errors.rescue(fail, str)) == "disk"
    assert len(log.told) == 3


def test_rescue_reports_only_what_it_shall(errors: ErrorHandler, log: Log) -> None:
    errors.rescue(fail, report=False)
    errors.rescue(fail, report=lambda error: isinstance(error, ValueError))
    assert log.told == []

    errors.rescue(fail, report=lambda error: isinstance(error, OSError))
    assert len(log.told) == 1


def test_rescue_lets_go_who_is_told_to_stop(errors: ErrorHandler) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        errors.rescue(stop)


def test_rescuing_reports_and_goes_on(errors: ErrorHandler, log: Log) -> None:
    with errors.rescuing():
        fail()

    assert [message for _, message, _ in log.told] == ["disk"]
