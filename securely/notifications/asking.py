"""ask: calls what an application has written, whichever colour it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from securely.container import Container
from securely.notifications.exceptions import InvalidContent
from securely.notifications.notification import Notification
from securely.support.awaiting import answered
from securely.support.steps import Steps, call

__all__ = ["ask", "content_of"]


def ask(container: Container, function: Callable[..., object], *arguments: object) -> Steps[Any]:
    """Call *function* with *arguments*, and give its further parameters what they ask for."""
    return (yield from call(_call, _acall, container, function, arguments))


def content_of(
    container: Container,
    notification: Notification,
    notifiable: object,
    methods: Sequence[str],
) -> Steps[Any]:
    """Give what *notification* has for a channel: what the first of *methods* that it has returns.

    Raises:
        InvalidContent: It has none of them.
    """
    for name in methods:
        method = getattr(notification, name, None)
        if method is not None:
            return (yield from ask(container, method, notifiable))
    reason = "there is no such method, and the channel does not know what to send."
    if len(methods) > 1:
        reason += f" Write it, or {' or '.join(methods[1:])}, which serves several channels."
    raise InvalidContent(type(notification).__qualname__, methods[0], reason)


def _call(container: Container, function: Callable[..., object], given: Sequence[object]) -> object:
    return answered(container.call(function, *given))


async def _acall(
    container: Container, function: Callable[..., object], given: Sequence[object]
) -> object:
    return await container.acall(function, *given)
