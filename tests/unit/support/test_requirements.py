"""What is said where Python lacks a package of ours."""

from __future__ import annotations

import sys
import tomllib

import pytest

from securely.console import BufferedOutput
from securely.console.failure import render_failure
from securely.support.requirements import REQUIREMENTS, lacking, tell
from tools.source import ROOT


def missing(name: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_requirements_are_those_of_the_package() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        declared = tomllib.load(file)["project"]["dependencies"]

    names = {text.split(">")[0] for text in declared}
    # punq and pydantic bring it, and punq imports it first.
    assert set(REQUIREMENTS.values()) == names | {"typing_extensions"}


def test_lacking_names_the_interpreter_and_the_distribution() -> None:
    assert lacking(missing("dotenv")) == (
        f'This Python ({sys.executable}) has no "python-dotenv". '
        "Use .venv/bin/python, or run make install."
    )


@pytest.mark.parametrize(
    "error", [missing("tax"), missing("punq.nothing"), ImportError("punq"), ValueError("punq")]
)
def test_what_is_not_a_package_of_ours_is_not_told(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lacking(error) is None
    assert tell(error) is False
    assert capsys.readouterr().err == ""


def test_the_console_says_it_in_one_line_too() -> None:
    output = BufferedOutput()

    render_failure(missing("pydantic"), output)

    assert output.error_text == f"ERROR  {lacking(missing('pydantic'))}\n"
