from __future__ import annotations

import json

import pytest

from securely.support import listing
from securely.support.completion import complete, script
from securely.support.listing import Argument, Entry, Option, help_text, list_text, wrapped


def entries() -> list[Entry]:
    send = Entry("mail:send", "Send", aliases=["ms"], help="First.\n\n  Second.", usages=["ms 1"])
    send.arguments = [
        Argument("user", "Who"),
        Argument("copy", "Also", required=False, is_array=True, default=["a"]),
    ]
    send.options = [
        Option("queue", "Where", shortcut="Q", accepts_value=True, default="low"),
        Option("id", accepts_value=True, is_array=True),
        Option("force", "Do it"),
    ]
    return [send, Entry("about", "Tell"), Entry("mail:secret", "Hidden", hidden=True)]


def test_list_text_groups_by_namespace_and_leaves_hidden_ones_out() -> None:
    lines = listing.list_text("Securely 1.0", entries()).splitlines()

    assert lines[0] == "Securely 1.0"
    assert lines[-4:] == [
        "Available commands:",
        "  about                 Tell",
        " mail",
        "  mail:send             [ms] Send",
    ]


def test_list_text_when_coloured_paints_heads_and_names() -> None:
    text = listing.list_text("Securely 1.0", entries(), colour=True)

    assert "\x1b[33mAvailable commands:\x1b[0m" in text
    assert "  \x1b[32mmail:send\x1b[0m             [ms] Send" in text
    assert " \x1b[33mmail\x1b[0m\n" in text


def test_list_text_of_a_namespace_shows_it_alone() -> None:
    text = listing.list_text("Securely 1.0", entries(), "mail")

    assert 'Available commands for the "mail" namespace:\n  mail:send' in text
    assert "about" not in text.split("Available")[1]


def test_list_raw_is_one_line_per_command() -> None:
    assert listing.list_raw(entries()) == "about     Tell\nmail:send [ms] Send\n"


def test_list_json_is_json_with_hidden_ones_marked() -> None:
    odd = Entry('q"uote', "tab\t, é, \\, \x07")

    data = json.loads(listing.list_json("Securely", "1.0", [*entries(), odd]))

    found = {command["name"]: command for command in data["commands"]}
    assert data["application"] == {"name": "Securely", "version": "1.0"}
    assert found["mail:secret"]["hidden"] is True
    assert found['q"uote']["description"] == "tab\t, é, \\, \x07"
    assert found["mail:send"]["definition"]["arguments"]["copy"] == {
        "name": "copy",
        "is_required": False,
        "is_array": True,
        "description": "Also",
        "default": ["a"],
    }
    assert found["mail:send"]["definition"]["options"]["force"]["default"] is False
    assert found["mail:send"]["usage"][0] == "mail:send [options] [--] <user> [<copy>...]"


def test_list_json_when_short_has_no_definitions() -> None:
    data = json.loads(listing.list_json("Securely", "1.0", entries(), "mail", short=True))

    assert [command["name"] for command in data["commands"]] == ["mail:secret", "mail:send"]
    assert "definition" not in data["commands"][0]


def test_help_text_shows_everything() -> None:
    lines = listing.help_text(entries()[0]).splitlines()

    assert lines[:15] == [
        "Description:",
        "  Send",
        "",
        "Usage:",
        "  mail:send [options] [--] <user> [<copy>...]",
        "  ms",
        "  ms 1",
        "",
        "Arguments:",
        "  user                  Who",
        '  copy                  Also [default: ["a"]]',
        "",
        "Options:",
        '  -Q, --queue[=QUEUE]   Where [default: "low"]',
        "      --id[=ID]         (multiple values allowed)",
    ]
    assert lines[-4:] == ["Help:", "  First.", "", "    Second."]


def test_complete_gives_names_then_options() -> None:
    assert complete(entries(), ["m"]) == ["mail:send"]
    assert complete(entries(), [""]) == ["mail:send", "about"]
    assert complete(entries(), ["-v", "ab"]) == ["about"]
    assert complete(entries(), ["help", "ab"]) == ["about"]
    assert complete(entries(), ["mail:send", "--q"]) == ["--queue", "--quiet"]
    assert complete(entries(), ["mail:send", "x"]) == []
    assert "--help" in complete(entries(), ["--"])


def test_script_knows_three_shells() -> None:
    assert all(script(shell) for shell in ("bash", "zsh", "fish"))
    assert script("tcsh") is None


@pytest.fixture
def long() -> Entry:
    entry = Entry("mail:send", "Send one mail to everybody who has asked for it", help="Long. " * 9)
    entry.arguments = [
        Argument("user", "Who is to get it, by name, address or number", default="a")
    ]
    entry.options = [Option("queue", "On which queue it waits", accepts_value=True, default="low")]
    return entry


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("colour", [False, True])
def test_help_and_list_when_a_width_is_given_then_no_line_is_wider(
    long: Entry, width: int, colour: bool
) -> None:
    text = help_text(long, colour=colour, width=width)
    text += list_text("Securely 1", [long], colour=colour, width=width)
    for code in ("\x1b[32m", "\x1b[33m", "\x1b[0m"):
        text = text.replace(code, "")

    assert max(map(len, text.splitlines())) <= width
    assert text.split() == (help_text(long) + list_text("Securely 1", [long])).split()


def test_help_when_no_width_is_given_then_lines_stay_whole(long: Entry) -> None:
    text = help_text(long)

    assert (
        '  user                  Who is to get it, by name, address or number [default: "a"]'
        in text
    )
    assert "Long. " * 8 in text


def test_list_when_there_is_little_room_then_descriptions_stand_below(long: Entry) -> None:
    lines = list_text("Securely 1", [long], width=40).splitlines()

    at = lines.index("  mail:send")
    assert lines[at + 1] == "        Send one mail to everybody who"
    assert lines[at + 2] == "        has asked for it"


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("", [""]),
        ("  short", ["  short"]),
        ("  one two three", ["  one two", "    three"]),
        ("  wordthatistoolong x", ["  wordthatistoolong", "    x"]),
        ("\x1b[32mone\x1b[0m two", ["\x1b[32mone\x1b[0m two"]),
    ],
)
def test_wrapped_when_words_do_not_fit_then_begins_a_line(line: str, lines: list[str]) -> None:
    assert wrapped(line, 4, 10) == lines
