"""Keys, as terminals send them."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Iterator

import pytest

from securely.console.prompts.keys import Key, Keys, TerminalKeyboard, can_read_keys, decoded


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("aé漢", ["a", "é", "漢"]),
        ("\x1b[A\x1bOB\x1b[C\x1b[D", [Key.UP, Key.DOWN, Key.RIGHT, Key.LEFT]),
        ("\x1b[H\x1b[1~\x1bOH\x1b[F\x1b[4~", [Key.HOME, Key.HOME, Key.HOME, Key.END, Key.END]),
        ("\x1b[3~\x1b[5~\x1b[6~\x1b[Z", [Key.DELETE, Key.PAGE_UP, Key.PAGE_DOWN, Key.SHIFT_TAB]),
        ("\x1b", [Key.ESCAPE]),
        ("\x1bx", [Key.ESCAPE, "x"]),
        ("\x1b[1;5Cx", [Key.UNKNOWN, "x"]),
        ("\x1b[200", [Key.UNKNOWN]),
        ("\n\r\t\x7f\x08", [Key.ENTER, Key.ENTER, Key.TAB, Key.BACKSPACE, Key.BACKSPACE]),
        ("a\r\nb\r\n\r\n", ["a", Key.ENTER, "b", Key.ENTER, Key.ENTER]),
        ("👩\u200d👧", ["👩", "\u200d", "👧"]),
        ("🏴\U000e0067\U000e007f", ["🏴", "\U000e0067", "\U000e007f"]),
        ("\u202e\u200b", [Key.UNKNOWN, Key.UNKNOWN]),
        ("\x01\x03\x04\x15", [Key.CTRL_A, Key.CTRL_C, Key.CTRL_D, Key.CTRL_U]),
        ("\x00\x1f", [Key.UNKNOWN, Key.UNKNOWN]),
    ],
)
def test_decoded_when_given_what_a_terminal_sends_then_gives_keys(
    sent: str, keys: list[str]
) -> None:
    assert list(decoded(sent)) == keys


def test_keys_when_text_is_given_then_it_is_typed_letter_by_letter() -> None:
    keys = Keys(["ab", Key.ENTER])

    assert [keys.key(), keys.key(), keys.key(), keys.key()] == ["a", "b", Key.ENTER, None]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def test_keyboard_when_a_sequence_or_letter_is_cut_in_two_then_reads_it_whole(
    terminal: tuple[int, int],
) -> None:
    ours, theirs = terminal
    with os.fdopen(theirs, closefd=False) as stream:
        keyboard = TerminalKeyboard(stream)
        with keyboard.reading():
            os.write(ours, "漢".encode()[:2])
            os.write(ours, "漢".encode()[2:] + b"\x1b[")
            os.write(ours, b"Ax")

            assert [keyboard.key(), keyboard.key(), keyboard.key()] == ["漢", Key.UP, "x"]


def test_keyboard_when_a_chunk_ends_between_cr_and_lf_then_presses_enter_once(
    terminal: tuple[int, int],
) -> None:
    ours, theirs = terminal
    with os.fdopen(theirs, closefd=False) as stream:
        keyboard = TerminalKeyboard(stream)
        with keyboard.reading():
            os.write(ours, b"a" * 1023 + b"\r\nb")

            assert [keyboard.key() for _ in range(1025)] == ["a"] * 1023 + [Key.ENTER, "b"]


def test_keyboard_when_the_block_ends_then_the_terminal_is_what_it_was(
    terminal: tuple[int, int],
) -> None:
    ours, theirs = terminal
    del ours
    before = termios.tcgetattr(theirs)
    with os.fdopen(theirs, closefd=False) as stream, TerminalKeyboard(stream).reading():
        within = termios.tcgetattr(theirs)

    assert not within[3] & (termios.ECHO | termios.ICANON)
    assert termios.tcgetattr(theirs) == before


def test_can_read_keys_when_the_terminal_is_dumb_or_none_then_no(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with os.fdopen(terminal[1], closefd=False) as stream:
        monkeypatch.setenv("TERM", "xterm")
        assert can_read_keys(stream)
        monkeypatch.setenv("TERM", "dumb")
        assert not can_read_keys(stream)
    monkeypatch.setenv("TERM", "xterm")
    with open(os.devnull) as nothing:  # noqa: PTH123 - a stream is what is asked about
        assert not can_read_keys(nothing)
