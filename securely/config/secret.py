"""Secret: text that does not show itself in logs, errors and tracebacks."""

from __future__ import annotations

import hmac
from typing import final

from securely.support.masking import HIDDEN

__all__ = ["Secret"]


@final
class Secret:
    """Text that is shown by :meth:`reveal` only.

    Example:
        >>> secret = Secret("hunter2")
        >>> print(secret)
        ********
        >>> secret.reveal()
        'hunter2'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})"
