from __future__ import annotations

import io

import pytest

from securely.console import BufferedOutput, InvalidInput, Output, Verbosity
from securely.console.output import TableSeparator, style
from securely.console.output.writer import shown_duration


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def test_lines_when_the_stream_is_no_terminal_are_plain(output: BufferedOutput) -> None:
    output.info("done")
    output.line("<fg=red>red</> and <unknown>this</unknown>")

    assert output.text == "done\nred and <unknown>this</unknown>\n"


def test_lines_on_a_terminal_are_coloured() -> None:
    stream = Terminal()

    Output(stream).info("done")

    assert stream.getvalue() == "\x1b[32mdone\x1b[0m\n"


@pytest.mark.parametrize(
    ("variables", "ansi", "terminal", "expected"),
    [
        ({}, None, True, True),
        ({}, None, False, False),
        ({"NO_COLOR": "1"}, None, True, False),
        ({"NO_COLOR": ""}, None, True, True),
        ({"FORCE_COLOR": "1"}, None, False, True),
        ({"FORCE_COLOR": "0"}, None, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, None, False, False),
        ({"TERM": "dumb"}, None, True, False),
        ({"NO_COLOR": "1"}, True, False, True),
        ({"FORCE_COLOR": "1"}, False, True, False),
    ],
)
def test_is_decorated_follows_command_line_then_environment_then_terminal(
    variables: dict[str, str],
    ansi: bool | None,
    terminal: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    stream = Terminal() if terminal else io.StringIO()

    assert Output(stream, ansi=ansi).is_decorated is expected


def test_verbosity_when_quiet_shows_errors_only() -> None:
    output = BufferedOutput(verbosity=Verbosity.QUIET)

    output.line("line")
    output.warn("warning")
    output.error("error")

    assert (output.text, output.error_text) == ("", "error\n")


def test_verbosity_when_silent_shows_nothing() -> None:
    output = BufferedOutput(verbosity=Verbosity.SILENT)

    output.line("line")
    output.error("error")

    assert output.all_text == ""


def test_line_when_meant_for_more_verbosity_waits_for_it(output: BufferedOutput) -> None:
    output.line("detail", verbosity=Verbosity.VERBOSE)
    output.configure(verbosity=Verbosity.DEBUG)
    output.line("shown", verbosity=Verbosity.VERY_VERBOSE)

    assert output.text == "shown\n"


def test_errors_and_warnings_go_to_the_error_stream(output: BufferedOutput) -> None:
    output.line("one")
    output.error("two")
    output.warn("three")

    assert output.text == "one\n"
    assert output.error_text == "two\nthree\n"
    assert output.fetch() == "one\ntwo\nthree\n"
    assert output.all_text == ""


def test_two_column_detail_fills_the_width_with_dots() -> None:
    output = BufferedOutput(width=40)

    output.two_column_detail("<info>Name</info>", "日本")

    assert output.text == "  Name " + "." * 26 + " 日本\n"
    assert style.plain_width(output.text.rstrip("\n")) == 38


def test_two_column_detail_when_there_is_no_room_keeps_a_dot() -> None:
    output = BufferedOutput(width=10)

    output.two_column_detail("a long name", "value")

    assert output.text == "  a long name . value\n"


@pytest.mark.parametrize(
    ("result", "word", "good"),
    [
        (None, "DONE", True),
        (True, "DONE", True),
        (0, "DONE", True),
        (False, "FAIL", False),
        (NotImplemented, "SKIPPED", True),
    ],
)
def test_task_says_how_it_went(
    result: object, word: str, good: bool, output: BufferedOutput
) -> None:
    assert output.task("Work", lambda: result) is good
    assert output.text.startswith("  Work .")
    assert output.text.endswith(f" {word}\n")


def test_task_when_the_work_raises_says_fail_and_lets_it_through(output: BufferedOutput) -> None:
    def work() -> None:
        raise KeyError("k")

    with pytest.raises(KeyError):
        output.task("Work", work)

    assert output.text.endswith(" FAIL\n")


def test_table_aligns_wide_characters(output: BufferedOutput) -> None:
    output.table(["a", "b"], [["日本", 1], ["x", None]], box="default")

    assert output.text == (
        "+------+---+\n| a    | b |\n+------+---+\n| 日本 | 1 |\n| x    |   |\n+------+---+\n"
    )


def test_table_takes_mappings_and_draws_markdown(output: BufferedOutput) -> None:
    output.table(["name", "size"], [{"name": "[bold]x[/bold]", "size": 3}], box="markdown")

    lines = [line.strip() for line in output.text.strip().splitlines()]
    assert lines[0] == "| name           | size |"
    assert lines[-1] == "| [bold]x[/bold] | 3    |"


def test_table_in_a_pipe_keeps_long_cells_whole() -> None:
    output = BufferedOutput(width=20)

    output.table(["text"], [["x" * 300]])

    assert "x" * 300 in output.text


def test_table_on_a_terminal_wraps_long_cells() -> None:
    stream = Terminal()

    Output(stream, width=20, ansi=False).table(["text"], [["y" * 30]])

    assert all(len(line) <= 20 for line in stream.getvalue().splitlines())
    assert stream.getvalue().count("y") == 30


def test_table_when_the_box_is_unknown_lists_them(output: BufferedOutput) -> None:
    with pytest.raises(InvalidInput, match=r'"boxx" is no table style.*Did you mean "box"'):
        output.table(["a"], [], box="boxx")


def test_progress_in_a_pipe_writes_a_line_each_tenth(output: BufferedOutput) -> None:
    assert list(output.progress(range(100))) == list(range(100))

    lines = output.text.splitlines()
    assert len(lines) == 10
    assert lines[0] == "10/100 (10%)"
    assert lines[-1] == "100/100 (100%)"


def test_progress_when_steps_are_few_then_percents_are_exact(output: BufferedOutput) -> None:
    for _ in output.progress(["a", "b", "c"]):
        pass

    assert output.text == "1/3 (33%)\n2/3 (66%)\n3/3 (100%)\n"


def test_progress_when_the_number_is_unknown_counts(output: BufferedOutput) -> None:
    assert list(output.progress(iter("abc"), description="Rows")) == ["a", "b", "c"]
    assert output.text == "Rows 3\n"


def test_progress_on_a_terminal_draws_a_bar() -> None:
    stream = Terminal()

    assert list(Output(stream, ansi=True).progress([1, 2, 3], description="Rows")) == [1, 2, 3]
    assert "Rows" in stream.getvalue()
    assert "3/3" in stream.getvalue()


def test_write_when_the_encoding_lacks_a_character_replaces_it() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    Output(stream).line("ok ✓")
    stream.flush()

    assert raw.getvalue() == b"ok ?\n"


def test_alert_and_bullets_and_success(output: BufferedOutput) -> None:
    output.alert("Hi")
    output.bullet_list(["one", "two"])
    output.success("All")
    output.new_line(2)

    assert output.text == (
        "*" * 14 + "\n*     Hi     *\n" + "*" * 14 + "\n  • one\n  • two\nSUCCESS  All\n\n\n"
    )


@pytest.mark.parametrize(
    ("text", "coloured"),
    [
        ("<info>a</info>", "\x1b[32ma\x1b[0m"),
        ("<fg=red;bg=blue;options=bold>a</>", "\x1b[31;44;1ma\x1b[0m"),
        ("<fg=bright-red>a</>", "\x1b[91ma\x1b[0m"),
        ("<href=https://x.y>a</>", "\x1b]8;;https://x.y\x1b\\a\x1b]8;;\x1b\\"),
        (
            "<info>a <comment>b</comment> c</info>",
            "\x1b[32ma \x1b[33mb\x1b[0m\x1b[32m c\x1b[0m",
        ),
        ("<info>open", "\x1b[32mopen\x1b[0m"),
        ("a </info> b", "a </info> b"),
        ("<fg=nocolour>a</>", "<fg=nocolour>a</>"),
        ("1 < 2 > 1 <b>", "1 < 2 > 1 <b>"),
        (style.escape("<info>a</info>"), "<info>a</info>"),
    ],
)
def test_render_replaces_tags_it_knows(text: str, coloured: str) -> None:
    assert style.render(text, colour=True) == coloured


def test_strip_leaves_what_is_seen() -> None:
    plain = style.strip("<info>a</info> \x1b[31mb\x1b[0m")  # noqa: B005  # not a text's own

    assert plain == "a b"
    assert style.plain_width("e\u0301<info>日</info>") == 3
    assert style.plain_width("a\u200cb🏴\U000e0067\U000e007f\u00ad") == 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0000012, "1µs"), (0.0125, "12.5ms"), (1.204, "1.20s"), (125.9, "2m 5s")],
)
def test_shown_duration_chooses_a_unit(seconds: float, text: str) -> None:
    assert shown_duration(seconds) == text


