"""Encryption and logins against a real server, and one that cheats."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from securely.mail import Message, TransportError
from securely.mail.drivers.smtp import SmtpTransport
from tests.smtp import Authority, MailHost, Scripted

pytestmark = pytest.mark.integration

Make = Callable[..., SmtpTransport]
Write = Callable[..., Message]
Serve = Callable[[Any], Any]
PASSWORD = "correct horse battery"  # noqa: S105  # of no account
WRONG = "hunter2-wrong"  # neither
USERS = {"ann": PASSWORD}


@pytest.mark.parametrize("encryption", ["opportunistic", "required", "implicit"])
def test_send_when_the_server_has_tls_then_it_is_used(
    serve: Serve, mailer: Make, message: Write, authority: Authority, encryption: str
) -> None:
    host = serve(MailHost(tls=authority.context(), implicit=encryption == "implicit"))
    transport = mailer(host.port, encryption=encryption, ca_file=authority.file)

    transport.send(message())
    transport.send(message())

    assert [mail.is_encrypted for mail in host.arrived] == [True, True]
    assert host.connections == 1


def test_send_when_encryption_is_none_then_it_is_not_asked_for(
    serve: Serve, mailer: Make, message: Write, authority: Authority
) -> None:
    host = serve(MailHost(tls=authority.context()))

    mailer(host.port, encryption="none").send(message())

    assert host.arrived[0].is_encrypted is False


def test_send_when_tls_is_required_and_not_offered_then_nothing_is_sent(
    host: MailHost, mailer: Make, message: Write
) -> None:
    with pytest.raises(TransportError, match="STARTTLS") as caught:
        mailer(host.port, encryption="required").send(message())

    assert caught.value.is_retryable is False
    assert f"127.0.0.1:{host.port}" in str(caught.value)
    assert host.arrived == []


@pytest.mark.parametrize("encryption", ["opportunistic", "required", "implicit"])
def test_send_when_the_certificate_is_not_trusted_then_nothing_is_sent(
    serve: Serve, mailer: Make, message: Write, authority: Authority, encryption: str
) -> None:
    """Also where encryption is optional: a cheat must not be better off than none."""
    host = serve(MailHost(tls=authority.context(), implicit=encryption == "implicit"))

    with pytest.raises(TransportError, match="not trusted") as caught:
        mailer(host.port, encryption=encryption).send(message())

    assert caught.value.is_retryable is False
    assert f"127.0.0.1:{host.port}" in str(caught.value)
    assert host.arrived == []


def test_send_when_the_certificate_is_for_another_host_then_nothing_is_sent(
    serve: Serve, mailer: Make, message: Write, tmp_path: Path
) -> None:
    """Although the authority is trusted."""
    authority = Authority(tmp_path, "192.0.2.1")
    host = serve(MailHost(tls=authority.context()))

    with pytest.raises(TransportError, match="not trusted"):
        mailer(host.port, ca_file=authority.file).send(message())
    mailer(host.port, host="localhost", ca_file=authority.file).send(message())


def test_send_when_told_not_to_verify_then_any_certificate_will_do(
    serve: Serve, mailer: Make, message: Write, authority: Authority
) -> None:
    host = serve(MailHost(tls=authority.context()))

    mailer(host.port, verify=False).send(message())

    assert host.arrived[0].is_encrypted is True


def test_send_when_the_authorities_can_not_be_read_then_the_file_is_named(
    serve: Serve, mailer: Make, message: Write, authority: Authority, tmp_path: Path
) -> None:
    host = serve(MailHost(tls=authority.context()))

    with pytest.raises(TransportError, match=r"gone\.pem") as caught:
        mailer(host.port, ca_file=tmp_path / "gone.pem").send(message())

    assert caught.value.is_retryable is False


def test_send_when_implicit_tls_meets_a_plain_server_then_tls_has_failed(
    host: MailHost, mailer: Make, message: Write
) -> None:
    with pytest.raises(TransportError, match="TLS"):
        mailer(host.port, encryption="implicit").send(message())


def test_send_when_more_is_said_before_tls_begins_then_it_is_not_believed(
    mailer: Make, message: Write, authority: Authority
) -> None:
    """Who stands between could else put words into the mouth of the server."""
    script: dict[str, str | list[str]] = {"STARTTLS": "220 go on\r\n250-evil\r\n250 AUTH PLAIN"}
    with Scripted(script, ["STARTTLS"], authority.context()) as server:
        transport = mailer(server.port, ca_file=authority.file, username="ann", password=PASSWORD)

        with pytest.raises(TransportError, match="before TLS began"):
            transport.send(message())


def test_send_when_starttls_is_refused_then_nothing_is_sent_in_the_clear(
    mailer: Make, message: Write
) -> None:
    with Scripted({"STARTTLS": "454 4.7.0 not now"}, ["STARTTLS"]) as server:
        with pytest.raises(TransportError, match="not now") as caught:
            mailer(server.port).send(message())

        assert caught.value.is_retryable is True
        assert not any(line.upper().startswith("MAIL") for line in server.lines)


def test_send_when_tls_has_begun_then_what_was_offered_before_is_forgotten(
    mailer: Make, message: Write, authority: Authority
) -> None:
    with Scripted({}, ["STARTTLS"], authority.context()) as server:
        mailer(server.port, ca_file=authority.file).send(message())

        verbs = [line.split()[0].upper() for line in server.lines]
        assert verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]
        assert server.lines[0].upper() == "EHLO CLIENT.EXAMPLE.COM"


@pytest.mark.parametrize("auth", ["auto", "plain", "login"])
def test_send_when_the_password_is_right_then_it_is_sent_encrypted(
    serve: Serve, mailer: Make, message: Write, authority: Authority, auth: str
) -> None:
    host = serve(MailHost(tls=authority.context(), passwords=USERS))
    transport = mailer(
        host.port, ca_file=authority.file, username="ann", password=PASSWORD, auth=auth
    )

    transport.send(message())

    assert host.logins == [("ann", "PLAIN" if auth == "auto" else auth.upper())]
    assert host.arrived[0].is_encrypted is True


@pytest.mark.parametrize("auth", ["plain", "login"])
def test_send_when_the_password_is_wrong_then_it_is_told_and_never_shown(
    serve: Serve, mailer: Make, message: Write, authority: Authority, auth: str
) -> None:
    host = serve(MailHost(tls=authority.context(), passwords=USERS))
    transport = mailer(host.port, ca_file=authority.file, username="ann", password=WRONG, auth=auth)

    with pytest.raises(TransportError) as caught:
        transport.send(message())

    error = caught.value
    assert error.code == 535
    assert error.is_retryable is False
    assert error.is_refusal is False
    for word in ("smtp", f"127.0.0.1:{host.port}", "'ann'", "535"):
        assert word in str(error)
    for text in (str(error), repr(error), repr(transport), repr(transport.server)):
        assert "hunter2" not in text
    assert host.arrived == []


def test_send_when_the_server_repeats_the_password_then_it_is_hidden(
    mailer: Make, message: Write
) -> None:
    """In each form in which it was sent."""
    coded = base64.b64encode(b"\0ann\0hunter2-wrong").decode()
    script: dict[str, str | list[str]] = {"AUTH": f"535 bad: AUTH PLAIN {coded} (hunter2-wrong)"}
    with Scripted(script, ["AUTH PLAIN"]) as server:
        transport = mailer(server.port, username="ann", password=WRONG)

        with pytest.raises(TransportError) as caught:
            transport.send(message())

    shown = str(caught.value) + caught.value.reply
    assert "535" in shown
    assert "hunter2" not in shown
    assert coded not in shown


def test_send_when_the_login_can_not_be_checked_now_then_it_may_be_later(
    mailer: Make, message: Write
) -> None:
    with Scripted({"AUTH": "454 4.7.0 try later"}, ["AUTH PLAIN"]) as server:
        transport = mailer(server.port, username="ann", password=PASSWORD)

        with pytest.raises(TransportError, match="try later") as caught:
            transport.send(message())

    assert caught.value.is_retryable is True


def test_send_when_cram_md5_then_the_password_does_not_go_over_the_wire(
    mailer: Make, message: Write
) -> None:
    challenge = base64.b64encode(b"<1.2@scripted>").decode()
    script: dict[str, str | list[str]] = {"AUTH": f"334 {challenge}"}
    expected = hmac.new(PASSWORD.encode(), b"<1.2@scripted>", "md5").hexdigest()
    answer = base64.b64encode(f"ann {expected}".encode()).decode()
    script[answer.upper()] = "235 welcome"
    with Scripted(script, ["AUTH PLAIN CRAM-MD5"]) as server:
        mailer(server.port, username="ann", password=PASSWORD, auth="cram-md5").send(message())

        assert server.lines[1:3] == ["AUTH CRAM-MD5", answer]


def test_send_when_there_is_a_token_then_it_is_asked_for_with_each_connection(
    mailer: Make, message: Write
) -> None:
    tokens = iter(["first-token", "second-token"])
    with Scripted({"AUTH": "235 welcome"}, ["AUTH LOGIN XOAUTH2"]) as server:
        transport = mailer(
            server.port, username="ann@example.com", token=lambda: next(tokens), messages_max=1
        )
        transport.send(message())
        transport.send(message())

        sent = [line.split()[2] for line in server.lines if line.startswith("AUTH XOAUTH2")]
    assert [base64.b64decode(each) for each in sent] == [
        b"user=ann@example.com\x01auth=Bearer first-token\x01\x01",
        b"user=ann@example.com\x01auth=Bearer second-token\x01\x01",
    ]


def test_send_when_the_token_is_refused_then_the_reason_is_waited_for(
    mailer: Make, message: Write
) -> None:
    reason = base64.b64encode(json.dumps({"status": "400"}).encode()).decode()
    script: dict[str, str | list[str]] = {"AUTH": f"334 {reason}", "": "535 5.7.8 token expired"}
    with Scripted(script, ["AUTH XOAUTH2"]) as server:
        transport = mailer(server.port, username="ann", token=lambda: "secret-token")

        with pytest.raises(TransportError, match="token expired") as caught:
            transport.send(message())

    assert "secret-token" not in str(caught.value)


def test_send_when_the_server_offers_no_login_of_ours_then_both_are_named(
    mailer: Make, message: Write
) -> None:
    with Scripted({}, ["AUTH GSSAPI NTLM"]) as server:
        transport = mailer(server.port, username="ann", password=PASSWORD)

        with pytest.raises(TransportError, match="GSSAPI, NTLM") as caught:
            transport.send(message())

    assert caught.value.is_retryable is False


def test_send_when_a_challenge_follows_the_other_then_it_is_not_answered_for_ever(
    mailer: Make, message: Write
) -> None:
    script: dict[str, str | list[str]] = {"AUTH": "334 ", "": "334 "}
    with Scripted(script, ["AUTH PLAIN"]) as server:
        transport = mailer(server.port, username="ann", password=PASSWORD)

        with pytest.raises(TransportError, match="login"):
            transport.send(message())
