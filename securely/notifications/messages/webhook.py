"""WebhookMessage, WebhookRoute: what is posted, and where to; WebhookAnswer: what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["WebhookAnswer", "WebhookMessage", "WebhookRoute"]


@dataclass(frozen=True)
class WebhookMessage:
    """What is posted to a webhook.

    Attributes:
        data: The body, which goes as JSON.
        headers: Further fields of the request.
    """

    data: Any
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class WebhookRoute:
    """Where a webhook is.

    Attributes:
        url: Its address; a user and a password in it go as basic authentication.
        secret: What its requests are signed with; that of the configuration if empty.
        headers: Further fields of each request.
    """

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


class WebhookAnswer(NamedTuple):
    """What the server of a webhook answered that took a notification.

    Attributes:
        status: The status, 200 to 299.
        text: How its answer begins.
    """

    status: int
    text: str
