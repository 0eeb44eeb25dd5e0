from __future__ import annotations

import io

import pytest

from securely.console import BufferedOutput, NotInteractive, Prompts


def answering(output: BufferedOutput, *lines: str) -> Prompts:
    return Prompts(output, answers=io.StringIO("".join(f"{line}\n" for line in lines)))


def nobody(output: BufferedOutput) -> Prompts:
    return Prompts(output, interactive=False)


def test_ask_gives_the_answer_and_asks_on_the_error_stream(output: BufferedOutput) -> None:
    assert answering(output, "Ada").ask("Name") == "Ada"
    assert output.error_text == "Name:\n"
    assert output.text == ""


def test_ask_when_nothing_is_typed_takes_the_default(output: BufferedOutput) -> None:
    assert answering(output, "").ask("Name", "Bob") == "Bob"
    assert output.error_text == "Name [Bob]:\n"


def test_ask_when_an_answer_is_wrong_asks_again(output: BufferedOutput) -> None:
    prompts = answering(output, "", "x", "12")

    answer = prompts.ask("Age", validate=lambda text: None if text.isdigit() else "Digits only.")

    assert answer == "12"
    assert "An answer is required." in output.error_text
    assert "Digits only." in output.error_text


def test_ask_when_all_answers_are_wrong_gives_up(output: BufferedOutput) -> None:
    with pytest.raises(NotInteractive):
        answering(output, "a", "b", "c", "1").ask(
            "Age", validate=lambda text: None if text.isdigit() else "Digits only."
        )


def test_ask_when_the_input_ends_is_refused(output: BufferedOutput) -> None:
    with pytest.raises(NotInteractive, match='"Name" cannot be asked'):
        answering(output).ask("Name")


def test_ask_when_nobody_is_there_takes_the_default_or_is_refused(output: BufferedOutput) -> None:
    assert nobody(output).ask("Name", "Bob") == "Bob"
    assert nobody(output).ask("Name", None) is None
    with pytest.raises(NotInteractive, match="--no-interaction"):
        nobody(output).ask("Name")
    assert output.all_text == ""


@pytest.mark.parametrize(
    ("line", "default", "expected"),
    [("y", False, True), ("NO", True, False), ("", True, True), ("", False, False)],
)
def test_confirm_reads_yes_and_no(
    line: str, default: bool, expected: bool, output: BufferedOutput
) -> None:
    assert answering(output, line).confirm("Sure?", default) is expected


def test_confirm_when_the_answer_is_neither_asks_again(output: BufferedOutput) -> None:
    assert answering(output, "perhaps", "yes").confirm("Sure?") is True
    assert "Please answer yes or no." in output.error_text


def test_confirm_when_nobody_is_there_takes_the_default(output: BufferedOutput) -> None:
    assert nobody(output).confirm("Sure?", default=False) is False
    assert nobody(output).confirm("Sure?") is True


@pytest.mark.parametrize("line", ["1", "disk"])
def test_choose_takes_number_or_text(line: str, output: BufferedOutput) -> None:
    assert answering(output, line).choose("Store", ["array", "disk"]) == "disk"
    assert "  [0] array\n  [1] disk\n" in output.error_text


@pytest.mark.parametrize("line", ["0", "a", "Array"])
def test_choose_from_a_mapping_gives_the_key(line: str, output: BufferedOutput) -> None:
    assert answering(output, line).choose("Store", {"a": "Array", "d": "Disk"}) == "a"


def test_choose_when_it_is_none_of_them_names_the_near_one(output: BufferedOutput) -> None:
    assert answering(output, "dsk", "disk").choose("Store", ["array", "disk"]) == "disk"
    assert '"dsk" is none of them. Did you mean "disk"?' in output.error_text


def test_choose_when_the_default_is_none_of_them_is_a_mistake(output: BufferedOutput) -> None:
    with pytest.raises(ValueError, match='default "redis" is none of the choices: array, disk'):
        answering(output, "").choose("Store", ["array", "disk"], default="redis")


def test_choose_when_nobody_is_there_takes_the_default_or_is_refused(
    output: BufferedOutput,
) -> None:
    assert nobody(output).choose("Store", ["array", "disk"], default="disk") == "disk"
    with pytest.raises(NotInteractive):
        nobody(output).choose("Store", ["array", "disk"])


def test_secret_reads_a_line_and_is_refused_when_nobody_is_there(output: BufferedOutput) -> None:
    assert answering(output, "hush").secret("Password") == "hush"
    with pytest.raises(NotInteractive):
        nobody(output).secret("Password")


def test_is_interactive_when_standard_input_is_no_terminal_is_false(
    output: BufferedOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x"))
    assert not Prompts(output).is_interactive

    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdin", closed)
    assert not Prompts(output).is_interactive

    monkeypatch.setattr("sys.stdin", None)
    assert not Prompts(output).is_interactive


def test_text_when_nobody_is_there_then_says_whether_there_is_a_default(
    output: BufferedOutput,
) -> None:
    with pytest.raises(NotInteractive) as nothing:
        nobody(output).text("Name", required=True)
    with pytest.raises(NotInteractive) as refused:
        nobody(output).text("Age", default="x", validate=lambda _: "Digits only.")

    assert str(nothing.value).startswith(
        '"Name" cannot be asked, because nobody is there to answer. Give the answer as'
    )
    assert str(refused.value).startswith(
        '"Age" cannot be asked, because nobody is there to answer, and its default does not pass '
        "(Digits only). Give the answer as"
    )
