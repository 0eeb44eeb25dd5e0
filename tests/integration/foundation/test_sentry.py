"""Errors reach a server that takes Sentry's envelopes, once, without what is secret."""

from __future__ import annotations

import gzip
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.exceptions import MissingExtra
from securely.facades import Context, Exceptions, Log
from securely.foundation.errors.options import SentryOptions
from securely.foundation.errors.sentry import SentryReporter

# Planted far from the frames of errors, whose lines of source are sent along.
CARD, NUMBER = "5500000000000004", "4111111111111111"
MAILER, ANN, SHOP, TENANT = "hunter2-of-the-mailer", "s3cret-of-ann", "t0ken-of-it", "tenant-of-7"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


class Sentry(http.server.ThreadingHTTPServer):
    """Takes envelopes."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Takes)
        self.status = status
        self.envelopes: list[list[Any]] = []

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server_port}/7"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the events of all envelopes."""
        found = []
        for head, *rest in self.envelopes:
            assert "event_id" in head
            pairs = zip(rest[::2], rest[1::2], strict=True)
            found += [body for kind, body in pairs if kind["type"] == "event"]
        return found


class Takes(http.server.BaseHTTPRequestHandler):
    server: Sentry

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/api/7/envelope/"
        self.server.envelopes.append([json.loads(line) for line in body.splitlines() if line])
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    server = Sentry()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told(app: Application, sentry: Sentry) -> Sentry:
    app.make("config").set(
        {
            "errors.reporters": ["sentry"],
            "errors.sentry.dsn": sentry.dsn,
            "errors.sentry.release": "1.2.3",
            "mail.mailers.smtp.password": MAILER,
        }
    )
    app.make("log").hide(MAILER)
    return sentry


class Unpaid(Exception):
    def context(self) -> dict[str, object]:
        return {"order": 7, "card_number": NUMBER}


def pay(card: str) -> None:
    try:
        {}[card[:2]]
    except LookupError as error:
        raise Unpaid(f"https://ann:{ANN}@bank.example refuses, {MAILER}") from error


def test_an_error_is_sent_with_its_causes_its_trace_and_what_is_known(
    app: Application, told: Sentry
) -> None:
    with Log.fake_for():
        Context.add(shop="north", api_token=SHOP).add_hidden(tenant=TENANT)
        trace = Context.trace_id
        try:
            pay(CARD)
        except Unpaid as error:
            Exceptions.report(error, during="payment")
            Exceptions.report(error, during="again")
    app.make("errors.reporters").close()

    [event] = told.events
    assert [each["type"] for each in event["exception"]["values"]] == ["KeyError", "Unpaid"]
    assert event["level"] == "error"
    assert event["environment"] == "testing"
    assert event["release"] == "1.2.3"
    assert event["tags"]["trace_id"] == event["contexts"]["trace"]["trace_id"] == trace
    assert event["contexts"]["context"]["shop"] == "north"
    assert event["contexts"]["fields"]["order"] == 7
    assert event["contexts"]["fields"]["during"] == "payment"
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames][-1] == "pay"
    assert not any("vars" in frame for frame in frames)
    whole = json.dumps(told.envelopes)
    for secret in (CARD, NUMBER, MAILER, ANN, SHOP, TENANT):
        assert secret not in whole, secret


def test_what_is_not_grave_enough_stays_here(app: Application, told: Sentry) -> None:
    Exceptions.level(KeyError, "warning")
    Exceptions.level(OSError, "critical")

    with Log.fake_for():
        Exceptions.report(KeyError("a"))
        Exceptions.report(OSError("b"))
    app.make("errors.reporters").close()

    assert [event["level"] for event in told.events] == ["fatal"]


def test_a_server_that_cannot_be_reached_costs_nothing(app: Application, told: Sentry) -> None:
    app.make("config").set("errors.sentry.dsn", "http://public@127.0.0.1:9/7")
    app.make("config").set("errors.sentry.flush_seconds", 0.2)

    with Log.fake_for() as log:
        Exceptions.report(OSError("b"))
        app.make("errors.reporters").close()

        log.assert_logged("error", "b")
    assert told.events == []


def test_settings_that_are_wrong_are_told_in_the_log(app: Application, told: Sentry) -> None:
    app.make("config").set("errors.sentry.sample_ratio", 7)

    with Log.fake_for() as log:
        Exceptions.report(OSError("b"))

        log.assert_logged("error", "b")
        log.assert_logged("error", "an error could not be reported")


def test_the_end_of_the_application_sends_what_waits(app: Application, told: Sentry) -> None:
    with Log.fake_for():
        Exceptions.report(OSError("b"))

    app.terminate()

    assert len(told.events) == 1


def test_without_the_sdk_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)

    with pytest.raises(MissingExtra, match=r"securely\[errors-sentry\]"):
        SentryReporter(SentryOptions.model_validate({}), "testing", dict)


def test_the_sdk_of_the_application_is_left_alone(told: Sentry, app: Application) -> None:
    import sentry_sdk

    with Log.fake_for():
        Exceptions.report(OSError("b"))

    assert not sentry_sdk.get_client().is_active()
    assert not sentry_sdk.is_initialized()
    app.make("errors.reporters").close()


def test_a_file_of_the_application_is_where_errors_happened(told: Sentry, app: Application) -> None:
    with Log.fake_for():
        try:
            pay("x")
        except Unpaid as error:
            Exceptions.report(error)
    app.make("errors.reporters").close()

    frame = told.events[0]["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert Path(frame["abs_path"]) == Path(__file__)
