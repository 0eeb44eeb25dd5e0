"""Outbox: hooks that could not be told of a change, kept to be tried again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from securely.settings.envfile import private_folder
from securely.support.replacing import replace

__all__ = ["Outbox", "Undelivered"]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A change that a hook was not told of. No value is in it: the history has those.

    Attributes:
        revision: Which change.
        hook: A program's command line, or what stands for a webhook.
        at: When, in UTC, as ISO 8601 has it.
        reason: Why.
    """

    revision: int
    hook: str
    at: str
    reason: str


class Outbox:
    """What could not be delivered, a line each in a file of its owner's alone.

    Args:
        file: Where it is kept.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> list[Undelivered]:
        """Return what is there, the oldest first; a line that was cut is left out."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        found: list[Undelivered] = []
        for line in lines:
            try:
                found.append(Undelivered(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return found

    def keep(self, rows: Sequence[Undelivered]) -> None:
        """Let *rows* be all that is there."""
        if not rows and not self._file.exists():
            return
        private_folder(self._file.parent, "*")
        text = "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
        replace(self._file, text.encode())
