"""Shell completion: the words that are offered, and the scripts that ask for them."""

from __future__ import annotations

import pytest

from securely.support.completion import SHELLS, complete, script
from securely.support.listing import Entry, Option


@pytest.fixture
def entries() -> list[Entry]:
    send = Entry("mail:send", aliases=["ms"])
    send.options = [Option("queue", accepts_value=True), Option("force")]
    return [Entry("list"), Entry("completion"), send, Entry("cache:clear"), Entry("x", hidden=True)]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ([], ["list", "completion", "mail:send", "cache:clear"]),
        (["ma"], ["mail:send"]),
        (["help", "c"], ["completion", "cache:clear"]),
        (["-v", "ma"], ["mail:send"]),
        (["x"], []),
        (["mail:send", "--q"], ["--queue", "--quiet"]),
        (["mail:send", "7", "--f"], ["--force"]),
        (["ms", "--f"], ["--force"]),
        (["mail:send", ""], []),
        (["cache:clear", "--f"], []),
        (["completion", "z"], ["zsh"]),
        (["list", ""], ["cache", "mail"]),
        (["list", "m"], ["mail"]),
    ],
)
def test_complete_offers_what_may_stand_there(
    entries: list[Entry], words: list[str], offered: list[str]
) -> None:
    assert complete(entries, words) == offered


@pytest.mark.parametrize(
    ("shell", "registers"),
    [
        ("bash", "complete -o default -F _securely_python python python3"),
        ("zsh", "compdef _securely_python python python3"),
        ("fish", "complete -c python3 -a '(__securely_complete)'"),
    ],
)
def test_each_script_registers_itself_and_asks_artisan(shell: str, registers: str) -> None:
    text = script(shell) or ""

    assert registers in text
    assert " _complete " in text
    assert "artisan.py" in text


def test_a_shell_that_is_not_known_has_no_script() -> None:
    assert script("tcsh") is None
    assert [*SHELLS] == ["bash", "zsh", "fish"]
