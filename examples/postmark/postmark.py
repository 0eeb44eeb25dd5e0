"""PostmarkTransport: hands mail to the HTTP API of Postmark.

It shows all that a transport over an HTTP API has to think of; `README.md` says how it is added
to an application.

Source: postmarkapp.com/developer/api/email-api and /developer/api/overview.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self, cast

import httpx2

from securely.exceptions import ConfigurationError
from securely.mail import (
    Address,
    InvalidMessage,
    Message,
    RecipientsRefused,
    Sent,
    TransportError,
)

__all__ = ["PostmarkTransport"]

_URL: Final = "https://api.postmarkapp.com"
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_TOO_LARGE: Final = 413
_UNPROCESSABLE: Final = 422
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500  # and all above
# Answers of what stands before the service: it may have the mail nevertheless.
_GATEWAY: Final = frozenset({502, 504})
# The ErrorCode of an answer 422 whose reason is every recipient.
_INACTIVE: Final = 406
# Those that say nothing of this mail: maintenance, and too many requests …
_PASSING: Final = frozenset({100, 429})
# … and the token, the credit, and accounts that are not approved or closed.
_ACCOUNT: Final = frozenset({10, 405, 412, 413})
# "… inactive addresses: a@x.io, b@x.io. Inactive recipients are …", in small letters.
_ADDRESSES: Final = re.compile(r"inactive addresses:\s*(.+?)\.(?:\s|$)")
_WORDS_MAX: Final = 500  # so much of an answer is shown


class PostmarkTransport:
    """Hands mail to the HTTP API of Postmark.

    Postmark knows no envelope: who gets a mail is who stands in To, Cc and Bcc. Those whom a
    message is not for now (``message.only_to(…)``) are left out there.

    Args:
        name: The mailer's name in the configuration.
        token: The token of the server at Postmark.
        url: Where the API is.
        message_stream: The stream that mail goes into; empty for the server's default one.
        timeout_seconds: How long the connection, and each silence of the server, may last.
    """

    def __init__(
        self,
        name: str,
        token: str,
        *,
        url: str = _URL,
        message_stream: str = "",
        timeout_seconds: float = 30.0,
    ) -> None:
        self.name: str = name
        self.url: str = url.rstrip("/")
        self._token = token
        self._stream = message_stream
        self._seconds = timeout_seconds
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None
        self._pid = 0

    @classmethod
    def build(cls, name: str, options: Any) -> Self:
        """Return the mailer *name* as its options have it; ``Mail.extend`` takes this.

        Raises:
            ConfigurationError: There is no token.
        """
        token = getattr(options, "token", "")
        if not isinstance(token, str) or not token:
            raise ConfigurationError(
                f'The mailer "{name}" has no token. Set mail.mailers.{name}.token, as in '
                'env.str("POSTMARK_TOKEN").'
            )
        return cls(
            name,
            token,
            url=getattr(options, "url", _URL),
            message_stream=getattr(options, "message_stream", ""),
            timeout_seconds=getattr(options, "timeout_seconds", 30.0),
        )

    def __repr__(self) -> str:
        return f"PostmarkTransport({self.name!r}, {self.url!r})"

    def send(self, message: Message) -> Sent:
        """Hand *message* over, and return once Postmark has taken it.

        Raises:
            AttachmentUnavailable: What is attached can not be had.
            InvalidMessage: It can not be sent as it is.
            RecipientsRefused: Postmark sends to none of its recipients any more. Where it sends
                to some, the others are in the answer.
            TransportError: Postmark can not be reached, or refuses.
        """
        # All of it is made before anything is asked for: what fails here fails no server.
        body = json.dumps(self._payload(message)).encode()
        answer = self._ask(body)
        found = _parsed(answer)
        if answer.status_code != _OK:
            raise self._refused(message, answer.status_code, found)
        if found.get("ErrorCode") != 0:
            raise self._error(
                "it answered with something else than Postmark does: nobody knows whether the "
                "mail was taken",
                is_retryable=True,
                is_unknown=True,
            )
        said = _words(found)
        refused = dict.fromkeys(_inactive(said, message), said)
        return Sent(message.message_id, self.name, refused, f"{found.get('MessageID', '')} {said}")

    def close(self) -> None:
        """Let go of connections; a later mail opens one again."""
        with self._lock:
            client, self._client = self._client, None
            is_ours = self._pid == os.getpid()
        if client is not None and is_ours:
            client.close()

    def _payload(self, message: Message) -> dict[str, object]:
        """Return *message* as the API has it."""
        if message.sender is None:
            raise InvalidMessage("sender", "nobody is named. Give the message one.")
        recipients = _Recipients(message)
        payload: dict[str, object] = {
            "From": _mailbox(message.sender),
            "To": recipients.listed(message.to),
            "Cc": recipients.listed(message.cc),
            "Bcc": recipients.listed(message.bcc),
            "ReplyTo": ", ".join(_mailbox(each) for each in message.reply_to),
            "Subject": message.subject,
            "TextBody": message.text,
            "HtmlBody": message.linked_html,
            "Tag": message.tags[0] if message.tags else "",
            "Metadata": dict(message.metadata),
            "Headers": [{"Name": name, "Value": value} for name, value in _headers(message)],
            "Attachments": _files(message),
            "MessageStream": self._stream,
        }
        return {name: value for name, value in payload.items() if value}

    def _ask(self, body: bytes) -> httpx2.Response:
        fields = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Postmark-Server-Token": self._token,
        }
        try:
            return self._connected().post(f"{self.url}/email", content=body, headers=fields)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            raise self._error(
                f"there is no connection ({_why(error)})", is_retryable=True
            ) from error
        except (httpx2.WriteError, httpx2.WriteTimeout, httpx2.PoolTimeout) as error:
            raise self._error(
                f"the connection broke while the mail was sent ({_why(error)})", is_retryable=True
            ) from error
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise self._error("the url of the mailer is none", is_retryable=False) from error
        except httpx2.HTTPError as error:
            # All was sent, or may have been; what failed is the answer.
            raise self._error(
                f"there was no answer ({_why(error)}): nobody knows whether the mail was taken. "
                "Sent again, it bears the same Message-ID",
                is_retryable=True,
                is_unknown=True,
            ) from error

    def _connected(self) -> httpx2.Client:
        """Return what keeps connections from mail to mail; each process has one of its own."""
        with self._lock:
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = httpx2.Client(timeout=self._seconds), os.getpid()
            return self._client

    def _refused(self, message: Message, status: int, found: Mapping[str, Any]) -> TransportError:
        """Return the error that an answer with another *status* than 200 means."""
        code, said = found.get("ErrorCode"), _words(found)
        if status == _UNPROCESSABLE and code == _INACTIVE:
            named = _inactive(said, message) or message.recipients()
            return RecipientsRefused(self.name, dict.fromkeys(named, said), where=self.url)
        if status == _UNPROCESSABLE:
            return self._error(
                f"it refused the mail (ErrorCode {code})",
                is_retryable=code in _PASSING,
                is_refusal=code not in _PASSING | _ACCOUNT,
                status=status,
                reply=said,
            )
        what = {
            _UNAUTHORIZED: "the token is not one of its servers",
            _TOO_LARGE: "the mail is too large: it takes 10 MB",
            _TOO_MANY: "it was asked too often",
        }.get(status, "it could not take the mail")
        return self._error(
            what,
            is_retryable=status == _TOO_MANY or status >= _SERVER_ERROR,
            is_unknown=status in _GATEWAY,
            is_refusal=status == _TOO_LARGE,
            status=status,
            reply=said,
        )

    def _error(
        self,
        what: str,
        *,
        is_retryable: bool,
        is_unknown: bool = False,
        is_refusal: bool = False,
        status: int | None = None,
        reply: str = "",
    ) -> TransportError:
        return TransportError(
            self.name,
            f"{self.url}: {what}",
            is_retryable=is_retryable,
            is_unknown=is_unknown,
            is_refusal=is_refusal,
            code=status,
            reply=reply,
        )


class _Recipients:
    """Lists addresses, of those that a message is for, and each of them once."""

    def __init__(self, message: Message) -> None:
        self._left = {wire.lower() for wire in message.recipients()}
        if not self._left:
            raise InvalidMessage("to", "nobody is named. Give to, cc or bcc.")

    def listed(self, addresses: Iterable[Address]) -> str:
        found: list[str] = []
        for each in addresses:
            if each.wire.lower() in self._left:
                self._left.remove(each.wire.lower())
                found.append(_mailbox(each))
        return ", ".join(found)


def _mailbox(address: Address) -> str:
    """Return *address* as text of JSON: Postmark encodes names itself."""
    if not address.name:
        return address.wire
    name = re.sub(r'(["\\])', r"\\\1", address.name)
    return f'"{name}" <{address.wire}>'


def _headers(message: Message) -> Iterable[tuple[str, str]]:
    """Give the fields that have no name of their own in the API."""
    yield "Message-ID", message.message_id
    yield "X-PM-KeepID", "true"  # or Postmark makes one of its own, and no retry is told
    if message.references:
        yield "References", " ".join(message.references)
    if message.priority is not None:
        yield "X-Priority", str(message.priority)
    for tag in message.tags[1:]:  # Postmark has one tag for a mail
        yield "X-Tag", tag
    yield from message.headers.items()


def _files(message: Message) -> list[dict[str, str]]:
    files: list[dict[str, str]] = []
    for field in ("inline", "attachments"):
        for each in getattr(message, field):
            with each.opened(field) as file:
                content = base64.b64encode(b"".join(file.pieces(field))).decode()
                found = {"Name": file.name, "Content": content, "ContentType": file.type}
                if field == "inline":
                    found["ContentID"] = file.cid
                files.append(found)
    return files


def _parsed(answer: httpx2.Response) -> Mapping[str, Any]:
    """Return what *answer* says; nothing where it is not what Postmark writes."""
    try:
        found = json.loads(answer.content)
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _inactive(said: str, message: Message) -> list[str]:
    """Return the recipients of *message* that Postmark names as those it does not send to."""
    found = _ADDRESSES.search(said)
    named = {each.strip().lower() for each in found[1].split(",")} if found else set[str]()
    return [wire for wire in message.recipients() if wire.lower() in named]


def _words(found: Mapping[str, Any]) -> str:
    """Return what Postmark says as one short line."""
    line = " ".join(str(found.get("Message", "")).split())
    return "".join(letter for letter in line if letter.isprintable())[:_WORDS_MAX]


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
