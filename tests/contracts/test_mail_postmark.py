"""Runs the suite of mail transports against the example of one over an HTTP API."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from examples.postmark.postmark import PostmarkTransport
from examples.postmark.provider import PostmarkProvider
from securely.container import Container
from securely.exceptions import ConfigurationError
from securely.mail import (
    Attachment,
    InvalidMessage,
    MailManager,
    Message,
    RecipientsRefused,
    TransportError,
)
from securely.mail.drivers.array import ArrayTransport
from securely.mail.drivers.failover import FailoverTransport
from securely.testing.suites.mail import TransportSuite
from tests.postmark import TOKEN, PostmarkHost, fail
from tests.web import reply

pytestmark = pytest.mark.integration

Make = Callable[..., PostmarkTransport]


@pytest.fixture
def postmark() -> Iterator[PostmarkHost]:
    with PostmarkHost() as host:
        yield host


@pytest.fixture
def make() -> Iterator[Make]:
    """Give a function that makes a transport to a URL; it is closed at the end."""
    made: list[PostmarkTransport] = []

    def build(url: str, **settings: Any) -> PostmarkTransport:
        token = settings.pop("token", TOKEN)
        made.append(PostmarkTransport("postmark", token, url=url, **settings))
        return made[-1]

    yield build
    for transport in made:
        transport.close()


def nowhere() -> str:
    """Return a URL at which nobody listens."""
    return "http://127.0.0.1:9"  # the discard service of old; a free port could be taken meanwhile


class TestPostmarkTransport(TransportSuite):
    tells_recipients = True

    @pytest.fixture
    def transport(self, postmark: PostmarkHost, make: Make) -> PostmarkTransport:
        return make(postmark.url)

    @pytest.fixture
    def arrived(self, postmark: PostmarkHost) -> Callable[[], list[bytes]]:
        return lambda: postmark.arrived

    @pytest.fixture
    def envelopes(self, postmark: PostmarkHost) -> Callable[[], list[list[str]]]:
        return lambda: postmark.envelopes

    @pytest.fixture
    def broken(self, make: Make) -> PostmarkTransport:
        return make(nowhere())


def message(**fields: Any) -> Message:
    usual = {"sender": "Ann <ann@example.com>", "to": ["bob@example.com"], "text": "Hello"}
    return Message(**(usual | fields))


def failing(transport: PostmarkTransport, mail: Message | None = None) -> TransportError:
    """Return what sending raises; it names mailer and place, and shows no token."""
    with pytest.raises(TransportError) as caught:
        transport.send(mail or message())
    error = caught.value
    assert transport.url in str(error)
    assert TOKEN not in str(error) + repr(error) + repr(transport)
    assert str(copy.copy(error)) == str(error)
    return error


def test_send_when_all_is_given_then_each_has_its_place(postmark: PostmarkHost, make: Make) -> None:
    logo = Attachment.from_data(b"\x89PNG", "logo.png")
    mail = message(
        subject="Hi",
        to=['"Bob, Jr." <bob@example.com>', "c@example.com"],
        cc=["c@example.com", "d@example.com"],
        bcc=["e@example.com"],
        reply_to=["help@example.com"],
        html='<img src="cid:logo.png">',
        inline=[logo],
        attachments=[Attachment.from_data("a,b", "a.csv")],
        tags=["invoice", "paid"],
        metadata={"order": "7"},
        headers={"X-Own": "kept"},
        references=["<1@x.io>", "<2@x.io>"],
        priority=1,
    )

    sent = make(postmark.url, message_stream="outbound").send(mail)

    assert postmark.mails == [
        {
            "From": '"Ann" <ann@example.com>',
            "To": '"Bob, Jr." <bob@example.com>, c@example.com',
            "Cc": "d@example.com",
            "Bcc": "e@example.com",
            "ReplyTo": "help@example.com",
            "Subject": "Hi",
            "TextBody": "Hello",
            "HtmlBody": f'<img src="{logo.cid}">',
            "Tag": "invoice",
            "Metadata": {"order": "7"},
            "Headers": [
                {"Name": "Message-ID", "Value": mail.message_id},
                {"Name": "X-PM-KeepID", "Value": "true"},
                {"Name": "References", "Value": "<1@x.io> <2@x.io>"},
                {"Name": "X-Priority", "Value": "1"},
                {"Name": "X-Tag", "Value": "paid"},
                {"Name": "X-Own", "Value": "kept"},
            ],
            "Attachments": [
                {
                    "Name": "logo.png",
                    "Content": "iVBORw==",
                    "ContentType": "image/png",
                    "ContentID": logo.cid,
                },
                {"Name": "a.csv", "Content": "YSxi", "ContentType": "text/csv; charset=utf-8"},
            ],
            "MessageStream": "outbound",
        }
    ]
    assert sent.reply == "0a1b-2c3d OK"


def test_send_when_only_to_some_then_only_they_are_named(
    postmark: PostmarkHost, make: Make
) -> None:
    mail = message(to=["a@example.com", "b@example.com"], cc=["c@example.com"])

    make(postmark.url).send(mail.only_to("c@example.com"))

    assert postmark.envelopes == [["c@example.com"]]
    assert "To" not in postmark.mails[0]


def test_send_when_some_are_inactive_then_the_others_get_it(
    postmark: PostmarkHost, make: Make
) -> None:
    postmark.inactive = {"gone@example.com", "left@example.com"}

    sent = make(postmark.url).send(
        message(to=["bob@example.com", "Gone@example.com"], bcc=["left@example.com"])
    )

    assert set(sent.refused) == {"Gone@example.com", "left@example.com"}
    assert "inactive addresses" in sent.refused["left@example.com"]
    assert sent.retryable == ()
    assert postmark.envelopes == [["bob@example.com"]]


def test_send_when_all_are_inactive_then_each_is_named(postmark: PostmarkHost, make: Make) -> None:
    postmark.inactive = {"a@example.com", "b@example.com"}

    error = failing(make(postmark.url), message(to=["a@example.com", "b@example.com"]))

    assert isinstance(error, RecipientsRefused)
    assert set(error.refused) == {"a@example.com", "b@example.com"}
    assert (error.is_retryable, error.is_refusal) == (False, True)


def test_send_when_the_token_is_wrong_then_it_is_not_shown(
    postmark: PostmarkHost, make: Make
) -> None:
    error = failing(make(postmark.url, token="hunter2"))  # noqa: S106  # of no account

    assert (error.code, error.is_retryable, error.is_refusal) == (401, False, False)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("status", "code", "is_retryable", "is_refusal", "is_unknown"),
    [
        (422, 300, False, True, False),
        (422, 400, False, True, False),
        (422, 411, False, True, False),
        (422, 405, False, False, False),
        (422, 412, False, False, False),
        (422, 100, True, False, False),
        (422, 429, True, False, False),
        (413, 0, False, True, False),
        (404, 0, False, False, False),
        (429, 429, True, False, False),
        (500, 0, True, False, False),
        (503, 100, True, False, False),
        (502, 0, True, False, True),
        (504, 0, True, False, True),
    ],
)
def test_send_when_it_answers_with_an_error_then_status_and_code_decide(
    postmark: PostmarkHost,
    make: Make,
    status: int,
    code: int,
    is_retryable: bool,
    is_refusal: bool,
    is_unknown: bool,
) -> None:
    postmark.instead = lambda _, handler: fail(handler, status, code, "no,\n\x1b[31mreally")

    error = failing(make(postmark.url))

    assert (error.is_retryable, error.is_refusal) == (is_retryable, is_refusal)
    assert error.is_unknown is is_unknown
    assert (error.code, error.reply) == (status, "no, [31mreally")


@pytest.mark.parametrize("body", [b"<html>busy", b"[]", b"", b"{}", b'{"ErrorCode": 0'])
@pytest.mark.parametrize("status", [200, 503])
def test_send_when_another_answers_then_it_is_a_transport_error(
    postmark: PostmarkHost, make: Make, status: int, body: bytes
) -> None:
    postmark.instead = lambda _, handler: reply(handler, body, status=status)

    error = failing(make(postmark.url))

    assert error.is_retryable is True
    assert error.is_unknown is (status == 200)


def test_send_when_nobody_listens_then_it_was_not_taken(make: Make) -> None:
    error = failing(make(nowhere()))

    assert (error.is_retryable, error.is_unknown) == (True, False)
    assert "no connection" in error.reason


def test_send_when_it_is_silent_then_nobody_knows(postmark: PostmarkHost, make: Make) -> None:
    postmark.instead = lambda _asked, _handler: postmark.hang()

    error = failing(make(postmark.url, timeout_seconds=0.2))

    assert (error.is_retryable, error.is_unknown) == (True, True)
    assert "Message-ID" in error.reason


@pytest.mark.parametrize("says", ["", '{"ErrorCode": 0, "Mess'])
def test_send_when_the_answer_is_cut_then_nobody_knows(
    postmark: PostmarkHost, make: Make, says: str
) -> None:
    """And sent again, it has the same Message-ID."""
    mail = message()

    def cut(_: Any, handler: Any) -> None:
        if says:
            reply(handler, says.encode(), content_length="100")
        handler.close_connection = True

    postmark.instead = cut
    transport = make(postmark.url)

    error = failing(transport, mail)
    postmark.instead = None
    transport.send(mail)

    assert (error.is_retryable, error.is_unknown) == (True, True)
    first, second = (json.loads(asked.body)["Headers"] for asked in postmark.asked)
    assert first == second


def test_send_when_the_url_is_none_then_it_does_not_get_better(make: Make) -> None:
    assert failing(make("gopher://x.invalid")).is_retryable is False


def test_send_when_nobody_sends_then_the_field_is_named(make: Make) -> None:
    with pytest.raises(InvalidMessage, match='"sender"'):
        make(nowhere()).send(message(sender=None))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_send_when_forked_then_the_child_has_a_connection_of_its_own(
    postmark: PostmarkHost, make: Make
) -> None:
    transport = make(postmark.url)
    transport.send(message(subject="before"))

    child = os.fork()
    if not child:
        status = 1
        try:
            transport.send(message(subject="child"))
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    transport.send(message(subject="parent"))

    assert status == 0
    assert [mail["Subject"] for mail in postmark.mails] == ["before", "child", "parent"]


def test_send_when_failover_then_an_account_that_may_not_send_is_left_alone(
    postmark: PostmarkHost, make: Make
) -> None:
    postmark.instead = lambda _, handler: fail(handler, 422, 405, "no credit")
    members = {"postmark": make(postmark.url), "spare": ArrayTransport("spare")}
    both = FailoverTransport("both", list(members), members.__getitem__)

    assert [both.send(message()).transport for _ in range(2)] == ["spare", "spare"]
    assert len(postmark.asked) == 1


def mailers(**settings: Any) -> MailManager:
    """Return the mailers of an application that has the provider."""
    from securely.mail.options import MailOptions

    options = MailOptions.parse(
        {"mailers": {"own": {"transport": "postmark", **settings}}, "default": "own"}, "mail"
    )
    app = Container()
    app.singleton(MailManager, lambda: MailManager(options.default, options.mailers))
    PostmarkProvider(app).register()
    return app.make(MailManager)


def test_provider_when_a_mailer_names_it_then_it_is_made(postmark: PostmarkHost) -> None:
    mail = mailers(token=TOKEN, url=postmark.url, message_stream="news", timeout_seconds=5)

    sent = mail.raw("Hello", sender="ann@example.com", to="bob@example.com", subject="Hi")
    mail.close()

    assert sent is not None
    assert sent.transport == "own"
    assert postmark.mails[0]["MessageStream"] == "news"


@pytest.mark.parametrize("settings", [{}, {"token": ""}, {"token": None}])
def test_provider_when_there_is_no_token_then_the_setting_is_named(settings: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"mail\.mailers\.own\.token"):
        mailers(**settings).raw("Hello", sender="ann@example.com", to="bob@example.com")
