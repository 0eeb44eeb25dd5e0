"""Posting: where a mailable goes, beside what it says itself."""

from __future__ import annotations

from dataclasses import dataclass

from securely.mail.message.address import Address

__all__ = ["Posting"]


@dataclass(frozen=True, slots=True)
class Posting:
    """Where a mailable goes, beside what its envelope says; it travels in the payload of a job.

    Attributes:
        to: Whom it is for.
        cc: Who gets a copy that all others see.
        bcc: Who gets a copy that nobody sees.
        locale: The language it is rendered in; None for the current one.
        mailer: The mailer that sends it; None for the one it was given to.
    """

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    locale: str | None = None
    mailer: str | None = None
