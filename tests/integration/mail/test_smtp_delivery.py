"""Mail to a real server: connections that are kept, recipients that are refused, trying again."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from securely.mail import Attachment, MailManager, Message, RecipientsRefused, TransportError
from securely.mail.drivers.smtp import SmtpTransport
from securely.mail.manager import Materials
from tests.smtp import Authority, MailHost, Scripted

pytestmark = pytest.mark.integration

Make = Callable[..., SmtpTransport]
Write = Callable[..., Message]


class Once:
    """Answers some verbs once in its own way."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers

    def __call__(self, verb: str, argument: str) -> str | None:
        return self.answers.pop(verb, None)


def test_send_when_the_server_takes_it_then_its_words_are_kept(
    host: MailHost, mailer: Make, message: Write
) -> None:
    sent = mailer(host.port).send(message(cc=["Carl <carl@example.com>"], bcc=["dora@example.com"]))

    (mail,) = host.arrived
    assert mail.sender == "ann@example.com"
    assert mail.recipients == ["bob@example.com", "carl@example.com", "dora@example.com"]
    assert sent.reply == "250 2.0.0 Ok: queued as 1"
    read = message_from_bytes(mail.raw, policy=policy.SMTP + policy.strict)
    assert read["Subject"] == "Greetings"
    assert read["Message-ID"] == sent.message_id


def test_send_when_there_is_a_return_path_then_the_envelope_has_it(
    host: MailHost, mailer: Make, message: Write
) -> None:
    mailer(host.port).send(message(return_path="bounces@example.com"))

    assert host.arrived[0].sender == "bounces@example.com"


