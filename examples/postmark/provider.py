"""PostmarkProvider: lets mailers have the transport "postmark"."""

from __future__ import annotations

from typing import Any

from securely.container import Provider
from securely.mail import MailManager, Transport

__all__ = ["PostmarkProvider"]


class PostmarkProvider(Provider):
    """Lets mailers have the transport "postmark"."""

    def register(self) -> None:
        """Add it when mail is first used: no boot pays for it."""
        self.call_after_resolving(MailManager, self.extend)

    def extend(self, mail: MailManager) -> None:
        """Add it to *mail*."""
        mail.extend("postmark", self.transport)

    def transport(self, name: str, options: Any) -> Transport:
        """Return the transport of the mailer *name*."""
        from examples.postmark.postmark import PostmarkTransport  # httpx2: not before

        return PostmarkTransport.build(name, options)
