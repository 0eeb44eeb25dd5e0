"""Text that arrives piece by piece."""

from __future__ import annotations

import io

import pytest

from securely.console import BufferedOutput, Output, Verbosity
from securely.console.prompts import stream
from securely.console.prompts.fake import PromptsFake
from securely.console.prompts.streaming import Stream


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def streamed(width: int, *pieces: str) -> str:
    terminal = Terminal()
    with Stream(Output(terminal, width=width)) as told:
        for piece in pieces:
            told.append(piece)
    return terminal.getvalue()


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        (["one two", " thr", "ee four"], ["one two", "three four"]),
        (["one\n", "\ntwo\n"], ["one", "", "two"]),
        (["a  b ", " c"], ["a  b  c"]),
        (["averylongword ", "x"], ["averylongword", "x"]),
        (["日本語 日本語"], ["日本語", "日本語"]),
        (["<info>x</info>"], ["<info>x</info>"]),
        ([], []),
    ],
)
def test_stream_in_a_terminal_when_words_do_not_fit_then_begins_a_line(
    pieces: list[str], lines: list[str]
) -> None:
    assert streamed(10, *pieces) == "".join(f"{line}\n" for line in lines)


def test_stream_in_a_terminal_when_a_word_may_go_on_then_holds_it_back() -> None:
    terminal = Terminal()
    told = Stream(Output(terminal, width=10))

    told.append("one tw")
    before = terminal.getvalue()
    told.append("o ")

    assert (before, terminal.getvalue()) == ("one", "one two")


def test_stream_when_codes_of_the_terminal_arrive_then_leaves_them_out() -> None:
    assert streamed(80, "a\x1b", "[2Jb\x07\r👩\u200d👧") == "a[2Jb👩\u200d👧\n"


def test_stream_in_a_pipe_when_a_piece_arrives_then_writes_it_at_once_and_whole(
    output: BufferedOutput,
) -> None:
    told = Stream(output)

    told.append("word " * 30 + "wo")

    assert output.text == "word " * 30 + "wo"
    told.close()
    told.close()
    assert output.text.endswith("wo\n")
    with pytest.raises(ValueError, match="closed"):
        told.append("more")


def test_stream_when_the_output_is_quiet_then_keeps_the_text_only() -> None:
    output = BufferedOutput(verbosity=Verbosity.QUIET)
    with Stream(output) as told:
        told.append("one ")
        told.append("two")

    assert (output.all_text, told.text) == ("", "one two")


def test_stream_when_what_feeds_it_fails_then_the_line_is_ended() -> None:
    def feed() -> None:
        with stream() as told:
            told.append("half")
            raise OSError("gone")

    with PromptsFake([]).active() as prompts, pytest.raises(OSError, match="gone"):
        feed()

    assert prompts.screen.text == "half\n"