def test_send_when_a_thousand_then_over_one_connection(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport = mailer(host.port, messages_max=1_000)

    for number in range(1_000):
        transport.send(message(subject=f"number {number}"))

    assert host.connections == 1
    subjects = [message_from_bytes(mail.raw)["Subject"] for mail in host.arrived]
    assert subjects == [f"number {number}" for number in range(1_000)]


def test_send_when_a_connection_has_taken_its_share_then_another_is_opened(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport = mailer(host.port, messages_max=2)

    for _ in range(5):
        transport.send(message())

    assert [mail.connection for mail in host.arrived] == [1, 1, 2, 2, 3]
    assert host.verbs.count("QUIT") == 2


def test_send_when_a_connection_is_old_then_another_is_opened(
    host: MailHost, mailer: Make, message: Write, clock: Any
) -> None:
    transport = mailer(host.port, lifetime_seconds=60, ping_seconds=1_000)

    transport.send(message())
    clock(59)
    transport.send(message())
    clock(1)
    transport.send(message())

    assert [mail.connection for mail in host.arrived] == [1, 1, 2]
    assert host.verbs == ["QUIT"]


def test_send_when_a_connection_was_idle_then_the_server_is_asked_first(
    host: MailHost, mailer: Make, message: Write, clock: Any
) -> None:
    transport = mailer(host.port, ping_seconds=10)

    transport.send(message())
    clock(9)
    transport.send(message())
    assert host.verbs == []
    clock(10)
    transport.send(message())

    assert host.verbs == ["NOOP"]
    assert host.connections == 1


def test_send_when_an_idle_connection_answers_no_more_then_another_is_opened(
    host: MailHost, mailer: Make, message: Write, clock: Any
) -> None:
    host.answers = Once(NOOP="421 too idle")
    transport = mailer(host.port)

    transport.send(message())
    clock(11)
    transport.send(message())

    assert [mail.connection for mail in host.arrived] == [1, 2]


def test_send_when_the_server_has_hung_up_meanwhile_then_another_connection_is_opened(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport = mailer(host.port)

    transport.send(message())
    host.hang_up()
    transport.send(message())

    assert [mail.connection for mail in host.arrived] == [1, 2]


def test_send_when_the_server_closes_a_kept_connection_then_another_is_opened(
    host: MailHost, mailer: Make, message: Write
) -> None:
    """It says so at the next command (RFC 5321, 3.8): that is no refusal of the message."""
    transport = mailer(host.port)

    transport.send(message())
    host.answers = Once(MAIL="421 4.4.2 idle for too long")
    transport.send(message())

    assert [mail.connection for mail in host.arrived] == [1, 2]


def test_send_when_the_server_closes_a_new_connection_then_it_is_an_error(
    host: MailHost, mailer: Make, message: Write
) -> None:
    """And not tried again for ever."""
    host.answers = lambda verb, _: "421 4.3.2 too busy" if verb == "MAIL" else None

    with pytest.raises(TransportError, match="too busy") as caught:
        mailer(host.port).send(message())

    assert caught.value.is_retryable is True
    assert host.connections == 1


def test_send_when_threads_send_at_once_then_each_has_a_connection(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport = mailer(host.port)
    together = Barrier(4)

    def work(thread: int) -> None:
        together.wait()
        for number in range(25):
            transport.send(message(subject=f"{thread}:{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    subjects = {message_from_bytes(mail.raw)["Subject"] for mail in host.arrived}
    assert len(subjects) == len(host.arrived) == 100
    assert 1 <= host.connections <= 4


def test_send_when_other_connections_have_grown_old_then_they_are_closed(
    host: MailHost, mailer: Make, message: Write, clock: Any
) -> None:
    """Also while one of them does all the work, and nobody asks for the others."""
    transport = mailer(host.port, lifetime_seconds=60, ping_seconds=1_000)
    inside = Barrier(3)

    def attached() -> bytes:
        inside.wait(50)
        return b"x"

    def work(_: int) -> None:
        transport.send(message(attachments=[Attachment.from_data(attached, "x.bin")]))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert host.connections == 3
    clock(60)
    transport.send(message())

    assert host.verbs == ["QUIT"] * 3
    assert host.connections == 4


def test_build_when_configured_then_the_manager_sends(
    serve: Callable[[MailHost], MailHost], message: Write, authority: Authority, tmp_path: Path
) -> None:
    """Each setting reaches the server."""
    host = serve(MailHost(tls=authority.context(), passwords={"ann": "correct horse"}))
    definition = {
        "transport": "smtp",
        "host": "localhost",
        "port": host.port,
        "encryption": "required",
        "ca_file": authority.file.name,
        "username": "ann",
        "password": "correct horse",
        "auth": "login",
        "local_hostname": "client.example.com",
        "messages_max": 1,
    }
    manager = MailManager(
        "none", {}, materials=Materials(locate=lambda path: authority.file.parent / path)
    )
    mailer = manager.build(definition)

    mailer.transport.send(message())
    mailer.transport.send(message())
    mailer.close()

    assert host.logins == [("ann", "LOGIN")] * 2
    assert host.connections == 2
    assert host.names == ["client.example.com"] * 4


def test_build_when_a_token_is_configured_then_its_function_is_called(message: Write) -> None:
    with Scripted({"AUTH": "235 welcome"}, ["AUTH XOAUTH2"]) as server:
        definition = {
            "transport": "smtp",
            "port": server.port,
            "username": "ann",
            "token": "tests.smtp.token",
        }
        mailer = MailManager("none", {}).build(definition)
        mailer.transport.send(message())
        mailer.close()

        (command,) = (line for line in server.lines if line.startswith("AUTH XOAUTH2"))
    assert b"Bearer the-token" in base64.b64decode(command.split()[2])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_send_when_forked_then_parent_and_child_do_not_share_a_connection(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport = mailer(host.port)
    transport.send(message(subject="before"))

    child = os.fork()
    if not child:
        status = 1
        try:
            transport.send(message(subject="child"))
            transport.close()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    transport.send(message(subject="parent"))

    assert status == 0
    found = [(message_from_bytes(mail.raw)["Subject"], mail.connection) for mail in host.arrived]
    assert found == [("before", 1), ("child", 2), ("parent", 1)]


def test_close_when_connections_are_kept_then_the_server_is_told(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport = mailer(host.port)
    transport.send(message())

    transport.close()

    assert host.verbs == ["QUIT"]


def test_send_when_one_recipient_is_refused_then_the_others_get_it(
    host: MailHost, mailer: Make, message: Write
) -> None:
    host.answers = lambda verb, argument: (
        "550 5.1.1 no such user" if (verb, argument) == ("RCPT", "gone@example.com") else None
    )

    sent = mailer(host.port).send(message(to=["bob@example.com", "gone@example.com"]))

    assert sent.refused == {"gone@example.com": "550 5.1.1 no such user"}
    assert host.arrived[0].recipients == ["bob@example.com"]


def test_send_when_all_recipients_are_refused_then_each_is_named_and_the_connection_kept(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport = mailer(host.port)
    host.answers = lambda verb, _: "550 5.1.1 no such user" if verb == "RCPT" else None

    with pytest.raises(RecipientsRefused) as caught:
        transport.send(message(to=["a@example.com", "b@example.com"]))
    host.answers = Once()
    transport.send(message())

    error = caught.value
    assert error.refused == {
        "a@example.com": "550 5.1.1 no such user",
        "b@example.com": "550 5.1.1 no such user",
    }
    assert error.is_retryable is False
    assert error.is_refusal is True
    for word in ("smtp", f"127.0.0.1:{host.port}", "a@example.com", "no such user"):
        assert word in str(error)
    assert host.connections == 1
    assert len(host.arrived) == 1


def test_send_when_greylisted_then_it_is_taken_later_under_the_same_id(
    host: MailHost, mailer: Make, message: Write
) -> None:
    transport, mail = mailer(host.port), message()
    host.answers = Once(RCPT="451 4.7.1 greylisted, come back in five minutes")

    with pytest.raises(RecipientsRefused, match="greylisted") as caught:
        transport.send(mail)
    sent = transport.send(mail)

    assert caught.value.is_retryable is True
    assert sent.message_id == mail.message_id
    assert len(host.arrived) == 1


@pytest.mark.parametrize("verb", ["MAIL", "DATA"])
def test_send_when_refused_for_now_then_it_is_taken_later(
    host: MailHost, mailer: Make, message: Write, verb: str
) -> None:
    transport, mail = mailer(host.port), message()
    host.answers = Once(**{verb: "452 4.3.1 no room"})

    with pytest.raises(TransportError) as caught:
        transport.send(mail)
    transport.send(mail)

    error = caught.value
    assert error.is_retryable is True
    assert error.is_unknown is False
    assert (error.code, error.reply) == (452, "4.3.1 no room")
    assert f"127.0.0.1:{host.port}" in str(error)
    assert host.connections == 1
    assert len(host.arrived) == 1


@pytest.mark.parametrize("verb", ["MAIL", "DATA"])
def test_send_when_refused_for_good_then_it_is_a_refusal(
    host: MailHost, mailer: Make, message: Write, verb: str
) -> None:
    host.answers = Once(**{verb: "554 5.7.1 looks like spam"})

    with pytest.raises(TransportError, match="looks like spam") as caught:
        mailer(host.port).send(message())

    assert caught.value.is_retryable is False
    assert caught.value.is_refusal is True
    assert host.arrived == []


def test_send_when_an_address_needs_utf8_then_it_is_said_and_sent(
    host: MailHost, mailer: Make, message: Write
) -> None:
    mailer(host.port).send(message(to=["jörg@example.com"]))
    mailer(host.port).send(message())

    utf8, plain = host.arrived
    assert utf8.recipients == ["jörg@example.com"]
    assert "SMTPUTF8" in utf8.options
    assert "BODY=8BITMIME" in utf8.options
    assert "jörg@example.com".encode() in utf8.raw
    assert plain.options == []


def test_send_when_utf8_is_needed_and_not_offered_then_it_is_refused(
    serve: Callable[[MailHost], MailHost], mailer: Make, message: Write
) -> None:
    host = serve(MailHost(utf8=False))
    transport = mailer(host.port)

    with pytest.raises(TransportError, match="SMTPUTF8") as caught:
        transport.send(message(to=["jörg@example.com"]))
    transport.send(message())

    assert caught.value.is_retryable is False
    assert host.connections == 1


def test_send_when_a_domain_is_international_then_it_goes_without_utf8(
    serve: Callable[[MailHost], MailHost], mailer: Make, message: Write
) -> None:
    host = serve(MailHost(utf8=False))

    mailer(host.port).send(message(to=["bob@bücher.example"]))

    assert host.arrived[0].recipients == ["bob@xn--bcher-kva.example"]


def refusing(**answers: str) -> Callable[[str, str], str | None]:
    """Return what answers at some recipients, named by what stands before the @."""
    return lambda verb, argument: (
        answers.get(argument.partition("@")[0]) if verb == "RCPT" else None
    )


def test_send_when_some_are_refused_for_now_then_they_alone_get_it_later(
    host: MailHost, mailer: Make, message: Write
) -> None:
    """Nobody gets a second copy; and who gets it late sees the same mail."""
    transport = mailer(host.port)
    mail = message(
        to=["a@example.com", "Bo <b@example.com>"],
        cc=["c@example.com"],
        bcc=["gone@example.com", "full@example.com"],
    )
    host.answers = refusing(b="451 4.7.1 greylisted", full="452 4.5.3 too many", gone="550 no")

    sent = transport.send(mail)
    host.answers = Once()
    late = transport.send(mail.only_to(sent.retryable))

    assert sent.refused == {
        "b@example.com": "451 4.7.1 greylisted",
        "gone@example.com": "550 no",
        "full@example.com": "452 4.5.3 too many",
    }
    assert sent.retryable == ("b@example.com", "full@example.com")
    assert (late.refused, late.retryable) == ({}, ())
    first, second = host.arrived
    assert first.recipients == ["a@example.com", "c@example.com"]
    assert second.recipients == ["b@example.com", "full@example.com"]
    assert first.raw == second.raw
    assert b"To: a@example.com, Bo <b@example.com>\r\n" in second.raw
    assert late.message_id == sent.message_id


def test_send_when_all_are_refused_and_some_for_now_then_those_are_told(
    host: MailHost, mailer: Make, message: Write
) -> None:
    host.answers = refusing(a="451 later", b="550 never")

    with pytest.raises(RecipientsRefused) as caught:
        mailer(host.port).send(message(to=["a@example.com", "b@example.com"]))

    assert caught.value.retryable == ("a@example.com",)
    assert caught.value.is_retryable is True


def test_send_when_the_server_wants_to_know_the_size_then_it_is_told(
    serve: Callable[[MailHost], MailHost], mailer: Make, message: Write, tmp_path: Path
) -> None:
    host = serve(MailHost(size_max=1_000_000))
    transport = mailer(host.port)
    (tmp_path / "a.bin").write_bytes(bytes(100_000))

    transport.send(message(attachments=[Attachment.from_path(tmp_path / "a.bin")]))
    transport.send(message(to=["j\u00f6rg@example.com"]))
    transport.send(message(attachments=[Attachment.from_data(lambda: b"?", "a.bin")]))

    file, utf8, unknown = host.arrived
    assert file.options == [f"SIZE={len(file.raw)}"]
    assert utf8.options == [f"SIZE={len(utf8.raw)}", "SMTPUTF8", "BODY=8BITMIME"]
    assert unknown.options == []


def test_send_when_it_is_larger_than_the_server_takes_then_nothing_is_sent(
    serve: Callable[[MailHost], MailHost], mailer: Make, message: Write
) -> None:
    host = serve(MailHost(size_max=10_000))
    transport = mailer(host.port)

    with pytest.raises(TransportError, match="takes 10,000 bytes at most") as caught:
        transport.send(message(attachments=[Attachment.from_data(bytes(10_000), "a.bin")]))
    transport.send(message())

    assert caught.value.is_retryable is False
    assert caught.value.is_refusal is True
    assert [mail.connection for mail in host.arrived] == [1]


@pytest.mark.parametrize("offer", ["SIZE", "SIZE 0", "SIZE nonsense", "SIZE " + "9" * 5_000])
def test_send_when_the_server_names_no_limit_then_it_is_asked(
    mailer: Make, message: Write, offer: str
) -> None:
    with Scripted({}, [offer]) as server:
        mailer(server.port).send(message())

        assert any(
            line.upper().startswith("MAIL FROM:<ANN@EXAMPLE.COM> SIZE=") for line in server.lines
        )
        assert len(server.data) == 1


@pytest.mark.parametrize(("code", "is_retryable"), [(552, False), (452, True)])
def test_send_when_the_size_is_refused_then_the_answer_decides(
    mailer: Make, message: Write, code: int, is_retryable: bool
) -> None:
    with Scripted({"MAIL": f"{code} no room for that"}, ["SIZE 1000000"]) as server:
        with pytest.raises(TransportError, match="no room for that") as caught:
            mailer(server.port).send(message())

        assert caught.value.is_retryable is is_retryable
        assert server.data == []


def test_send_when_a_mail_is_for_some_only_then_always_to_is_still_obeyed(
    host: MailHost, message: Write
) -> None:
    """A machine that must write to nobody else writes to nobody else."""
    mailer = MailManager("none", {}).build({"transport": "smtp", "port": host.port})
    mailer.always_to("dev@example.com")

    mailer.send(message(to=["a@example.com", "b@example.com"]).only_to("b@example.com"))
    mailer.close()

    assert host.arrived[0].recipients == ["dev@example.com"]
