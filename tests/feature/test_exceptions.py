"""Errors and deferred functions in a whole application: facade, commands, jobs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from securely import Application
from securely.console import BufferedOutput
from securely.console.failure import render_failure
from securely.exceptions import SecurelyError
from securely.facades import App, Exceptions, Log, Queue
from securely.facades import Artisan as ArtisanFacade
from securely.queue import Job
from securely.testing import Artisan

RAN: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


@dataclass
class Deferring(Job):
    """A job that leaves something for later."""

    fails: bool = False

    def handle(self) -> None:
        App.defer(lambda: RAN.append("deferred"))
        App.defer(lambda: RAN.append("always"), always=True)
        RAN.append("handled")
        if self.fails:
            raise OSError("disk")


@pytest.mark.parametrize(
    ("fails", "ran"),
    [(False, ["handled", "deferred", "always"]), (True, ["handled", "always"])],
)
def test_what_a_job_defers_runs_when_it_is_over(
    app: Application, fails: bool, ran: list[str]
) -> None:
    try:
        Queue.push(Deferring(fails=fails))
    except OSError:
        assert fails

    assert ran == RAN


def test_the_facade_reports_to_the_log(app: Application) -> None:
    with Log.fake_for() as log:
        Exceptions.report(OSError("disk"), order=7)

        log.assert_logged("error", "disk", order=7)


def test_a_fake_takes_what_a_command_lets_through(app: Application, artisan: Artisan) -> None:
    @ArtisanFacade.command("fails")
    def fails() -> None:
        raise OSError("disk")

    fake = Exceptions.fake()

    artisan("fails").assert_exit(1).assert_output("OSError: disk")

    fake.assert_reported(OSError)


def test_a_command_shows_what_an_error_is_mapped_to(app: Application, artisan: Artisan) -> None:
    class Full(SecurelyError):
        hint = "Free some space."

    @ArtisanFacade.command("fails")
    def fails() -> None:
        raise OSError("disk")

    Exceptions.map(OSError, lambda error: Full("The disk is full."))

    artisan("fails").assert_exit(1).assert_output("The disk is full.", "Free some space.")


def test_an_unexpected_error_shows_its_hint_before_its_frames() -> None:
    error = LookupError("no tax table")
    error.hint = "Run: artisan tax:load"  # type: ignore[attr-defined]  # any error may have one
    output = BufferedOutput()

    render_failure(error, output)

    assert output.error_text.splitlines()[1] == "Run: artisan tax:load"
