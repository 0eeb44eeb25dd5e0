"""Message: what is to be sent, and what it is on the wire."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from io import BytesIO
from typing import Final, TypedDict, Unpack, cast

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.address import Address, Who, addresses, each_of, one_address
from securely.mail.message.attachment import Attachable, Attachment, attached
from securely.mail.message.fields import (
    LINE_LETTERS,
    check_name,
    check_text,
    field_text,
    folded,
    phrase,
)
from securely.mail.message.parts import (
    Part,
    as_email,
    boundary_of,
    header_lines,
)
from securely.mail.message.prepared import Prepared, Writable
from securely.mail.message.structure import check_ids, structure, with_ids
from securely.support import clock, entropy
from securely.support.suggest import did_you_mean

__all__ = ["Message", "MessageFields"]

_ID: Final = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_ID_LETTERS_MAX: Final = 250  # servers keep it in columns and file names
# The dates that four digits of a year can say, in seconds since 1970.
_DATES: Final = (-62_135_596_800.0, 253_402_300_799.0)
# Names of jobs and orders fit; a whole text is a mistake.
_KEY_LETTERS_MAX: Final = 255
_PRIORITIES: Final = {
    1: "1 (Highest)",
    2: "2 (High)",
    3: "3 (Normal)",
    4: "4 (Low)",
    5: "5 (Lowest)",
}
# What is said by a field of the message is not said again by a header.
_SAID_BY: Final = {
    "bcc": "bcc",
    "cc": "cc",
    "date": "date",
    "from": "sender",
    "message-id": "message_id",
    "mime-version": "",
    "references": "references",
    "reply-to": "reply_to",
    "return-path": "return_path",
    "subject": "subject",
    "to": "to",
    "x-priority": "priority",
}


class MessageFields(TypedDict, total=False):
    """What a :class:`Message` may be given, by the names of its arguments."""

    subject: str
    text: str | None
    html: str | None
    sender: Who | None
    to: Who | Iterable[Who] | None
    cc: Who | Iterable[Who] | None
    bcc: Who | Iterable[Who] | None
    only: Who | Iterable[Who] | None
    reply_to: Who | Iterable[Who] | None
    attachments: Iterable[Attachment | Attachable]
    inline: Iterable[Attachment | Attachable]
    headers: Mapping[str, str] | None
    tags: Iterable[str]
    metadata: Mapping[str, str] | None
    priority: int | None
    message_id: str
    references: Iterable[str]
    return_path: Who | None
    date: float | None
    seed: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """What is to be sent; it does not change, and :meth:`changed` gives another one.

    Args:
        subject: What it is about.
        text: The body as plain text.
        html: The body as HTML; with *text* beside it, readers choose.
        sender: Whom it is from; None for the mailer's own.
        to: Whom it is for: an address, an object that has one, or several.
        cc: Who gets a copy that all others see.
        bcc: Who gets a copy that nobody sees.
        only: Who of all these gets it now, while its fields name all of them; nobody for
            everybody. See :meth:`only_to`.
        reply_to: Whom answers go to, if not to the sender.
        attachments: Files to be saved: attachments, or objects with ``__mail_attachment__()``.
        inline: Files that *html* shows: ``<img src="cid:logo.png">``.
        headers: Further header fields; those that have an argument here are refused.
        tags: Each becomes a field ``X-Tag``.
        metadata: Each becomes a field ``X-Metadata-…``.
        priority: 1 (highest) to 5 (lowest).
        message_id: ``<left@right>``; made from the sender's domain where it is empty. The same
            message to the same people keeps it, over failures and retries.
        references: The Message-IDs of what this belongs to, the oldest first.
        return_path: Where servers say that it could not be delivered; the sender if None.
        date: When it was written, in seconds since 1970; None for now.
        seed: What the Message-ID is made of; the idempotency key if empty, or else random.
        idempotency_key: What stands for this mail and no other: it is sent once, however often it
            is tried. It is no part of what is sent; empty for a mail that is sent each time.

    Raises:
        InvalidMessage: A field can not be sent as it is.

    Example:
        >>> message = Message(subject="Hi", text="There", sender="a@x.io", to=["Bo <b@x.io>"])
        >>> message.build()["To"]
        'Bo <b@x.io>'

    Source: RFC 5322; Laravel 13, Illuminate\\\\Mail\\\\Message.
    """

    subject: str
    text: str | None
    html: str | None
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    only: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    attachments: tuple[Attachment, ...]
    inline: tuple[Attachment, ...]
    headers: Mapping[str, str]
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    priority: int | None
    message_id: str
    references: tuple[str, ...]
    return_path: Address | None
    date: float
    seed: str
    idempotency_key: str

    def __init__(self, **given: Unpack[MessageFields]) -> None:
        unknown = [name for name in given if name not in MessageFields.__annotations__]
        if unknown:
            near = did_you_mean(unknown[0], MessageFields.__annotations__)
            hint = f' Did you mean "{near}"?' if near else ""
            raise TypeError(f'A message has no "{unknown[0]}".{hint}')
        date = given.get("date")
        put = object.__setattr__
        put(self, "subject", given.get("subject", ""))
        put(self, "text", given.get("text"))
        put(self, "html", given.get("html"))
        put(self, "sender", one_address("sender", given.get("sender")))
        put(self, "to", addresses("to", given.get("to")))
        put(self, "cc", addresses("cc", given.get("cc")))
        put(self, "bcc", addresses("bcc", given.get("bcc")))
        put(self, "only", addresses("only", given.get("only")))
        put(self, "reply_to", addresses("reply_to", given.get("reply_to")))
        put(self, "attachments", attached("attachments", given.get("attachments", ())))
        put(self, "inline", attached("inline", given.get("inline", ())))
        put(self, "headers", _pairs("headers", given.get("headers")))
        put(self, "tags", _words("tags", given.get("tags", ())))
        put(self, "metadata", _pairs("metadata", given.get("metadata")))
        put(self, "priority", given.get("priority"))
        put(self, "references", _words("references", given.get("references", ())))
        put(self, "return_path", one_address("return_path", given.get("return_path")))
        put(self, "date", clock.timestamp() if date is None else date)
        key = given.get("idempotency_key", "")
        put(self, "idempotency_key", key)
        put(self, "seed", given.get("seed") or str(key) or entropy.token_hex(16))
        put(self, "message_id", given.get("message_id") or self._own_id())
        self._check()

    @property
    def needs_utf8(self) -> bool:
        """Whether only servers that know RFC 6531 can take it."""
        return any(each.needs_utf8 for each in self._all())

    @property
    def envelope_sender(self) -> str:
        """Where failures are told: the return path, or the sender.

        Raises:
            InvalidMessage: There is neither.
        """
        return (self.return_path or self._from()).wire

    @property
    def linked_html(self) -> str | None:
        """The HTML with inline files named by their content ids, as it goes over the wire.

        It is for transports that are given fields, and not what :meth:`write_to` writes.
        """
        return None if self.html is None else with_ids(self.html, self.inline)

    def recipients(self) -> list[str]:
        """Return whom it goes to, each address once, as on the wire.

        They are those of ``to``, ``cc`` and ``bcc``; of these, those of ``only`` if it names any.
        """
        found: dict[tuple[str, str], str] = {}
        for each in (*self.to, *self.cc, *self.bcc):
            found.setdefault(_mailbox(each), each.wire)
        if not self.only:
            return list(found.values())
        chosen = {_mailbox(each) for each in self.only}
        return [wire for mailbox, wire in found.items() if mailbox in chosen]

    def only_to(self, *who: Who | Iterable[Who]) -> Message:
        """Return the same message for *who* alone, of those it is for.

        It is for those who did not get it when others did: its fields, its Message-ID and its
        date stay, so that nobody can tell. Its idempotency key becomes another one, as this is
        not yet sent.

        Args:
            who: Addresses of its own: ``sent.retryable``.

        Raises:
            InvalidMessage: Nobody is named, or somebody it is not for.

        Example:
            >>> message = Message(text="There", sender="a@x.io", to=["b@x.io", "c@x.io"])
            >>> late = message.only_to("c@x.io")
            >>> late.recipients(), late.message_id == message.message_id
            (['c@x.io'], True)
        """
        mine = self.recipients()
        known = {_mailbox(Address(wire)) for wire in mine}
        found = each_of("only", who)
        if not found:
            raise InvalidMessage("only", "nobody is named. Give an address that it is for.")
        for each in found:
            if _mailbox(each) not in known:
                raise InvalidMessage("only", f'"{each.email}" is none of those it is for.')
        key = self.idempotency_key
        if key:
            words = sorted(each.wire for each in found)
            digest = sha256("\n".join([key, *words]).encode()).hexdigest()[:32]
            key = f"{key[: _KEY_LETTERS_MAX - 33]}/{digest}"
        return self.changed(
            only=found, idempotency_key=key, seed=self.seed, message_id=self.message_id
        )

    def changed(self, **changes: Unpack[MessageFields]) -> Message:
        """Return the same message with other fields, named as in the constructor.

        A Message-ID that was made for it is made anew if others get it, another sends it, or it
        gets another idempotency key: tries of one mail have one Message-ID.

        Raises:
            InvalidMessage: A field can not be sent as it is.
        """
        if "message_id" not in changes and self.message_id == self._own_id():
            changes["message_id"] = ""
        if changes.get("idempotency_key", self.idempotency_key) != self.idempotency_key:
            changes.setdefault("seed", "")
        kept: dict[str, object] = {each.name: getattr(self, each.name) for each in fields(self)}
        return Message(**cast("MessageFields", kept | changes))

    def build(self) -> EmailMessage:
        """Return it as the standard library has it, without ``Bcc``; each call builds it afresh.

        Raises:
            AttachmentUnavailable: A file is at a URL, and can not be had.
            InvalidMessage: It lacks a sender or a body, or a file can not be read.
        """
        with ExitStack() as held:
            part = self._part(held)
            boundary = boundary_of(self.message_id, part)
            written = self._fields(part.fields_with(boundary))
            return as_email(written, part, boundary, self.needs_utf8)

    def prepare(self, *, utf8: bool = False) -> Prepared:
        """Return it ready to be written: what is attached and elsewhere was fetched then.

        It is for transports that write it more than once, or want to know its size before::

            with message.prepare() as prepared:
                prepared.write_to(stream)

        Args:
            utf8: Whether addresses may be written in UTF-8, as RFC 6532 has it. All else is
                ASCII anyway.

        Raises:
            AttachmentUnavailable: A file is at a URL, and can not be had.
            InvalidMessage: It lacks a sender or a body, or an address needs *utf8*.
        """
        if self.needs_utf8 and not utf8:
            which = next(each for each in self._all() if each.needs_utf8)
            raise InvalidMessage(
                self._field_of(which),
                f'"{which.email}" can be written in UTF-8 only, which this way of sending does '
                "not know. Use an address that is ASCII before the @.",
            )
        with ExitStack() as held:
            part = self._part(held)
            boundary = boundary_of(self.message_id, part)
            head = header_lines(self._fields(part.fields_with(boundary))) + b"\r\n"
            return Prepared(head, part, boundary, held.pop_all())

    def write_to(self, stream: Writable, *, utf8: bool = False) -> None:
        """Write it to *stream*, with CRLF at the ends of lines; large files go in pieces.

        Args:
            stream: What takes bytes.
            utf8: Whether addresses may be written in UTF-8.

        Raises:
            AttachmentUnavailable: A file is at a URL, and can not be had.
            InvalidMessage: It lacks a sender or a body, a file can not be read, or an address
                needs *utf8*.
        """
        with self.prepare(utf8=utf8) as prepared:
            prepared.write_to(stream)

    def as_bytes(self, *, utf8: bool = False) -> bytes:
        """Return what :meth:`write_to` writes."""
        stream = BytesIO()
        self.write_to(stream, utf8=utf8)
        return stream.getvalue()

    def _part(self, held: ExitStack) -> Part:
        return structure(self.text, self.html, self.inline, self.attachments, held)

    def _all(self) -> tuple[Address, ...]:
        senders = (each for each in (self.sender, self.return_path) if each is not None)
        return (*senders, *self.to, *self.cc, *self.bcc, *self.reply_to)

    def _field_of(self, address: Address) -> str:
        for field in ("sender", "to", "cc", "bcc", "reply_to", "return_path"):
            if address in addresses(field, getattr(self, field)):
                return field
        return "address"

    def _from(self) -> Address:
        if self.sender is None:
            raise InvalidMessage(
                "sender", "nobody is named. Give the message one, or set mail.from."
            )
        return self.sender

    def _own_id(self) -> str:
        """Return the Message-ID that is made for it: empty while nobody sends it.

        The same seed and people give the same one, so that a retry is seen as what it is; and
        nothing in it tells of the machine.
        """
        if self.sender is None:
            return ""
        people = [each.wire for each in (*self.to, *self.cc, *self.bcc)]
        digest = sha256("\n".join([self.seed, *people]).encode()).hexdigest()
        domain = self.sender.domain
        return f"<{digest[:40]}@{domain if not domain.startswith('[') else 'localhost'}>"

    def _fields(self, content: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the header fields, written; *content* says what the body is."""
        listed = [("From", (self._from(),)), ("To", self.to), ("Cc", self.cc)]
        listed.append(("Reply-To", self.reply_to))
        written = [("Date", format_datetime(datetime.fromtimestamp(self.date, UTC)))]
        written += [(name, _listed(name, found)) for name, found in listed if found]
        if not self.to and not self.cc:
            # RFC 5322 lets it be missing; servers that are older do not.
            written.append(("To", "undisclosed-recipients:;"))
        subject = field_text("Subject", self.subject, letters_max=LINE_LETTERS)
        written.append(("Subject", subject))
        written.append(("Message-ID", self.message_id))
        if self.references:
            written.append(("References", folded("References", self.references)))
        if self.priority is not None:
            written.append(("X-Priority", _PRIORITIES[self.priority]))
        written += [("X-Tag", field_text("X-Tag", tag)) for tag in self.tags]
        for key, value in self.metadata.items():
            written.append((f"X-Metadata-{key}", field_text(f"X-Metadata-{key}", value)))
        written += [(name, field_text(name, value)) for name, value in self.headers.items()]
        return [*written, ("MIME-Version", "1.0"), *content]

    def _check(self) -> None:
        check_text("subject", self.subject)
        for field in ("text", "html"):
            body = getattr(self, field)
            if body is not None and not isinstance(body, str):
                raise InvalidMessage(field, f"it has to be text, not {type(body).__name__}.")
        check_ids(self.inline)
        self._check_fields()
        _check_key(self.idempotency_key)
        is_number = isinstance(self.priority, int)
        if self.priority is not None and not (is_number and self.priority in _PRIORITIES):
            raise InvalidMessage("priority", f"{self.priority!r} is none of 1 (highest) to 5.")
        date = cast(object, self.date)
        if not isinstance(date, int | float):
            raise InvalidMessage("date", f"it has to be seconds since 1970, not {date!r}.")
        if not (math.isfinite(date) and _DATES[0] <= date <= _DATES[1]):
            raise InvalidMessage("date", f"{self.date!r} is no time between the years 1 and 9999.")
        if self.message_id:
            _check_id("message_id", self.message_id)
        for reference in self.references:
            _check_id("references", reference)

    def _check_fields(self) -> None:
        """Check what becomes a header field under a name of its own."""
        for tag in self.tags:
            check_text("tags", tag)
        for key, value in self.metadata.items():
            check_name("metadata", key)
            check_text(f"metadata.{key}", value)
        seen: set[str] = set()
        for name, value in self.headers.items():
            check_name("headers", name)
            check_text(f"headers.{name}", value)
            lower = name.lower()
            if lower in _SAID_BY or lower.startswith("content-"):
                instead = _SAID_BY.get(lower) or "text, html and attachments"
                raise InvalidMessage(
                    f"headers.{name}", f"this field is made from the message. Give it as {instead}."
                )
            if lower in seen:
                raise InvalidMessage(f"headers.{name}", "it is there twice, in other letters.")
            seen.add(lower)


