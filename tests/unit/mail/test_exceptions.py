from __future__ import annotations

import copy

import pytest

from securely.mail import (
    AttachmentUnavailable,
    InFlight,
    InvalidMessage,
    KeyReused,
    LedgerFailed,
    MailError,
    MailerUndefined,
    NotSendable,
    RecipientsRefused,
    TransportError,
    TransportExhausted,
    UnknownTransport,
    UnreadableEntry,
)

FAILED = TransportError(
    "smtp",
    "x.io:25: it refuses the sender",
    is_retryable=True,
    code=451,
    reply="4.7.1 later",
    is_unknown=True,
    is_refusal=True,
)


@pytest.mark.parametrize(
    "error",
    [
        InFlight("smtp", "order-7", 60.0),
        AttachmentUnavailable("inline", "https://x.io/a", "no", is_retryable=True, status=503),
        InvalidMessage("to", "no"),
        KeyReused("order-7", "<1@x.io>", "<2@x.io>"),
        LedgerFailed("smtp", "order-7", "no room", is_retryable=True),
        MailerUndefined("smpt", ["smtp"]),
        NotSendable("str is no mail."),
        UnknownTransport("smpt", "main", ["smtp"]),
        FAILED,
        RecipientsRefused("smtp", {"a@x.io": "450 no"}, retryable=["a@x.io"], where="x.io:25"),
        TransportExhausted("both", {"smtp": FAILED}),
        UnreadableEntry("it is too short."),
    ],
)
def test_errors_survive_a_copy(error: MailError) -> None:
    twin = copy.copy(error)

    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert {key: str(value) for key, value in vars(twin).items()} == {
        key: str(value) for key, value in vars(error).items()
    }


def test_the_servers_words_are_told() -> None:
    assert str(FAILED) == (
        'Mail transport "smtp": x.io:25: it refuses the sender. The server said: 451 4.7.1 later'
    )


def test_each_cause_is_told() -> None:
    other = TransportError("b", "b.io:25: nobody answers", is_retryable=False)

    error = TransportExhausted("both", {"a": FAILED, "b": other})

    assert "a: x.io:25: it refuses the sender (451 4.7.1 later); b: b.io:25: nobody" in str(error)
    assert error.is_retryable
    assert error.is_unknown
    assert not TransportExhausted("both", {"b": other}).is_retryable


def test_near_names_are_offered() -> None:
    assert 'Did you mean "smtp"?' in str(MailerUndefined("smpt", ["smtp", "log"]))
    assert 'Did you mean "smtp"?' in str(UnknownTransport("smpt", "main", ["smtp", "log"]))
    assert "Defined mailers: none." in str(MailerUndefined("smtp", []))
