"""How an uncaught error is shown: in short, the application's frames first, secrets masked."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from securely.console import BufferedOutput, Verbosity
from securely.console.failure import render_failure
from securely.exceptions import SecurelyError
from securely.log.masking import Masker

PROGRAM = """
import json
from securely.support.importing import import_object

def load(text):
    secret = "s3cret-local"
    return json.loads(text)

def one(text): return load(text)
def two(text): return one(text)
def three(text): return two(text)

def caused():
    try:
        load("nonsense")
    except ValueError as error:
        raise RuntimeError("the order is not readable") from error

def while_handling():
    try:
        load("nonsense")
    except ValueError:
        raise KeyError("order")

def hidden():
    try:
        load("nonsense")
    except ValueError:
        raise KeyError("order") from None

def grouped():
    errors = []
    for text in ["a", "b"]:
        try:
            load(text)
        except ValueError as error:
            errors.append(error)
    errors.append(ExceptionGroup("inner", [OSError("disk")]))
    raise ExceptionGroup("several", errors)

def many():
    raise ExceptionGroup("many", [ValueError(str(number)) for number in range(7)])

def framework():
    import_object("nowhere:Nothing")
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of an application."""
    (tmp_path / "shop.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    module = ModuleType("shop")
    code = compile(PROGRAM, str(tmp_path / "shop.py"), "exec")
    exec(code, vars(module))  # noqa: S102  # the program above
    return module


def shown(call: Callable[[], object], verbosity: Verbosity = Verbosity.NORMAL, **more: Any) -> str:
    """Return what is shown of what *call* raises."""
    output = BufferedOutput(verbosity=verbosity)
    try:
        call()
    except Exception as error:
        # Without the frames of this test.
        trace = error.__traceback__
        assert trace is not None
        error.__traceback__ = trace.tb_next
        render_failure(error, output, **more)
    return output.error_text


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_the_frames_of_the_application_come_first_and_the_others_are_counted(
    program: ModuleType,
) -> None:
    text = shown(partial(program.three, "nonsense"))

    places = [line for line in lines(text) if " at " in line or "…" in line]
    assert places[0].strip() == "at shop.py:7 in load"
    assert places[1].strip() == "at shop.py:9 in one"
    assert places[2].strip() == "at shop.py:10 in two"
    assert places[3].startswith("  raised at ")
    assert "decoder.py" in places[3]
    assert places[4].strip() == "… 1 more of the application and 3 of Securely and of packages"
    assert "     return json.loads(text)" in lines(text)
    assert lines(text)[-1] == "Run it again with -v for all of it."


def test_values_of_variables_are_not_shown(program: ModuleType) -> None:
    for verbosity in (Verbosity.NORMAL, Verbosity.DEBUG):
        assert "s3cret-local" not in shown(partial(program.three, "nonsense"), verbosity).replace(
            'secret = "s3cret-local"', ""
        )


def test_a_cause_follows_with_its_frames(program: ModuleType) -> None:
    text = shown(program.caused)

    assert "RuntimeError: the order is not readable" in text
    head, _, cause = text.partition("Caused by json.decoder.JSONDecodeError: Expecting value")
    assert "in caused" in head
    assert "in load" in cause


def test_what_was_handled_follows_unless_it_is_hidden(program: ModuleType) -> None:
    assert "While handling json.decoder.JSONDecodeError" in shown(program.while_handling)
    assert "handling" not in shown(program.hidden)


def test_a_group_shows_its_members_one_beneath_the_other(program: ModuleType) -> None:
    text = shown(program.grouped)

    assert "ExceptionGroup: several (3 sub-exceptions)" in text
    assert "  1. json.decoder.JSONDecodeError" in text
    assert "  2. json.decoder.JSONDecodeError" in text
    assert "  3. ExceptionGroup: inner (1 sub-exception)" in text
    assert "    1. OSError: disk" in text


def test_a_large_group_is_cut(program: ModuleType) -> None:
    text = shown(program.many)

    assert "  5. ValueError: 4" in text
    assert "6. ValueError" not in text
    assert "  … and 2 more" in text


def test_verbose_shows_all_of_it(program: ModuleType) -> None:
    text = shown(partial(program.three, "nonsense"), Verbosity.VERBOSE)

    assert "Traceback (most recent call last)" in text
    assert "in three" in text
    assert "decoder.py" in text
    assert "Run it again" not in text


def test_a_story_that_is_a_loop_ends() -> None:
    def call() -> None:
        one, two = ValueError("one"), ValueError("two")
        one.__cause__, two.__cause__ = two, one
        raise one

    assert shown(call).count("Caused by") == 1


def test_a_long_story_is_cut() -> None:
    def call() -> None:
        error = ValueError("0")
        for number in range(1, 9):
            following = ValueError(str(number))
            following.__cause__ = error
            error = following
        raise error

    text = shown(call)
    assert text.count("Caused by") == 3
    assert "… and what was behind that" in text


@pytest.mark.parametrize("verbosity", [Verbosity.NORMAL, Verbosity.VERBOSE])
def test_secrets_are_masked(verbosity: Verbosity) -> None:
    word, key = "hunter" + "2", "k3y-of-" + "the-shop"

    def call() -> None:
        error = ValueError(f"the key is {key}")
        error.__cause__ = OSError(f"redis://ann:{word}@host refuses")
        raise error

    text = shown(call, verbosity, mask=lambda line: line.replace(key, "****"))
    assert "the key is ****" in text
    assert "hunter2" not in shown(call, verbosity)


def test_secrets_of_several_lines_are_masked_in_members_of_groups() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIplanted\n-----END PRIVATE KEY-----"

    def call() -> None:
        raise ExceptionGroup("several", [ValueError(key)])

    text = shown(call, mask=Masker().text)

    assert "ValueError: ********" in text
    assert "planted" not in text


def test_an_error_of_ours_is_its_message(program: ModuleType) -> None:
    text = shown(program.framework)

    assert "nowhere" in text
    assert "in framework" not in text
    assert "in framework" in shown(program.framework, show_place=True)


def test_the_message_of_an_error_of_ours_is_masked() -> None:
    def call() -> None:
        error = SecurelyError("the key is k3y-of-the-shop")
        error.add_note("k3y-of-the-shop")
        raise error

    assert "k3y" not in shown(call, mask=lambda line: line.replace("k3y-of-the-shop", "****"))


def test_an_error_that_cannot_say_itself_is_named() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    def call() -> None:
        raise Mute

    assert "Mute" in shown(call)


def test_an_error_without_frames_of_an_application_shows_those_there_are() -> None:
    text = shown(lambda: json.loads("nonsense"))

    assert "decoder.py" in text
