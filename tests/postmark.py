"""A server of one's own that answers as Postmark does; what it writes to people can be read."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any

from tests.web import Asked, WebHost, reply

__all__ = ["PostmarkHost"]

TOKEN = "the-server-token"  # noqa: S105  # of no account


@dataclass
class PostmarkHost(WebHost):
    """Takes mail as Postmark's `POST /email` does.

    Attributes:
        inactive: To whom it does not send any more.
        mails: The bodies of the requests that it took.
        arrived: What it made of them, as people get it.
        envelopes: Whom it sent each of them to.
        instead: Answers instead, if it is set.
    """

    inactive: set[str] = field(default_factory=set)
    mails: list[dict[str, Any]] = field(default_factory=list)
    arrived: list[bytes] = field(default_factory=list)
    envelopes: list[list[str]] = field(default_factory=list)
    instead: Callable[[Asked, Any], None] | None = None

    def __post_init__(self) -> None:
        self._guard = threading.Lock()
        self.answer = self._answer

    def _answer(self, asked: Asked, handler: Any) -> None:
        if self.instead is not None:
            return self.instead(asked, handler)
        if asked.fields.get("x-postmark-server-token") != TOKEN:
            return fail(handler, 401, 10, "The Server Token you provided is not valid.")
        if (asked.method, asked.target) != ("POST", "/email"):
            return fail(handler, 404, 0, "No such thing.")
        if asked.fields.get("content-type") != "application/json":
            return fail(handler, 422, 409, "The request needs the field Content-Type.")
        mail = json.loads(asked.body)
        return self._take(mail, handler)

    def _take(self, mail: dict[str, Any], handler: Any) -> None:
        listed = ", ".join(mail[name] for name in ("To", "Cc", "Bcc") if mail.get(name))
        people = [email for _, email in getaddresses([listed]) if email]
        if not people:
            return fail(handler, 422, 300, "Zero recipients specified")
        if not mail.get("TextBody") and not mail.get("HtmlBody"):
            return fail(handler, 422, 300, "Provide either email TextBody or HtmlBody or both.")
        gone = [each.lower() for each in people if each.lower() in self.inactive]
        if len(gone) == len(people):
            return fail(
                handler,
                422,
                406,
                "You tried to send to recipient(s) that have been marked as inactive.\n"
                f"Found inactive addresses: {', '.join(gone)}.\n"
                "Inactive recipients are ones that have generated a hard bounce, a spam "
                "complaint, or a manual suppression.",
            )
        raw = written(mail)
        with self._guard:
            self.mails.append(mail)
            self.arrived.append(raw)
            self.envelopes.append([each for each in people if each.lower() not in gone])
        said = "OK"
        if gone:
            said = (
                "Message OK, but will not deliver to these inactive addresses: "
                f"{', '.join(gone)}. Inactive recipients are ones that have generated a hard "
                "bounce or a spam complaint."
            )
        body = {"To": mail.get("To", ""), "MessageID": "0a1b-2c3d", "ErrorCode": 0, "Message": said}
        return reply(handler, json.dumps(body).encode(), content_type="application/json")


def fail(handler: Any, status: int, code: int, words: str) -> None:
    """Answer with an error, as Postmark writes it."""
    body = json.dumps({"ErrorCode": code, "Message": words}).encode()
    reply(handler, body, status=status, content_type="application/json")


def written(mail: dict[str, Any]) -> bytes:
    """Return what people get of *mail*."""
    message = EmailMessage(policy=SMTP)
    for name, key in (("From", "From"), ("To", "To"), ("Cc", "Cc"), ("Reply-To", "ReplyTo")):
        if mail.get(key):
            message[name] = [
                Address(shown, addr_spec=email) for shown, email in getaddresses([mail[key]])
            ]
    message["Subject"] = mail.get("Subject", "")
    fields = {each["Name"]: each["Value"] for each in mail.get("Headers", [])}
    keeps_id = fields.pop("X-PM-KeepID", "") == "true"
    own = fields.pop("Message-ID", "")
    message["Message-ID"] = own if keeps_id else "<0a1b-2c3d@mtasv.net>"
    for name, value in fields.items():
        message[name] = value
    if mail.get("TextBody"):
        message.set_content(mail["TextBody"], cte="base64")
    if mail.get("HtmlBody"):
        add = message.add_alternative if mail.get("TextBody") else message.set_content
        add(mail["HtmlBody"], subtype="html", cte="base64")
    for file in mail.get("Attachments", []):
        main, _, sub = file["ContentType"].partition(";")[0].partition("/")
        given = {"filename": file["Name"]}
        if cid := file.get("ContentID"):
            given |= {"cid": f"<{cid.removeprefix('cid:')}>", "disposition": "inline"}
        content = base64.b64decode(file["Content"], validate=True)
        message.add_attachment(content, maintype=main, subtype=sub, **given)
    return message.as_bytes()
