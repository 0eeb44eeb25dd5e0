"""The first of several mailers that takes a message."""

from __future__ import annotations

from collections.abc import Sequence

from securely.mail.drivers.base import Several

__all__ = ["FailoverTransport"]


class FailoverTransport(Several):
    """Several mailers in order: the others are for when the first one fails.

    Source: Laravel 13, Illuminate\\Mail\\MailManager::createFailoverTransport.
    """

    def _turn(self) -> Sequence[str]:
        return self.members
