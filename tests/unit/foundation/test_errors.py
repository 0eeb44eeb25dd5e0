"""What is reported, at which level, to whom, and what happens when it cannot be."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections.abc import Callable

import pytest

from securely.container import Container
from securely.foundation import ErrorHandler


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


def test_report_when_a_reporter_raises_writes_both_to_stderr(
    errors: ErrorHandler, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(error: OSError) -> None:
        raise RuntimeError("no line to the pager")

    errors.reporting(OSError, broken)
    errors.report(OSError("disk"))

    said = capsys.readouterr().err
    assert "OSError: disk" in said
    assert "no line to the pager" in said


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
