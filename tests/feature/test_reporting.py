"""Errors of commands and jobs in a whole application: throttled, rendered, told and traced."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from securely import Application
from securely.cache.limiter import Limit
from securely.console import Command, Output
from securely.facades import Artisan as Console
from securely.facades import Context, Exceptions, Log, Queue
from securely.queue import Job
from securely.testing import Artisan

HEARD: list[tuple[str, str, dict[str, object]]] = []


class Ear:
    """A reporter of the application, which its container makes."""

    def __init__(self, app: Application) -> None:
        self.app = app

    def report(self, error: BaseException, level: str, fields: Mapping[str, object]) -> None:
        HEARD.append((str(error), level, dict(fields)))

    def close(self) -> None:
        HEARD.append(("closed", "", {}))


@dataclass
class Fails(Job):
    """A job that fails."""

    tries = 1

    def handle(self) -> None:
        raise OSError("disk")


@pytest.fixture(autouse=True)
def heard() -> list[tuple[str, str, dict[str, object]]]:
    HEARD.clear()
    return HEARD


def test_a_reporter_that_the_configuration_names_hears_of_errors(app: Application) -> None:
    app.make("config").set("errors.reporters", ["tests.feature.test_reporting:Ear"])
    with Log.fake_for():
        Exceptions.report(OSError("disk"), order=7)

    assert HEARD == [("disk", "error", {"order": 7})]
    app.terminate()
    assert HEARD[-1][0] == "closed"


def test_the_exception_of_a_job_goes_through_the_handler(app: Application) -> None:
    Exceptions.level(OSError, "critical")
    with Log.fake_for() as log:
        with pytest.raises(OSError, match="disk"):
            Queue.push(Fails())

        log.assert_logged("critical", "disk", queue="default")


def test_what_is_not_to_be_reported_is_not_of_jobs_either(app: Application) -> None:
    Exceptions.dont_report(OSError)
    with Log.fake_for() as log:
        with pytest.raises(OSError, match="disk"):
            Queue.push(Fails())

        log.assert_nothing_logged()


def test_errors_are_throttled_by_the_limiter_of_the_cache(app: Application) -> None:
    Exceptions.throttling(OSError, Limit.per_minute(2))
    with Log.fake_for() as log:
        for number in range(5):
            Exceptions.report(OSError(f"disk {number}"))

        log.assert_logged("error", "disk 1")
        log.assert_not_logged("error", "disk 2")


def test_a_command_that_fails_is_rendered_by_the_application(
    app: Application, artisan: Artisan
) -> None:
    @Console.command("fails")
    def fails(command: Command) -> None:
        raise OSError("disk")

    @Exceptions.render_for_console
    def show(error: OSError, output: Output) -> None:
        output.error_line("Please insert disk 2.")

    with Log.fake_for():
        result = artisan("fails").assert_failed()

    assert result.errors == "Please insert disk 2.\n"


def test_what_a_command_shows_is_masked_like_the_log(app: Application, artisan: Artisan) -> None:
    Log.hide("k3y-of-the-shop")

    @Console.command("fails")
    def fails(command: Command) -> None:
        raise OSError("-".join(["k3y", "of", "the", "shop"]))

    result = artisan("fails").assert_failed()

    assert "OSError: ********" in result.errors
    assert "k3y-of" not in result.errors


def test_lines_of_the_log_have_the_trace_and_the_visible_values(app: Application) -> None:
    app.make("config").set("log.channels.kept", {"driver": "array"})
    with Context.unit():
        Context.add(order=7, password="hunter2").add_hidden(tenant=3)  # noqa: S106  # planted
        Log.channel("array").info("x")
        trace = Context.trace_id
    record = Log.channel("array").handlers[0].records[-1]  # type: ignore[attr-defined]  # of array

    assert record.extra == {"trace_id": trace, "order": 7, "password": "********"}
    assert record.fields == {}


def test_what_leaves_the_program_is_shown_masked_like_the_log(
    app: Application, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Log.hide("s3cret-of-the-shop")
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    app.errors.hooks.install()
    try:
        with Log.fake_for():
            sys.excepthook(OSError, OSError("no s3cret-of-the-shop"), None)
    finally:
        app.errors.hooks.uninstall()

    assert capsys.readouterr().err == "OSError: no ********\n"


def test_braces_in_the_words_of_a_reported_error_are_no_placeholders(app: Application) -> None:
    with Log.fake_for() as log:
        Exceptions.report(OSError("no {order} here"), order=7)

    log.assert_logged("error", "no {order} here", order=7)
