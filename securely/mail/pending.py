"""PendingMail: whom the next message goes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from securely.mail.contracts import Sent
from securely.mail.mailable.mailable import Mailable
from securely.mail.message.address import Address, Who, each_of
from securely.mail.message.message import Message
from securely.mail.sender import Sender
from securely.queue import PendingDispatch
from securely.support.steps import Steps

__all__ = ["PendingMail"]


@dataclass(frozen=True, slots=True)
class PendingMail(Sender):
    """Whom the next message goes to. It does not change: each method returns another one.

    So one that is kept, or used in a loop, never gathers the recipients of earlier messages.
    """

    mailer: Sender
    recipients: tuple[Address, ...] = ()
    copies: tuple[Address, ...] = ()
    blind_copies: tuple[Address, ...] = ()
    language: str | None = None

    def to(self, *who: Who | Iterable[Who]) -> Self:
        """Have the message go to *who*, and not to those who were named for that before.

        A single object that has a `preferred_locale` decides the language of a mailable, where
        nothing else was said.
        """
        language = self.language or (_preferred(who[0]) if len(who) == 1 else None)
        return replace(self, recipients=each_of("to", who), language=language)

    def cc(self, *who: Who | Iterable[Who]) -> Self:
        """Have *who* get a copy that all others see; it replaces those named before."""
        return replace(self, copies=each_of("cc", who))

    def bcc(self, *who: Who | Iterable[Who]) -> Self:
        """Have *who* get a copy that nobody sees; it replaces those named before."""
        return replace(self, blind_copies=each_of("bcc", who))

    def locale(self, locale: str | None) -> Self:
        """Have a mailable be rendered in the language *locale*; None for the current one."""
        return replace(self, language=locale)

    def _send(self, given: Message | Mailable, key: str) -> Steps[Sent | None]:
        return self.mailer._send(self._addressed(given), key)  # pyright: ignore[reportPrivateUsage]  # one of our own kind

    def _dispatch(
        self, mailable: Mailable, queue: str | None, connection: str | None
    ) -> PendingDispatch[Any]:
        return self.mailer._dispatch(self._posted(mailable), queue, connection)  # pyright: ignore[reportPrivateUsage]  # one of our own kind

    def _addressed(self, message: Message | Mailable) -> Message | Mailable:
        if isinstance(message, Mailable):
            return self._posted(message)
        return message.changed(
            to=(*message.to, *self.recipients),
            cc=(*message.cc, *self.copies),
            bcc=(*message.bcc, *self.blind_copies),
        )

    def _posted(self, mailable: Mailable) -> Mailable:
        posted = mailable.to(self.recipients).cc(self.copies).bcc(self.blind_copies)
        return posted if self.language is None else posted.locale(self.language)


def _preferred(who: Any) -> str | None:
    preferred: Any = getattr(who, "preferred_locale", None)
    return cast("str | None", preferred() if callable(preferred) else preferred)
