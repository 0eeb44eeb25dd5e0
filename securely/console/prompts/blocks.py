"""Blocks: a text in a frame, and short texts side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from securely.console.exceptions import InvalidInput
from securely.console.output import style
from securely.console.prompts.field import frame
from securely.support.listing import wrapped

__all__ = ["Content", "callout_lines", "grid_lines"]

Content: TypeAlias = str | Sequence[str | Sequence[str] | Mapping[str, object]]
"""A text; or several parts: texts, lists, which get bullets, and values by name."""

# Columns: longer lines are hard to read, however wide the terminal is.
_WIDTH_MAX: Final = 80
_KINDS: Final = {"": ("cyan", ""), "warning": ("yellow", "⚠ "), "error": ("red", "⚠ ")}
# What stands around a cell, and around the lines of a frame.
_CELL: Final = 3
_FRAME: Final = 6


def callout_lines(label: str, content: Content, kind: str, info: str, width: int) -> list[str]:
    """Return a framed text as lines with tags.

    Args:
        label: What stands in the upper edge.
        content: What is said.
        kind: "", "warning" or "error".
        info: What stands in the lower edge.
        width: Columns of the terminal.

    Raises:
        InvalidInput: There is no such kind.
    """
    if kind not in _KINDS:
        raise InvalidInput(f'A callout is no "{kind}". There are: warning, error.')
    colour, sign = _KINDS[kind]
    width = min(width, _WIDTH_MAX) - 2
    parts = [content] if isinstance(content, str) else content
    body: list[str] = []
    for number, part in enumerate(parts):
        body += [""] * (number > 0) + _part(part, width - _FRAME + 2)
    return frame(sign + label, body, colour, width, info)


def grid_lines(items: Sequence[str], width: int) -> list[str]:
    """Return *items* side by side in cells of one width, as lines with tags."""
    cells = [style.clipped(item, max(width - _CELL - 2, 1)) for item in items]
    if not cells:
        return []
    widest = max(map(style.plain_width, cells))
    columns = _columns(len(cells), max((width - 2) // (widest + _CELL), 1))
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    edge = "─" * (widest + 2)

    def rule(left: str, middle: str, right: str) -> str:
        return f" <fg=gray>{left}{middle.join([edge] * columns)}{right}</>"

    lines = [rule("┌", "┬", "┐")]
    for number, row in enumerate(rows):
        if number:
            lines.append(rule("├", "┼", "┤"))
        filled = [*row, *[""] * (columns - len(row))]
        padded = [f" {cell}{' ' * (widest - style.plain_width(cell))} " for cell in filled]
        bar = "<fg=gray>│</>"
        lines.append(f" {bar}{bar.join(padded)}{bar}")
    return [*lines, rule("└", "┴", "┘")]


def _columns(count: int, most: int) -> int:
    """Return in how many columns the last row is at least half full.

    Source: Laravel 13, Prompts, GridRenderer::balancedColumnCount.
    """
    if count <= most:
        return count
    for columns in range(most, 0, -1):
        if count % columns == 0 or count % columns >= (columns + 1) // 2:
            return columns
    return most


def _part(part: str | Sequence[str] | Mapping[str, object], room: int) -> list[str]:
    if isinstance(part, str):
        return [each for line in part.split("\n") for each in _wrapped(line, 0, room)]
    if isinstance(part, Mapping):
        widest = max(map(len, part), default=0)
        named = [f"{name}{' ' * (widest - len(name))}  {value}" for name, value in part.items()]
        return [each for line in named for each in _wrapped(line, widest + 2, room)]
    return [each for item in part for each in _wrapped(f"• {item}", 2, room)]


def _wrapped(line: str, indent: int, room: int) -> list[str]:
    lines = wrapped(line, indent if indent < room // 2 else 2, room)
    return [style.clipped(style.escape(each), room) for each in lines]
