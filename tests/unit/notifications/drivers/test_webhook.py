"""What is posted to webhooks, and where to; that it arrives is tested with real servers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from securely.container import Container
from securely.exceptions import ConfigurationError
from securely.notifications import (
    InvalidContent,
    Notification,
    WebhookFailed,
    WebhookMessage,
    WebhookRoute,
)
from securely.notifications.drivers.webhook import WebhookChannel, signature
from securely.testing.time import Travel

PAID = Notification()._numbered("n-1")


def channel(**options: Any) -> WebhookChannel:
    return WebhookChannel("webhook", Container(), **options)


def request(route: Any, message: Any = None, **options: Any) -> Any:
    found = message if isinstance(message, WebhookMessage) else WebhookMessage(message)
    return channel(**options)._request(WebhookRoute(route), found, PAID)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The vector that its libraries are tested with.
    told = signature(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        id_="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp="1614265330",
        body=b'{"test": 2432232314}',
    )

    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_request_is_signed_over_its_id_its_time_and_its_body(clock: Travel) -> None:
    post = request("https://x.io/hook", {"n": 1}, secrets=["one", "two"])

    assert post.body == b'{"n":1}'
    assert post.headers["webhook-id"] == "n-1"
    signed = f"n-1.{post.headers['webhook-timestamp']}.".encode() + post.body
    expected = [
        "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for key in (b"one", b"two")
    ]
    assert post.headers["webhook-signature"] == " ".join(expected)
    assert post.headers["content-type"] == "application/json"


def test_without_a_secret_nothing_is_signed() -> None:
    assert "webhook-signature" not in request("https://x.io", {}).headers


def test_the_secret_of_the_route_wins() -> None:
    of_route = channel(secrets=["config"])._request(
        WebhookRoute("https://x.io", "route"), WebhookMessage({}), PAID
    )

    told = {name.removeprefix("webhook-"): value for name, value in of_route.headers.items()}
    assert told["signature"] == signature(
        ["route"], id_=told["id"], timestamp=told["timestamp"], body=b"{}"
    )


def test_a_secret_that_is_broken_off_is_not_signed_with() -> None:
    with pytest.raises(ConfigurationError, match="not base64") as caught:
        signature(["whsec_hunter2!"], id_="1", timestamp="2", body=b"")

    assert "hunter2" not in str(caught.value)


def test_further_headers_go_along_and_ours_stay_ours() -> None:
    message = WebhookMessage({}, {"X-A": "1", "Webhook-Id": "forged", "Content-Type": "text/x"})

    headers = request("https://x.io", message).headers

    assert headers["x-a"] == "1"
    assert headers["webhook-id"] == "n-1"
    assert headers["content-type"] == "text/x"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ({"on": date(2026, 1, 31)}, b'{"on":"2026-01-31"}'),
        ([1, None], b"[1,null]"),
        ("text", b'"text"'),
    ],
)
def test_bodies_are_json(data: Any, body: bytes) -> None:
    assert request("https://x.io", WebhookMessage(data)).body == body


def test_what_is_no_json_is_named() -> None:
    with pytest.raises(InvalidContent, match=r"Notification.to_webhook: it has no form in JSON"):
        request("https://x.io", {"x": object()})


def test_who_logs_in_is_taken_out_of_the_address() -> None:
    post = request("https://ann:hun%40ter2@x.io:8443/hook?token=s3cret#part", {})

    assert post.auth == ("ann", "hun@ter2")
    assert str(post.url) == "https://x.io:8443/hook?token=s3cret"
    assert post.shown == "https://x.io:8443/hook"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.io/hook",
        "ftp://x.io",
        "/hook",
        "https://",
        "file:///etc/passwd",
        "https://[x",
        "https://x.io:ab/",
        "https://x.io:99999/",
    ],
)
def test_what_is_no_address_is_refused_and_not_tried_again(url: str) -> None:
    with pytest.raises(WebhookFailed, match="it is no address") as caught:
        request(url, {})

    assert caught.value.is_retryable is False


def test_an_address_that_is_none_shows_no_password() -> None:
    with pytest.raises(WebhookFailed) as caught:
        request("https://ann:hunter2@x.io:ab/", {})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("route", ["str", "dict", "route"])
def test_a_route_is_text_a_dict_or_a_route(
    monkeypatch: pytest.MonkeyPatch, route: str, make: Callable[..., Any]
) -> None:
    said: dict[str, Any] = {
        "str": "https://x.io/a",
        "dict": {"url": "https://x.io/a", "secret": "s"},
        "route": WebhookRoute("https://x.io/a", "s", {"x-a": "1"}),
    }

    from securely.notifications.drivers.webhook import _route

    assert _route(said[route]).url == "https://x.io/a"
    assert "x.io" not in repr(_route(said[route]))


def test_each_channel_may_have_a_method_of_its_own() -> None:
    @dataclass
    class Told(Notification):
        def to_chat(self, notifiable: Any) -> Any:
            return {"chat": 1}

    from securely.notifications.asking import content_of
    from securely.support.steps import run

    found = run(content_of(Container(), Told(), None, ("to_chat", "to_webhook", "to_array")))
    assert found == {"chat": 1}
    with pytest.raises(InvalidContent, match="Write it, or to_webhook or to_array"):
        run(content_of(Container(), PAID, None, ("to_chat", "to_webhook", "to_array")))


@pytest.mark.parametrize(
    "value", ["Bearer s3cret\n", " s3cret", "s3cr\u00e9t", "s3cret\r\nx: y", 5]
)
def test_a_header_that_can_not_be_sent_is_named_and_not_shown(value: Any) -> None:
    for route, message in (({"X-Key": value}, {}), ({}, {"X-Key": value})):
        said = WebhookRoute("https://x.io/hook", headers=route)
        with pytest.raises(WebhookFailed, match='header "X-Key"') as caught:
            channel()._request(said, WebhookMessage({}, message), PAID)

        assert not caught.value.is_retryable
        assert "s3cr" not in str(caught.value)


def test_what_is_no_name_of_a_header_is_refused() -> None:
    with pytest.raises(WebhookFailed, match="'x y' is no name of a header"):
        channel()._request(
            WebhookRoute("https://x.io", headers={"x y": "1"}), WebhookMessage({}), PAID
        )


@pytest.mark.parametrize("url", ["https://x.io/hook?key=s3cret", "http://x.io/hook"])
def test_authorities_that_can_not_be_read_are_named(url: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name, reason in (("gone.pem", "No such file"), ("empty.pem", "")):
        there = channel(ca_file=str(tmp_path / name))
        with pytest.raises(WebhookFailed, match=f"ca_file .*{name}.* be read: {reason}") as caught:
            asyncio.run(there._apost(there._request(WebhookRoute(url), WebhookMessage({}), PAID)))

        assert not caught.value.is_retryable
        assert "s3cret" not in str(caught.value)
