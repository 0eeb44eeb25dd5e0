"""Tables and values, drawn by rich; imported when the first one is drawn."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from rich import box as boxes
from rich.console import Console
from rich.pretty import Pretty
from rich.table import Table
from rich.text import Text

from securely.console.exceptions import InvalidInput
from securely.console.output import style
from securely.console.output.separator import TableSeparator
from securely.support.suggest import did_you_mean

__all__ = ["BOXES", "draw_table", "draw_values"]

Row = Sequence[object] | Mapping[str, object] | TableSeparator

BOXES: dict[str, boxes.Box | None] = {
    "default": boxes.ASCII2,
    "borderless": boxes.SIMPLE_HEAD,
    "compact": None,
    "box": boxes.SQUARE,
    "box-double": boxes.DOUBLE,
    "markdown": boxes.MARKDOWN,
}

# Wide enough for any cell that is not a mistake; rich needs some number.
_UNBOUNDED = 100_000


def draw_table(
    headers: Sequence[str],
    rows: Iterable[Row],
    box: str,
    colour: bool,
    width: int | None,
) -> str:
    """Return the lines of a table.

    Args:
        headers: One text per column.
        rows: One sequence per row, a mapping by header, or a separator.
        box: A name in :data:`BOXES`.
        colour: Whether headers and tags are coloured.
        width: Columns within which cells are wrapped; ``None`` leaves them whole.

    Raises:
        InvalidInput: No box has that name.
    """
    if box not in BOXES:
        near = did_you_mean(box, BOXES)
        hint = f'Did you mean "{near}"?' if near else ""
        raise InvalidInput(f'"{box}" is no table style. There are: {", ".join(BOXES)}.', hint=hint)
    table = Table(box=BOXES[box], header_style="green", show_header=bool(headers))
    for header in headers:
        table.add_column(_cell(header, colour), overflow="fold")
    for row in rows:
        if isinstance(row, TableSeparator):
            table.add_section()
            continue
        cells = [row.get(header, "") for header in headers] if isinstance(row, Mapping) else row
        table.add_row(*[_cell(cell, colour) for cell in cells])
    drawn = io.StringIO()
    console = Console(
        file=drawn,
        width=width or _UNBOUNDED,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        emoji=False,
        highlight=False,
        markup=False,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines())


def draw_values(place: str, values: Iterable[object], stream: TextIO) -> None:
    """Write *place*, then each of *values* as Python would write it, in colour and in lines."""
    console = Console(file=stream)
    console.print(place, style="dim", highlight=False, soft_wrap=True, markup=False)
    for each in values:
        console.print(Pretty(each))


def _cell(value: object, colour: bool) -> Text:
    text = "" if value is None else str(value)
    return Text.from_ansi(style.render(text, colour)) if colour else Text(style.render(text, False))
