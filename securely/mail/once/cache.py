"""CacheLedger: remembers in a cache, for all machines that share it."""

from __future__ import annotations

from typing import Final

from securely.cache import Lock, Repository
from securely.mail.contracts import Sent
from securely.mail.once.rows import row_of, sent_of

__all__ = ["CacheLedger"]

# A day, and so many of them unless told: longer than any job is tried.
_DAY_SECONDS: Final = 86_400.0
_DAYS: Final = 7.0
_PREFIX: Final = "mail-once:"


class CacheLedger:
    """Remembers in a cache that has locks: the claim is one of them, and the mail a value.

    A cache may lose what it keeps: it evicts, is cleared, or refuses an entry that somebody has
    edited. A mail that is forgotten so is sent again if it is tried again.

    Args:
        cache: Where.
        days: For how many days a mail is remembered.
    """

    def __init__(self, cache: Repository, *, days: float = _DAYS) -> None:
        self._cache: Repository = cache
        self._seconds: float = days * _DAY_SECONDS

    def sent(self, key: str) -> Sent | None:
        """Return what became of the mail of *key*; None if it was not sent.

        Raises:
            UnreadableEntry: What is kept of it was not written by us.
        """
        row = self._cache.get(_PREFIX + key)
        return None if row is None else sent_of(row)

    def claim(self, key: str, owner: str, seconds: float) -> Sent | bool:
        """Take the mail of *key* for *owner*, and look whether it was sent.

        Nobody ends a claim before the mail is remembered: who has it sees whether it was sent.

        Raises:
            UnreadableEntry: What is kept of it was not written by us.
        """
        lock = self._lock(key, owner, seconds)
        is_ours = lock.acquire()
        try:
            sent = self.sent(key)
        except BaseException:
            if is_ours:
                lock.release()
            raise
        if sent is None:
            return is_ours
        if is_ours:
            lock.release()
        return sent

    def refresh(self, key: str, owner: str, seconds: float) -> bool:
        """Let the claim of *owner* end *seconds* from now; return whether it still is its own."""
        return self._lock(key, owner, seconds).refresh()

    def remember(self, key: str, sent: Sent) -> None:
        """Keep that the mail of *key* was sent, and then end the claim, whoever has it."""
        self._cache.put(_PREFIX + key, row_of(sent), self._seconds)
        self._lock(key).force_release()

    def release(self, key: str, owner: str) -> None:
        """Let others try the mail of *key*, if it is claimed by *owner*."""
        self._lock(key, owner).release()

    def forget(self, key: str) -> bool:
        """Remove what is known of *key*, readable or not; return whether anything was."""
        was_sent = self._cache.forget(_PREFIX + key)
        return self._lock(key).force_release() or was_sent

    def _lock(self, key: str, owner: str | None = None, seconds: float = 0.0) -> Lock:
        # Bound: where the cache can tell that a process died, its claim ends at once.
        return self._cache.lock(_PREFIX + key, seconds, owner, bound=True)
