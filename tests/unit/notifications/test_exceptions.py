"""What errors say."""

from __future__ import annotations

import copy

import pytest

from securely.notifications import (
    ChannelUndefined,
    NotificationErrors,
    RouteMissing,
    SendingFailed,
    WebhookFailed,
)


def failure(word: str) -> SendingFailed:
    return SendingFailed("Paid", "User", "mail", ValueError(word))


def test_several_failures_are_one_group_that_lists_them() -> None:
    error = NotificationErrors([failure("a"), failure("b")])

    assert str(error) == (
        '2 channels failed: Paid by "mail" to User: ValueError: a; '
        'Paid by "mail" to User: ValueError: b'
    )
    assert error.exceptions == error.failures
    assert copy.copy(error).failures == error.failures
    assert str(NotificationErrors([failure("a")])).startswith("1 channel failed: ")


def test_what_is_left_of_a_group_is_a_group() -> None:
    other = SendingFailed("Paid", "User", "store", KeyError())
    error = NotificationErrors([failure("a"), other])

    rest = error.subgroup(lambda each: each is other)

    assert rest is not None
    assert rest.exceptions == (other,)


def test_a_near_channel_is_hinted_at_only_where_it_is_there() -> None:
    assert 'mean "store"?' in str(ChannelUndefined("database", ["store"]))
    assert "Did you mean" not in str(ChannelUndefined("database", ["mail"]))
    assert "Channels: none." in str(ChannelUndefined("x", []))


def test_errors_are_kinds_that_python_knows() -> None:
    assert issubclass(ChannelUndefined, LookupError)
    assert issubclass(RouteMissing, LookupError)


@pytest.mark.parametrize("status", [None, 503])
def test_a_failed_webhook_keeps_what_is_known(status: int | None) -> None:
    error = WebhookFailed(
        "https://x.io/a", "it is late", is_retryable=True, status=status, is_unknown=True
    )

    assert str(error) == "Webhook https://x.io/a: it is late."
    assert vars(copy.copy(error)) == vars(error)
