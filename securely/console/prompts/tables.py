"""Datatable: one of the rows of a table, which is searched by typing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, Unpack

from securely.console.output import style
from securely.console.prompts.checks import Given, settled
from securely.console.prompts.choices import Search
from securely.support.missing import MISSING

__all__ = ["Datatable", "Rows"]

Rows: TypeAlias = Sequence[Sequence[object]] | Mapping[Any, Sequence[object]]
"""The rows of a table; or rows by what is chosen."""


class Datatable(Search):
    """One of the rows of a table; what is typed leaves only rows that have it.

    Args:
        headers: What stands above the columns.
        rows: The rows.
        scroll: How many rows are seen at once.
        matches: Tells whether a row is left for what is typed; in either colour. Without it, a row
            is left that has it in one of its cells, case ignored.
    """

    width_max: int = 120

    def __init__(
        self,
        label: str,
        headers: Sequence[str],
        rows: Rows,
        *,
        scroll: int = 10,
        matches: Callable[[Sequence[object], str], object] | None = None,
        **given: Unpack[Given],
    ) -> None:
        named = rows if isinstance(rows, Mapping) else dict(enumerate(rows))
        self._rows: dict[Any, Sequence[object]] = dict(named)
        self._matches = matches or _has
        cells = [[_cell(each) for each in row] for row in ([*self._rows.values(), headers])]
        self._widths: list[int] = [
            max(style.plain_width(style.escape(row[at])) for row in cells if at < len(row))
            for at in range(max(map(len, cells)))
        ]
        self._head: str = self._aligned(headers)
        super().__init__(label, self._left, scroll=scroll, placeholder="Type to search", **given)
        self._mark_one()

    def handle(self, key: str) -> None:
        """Move the mark, or search for what is typed now; some row is marked where one is left."""
        super().handle(key)
        self._mark_one()

    def body(self, room: int) -> list[str]:
        """Return what is typed, the headers, and the rows that are left."""
        lines = super().body(room)
        if self.list.options and self._head:
            head = style.clipped(f"  <options=bold>{style.escape(self._head)}</>", room)
            lines.insert(len(self.query.body(room)) + 1, head)
        return lines

    def summary(self) -> str:
        """Return the cells of the row that was chosen."""
        if self.list.marked is MISSING:
            return ""
        return style.escape(", ".join(_cell(each) for each in self._rows[self.list.marked]))

    def _left(self, query: str) -> dict[Any, str]:
        return {
            key: self._aligned(row)
            for key, row in self._rows.items()
            if not query or settled(self._matches(row, query))
        }

    def _aligned(self, row: Sequence[object]) -> str:
        cells = [_cell(each) for each in row]
        spaces = [
            " " * (width - style.plain_width(style.escape(cell)))
            for cell, width in zip(cells, self._widths, strict=False)
        ]
        return "  ".join(map("".join, zip(cells, spaces, strict=True))).rstrip()

    def _mark_one(self) -> None:
        if self.list.marked is MISSING and self.list.options:
            self.list.mark(0)


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _has(row: Sequence[object], query: str) -> bool:
    return query.lower() in " ".join(map(_cell, row)).lower()
