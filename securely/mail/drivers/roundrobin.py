"""Several mailers by turns."""

from __future__ import annotations

from collections.abc import Sequence

from securely.mail.drivers.base import Several
from securely.support import entropy

__all__ = ["RoundrobinTransport"]


class RoundrobinTransport(Several):
    """Several mailers by turns: each takes its share, and that of one that fails.

    Each process begins somewhere else: many short ones would all begin with the first.

    Source: Laravel 13, Illuminate\\Mail\\MailManager::createRoundrobinTransport.
    """

    _next: int | None = None

    def _turn(self) -> Sequence[str]:
        count = len(self.members)
        # Threads may take the same turn: it is a share, not a promise.
        first = entropy.below(count) if self._next is None else self._next
        self._next = (first + 1) % count
        return self.members[first:] + self.members[:first]
