"""Webhooks: each notification as a signed POST of JSON."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final, NamedTuple, Self, cast
from urllib.parse import unquote

import httpx2
import msgspec

from securely.container import Container
from securely.notifications.asking import content_of
from securely.notifications.contracts import SKIPPED
from securely.notifications.drivers.base import StepsChannel
from securely.notifications.exceptions import InvalidContent, WebhookFailed
from securely.notifications.manager import Materials
from securely.notifications.messages.webhook import WebhookAnswer, WebhookMessage, WebhookRoute
from securely.notifications.notification import Notification
from securely.support import clock
from securely.support.masking import mask_urls
from securely.support.portal import portal
from securely.support.steps import Steps, call
from securely.support.webhooks import signature

__all__ = ["WebhookChannel", "signature"]

# What a server is asked to try again later for; all other refusals are final.
_LATER: Final = frozenset({408, 425, 429})
_TEXT_BYTES_MAX: Final = 16_384  # of an answer: enough for any reason, and no memory to speak of
_REASON_LETTERS_MAX: Final = 200  # of an answer, in an error: one line of a log
_HOST: Final = re.compile(r"[A-Za-z0-9_.:-]+")  # a name in ASCII, or an address
_PORT_MAX: Final = 65_535  # of TCP
# RFC 9110, sections 5.1 and 5.5: names of fields, and values in ASCII.
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE: Final = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")


class _Post(NamedTuple):
    """A request, ready to be sent."""

    url: httpx2.URL
    shown: str
    headers: dict[str, str]
    body: bytes
    auth: tuple[str, str] | None


class WebhookChannel(StepsChannel):
    """Posts notifications as JSON, signed as Standard Webhooks has it.

    Redirects are not followed. What fails is tried again by the queue.

    Args:
        name: The channel's name.
        container: Gives the methods of notifications what they ask for.
        secrets: What requests are signed with, each; none where they are not.
        connect_seconds: How long a connection is waited for.
        timeout_seconds: How long each silence of the server may last.
        total_seconds: How long one request may take, all in all.
        ca_file: The authorities that are trusted, in PEM; None for those of the system.

    Source: Standard Webhooks 1.0, "Signature scheme".
    """

    driver: ClassVar[str] = "webhook"

    def __init__(
        self,
        name: str,
        container: Container,
        *,
        secrets: Sequence[str] = (),
        connect_seconds: float = 5.0,
        timeout_seconds: float = 10.0,
        total_seconds: float = 30.0,
        ca_file: str | None = None,
    ) -> None:
        super().__init__(name, container)
        self._secrets = tuple(secrets)
        self._timeout = httpx2.Timeout(timeout_seconds, connect=connect_seconds)
        self._total_seconds = total_seconds
        self._ca_file = ca_file
        self._trust: ssl.SSLContext | None = None

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the channel *name* as its options have it."""
        return cls(
            name,
            materials.container,
            secrets=options.secrets,
            connect_seconds=options.connect_seconds,
            timeout_seconds=options.timeout_seconds,
            total_seconds=options.total_seconds,
            ca_file=options.ca_file,
        )

    def _steps(self, notifiable: Any, notification: Notification) -> Steps[object]:
        said = self.route(notifiable, notification)
        if said is None:
            return SKIPPED
        methods = self.methods("to_array")
        found = yield from content_of(self._container, notification, notifiable, methods)
        message = found if isinstance(found, WebhookMessage) else WebhookMessage(found)
        post = self._request(_route(said), message, notification)
        return (yield from call(self._post, self._apost, post))

    def _request(
        self, route: WebhookRoute, message: WebhookMessage, notification: Notification
    ) -> _Post:
        try:
            body = msgspec.json.encode(message.data)
        except (TypeError, ValueError) as error:
            reason = f"it has no form in JSON ({error}). Return a dict of plain data."
            raise InvalidContent(
                type(notification).__qualname__, f"to_{self.name}", reason
            ) from error
        url, shown, auth = _address(route.url)
        secrets = (route.secret,) if route.secret else self._secrets
        ours = {"content-type": "application/json", "user-agent": "Securely"}
        signed = {
            "webhook-id": notification.id,
            "webhook-timestamp": str(int(clock.timestamp())),
        }
        if secrets:
            signed["webhook-signature"] = signature(secrets, **_named(signed), body=body)
        further = {
            _field_name(shown, name): _field_value(shown, name, value)
            for name, value in {**route.headers, **message.headers}.items()
        }
        return _Post(url, shown, {**ours, **further, **signed}, body, auth)

    def _post(self, post: _Post) -> WebhookAnswer:
        # The one way to hold a limit of the whole is to have it cancelled.
        return portal().run(self._apost(post))

    async def _apost(self, post: _Post) -> WebhookAnswer:
        try:
            return await self._sent(post)
        except TimeoutError:
            reason = f"it has not answered within {self._total_seconds:g} seconds, all in all"
            raise WebhookFailed(post.shown, reason, is_retryable=True, is_unknown=True) from None
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
            # Not in the error's own words, which hold the values of headers.
            reason = f"it can not be asked ({type(error).__name__})"
            raise WebhookFailed(post.shown, reason, is_retryable=False) from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            reason = f"no connection ({_said(error)})"
            raise WebhookFailed(post.shown, reason, is_retryable=True) from error
        except httpx2.RequestError as error:
            reason = f"the connection broke before the answer ({_said(error)})"
            raise WebhookFailed(post.shown, reason, is_retryable=True, is_unknown=True) from error

    async def _sent(self, post: _Post) -> WebhookAnswer:
        # Of a URL without TLS, too: the client would make one of its own, each time.
        if self._trust is None:
            self._trust = await asyncio.to_thread(self._context, post)
        async with httpx2.AsyncClient(
            verify=self._trust,
            timeout=self._timeout,
            follow_redirects=False,
            auth=post.auth,
        ) as client:
            request = client.build_request(
                "POST", post.url, content=post.body, headers=post.headers
            )
            async with asyncio.timeout(self._total_seconds):
                response = await client.send(request, stream=True)
            try:
                status, text = response.status_code, await _text(response, self._total_seconds)
            finally:
                await response.aclose()
        if 200 <= status <= 299:  # noqa: PLR2004  # the statuses of success
            return WebhookAnswer(status, text)
        raise _refusal(post.shown, status, text, response.headers.get("location", ""))

    def _context(self, post: _Post) -> ssl.SSLContext:
        """Return what certificates are checked by: made once, for it reads a large file.

        Raises:
            WebhookFailed: The file can not be read.
        """
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError as error:
            reason = (
                f'the authorities in ca_file ("{self._ca_file}") of the channel "{self.name}" can '
                f"not be read: {error.strerror or error}"
            )
            raise WebhookFailed(post.shown, reason, is_retryable=False) from error


