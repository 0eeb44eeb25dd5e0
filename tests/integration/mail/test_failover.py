"""Failover over real servers: the second one takes what the first one can not."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes

import pytest

from securely.mail import Message, TransportExhausted
from securely.mail.drivers.failover import FailoverTransport
from securely.mail.drivers.smtp import SmtpTransport
from securely.testing import Travel
from tests.smtp import MailHost, Scripted

pytestmark = pytest.mark.integration

Make = Callable[..., SmtpTransport]
Write = Callable[..., Message]


def failover(mailer: Make, first: int, second: int) -> FailoverTransport:
    members = {"first": mailer(first), "second": mailer(second)}
    return FailoverTransport("both", list(members), members.__getitem__)


def test_the_second_server_takes_over_and_the_first_stays_out_for_a_minute(
    mailer: Make, message: Write, clock: Travel
) -> None:
    # The first one breaks off in the midst of its first conversation, and works from then on.
    with Scripted({"MAIL": ["drop", "250 fine"]}) as first, MailHost() as second:
        both = failover(mailer, first.port, second.port)

        for _ in range(2):
            both.send(message())
        clock(59)
        both.send(message())

        assert (first.connections, len(first.data), len(second.arrived)) == (1, 0, 3)

        clock(2)
        both.send(message())

        assert (first.connections, len(first.data), len(second.arrived)) == (2, 1, 3)


def test_a_message_that_two_servers_were_given_has_one_message_id(
    mailer: Make, message: Write
) -> None:
    # It took the message, and nobody heard of it.
    with Scripted({".": "drop"}) as first, MailHost() as second:
        written = message()

        failover(mailer, first.port, second.port).send(written)

        (arrived,) = second.arrived
        ids = {message_from_bytes(raw)["Message-ID"] for raw in (first.data[0], arrived.raw)}
        assert ids == {written.message_id}


def test_two_servers_that_are_down_are_both_named(mailer: Make, message: Write) -> None:
    with MailHost() as first, MailHost() as second:
        ports = first.port, second.port

    with pytest.raises(TransportExhausted) as caught:
        failover(mailer, *ports).send(message())

    assert list(caught.value.causes) == ["first", "second"]
    assert all(f"127.0.0.1:{port}" in str(caught.value) for port in ports)