def test_table_when_a_row_is_a_separator_then_draws_a_line(output: BufferedOutput) -> None:
    output.table(["a"], [["1"], TableSeparator(), ["2"]])

    assert output.text.splitlines() == [
        "+---+",
        "| a |",
        "+---+",
        "| 1 |",
        "+---+",
        "| 2 |",
        "+---+",
    ]


def test_progress_when_advanced_by_hand_then_shows_each_tenth(output: BufferedOutput) -> None:
    with output.progress(20, description="Rows") as progress:
        progress.advance(10)
        progress.describe("Files")
        progress.advance(10)

    assert output.text == "Rows 10/20 (50%)\nFiles 20/20 (100%)\n"


def test_progress_when_work_raises_then_the_bar_ends_and_the_error_passes() -> None:
    stream = Terminal()

    with pytest.raises(ZeroDivisionError):
        Output(stream, ansi=True).progress([0]).map(lambda number: 1 // number)

    assert stream.getvalue().endswith("\x1b[?25h")


def test_tree_when_nested_then_draws_lines_between_the_names(output: BufferedOutput) -> None:
    output.tree({"app": {"jobs": ["a.py", "b.py"]}, "config": None}, "project")

    assert output.text.splitlines() == [
        "project",
        "├── app",
        "│   └── jobs",
        "│       ├── a.py",
        "│       └── b.py",
        "└── config",
    ]


def test_spin_when_there_is_no_terminal_then_writes_a_line_and_gives_the_result(
    output: BufferedOutput,
) -> None:
    async def work() -> int:
        return 41

    assert output.spin(work, "Thinking") == 41
    assert output.error_text == "Thinking\n"


def test_spin_when_work_raises_then_the_terminal_is_given_back() -> None:
    errors = Terminal()

    with pytest.raises(ZeroDivisionError):
        Output(io.StringIO(), errors, ansi=True).spin(lambda: 1 // 0, "Thinking")

    assert "Thinking" in errors.getvalue()
    assert errors.getvalue().endswith("\x1b[?25h")
