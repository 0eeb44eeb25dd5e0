"""Unit: a command, request or job, from its beginning to its end."""

from __future__ import annotations

from types import TracebackType

from securely.context.state import Cell, State

__all__ = ["Unit"]


class Unit:
    """Within the block a task has *state*; behind it, what it had before.

    A class, and no generator: each job pays for it.

    Args:
        cell: Where the state of a task lies.
        state: What it begins with.
    """

    __slots__ = ("_before", "_cell", "_state")

    def __init__(self, cell: Cell, state: State) -> None:
        self._cell = cell
        self._state = state

    def __enter__(self) -> None:
        """Begin."""
        self._before = self._cell.load()
        self._cell.store(self._state)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        # Not by a token: the block may end in another context, in the loop of a portal.
        self._cell.store(self._before)
