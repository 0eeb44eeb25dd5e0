"""Notice: a change of the settings, as hooks are told of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from securely.settings.history import Change

__all__ = ["Notice"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A change, or one that is proposed.

    Attributes:
        command: What was done: set, unset, rollback …
        environment: Which environment's settings: ``default``, ``production`` …
        changes: The variables before and after.
        keys: The settings that each of them fills in.
        how: How processes are to follow: ``live``, ``reload``, ``restart`` or ``upgrade``.
        revision: The number in the history; None while it is proposed.
        undoes: The number of the change that it takes back, if it does that by itself.
    """

    command: str
    environment: str
    changes: tuple[Change, ...]
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    how: str = "restart"
    revision: int | None = None
    undoes: int | None = None

    @property
    def names(self) -> list[str]:
        """The variables that change."""
        return [change.name for change in self.changes]

    def data(self, revealed: Collection[str] = ()) -> dict[str, object]:
        """Return it for JSON; of secrets only the names, but of those that are *revealed*."""
        return {
            "revision": self.revision,
            "command": self.command,
            "environment": self.environment,
            "reload": self.how,
            "changes": [self._row(change, revealed) for change in self.changes],
        }

    def _row(self, change: Change, revealed: Collection[str]) -> dict[str, object]:
        shows = not change.secret or change.name in revealed
        values = {"old": change.old, "new": change.new} if shows else {}
        return {
            "name": change.name,
            "keys": [*self.keys.get(change.name, ())],
            "place": change.place,
            "secret": change.secret,
            **values,
        }
