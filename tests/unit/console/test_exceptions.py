from __future__ import annotations

import copy

import pytest

from securely.console import (
    AmbiguousCommand,
    CommandFailed,
    CommandsClash,
    ConsoleError,
    FileExists,
    InvalidInput,
    InvalidResult,
    InvalidSignature,
    NotInteractive,
    UnknownCommand,
)


@pytest.mark.parametrize(
    "error",
    [
        CommandFailed("It failed."),
        CommandsClash("a", "x.A", "y.B"),
        FileExists("app/a.py"),
        InvalidInput("Wrong.", hint="Right?", usage="a <b>"),
        InvalidResult("A", True),
        InvalidSignature("a {b", "Open:", 2),
        InvalidSignature("a {--=}", "Empty.", place="routes/console.py:3"),
        NotInteractive("Name"),
        UnknownCommand("lst", ("list",)),
        AmbiguousCommand("l", ("list", "lose")),
    ],
)
def test_errors_when_copied_say_and_hold_the_same(error: ConsoleError) -> None:
    copied = copy.copy(error)

    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("cache:run", None),
        ("make:job", None),
        ("provider:list", None),
        ("event:lists", "event:list"),
        ("cahce:prnue", "cache:prune"),
        ("key:genrate", "key:generate"),
        ("tinkers:cache", None),
        ("queue:nope", None),
        ("queue:forgotten", "queue:forget"),
        ("evn", "env"),
        ("cahce:prune", "cache:prune"),
        ("queue:wrok", "queue:work"),
        ("keygenerate", "key:generate"),
    ],
)
def test_unknown_command_suggests_slips_of_the_hand_only(name: str, near: str | None) -> None:
    known = (
        "env", "cache:prune", "event:list", "key:generate", "make:key", "queue:forget", "queue:work"
    )  # fmt: skip

    message = str(UnknownCommand(name, known))

    assert ("Did you mean" in message) == (near is not None)
    assert near is None or message.endswith(f'Did you mean "{near}"?')


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("migrate", "has no database layer"),
        ("migrate:fresh", "has no database layer"),
        ("serve", "serves no HTTP"),
        ("make:controller", "serves no HTTP"),
        ("schedule:run", "has no schedule"),
    ],
)
def test_unknown_command_when_it_is_laravels_says_what_is_lacking(name: str, reason: str) -> None:
    error = UnknownCommand(name, ("make:contract", "event:list", "server", "migrates"))

    assert error.nearest is None
    assert str(error) == (
        f'"{name}" is Laravel\'s; Securely {reason}: see docs/laravel.md, "What is not here yet".'
    )


def test_unknown_command_when_somebody_has_the_namespace_then_it_is_not_lacking() -> None:
    error = UnknownCommand("schedule:rnu", ("schedule:run",))

    assert error.nearest == "schedule:run"
    assert "Laravel" not in str(error)


def test_unknown_command_without_a_near_one_points_to_the_list() -> None:
    assert str(UnknownCommand("xyz", ("list",))) == (
        'Command "xyz" is not defined. Run `list` to see what is.'
    )