def _named(signed: Mapping[str, str]) -> dict[str, str]:
    return {"id_": signed["webhook-id"], "timestamp": signed["webhook-timestamp"]}


def _route(said: object) -> WebhookRoute:
    if isinstance(said, WebhookRoute):
        return said
    if isinstance(said, Mapping):
        return WebhookRoute(**cast("Mapping[str, Any]", said))
    return WebhookRoute(str(said))


def _address(text: str) -> tuple[httpx2.URL, str, tuple[str, str] | None]:
    """Return where to post, how that is shown, and who logs in there.

    Whoever logs in is taken out of the address: clients write it to their logs.

    Raises:
        WebhookFailed: It is no address.
    """
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        reason = f"it is no address ({_said(error)})"
        raise WebhookFailed(mask_urls(text), reason, is_retryable=False) from None
    bare = url.copy_with(username=None, password=None, fragment=None)
    shown = str(bare.copy_with(query=None))
    host = url.raw_host.decode("ascii", "replace")
    has_port = url.port is None or 0 < url.port <= _PORT_MAX
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or not has_port:
        reason = "it is no address of a server. Write it as in https://example.org/hooks/7"
        raise WebhookFailed(shown or "(empty)", reason, is_retryable=False)
    user = (unquote(url.username), unquote(url.password or ""))
    return bare, shown, user if url.username or url.password else None


def _field_name(shown: str, name: object) -> str:
    """Return *name* as that of a field of a request.

    Raises:
        WebhookFailed: It is none.
    """
    if isinstance(name, str) and _FIELD_NAME.fullmatch(name):
        return name.lower()
    reason = f"{name!a} is no name of a header. Write letters, digits and hyphens, as in X-Shop"
    raise WebhookFailed(shown, reason, is_retryable=False)


def _field_value(shown: str, name: str, value: object) -> str:
    """Return *value* as that of the field *name*; the error does not show it: it may be secret.

    Raises:
        WebhookFailed: It is none.
    """
    if isinstance(value, str) and _FIELD_VALUE.fullmatch(value):
        return value
    reason = (
        f'the value of the header "{name}" can not be sent. Write it as text in ASCII, without '
        "the end of a line and without spaces around it"
    )
    raise WebhookFailed(shown, reason, is_retryable=False)


async def _text(response: httpx2.Response, seconds: float) -> str:
    """Return how the answer begins; one that breaks off, or lasts, has said its status before."""
    found = b""
    with suppress(httpx2.RequestError, TimeoutError):
        async with asyncio.timeout(seconds):
            async for piece in response.aiter_bytes():
                found += piece
                if len(found) >= _TEXT_BYTES_MAX:
                    break
    return found[:_TEXT_BYTES_MAX].decode("utf-8", "replace")


def _refusal(shown: str, status: int, text: str, location: str) -> WebhookFailed:
    if 300 <= status <= 399:  # noqa: PLR2004  # the statuses of redirects
        where = mask_urls(location.partition("?")[0]) or "nowhere"
        reason = f"it answered {status}, a redirect to {where}, which is not followed"
        return WebhookFailed(shown, reason, is_retryable=False, status=status)
    told = " ".join(text.split())[:_REASON_LETTERS_MAX]
    reason = f"it answered {status}{f' and said: {told}' if told else ''}".rstrip(".")
    is_retryable = status in _LATER or status >= 500  # noqa: PLR2004  # those of servers' faults
    return WebhookFailed(shown, reason, is_retryable=is_retryable, status=status)


def _said(error: Exception) -> str:
    return mask_urls(str(error)).rstrip(".") or type(error).__name__