def _words(field: str, given: Iterable[str]) -> tuple[str, ...]:
    """Return *given* as a tuple; text alone would be taken letter by letter."""
    several = cast(object, given)
    if isinstance(several, str):
        raise InvalidMessage(field, f'"{several}" is text. Give a list, even of one.')
    if not isinstance(several, Iterable):
        raise InvalidMessage(field, f"it has to be a list, not {type(several).__name__}.")
    return tuple(given)


def _pairs(field: str, given: Mapping[str, str] | None) -> dict[str, str]:
    pairs = cast(object, given)
    if pairs is not None and not isinstance(pairs, Mapping):
        raise InvalidMessage(
            field, f"it has to be a dict of names and values, not {type(pairs).__name__}."
        )
    return dict(given or {})


def _mailbox(address: Address) -> tuple[str, str]:
    """Return what the addresses of one mailbox have in common; the case of a domain is nothing."""
    local, _, domain = address.wire.rpartition("@")
    return local, domain.lower()


def _check_key(key: str) -> None:
    check_text("idempotency_key", key)
    if len(key) > _KEY_LETTERS_MAX:
        raise InvalidMessage(
            "idempotency_key",
            f"it has {len(key)} letters, and {_KEY_LETTERS_MAX} at most are taken. Give the number "
            "or the name of what is told, such as that of the order.",
        )


def _check_id(field: str, value: str) -> None:
    check_text(field, value)
    if len(value) > _ID_LETTERS_MAX or not _ID.fullmatch(value):
        raise InvalidMessage(
            field, f'"{value[:80]}" is no Message-ID. Write it as in "<order-7@example.com>".'
        )


def _listed(name: str, found: tuple[Address, ...]) -> str:
    words: list[str] = []
    for position, each in enumerate(found):
        end = "," if position < len(found) - 1 else ""
        written = [*phrase(each.name), f"<{each.wire}>"] if each.name else [each.wire]
        written[-1] += end
        words += written
    return folded(name, words)
