from __future__ import annotations

import io

import pytest

from securely.support import terminal
from securely.support.terminal import split_globals


@pytest.mark.parametrize(
    ("line", "attribute", "value", "rest"),
    [
        ("-v list", "verbosity", terminal.VERBOSE, "list"),
        ("list -vv", "verbosity", terminal.VERY_VERBOSE, "list"),
        ("list --verbose=3", "verbosity", terminal.DEBUG, "list"),
        ("list -q", "verbosity", terminal.QUIET, "list"),
        ("list --silent", "verbosity", terminal.SILENT, "list"),
        ("--env testing list", "env", "testing", "list"),
        ("list --env=testing x", "env", "testing", "list x"),
        ("list --env -x", "env", "", "list -x"),
        ("list --no-ansi", "ansi", False, "list"),
        ("list --ansi", "ansi", True, "list"),
        ("-n list", "interactive", False, "list"),
        ("x -h", "help", True, "x"),
        ("-V", "version", True, ""),
        ("x -- -h", "help", False, "x -- -h"),
        ("x -vvn", "verbosity", terminal.VERY_VERBOSE, "x"),
        ("x -vvn", "interactive", False, "x"),
        ("x -fn", "interactive", True, "x -fn"),
        ("x - --", "help", False, "x - --"),
    ],
)
def test_split_globals_takes_them_out_wherever_they_stand(
    line: str, attribute: str, value: object, rest: str
) -> None:
    found, left = split_globals(line.split())

    assert getattr(found, attribute) == value
    assert left == rest.split()


def test_width_prefers_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "123")
    assert terminal.width() == 123


def test_width_when_there_is_no_terminal_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.__stdout__", io.StringIO())
    monkeypatch.setattr("sys.__stderr__", None)
    assert terminal.width(77) == 77


def test_decorated_when_the_stream_is_closed_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    stream = io.StringIO()
    stream.close()
    assert terminal.decorated(stream) is False


def test_paint_when_not_coloured_leaves_the_text() -> None:
    assert terminal.paint("x", terminal.INFO, False) == "x"
    assert terminal.paint("x", terminal.INFO, True) == "\x1b[32mx\x1b[0m"
