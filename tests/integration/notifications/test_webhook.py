"""Webhooks at a real server: what arrives, and what becomes of what does not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from securely import Application
from securely.container import Container
from securely.facades import Config, Event, Notification, Queue
from securely.notifications import (
    AnonymousNotifiable,
    NotificationErrors,
    NotificationFailed,
    NotificationSent,
    WebhookAnswer,
    WebhookFailed,
    WebhookMessage,
    WebhookRoute,
)
from securely.notifications import Notification as Told
from securely.notifications.drivers.webhook import WebhookChannel
from securely.queue.delivery.runner import JobRunner
from tests.http_host import HttpHost
from tests.smtp import Authority

pytestmark = pytest.mark.integration

Send = Callable[..., Any]


@dataclass
class Paid(Told):
    number: int = 5
    tries: ClassVar[int] = 3
    backoff: ClassVar[int] = 0
    should_queue: ClassVar[bool] = True

    def via(self, notifiable: Any) -> list[str]:
        return ["webhook"]

    def to_webhook(self, notifiable: Any) -> WebhookMessage:
        return WebhookMessage({"n": self.number}, {"x-shop": "7"})


PAID = Paid()._numbered("n-1")


@pytest.fixture
def host() -> Iterator[HttpHost]:
    host = HttpHost()
    yield host
    host.close()


@pytest.fixture(params=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    """Send in either colour."""

    def send(route: Any, **options: Any) -> Any:
        limits = {"connect_seconds": 40.0, "timeout_seconds": 40.0, "total_seconds": 50.0}
        channel = WebhookChannel("webhook", Container(), **{**limits, **options})
        notifiable = AnonymousNotifiable({"webhook": route})
        if request.param == "sync":
            return channel.send(notifiable, PAID)
        return asyncio.run(channel.asend(notifiable, PAID))

    return send


def failure(send: Send, route: Any, **options: Any) -> WebhookFailed:
    with pytest.raises(WebhookFailed) as caught:
        send(route, **options)
    return caught.value


def test_a_signed_request_arrives(host: HttpHost, send: Send) -> None:
    host.says("202 Accepted", b"queued")

    answer = send(WebhookRoute(host.url("/in?a=1"), "s3cret"))

    assert answer == WebhookAnswer(202, "queued")
    (asked,) = host.asked
    assert asked.line == "POST /in?a=1 HTTP/1.1"
    assert json.loads(asked.body) == {"n": 5}
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-shop"] == "7"
    assert asked.headers["webhook-id"] == "n-1"
    signed = f"n-1.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    mac = base64.b64encode(hmac.new(b"s3cret", signed, hashlib.sha256).digest()).decode()
    assert asked.headers["webhook-signature"] == f"v1,{mac}"


def test_who_logs_in_does_so_in_a_header(host: HttpHost, send: Send) -> None:
    send(host.url(user="ann:hun%40ter2@"))

    basic = base64.b64encode(b"ann:hun@ter2").decode()
    assert host.asked[0].headers["authorization"] == f"Basic {basic}"


def test_a_server_that_is_not_there_may_come_back(send: Send) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]  # nobody listens there, and nobody else may meanwhile
        error = failure(send, f"http://ann:hunter2@127.0.0.1:{port}/hook?token=s3cret")

    assert (error.is_retryable, error.is_unknown, error.status) == (True, False, None)
    assert str(error).startswith(f"Webhook http://127.0.0.1:{port}/hook: no connection (")
    assert "hunter2" not in str(error)
    assert "s3cret" not in str(error)


def test_a_server_that_says_nothing_is_given_up(host: HttpHost, send: Send) -> None:
    host.holds = True

    error = failure(send, host.url(), timeout_seconds=0.2)

    assert (error.is_retryable, error.is_unknown) == (True, True)
    assert "before the answer" in str(error)


def test_a_server_that_trickles_is_given_up(host: HttpHost, send: Send) -> None:
    host.trickles = True
    host.says("200 OK", b"", f"X-Long: {'x' * 200}")

    error = failure(send, host.url(), total_seconds=4.0)

    assert (error.is_retryable, error.is_unknown) == (True, True)
    assert "within 4 seconds, all in all" in str(error)


@pytest.mark.parametrize(
    ("status", "is_retryable"),
    [
        ("500 Internal Server Error", True),
        ("503 Service Unavailable", True),
        ("429 Too Many Requests", True),
        ("408 Request Timeout", True),
        ("400 Bad Request", False),
        ("401 Unauthorized", False),
        ("410 Gone", False),
    ],
)
def test_what_a_server_refuses(host: HttpHost, send: Send, status: str, is_retryable: bool) -> None:
    host.says(status, b"the  reason\n" + b"x" * 100_000)

    error = failure(send, host.url())

    assert error.status == int(status[:3])
    assert error.is_retryable is is_retryable
    assert f"it answered {status[:3]} and said: the reason xxx" in str(error)
    assert len(str(error)) < 400


def test_redirects_are_not_followed(host: HttpHost, send: Send) -> None:
    host.says("307 Temporary Redirect", b"", "Location: http://u:hunter2@127.0.0.1:1/x?t=s3cret")

    error = failure(send, host.url())

    assert (error.status, error.is_retryable) == (307, False)
    assert "a redirect to http://u:********@127.0.0.1:1/x, which is not followed" in str(error)
    assert len(host.asked) == 1


@pytest.mark.parametrize("cut", ["before", "after", "reset"])
def test_a_connection_that_breaks_leaves_open_whether_it_was_taken(
    host: HttpHost, send: Send, cut: str
) -> None:
    host.cut = cut

    error = failure(send, host.url())

    assert (error.is_retryable, error.is_unknown, error.status) == (True, True, None)


def test_an_answer_that_breaks_off_has_said_its_status(host: HttpHost, send: Send) -> None:
    host.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart"

    assert send(host.url()).status == 200


def test_an_answer_that_never_ends_has_said_its_status(host: HttpHost, send: Send) -> None:
    host.answer = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000

    answer = send(host.url())

    assert answer.status == 200
    assert len(answer.text) == 16_384


def test_what_is_no_http_is_no_answer(host: HttpHost, send: Send) -> None:
    host.answer = b"220 mail.example.org ESMTP\r\n"

    assert failure(send, host.url()).is_retryable is True


def test_headers_that_can_not_be_sent_are_final(host: HttpHost, send: Send) -> None:
    error = failure(send, WebhookRoute(host.url(), headers={"x-a": "1\r\nx-b: 2"}))

    assert error.is_retryable is False
    assert host.asked == []


def test_certificates_are_checked(tmp_path: Path, send: Send) -> None:
    authority = Authority(tmp_path)
    host = HttpHost(authority.context())
    try:
        assert "certificate verify failed" in str(failure(send, host.url()))
        assert host.asked == []
        assert send(host.url(), ca_file=str(authority.file)).status == 204
    finally:
        host.close()


def test_the_application_tells_by_its_configuration(app: Application, host: HttpHost) -> None:
    Config.set("notifications.channels", {"webhook": {"secret": "config"}})
    told: list[NotificationSent] = []
    Event.listen(NotificationSent, told.append)

    Notification.send(AnonymousNotifiable({"webhook": host.url()}), Paid())

    (asked,) = host.asked
    assert asked.headers["webhook-id"] == told[0].notification.id
    assert "webhook-signature" in asked.headers
    assert told[0].answer == WebhookAnswer(204, "")


def test_sent_now_a_failure_is_raised_at_the_end(app: Application, host: HttpHost) -> None:
    host.says("500 Internal Server Error")

    with pytest.raises(NotificationErrors) as caught:
        Notification.send_now(AnonymousNotifiable({"webhook": host.url()}), Paid())

    (cause,) = caught.value.causes
    assert isinstance(cause, WebhookFailed)


@pytest.mark.parametrize(
    ("statuses", "asked", "failures"),
    [
        (["500", "503", "204"], 3, 0),
        (["500", "500", "500", "204"], 3, 1),
        (["400", "204"], 1, 1),
    ],
)
def test_the_queue_tries_again_what_may_succeed(
    app: Application, host: HttpHost, statuses: list[str], asked: int, failures: int
) -> None:
    Config.set("queue.default", "sqlite")
    failed: list[NotificationFailed] = []
    Event.listen(NotificationFailed, failed.append)
    Notification.send(AnonymousNotifiable({"webhook": host.url()}), Paid())
    driver: Any = Queue.connection("sqlite").driver
    runner = app.make(JobRunner)
    seat = driver.join(["default"])

    outcomes: list[Any] = []
    while True:
        turn = seat.turn(outcomes, 1)
        if not turn.deliveries:
            break
        host.says(f"{statuses.pop(0)} Status")
        outcomes = [asyncio.run(runner.arun(turn.deliveries[0]))]
    for row in driver.failed.all():
        runner.run_failed_hook(row)
        seat.hook_done(row.id)
    seat.leave()

    assert len(host.asked) == asked
    assert len({each.headers["webhook-id"] for each in host.asked}) == 1
    assert len(failed) == failures
