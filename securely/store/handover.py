"""Handover: what is taken out for a task that may be cancelled meanwhile goes to it, or stays."""

from __future__ import annotations

import threading
from typing import Any

from securely.store.contracts import Entry

__all__ = ["GivenUp", "Handover"]


class GivenUp(Exception):  # never leaves the store
    """Nobody waits any more for what is being taken out: the transaction is undone."""


class Handover:
    """Settles once, between a task and the thread that works for it, who has what is taken out.

    The thread says that it takes it, which the task can prevent until then. What was taken for a
    task that is cancelled later still lies here, and is put back.
    """

    def __init__(self) -> None:
        self._deciding = threading.Lock()
        self._is_given_up = False
        self._is_taken = False
        self._over = threading.Event()
        self._row: tuple[bytes, Entry] | None = None

    def take(self) -> None:
        """Say that the transaction is about to be committed.

        Raises:
            GivenUp: The task is cancelled.
        """
        with self._deciding:
            if self._is_given_up:
                raise GivenUp
            self._is_taken = True

    def taken(self, row: tuple[bytes, Entry] | None) -> None:
        """Note what was taken; None if nothing was, and nothing has to be put back."""
        self._row = row
        self._over.set()

    def give_up(self) -> bool:
        """Say that nobody waits any more; return whether that was in time."""
        with self._deciding:
            self._is_given_up = True
            return not self._is_taken

    def wait(self) -> Any:
        """Return what was taken, when that is settled."""
        self._over.wait()
        return self._row
