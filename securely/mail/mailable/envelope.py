"""Envelope, Content, Headers: what a mailable says of its message.

Source: Laravel 13, Illuminate\\Mail\\Mailables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.address import Who
from securely.mail.message.message import Message

__all__ = ["Content", "Envelope", "Headers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What it is about, and who writes to whom.

    Attributes:
        subject: What it is about; the words of the class's name where nothing is said.
        from_: Whom it is from; None for the mailer's own.
        to: Whom it is for, beside those named when it is sent.
        cc: Who gets a copy that all others see.
        bcc: Who gets a copy that nobody sees.
        reply_to: Whom answers go to, if not to the sender.
        return_path: Where servers say that it could not be delivered.
        tags: Words by which services group mails.
        metadata: Names and values that services keep with it.
        priority: 1 (highest) to 5 (lowest).
        idempotency_key: One mail of a key is sent, however often it is tried; "" for none. Mails
            that wait in a queue have one of their own.
        using: Functions that are given the finished message, and return what is sent instead.
    """

    subject: str | None = None
    from_: Who | None = None
    to: Who | Iterable[Who] | None = None
    cc: Who | Iterable[Who] | None = None
    bcc: Who | Iterable[Who] | None = None
    reply_to: Who | Iterable[Who] | None = None
    return_path: Who | None = None
    tags: Sequence[str] = ()
    metadata: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    priority: int | None = None
    idempotency_key: str = ""
    using: Sequence[Callable[[Message], Message]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What stands in it: HTML of one source, and perhaps a text of one's own.

    Where only HTML is said, the text is made from it, for readers who want no HTML.

    Attributes:
        view: The view that gives the HTML: "mail.invoice" is `resources/views/mail/invoice.html`.
        text: The view that gives the text: `resources/views/mail/invoice.txt`.
        markdown: The view that gives both, with components and a theme: `….md`.
        html_string: The HTML itself.
        with_: What views are given, beside the public attributes of the mailable.

    Raises:
        InvalidMessage: Nothing is said, or HTML of two sources.
    """

    view: str | None = None
    text: str | None = None
    markdown: str | None = None
    html_string: str | None = None
    with_: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        said = [
            name for name in ("view", "markdown", "html_string") if getattr(self, name) is not None
        ]
        if len(said) > 1:
            raise InvalidMessage(
                "content", f"{' and '.join(said)} each give its HTML. Leave all but one out."
            )
        if not said and self.text is None:
            raise InvalidMessage(
                "content", "nothing is said of it. Give a view, a text, a markdown or a string."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Header fields that readers of mail use, and any others.

    Attributes:
        message_id: The Message-ID, with or without its angle brackets; "" to have one made.
        references: The Message-IDs of what this belongs to, the oldest first.
        text: Further header fields.
    """

    message_id: str = ""
    references: Sequence[str] = ()
    text: Mapping[str, str] = field(default_factory=dict[str, str])
