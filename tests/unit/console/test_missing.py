"""Commands that ask for what was left out."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import ClassVar

import pytest

from securely.console import Artisan, BufferedOutput, Command, PromptsForMissingInput


class Invite(Command, PromptsForMissingInput):
    signature = "invite {user : The user} {role} {team} {others?*} {--later}"
    seen: ClassVar[list[object]] = []

    def prompt_for_missing(self) -> Mapping[str, object]:
        return {"role": ("Which role?", "admin"), "team": lambda: "blue"}

    def after_prompting_for_missing_arguments(self) -> None:
        self.seen.append("after" if not self.did_receive_options() else "after options")

    def handle(self) -> None:
        self.seen.append([*self.arguments().values()])


@pytest.fixture
def console(artisan: Artisan) -> Artisan:
    artisan.add(Invite)
    Invite.seen.clear()
    return artisan


def test_missing_arguments_are_asked_for(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["invite"], output, io.StringIO("ada\nowner\n")) == 0

    assert Invite.seen == ["after", ["ada", "owner", "blue", []]]
    assert "What is the user?" in output.error_text
    assert "Which role? (e.g. admin)" in output.error_text


def test_given_arguments_are_not_asked_for(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["invite", "ada", "owner", "red"], output, io.StringIO("")) == 0

    assert Invite.seen == [["ada", "owner", "red", []]]
    assert output.error_text == ""


def test_where_nobody_is_there_it_is_the_usual_error(
    console: Artisan, output: BufferedOutput
) -> None:
    assert console.run(["invite", "ada", "-n"], output, io.StringIO("owner\n")) == 1

    assert output.error_text.startswith('ERROR  Not enough arguments (missing: "role, team").')
    assert "Usage: invite" in output.error_text
    assert Invite.seen == []


def test_an_argument_that_takes_several_takes_the_answer_as_one(
    artisan: Artisan, output: BufferedOutput
) -> None:
    class Many(Command, PromptsForMissingInput):
        signature = "many {users*}"

        def handle(self) -> None:
            self.line("|".join(self.strings("users")))

    artisan.add(Many)

    assert artisan.run(["many"], output, io.StringIO("ada\n")) == 0
    assert output.text == "ada\n"
    assert "What is the users?" in output.error_text


def test_after_asking_a_command_may_look_whether_options_were_given(
    console: Artisan, output: BufferedOutput
) -> None:
    answers = io.StringIO("ada\nowner\n")

    assert console.run(["invite", "--later"], output, answers) == 0
    assert Invite.seen[0] == "after options"
