"""Every question, answered by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from securely.console import NotInteractive
from securely.console.prompts import (
    autocomplete,
    confirm,
    form,
    multisearch,
    multiselect,
    number,
    password,
    pause,
    search,
    select,
    suggest,
    text,
    textarea,
)
from securely.console.prompts.fake import PromptsFake
from securely.console.prompts.keys import Key

ENTER, UP, DOWN, LEFT, RIGHT = Key.ENTER, Key.UP, Key.DOWN, Key.LEFT, Key.RIGHT
FRUIT = ["apple", "banana", "cherry", "date", "elder", "fig", "grape"]


def asked(ask: Callable[[], Any], *keys: str) -> tuple[Any, PromptsFake]:
    with PromptsFake(keys).active() as prompts:
        answer = ask()
    prompts.assert_all_keys_read()
    return answer, prompts


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["Jane", ENTER], "Jane"),
        (["Jne", LEFT, LEFT, "a", ENTER], "Jane"),
        (["xJane", Key.HOME, Key.DELETE, ENTER], "Jane"),
        (["Janex", Key.BACKSPACE, ENTER], "Jane"),
        (["ane", Key.CTRL_A, "J", Key.CTRL_E, "!", ENTER], "Jane!"),
        ([Key.BACKSPACE, Key.DELETE, LEFT, "漢é", RIGHT, ENTER], "漢é"),
        ([Key.UNKNOWN, Key.TAB, "a", ENTER], "a"),
    ],
)
def test_text_when_keys_are_pressed_then_edits_the_line(keys: list[str], answer: str) -> None:
    assert asked(lambda: text("Name"), *keys)[0] == answer


def test_text_when_nothing_is_typed_then_the_default_stands_and_can_be_changed() -> None:
    assert asked(lambda: text("Name", default="Bob"), ENTER)[0] == "Bob"
    assert asked(lambda: text("Name", default="Bob"), "by", ENTER)[0] == "Bobby"


def test_text_when_an_answer_does_not_pass_then_says_why_and_asks_on() -> None:
    answer, prompts = asked(
        lambda: text(
            "Name",
            required="Everybody has one.",
            validate=lambda name: "Too short." if len(name) < 3 else None,
            transform=str.strip,
        ),
        ENTER, " ab ", ENTER, "c", ENTER,
    )  # fmt: skip

    assert answer == "ab c"
    prompts.assert_output_contains("Everybody has one.")
    prompts.assert_output_contains("Too short.")


def test_text_when_validate_is_a_coroutine_function_then_it_is_awaited() -> None:
    async def taken(name: str) -> str | None:
        return "Taken." if name == "Ann" else None

    answer, prompts = asked(lambda: text("Name", validate=taken), "Ann", ENTER, "a", ENTER)

    assert answer == "Anna"
    prompts.assert_output_contains("Taken.")


def test_text_when_it_is_longer_than_the_frame_then_the_cursor_stays_in_sight() -> None:
    answer, prompts = asked(lambda: text("Name"), "x" * 100 + "end", ENTER)

    assert answer == "x" * 100 + "end"
    shown = prompts.screen.error_text.splitlines()
    assert max(len(line) for line in shown if line.startswith(" │")) <= 62


def test_text_when_what_is_typed_looks_like_a_tag_then_it_is_text() -> None:
    answer, prompts = asked(lambda: text("Name"), "<info>x", ENTER)

    assert answer == "<info>x"
    prompts.assert_output_contains("<info>x")


def test_text_when_there_is_a_placeholder_and_a_hint_then_they_are_shown() -> None:
    _, prompts = asked(lambda: text("Name", placeholder="E.g. Ann", hint="As on the bill."), ENTER)

    prompts.assert_output_contains("E.g. Ann")
    prompts.assert_output_contains("As on the bill.")


def test_password_when_typed_then_it_is_never_drawn() -> None:
    answer, prompts = asked(lambda: password("Password"), "s3cr3t", ENTER)

    assert answer == "s3cr3t"
    prompts.assert_output_does_not_contain("s3c")
    prompts.assert_output_contains("••••••")


def test_textarea_when_lines_are_typed_then_moves_between_them() -> None:
    keys = ["one", ENTER, "two", UP, Key.BACKSPACE, DOWN, DOWN, "!", Key.CTRL_D]

    assert asked(lambda: textarea("Story"), *keys)[0] == "on\ntw!o"


@pytest.mark.parametrize(
    ("keys", "answer"),
    [(["12", ENTER], 12), (["1.5", ENTER], 1.5), ([UP, UP, ENTER], 3), ([ENTER], None)],
)
def test_number_when_typed_or_stepped_then_is_a_number(keys: list[str], answer: object) -> None:
    given = (
        asked(lambda: number("Copies", minimum=2, maximum=20), *keys)[0]
        if answer != 1.5
        else (asked(lambda: number("Copies"), *keys)[0])
    )

    assert given == answer
    assert type(given) is type(answer)


def test_number_when_out_of_range_or_no_number_then_says_so() -> None:
    answer, prompts = asked(
        lambda: number("Copies", minimum=2, maximum=20),
        "1", ENTER, "00", ENTER, Key.BACKSPACE, "x", ENTER, Key.BACKSPACE, ENTER,
    )  # fmt: skip

    assert answer == 10
    prompts.assert_output_contains("At least 2, please.")
    prompts.assert_output_contains("At most 20, please.")
    prompts.assert_output_contains('"10x" is no number.')


def test_number_when_stepped_beyond_its_ends_then_stays() -> None:
    ask = lambda: number("Copies", default=19, minimum=0, maximum=20, step=5)  # noqa: E731

    assert asked(ask, UP, UP, ENTER)[0] == 20


@pytest.mark.parametrize(
    ("keys", "answer"),
    [([ENTER], True), (["n", ENTER], False), ([LEFT, ENTER], False), (["n", "y", ENTER], True)],
)
def test_confirm_when_keys_are_pressed_then_marks_one(keys: list[str], answer: bool) -> None:
    assert asked(lambda: confirm("Sure?"), *keys)[0] is answer


def test_confirm_when_required_then_takes_only_yes() -> None:
    answer, prompts = asked(
        lambda: confirm("Terms?", default=False, yes="I accept", required="You must accept."),
        ENTER, "y", ENTER,
    )  # fmt: skip

    assert answer is True
    prompts.assert_output_contains("You must accept.")
    prompts.assert_output_contains("I accept")


def test_pause_when_enter_is_pressed_then_goes_on() -> None:
    assert asked(lambda: pause("Press enter"), "x", ENTER)[0] is True


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ([ENTER], "apple"),
        ([DOWN, ENTER], "banana"),
        (["j", "j", "k", ENTER], "banana"),
        ([UP, ENTER], "grape"),
        ([Key.END, ENTER], "grape"),
        ([Key.END, DOWN, ENTER], "apple"),
        ([Key.PAGE_DOWN, Key.HOME, ENTER], "apple"),
        ([Key.PAGE_DOWN, ENTER], "fig"),
    ],
)
def test_select_when_keys_are_pressed_then_moves_the_mark(keys: list[str], answer: str) -> None:
    assert asked(lambda: select("Fruit", FRUIT), *keys)[0] == answer


def test_select_when_there_are_more_than_fit_then_scrolls_and_shows_where() -> None:
    _, prompts = asked(lambda: select("Fruit", FRUIT, scroll=3), *[DOWN] * 4, ENTER)

    first, *_, last = (
        drawn for drawn in prompts.screen.error_text.split("┌") if "Fruit" in drawn and "┃" in drawn
    )
    assert "apple" in first
    assert "date" not in first
    assert "elder" in last
    assert "apple" not in last


def test_select_when_options_are_a_mapping_then_gives_the_key_and_tells_about_it() -> None:
    ask = lambda: select(  # noqa: E731
        "Role", {1: "Owner", 2: "Guest"}, default="Guest", info=lambda key: f"Number {key}"
    )
    answer, prompts = asked(ask, ENTER)

    assert answer == 2
    prompts.assert_output_contains("Number 2")


def test_select_when_the_default_is_none_of_them_then_refuses() -> None:
    with pytest.raises(ValueError, match=r'"kiwi" is none of the choices: apple'):
        asked(lambda: select("Fruit", FRUIT, default="kiwi"))
    with pytest.raises(ValueError, match="no options"):
        asked(lambda: select("Fruit", []))


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ([" ", DOWN, DOWN, " ", ENTER], ["apple", "cherry"]),
        ([Key.CTRL_A, " ", ENTER], FRUIT[1:]),
        ([Key.CTRL_A, Key.CTRL_A, ENTER], []),
        ([ENTER], []),
        ([DOWN, DOWN, " ", UP, " ", ENTER], ["banana", "cherry"]),
    ],
)
def test_multiselect_when_space_is_pressed_then_chooses(keys: list[str], answer: list[str]) -> None:
    assert asked(lambda: multiselect("Fruit", FRUIT), *keys)[0] == answer


def test_multiselect_when_required_then_something_has_to_be_chosen() -> None:
    answer, prompts = asked(
        lambda: multiselect("Fruit", FRUIT, default=["date"], required=True),
        DOWN, DOWN, DOWN, " ", ENTER, " ", ENTER,
    )  # fmt: skip

    assert answer == ["date"]
    prompts.assert_output_contains("An answer is required.")


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["b", ENTER], "b"),
        (["B", DOWN, ENTER], "banana"),
        (["kiwi", ENTER], "kiwi"),
        ([Key.TAB, Key.TAB, ENTER], "banana"),
        ([DOWN, UP, "x", ENTER], "x"),
    ],
)
def test_suggest_when_typed_or_chosen_then_gives_that(keys: list[str], answer: str) -> None:
    assert asked(lambda: suggest("Fruit", FRUIT), *keys)[0] == answer


def test_suggest_when_options_are_a_coroutine_function_then_it_is_asked_anew() -> None:
    queries: list[str] = []

    async def found(query: str) -> list[str]:
        queries.append(query)
        return [f"{query}!"]

    assert asked(lambda: suggest("Word", found), "a", DOWN, ENTER)[0] == "a!"
    assert queries == ["", "a"]


def test_autocomplete_when_tab_is_pressed_then_completes() -> None:
    assert asked(lambda: autocomplete("Fruit", FRUIT), "CH", Key.TAB, ENTER)[0] == "CHerry"
    assert asked(lambda: autocomplete("Fruit", FRUIT), "kiwi", RIGHT, ENTER)[0] == "kiwi"


def found(query: str) -> dict[int, str]:
    return {number: name for number, name in enumerate(FRUIT) if query and name.startswith(query)}


def test_search_when_something_is_marked_then_gives_its_key() -> None:
    answer, prompts = asked(lambda: search("Fruit", found), "q", Key.BACKSPACE, "d", DOWN, ENTER)

    assert answer == 3
    prompts.assert_output_contains("No results.")


def test_search_when_nothing_is_marked_then_asks_for_that() -> None:
    answer, prompts = asked(lambda: search("Fruit", found), "c", ENTER, DOWN, ENTER)

    assert answer == 2
    prompts.assert_output_contains("Choose one with the arrow keys.")


def test_multisearch_when_several_searches_choose_then_keeps_all() -> None:
    answer, prompts = asked(
        lambda: multisearch("Fruit", found),
        "a", DOWN, " ", UP, Key.BACKSPACE, "b", DOWN, " ", ENTER,
    )  # fmt: skip

    assert answer == [0, 1]
    prompts.assert_output_contains("apple, banana")


def test_form_when_ctrl_u_is_pressed_then_goes_a_step_back() -> None:
    ask = (
        form()
        .add(lambda so_far: text("Name"), "name")
        .add(lambda so_far: confirm("Company?", default=False), "company")
        .add(lambda so_far: text("Tax id"), "tax", when=lambda so_far: so_far["company"])
        .add(lambda so_far: text(f"City of {so_far['name']}"))
        .submit
    )

    keys = [
        Key.CTRL_U, "Ann", ENTER, "y", ENTER, "77", Key.CTRL_U, "n", ENTER,
        Key.CTRL_U, ENTER, "Rome", ENTER,
    ]  # fmt: skip
    answer, prompts = asked(ask, *keys)

    assert answer == {"name": "Ann", "company": False, "3": "Rome"}
    prompts.assert_output_contains("City of Ann")


def test_prompts_when_ctrl_c_is_pressed_then_interrupts_and_shows_the_cursor_again() -> None:
    with PromptsFake(["Ann", Key.CTRL_C]).active() as prompts, pytest.raises(KeyboardInterrupt):
        text("Name")

    prompts.assert_output_contains("Cancelled.")
    assert prompts.screen.error_text.endswith("\x1b[?25h")


def test_prompts_when_the_terminal_goes_away_then_are_refused() -> None:
    with PromptsFake(["Ann"]).active(), pytest.raises(NotInteractive, match='"Name" cannot'):
        text("Name")
    with PromptsFake([Key.CTRL_D]).active(), pytest.raises(NotInteractive):
        text("Name")
