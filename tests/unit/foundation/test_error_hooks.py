"""What leaves a thread, a task, a finaliser or the program is reported, with its source."""

from __future__ import annotations

import asyncio
import sys
import threading
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from securely.foundation.errors import Hooks
from securely.support import clock


class Reports:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, object]]] = []

    def report(self, error: BaseException, /, **context: object) -> None:
        self.told.append((str(error), context))


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put hooks in place that note that they were called, and return the notes."""
    called: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda *_: called.append("program"))
    monkeypatch.setattr(threading, "excepthook", lambda _: called.append("thread"))
    monkeypatch.setattr(sys, "unraisablehook", lambda _: called.append("unraisable"))
    return called


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def hooks(before: list[str], reports: Reports) -> Iterator[Hooks]:
    hooks = Hooks(reports)
    hooks.install()
    yield hooks
    hooks.uninstall()


def fail() -> None:
    raise OSError("disk")


def test_an_error_of_a_thread_is_reported_with_its_name_then_shown(
    hooks: Hooks, reports: Reports, before: list[str]
) -> None:
    thread = threading.Thread(target=fail, name="mailer")
    thread.start()
    thread.join()

    assert reports.told == [("disk", {"source": "thread", "thread": "mailer"})]
    assert before == ["thread"]


class Finalised:
    """Fails when it goes."""

    def __del__(self) -> None:
        raise OSError("disk")


def test_an_error_of_a_finaliser_is_reported_with_what_it_was_of(
    hooks: Hooks, reports: Reports, before: list[str]
) -> None:
    thing = Finalised()
    del thing

    assert reports.told == [("disk", {"source": "unraisable", "object": "Finalised.__del__"})]
    assert before == ["unraisable"]


def test_an_error_of_the_program_is_reported_then_shown(
    hooks: Hooks, reports: Reports, before: list[str]
) -> None:
    error = OSError("disk")

    sys.excepthook(OSError, error, None)

    assert reports.told == [("disk", {"source": "program"})]
    assert before == ["program"]


def test_an_unraisable_without_an_error_is_only_shown(
    hooks: Hooks, reports: Reports, before: list[str]
) -> None:
    told: Any = SimpleNamespace(exc_value=None, object=None)

    sys.unraisablehook(told)

    assert reports.told == []
    assert before == ["unraisable"]


@pytest.fixture
def pythons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the hooks in place that a program begins with."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)


@pytest.fixture
def masking(pythons_own: None, reports: Reports) -> Iterator[Hooks]:
    hooks = Hooks(reports, lambda text: text.replace("disk", "****"))
    hooks.install()
    yield hooks
    hooks.uninstall()


def test_the_traceback_of_a_thread_is_shown_once_and_masked(
    masking: Hooks, reports: Reports, capsys: pytest.CaptureFixture[str]
) -> None:
    thread = threading.Thread(target=fail, name="mailer")
    thread.start()
    thread.join()

    said = capsys.readouterr().err
    assert said.startswith("Exception in thread mailer:\nTraceback (most recent call last):\n")
    assert said.count("OSError: ****\n") == 1
    assert "disk" not in said
    assert [text for text, _ in reports.told] == ["disk"]


def test_a_thread_that_ends_itself_shows_nothing(
    masking: Hooks, capsys: pytest.CaptureFixture[str]
) -> None:
    told: Any = SimpleNamespace(
        exc_type=SystemExit, exc_value=SystemExit(3), exc_traceback=None, thread=None
    )

    threading.excepthook(told)

    assert capsys.readouterr().err == ""


def test_the_traceback_of_a_finaliser_is_shown_once_and_masked(
    masking: Hooks, capsys: pytest.CaptureFixture[str]
) -> None:
    thing = Finalised()
    del thing

    said = capsys.readouterr().err
    assert said.startswith("Exception ignored in: Finalised.__del__\nTraceback")
    assert "OSError: ****\n" in said
    assert "disk" not in said


def test_the_traceback_of_the_program_is_shown_once_and_masked(
    masking: Hooks, capsys: pytest.CaptureFixture[str]
) -> None:
    sys.excepthook(OSError, OSError("disk"), None)

    assert capsys.readouterr().err == "OSError: ****\n"


def test_what_cannot_be_masked_is_not_shown(
    pythons_own: None, reports: Reports, capsys: pytest.CaptureFixture[str]
) -> None:
    def mask(text: str) -> str:
        raise ValueError(text)

    hooks = Hooks(reports, mask)
    hooks.install()
    sys.excepthook(OSError, OSError("disk"), None)
    hooks.uninstall()

    assert capsys.readouterr().err == "OSError (showing it: ValueError)\n"


def test_uninstall_puts_back_what_was_there(before: list[str], reports: Reports) -> None:
    hooks = Hooks(reports)
    were = (sys.excepthook, threading.excepthook, sys.unraisablehook)

    hooks.install()
    hooks.install()
    assert hooks.are_installed
    hooks.uninstall()
    hooks.uninstall()

    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == were
    assert not hooks.are_installed


def test_nested_hooks_are_taken_out_in_order(before: list[str], reports: Reports) -> None:
    was = sys.excepthook
    outer, inner = Hooks(reports), Hooks(reports)
    outer.install()
    inner.install()

    inner.uninstall()
    inner_out = sys.excepthook
    outer.uninstall()

    assert inner_out is not was
    assert sys.excepthook is was


def test_hooks_that_were_taken_out_below_others_only_pass_on(
    before: list[str], reports: Reports
) -> None:
    silent = Reports()
    outer, inner = Hooks(silent), Hooks(reports)
    outer.install()
    inner.install()
    outer.uninstall()

    sys.excepthook(OSError, OSError("disk"), None)

    assert silent.told == []
    assert len(reports.told) == 1
    assert before == ["program"]
    inner.uninstall()


def test_an_error_of_a_loop_is_reported(reports: Reports) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        Hooks(reports).watch(loop)
        loop.call_soon(fail)
        await clock.asleep(0)
        await clock.asleep(0)

    asyncio.run(run())

    assert [(text, context["source"]) for text, context in reports.told] == [("disk", "loop")]


def test_a_handler_that_a_loop_had_is_called_afterwards(reports: Reports) -> None:
    heard: list[str] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, told: heard.append(str(told["message"])))
        Hooks(reports).watch(loop)
        loop.call_exception_handler({"message": "without an error"})

    asyncio.run(run())

    assert heard == ["without an error"]
    assert reports.told == []


def test_deprecations_are_written_and_other_warnings_shown(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    written: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", lambda message, *_: shown.append(str(message)))
        hooks.capture_deprecations(written.append)
        warnings.warn("use the other", DeprecationWarning, stacklevel=1)
        warnings.warn("look out", RuntimeWarning, stacklevel=1)
        hooks.uninstall()
        warnings.warn("use another", DeprecationWarning, stacklevel=1)

    assert [text.partition(" in ")[0] for text in written] == ["use the other"]
    assert shown == ["look out", "use another"]
