"""StoreLedger: remembers in the store, for all processes of one machine."""

from __future__ import annotations

from typing import Final

from securely.mail.contracts import Sent
from securely.mail.exceptions import UnreadableEntry
from securely.mail.once.rows import row_of, sent_of
from securely.store import Corrupted, Database, Tree, WithinTransaction, WrongType
from securely.support.missing import MISSING, Missing

__all__ = ["StoreLedger"]

# A day, and so many of them unless told: longer than any job is tried.
_DAY_SECONDS: Final = 86_400.0
_DAYS: Final = 7.0
_TREE: Final = "mail-once"


class StoreLedger:
    """Remembers in a tree of the store; a mail and its claim are one row, which is signed.

    Args:
        database: Where.
        days: For how many days a mail is remembered.
    """

    def __init__(self, database: Database, *, days: float = _DAYS) -> None:
        self._tree: Tree[list[object]] = database.tree(_TREE, list)
        self._seconds: float = days * _DAY_SECONDS

    def sent(self, key: str) -> Sent | None:
        """Return what became of the mail of *key*; None if it was not sent.

        Raises:
            UnreadableEntry: What is kept of it was not written by us.
        """
        try:
            row = self._tree.get(key)
        except (Corrupted, WrongType) as error:
            raise UnreadableEntry(str(error)) from error
        return None if row is None or _is_claim(row) else sent_of(row)

    def claim(self, key: str, owner: str, seconds: float) -> Sent | bool:
        """Take the mail of *key* for *owner*, in one step with the look whether it was sent.

        Raises:
            UnreadableEntry: What is kept of it was not written by us.
            WithinTransaction: It would be forgotten if the transaction were rolled back.
        """
        if self._tree.bound.engine.in_transaction():
            raise WithinTransaction("send")
        try:
            result = self._tree.compare_and_swap(key, MISSING, [owner], seconds)
        except (Corrupted, WrongType) as error:
            raise UnreadableEntry(str(error)) from error
        if result.ok:
            return True
        row = result.current
        return False if isinstance(row, Missing) or _is_claim(row) else sent_of(row)

    def refresh(self, key: str, owner: str, seconds: float) -> bool:
        """Let the claim of *owner* end *seconds* from now; return whether it still is its own."""
        return self._tree.compare_and_swap(key, [owner], [owner], seconds).ok

    def remember(self, key: str, sent: Sent) -> None:
        """Keep that the mail of *key* was sent, whoever claims it."""
        self._tree.put(key, row_of(sent), self._seconds)

    def release(self, key: str, owner: str) -> None:
        """Let others try the mail of *key*, if it is claimed by *owner*."""
        self._tree.compare_and_swap(key, [owner], MISSING)

    def forget(self, key: str) -> bool:
        """Remove what is known of *key*, readable or not; return whether anything was."""
        return self._tree.forget(key)


def _is_claim(row: list[object]) -> bool:
    """Return whether *row* is the token of an owner."""
    return len(row) == 1
