"""Texts in frames, and short texts side by side."""

from __future__ import annotations

import pytest

from securely.console import InvalidInput, Verbosity
from securely.console.output import style
from securely.console.prompts import callout, grid
from securely.console.prompts.blocks import callout_lines, grid_lines
from securely.console.prompts.fake import PromptsFake


def test_callout_when_it_has_parts_then_texts_lists_and_values_stand_apart() -> None:
    with PromptsFake([], width=40).active() as prompts:
        callout(
            "Ready",
            ["It is made.", ["one", "two " * 10], {"name": "<b>", "years": 3}],
            info="v1",
        )

    assert prompts.screen.text.splitlines() == [
        " ┌ Ready ─────────────────────────────┐",
        " │ It is made.                        │",
        " │                                    │",
        " │ • one                              │",
        " │ • two two two two two two two two  │",
        " │   two two                          │",
        " │                                    │",
        " │ name   <b>                         │",
        " │ years  3                           │",
        " └──────────────────────────────── v1 ┘",
    ]
    assert prompts.screen.error_text == ""


@pytest.mark.parametrize("kind", ["warning", "error"])
def test_callout_when_it_warns_then_goes_to_the_error_stream(kind: str) -> None:
    with PromptsFake([]).active() as prompts:
        callout("Careful", "Two\nlines, and\nanother.", kind)

    assert prompts.screen.text == ""
    assert "┌ ⚠ Careful ─" in prompts.screen.error_text
    assert len(prompts.screen.error_text.splitlines()) == 5


def test_callout_when_it_is_quiet_then_shows_errors_only() -> None:
    prompts = PromptsFake([])
    prompts.screen.verbosity = Verbosity.QUIET
    with prompts.active():
        callout("Note", "x")
        callout("Careful", "x", "warning")
        callout("Broken", "x", "error")

    assert "Broken" in prompts.screen.all_text
    assert "Careful" not in prompts.screen.all_text
    assert "Note" not in prompts.screen.all_text


def test_callout_when_there_is_no_such_type_then_says_which_there_are() -> None:
    with pytest.raises(InvalidInput, match=r'no "danger"\. There are: warning, error'):
        callout_lines("x", "y", "danger", "", 80)


@pytest.mark.parametrize("width", [30, 80, 200])
def test_callout_when_words_are_long_then_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = callout_lines("L" * 300, ["x" * 300, {"n" * 50: "v " * 90}], "", "i" * 300, width)

    assert {style.plain_width(line) for line in lines} == {min(width, 80) - 1}


@pytest.mark.parametrize(
    ("count", "width", "rows"),
    [(4, 80, [4]), (4, 20, [2, 2]), (7, 26, [4, 3]), (5, 26, [3, 2]), (3, 1, [1, 1, 1])],
)
def test_grid_when_items_do_not_fit_in_a_row_then_rows_are_filled_alike(
    count: int, width: int, rows: list[int]
) -> None:
    lines = grid_lines(["ab"] * count, width)[1::2]

    assert [style.strip(line).replace("…", "ab").count("ab") for line in lines] == rows


def test_grid_when_items_differ_then_cells_are_as_wide_as_the_widest() -> None:
    with PromptsFake([]).active() as prompts:
        grid(["<info>日本</info>", "a"], max_width=20)
        grid([])

    assert prompts.screen.text.splitlines() == [
        " ┌──────┬──────┐",
        " │ 日本 │ a    │",
        " └──────┴──────┘",
    ]
