"""Holds make:rule: what it makes is a rule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.support.paths import Paths
from securely.validation import Rule, ValidationFactory
from securely.validation.commands import MakeRuleCommand


def made(folder: Path, *words: str) -> Path:
    container = Container()
    container.instance(Paths, Paths(folder))
    artisan = Artisan(container)
    artisan.add(MakeRuleCommand)

    assert artisan.run(["make:rule", *words], BufferedOutput()) == 0
    return folder / "app/rules/uppercase.py"


@pytest.mark.parametrize("implicit", [False, True])
def test_make_rule_when_run_then_makes_a_rule_that_is_asked(
    factory: ValidationFactory, tmp_path: Path, implicit: bool
) -> None:
    file = made(tmp_path, "Uppercase", *(["--implicit"] if implicit else []))

    names: dict[str, Any] = {"__name__": "made"}
    exec(compile(file.read_text(), str(file), "exec"), names)  # noqa: S102  # what was just made
    rule = names["Uppercase"]

    assert issubclass(rule, Rule)
    assert factory.make({"f": 0}, {"f": rule()}).fails()
    assert factory.make({"f": ""}, {"f": rule()}).fails() is implicit


@pytest.mark.parametrize("words", [(), ("--implicit",)])
def test_make_rule_when_run_then_what_it_makes_is_formatted(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = made(tmp_path, "Uppercase", *words)

    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert formatted.returncode == 0, formatted.stdout
