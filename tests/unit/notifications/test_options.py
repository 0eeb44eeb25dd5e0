"""The section `notifications` of the configuration."""

from __future__ import annotations

import pytest

from securely.notifications.options import (
    CustomOptions,
    NotificationOptions,
    StoreOptions,
    WebhookOptions,
)
from securely.support.options import InvalidOptions


def parse(**channels: object) -> NotificationOptions:
    return NotificationOptions.parse({"channels": channels}, "notifications")


def test_ours_are_there_with_their_defaults() -> None:
    options = NotificationOptions.parse({}, "notifications")

    assert sorted(options.channels) == ["log", "mail", "store", "webhook"]
    store = options.channels["store"]
    assert isinstance(store, StoreOptions)
    assert (store.database, store.tree) == (None, "notifications")


def test_what_is_said_of_one_of_ours_need_not_name_its_driver() -> None:
    webhook = parse(webhook={"timeout_seconds": "3s"}).channels["webhook"]

    assert isinstance(webhook, WebhookOptions)
    assert webhook.timeout_seconds == 3
    assert webhook.secrets == ()


@pytest.mark.parametrize(
    ("said", "secrets"), [("a", ("a",)), ("", ()), (["a", "b"], ("a", "b")), (["", "b"], ("b",))]
)
def test_secrets_are_one_or_several_and_empty_ones_none(
    said: object, secrets: tuple[str, ...]
) -> None:
    webhook = parse(webhook={"secret": said}).channels["webhook"]

    assert isinstance(webhook, WebhookOptions)
    assert webhook.secrets == secrets
    assert "'a'" not in repr(webhook)


def test_a_channel_of_the_application_has_any_settings() -> None:
    custom = parse(sms={"driver": "twilio", "number": 7}).channels["sms"]

    assert isinstance(custom, CustomOptions)
    assert custom.driver == "twilio"


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        ({"webhook": {"total_seconds": 0}}, "notifications.channels.webhook.total_seconds"),
        ({"store": {"tre": "x"}}, r'"tree"'),
        ({"sms": {}}, "notifications.channels.sms"),
        ({"mail": 7}, "notifications.channels.mail"),
        (7, "notifications.channels"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(channels: object, told: str) -> None:
    with pytest.raises(InvalidOptions, match=told):
        NotificationOptions.parse({"channels": channels}, "notifications")


def test_a_secret_that_is_wrong_is_not_shown() -> None:
    with pytest.raises(InvalidOptions) as caught:
        parse(webhook={"secret": {"hidden": "hunter2"}})

    assert "hunter2" not in str(caught.value)
