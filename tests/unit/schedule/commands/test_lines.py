"""Lines: what a process that runs tasks tells of them."""

from __future__ import annotations

import io
from datetime import UTC

import pytest

from securely.console.output.style import safe
from securely.console.output.writer import Output
from securely.schedule.commands.base import Lines, one_line
from securely.schedule.contracts import Ending, State
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task

AT = 1_800_000_000


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def act() -> None:
    """What a task does."""


def task(name: str) -> Task:
    return Schedule().call(act).name(name)


def told(*endings: tuple[str, Ending], screen: io.StringIO, tells_skipped: bool = True) -> str:
    lines = Lines(Output(screen, screen, ansi=False), UTC, tells_skipped=tells_skipped)
    for name, ending in endings:
        lines.ended(task(name), AT, ending, 1.5)
    return screen.getvalue()


def test_a_run_is_a_line() -> None:
    text = told(("stats", Ending(State.DONE)), screen=io.StringIO())

    assert text.startswith("  2027-01-15 08:00:00 stats ...")
    assert text.endswith(" 1.50s DONE\n")


def test_a_reason_stands_below() -> None:
    text = told(
        ("stats", Ending(State.FAILED, reason="\n no room <b>left\nTraceback")),
        screen=io.StringIO(),
    )

    assert text.splitlines()[1] == "    no room <b>left"
    assert "Traceback" not in text


def test_what_was_skipped_took_no_time_and_may_be_left_out() -> None:
    skipped = ("stats", Ending(State.SKIPPED, reason="it still runs"))

    assert "1.50s" not in told(skipped, screen=io.StringIO())
    assert told(skipped, screen=io.StringIO(), tells_skipped=False) == ""


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_long_name_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    text = told(("a long name " * 20, Ending(State.DONE)), screen=Screen())

    (line,) = text.splitlines()
    assert len(line) <= columns
    assert "… ." in line


def test_in_a_pipe_a_long_name_is_whole() -> None:
    name = ("a long name " * 20).strip()

    assert name in told((name, Ending(State.DONE)), screen=io.StringIO())


def test_nothing_in_a_text_moves_a_cursor() -> None:
    assert safe("a\x1b[2J\r\n\x9b<info>") == "a [2J   \\<info>"
    assert one_line("\n\n  first\nsecond") == "first"
    assert one_line("") == ""
