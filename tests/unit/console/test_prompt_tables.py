"""One of the rows of a table."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from securely.console import BufferedOutput, NotInteractive, Prompts
from securely.console.prompts import datatable
from securely.console.prompts.fake import PromptsFake
from securely.console.prompts.keys import Key

HEADERS = ["Name", "City"]
ROWS = [["Ann", "Rome"], ["Bert", None], ["日本", "Köln\nDeutz"]]


@pytest.mark.parametrize(
    ("keys", "position"),
    [
        ([Key.ENTER], 0),
        ([Key.DOWN, Key.DOWN, Key.ENTER], 2),
        ([Key.DOWN, Key.DOWN, Key.DOWN, Key.ENTER], 0),
        ([Key.UP, Key.ENTER], 0),
        (["köln", Key.ENTER], 2),
        (["rt", Key.ENTER], 1),
        (["zz", Key.ENTER, Key.BACKSPACE, Key.BACKSPACE, Key.ENTER], 0),
    ],
)
def test_datatable_when_keys_are_pressed_then_gives_the_position_of_the_row(
    keys: list[str], position: int
) -> None:
    with PromptsFake(keys).active() as prompts:
        assert datatable("Who?", HEADERS, ROWS) == position
    prompts.assert_all_keys_read()


def test_datatable_when_it_is_drawn_then_columns_stand_below_their_headers() -> None:
    with PromptsFake([Key.END, Key.ENTER], width=30).active() as prompts:
        assert datatable("Who?", HEADERS, {"a": ROWS[0], "c": ROWS[2]}) == "c"

    prompts.assert_output_contains(
        " │   Name  City             │\n"
        " │ \u203a Ann   Rome             │\n"
        " │   日本  Köln Deutz       │\n"
    )
    prompts.assert_output_contains(" │ 日本, Köln Deutz         │\n")


def test_datatable_when_the_terminal_is_wide_then_so_is_the_table() -> None:
    with PromptsFake([Key.ENTER], width=200).active() as prompts:
        datatable("Who?", ["Text"], [["x" * 100]])

    prompts.assert_output_contains("x" * 100)


def test_datatable_when_it_is_told_what_matches_then_leaves_those_rows() -> None:
    async def begins(row: Sequence[object], query: str) -> bool:
        return str(row[0]).startswith(query)

    with PromptsFake(["B", Key.ENTER]).active():
        assert datatable("Who?", [], ROWS, matches=begins) == 1


def test_datatable_when_it_is_asked_by_lines_then_the_row_is_chosen_from_what_is_found(
    output: BufferedOutput,
) -> None:
    prompts = Prompts(output, answers=io.StringIO("n\n1\n"))

    assert prompts.datatable("Who?", HEADERS, {"a": ROWS[0], "c": ROWS[2]}) == "c"
    assert "a: Ann   Rome" in output.error_text


def test_datatable_when_nobody_is_there_then_is_refused(output: BufferedOutput) -> None:
    with pytest.raises(NotInteractive):
        Prompts(output, interactive=False).datatable("Who?", HEADERS, ROWS)
