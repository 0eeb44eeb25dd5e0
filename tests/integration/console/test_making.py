"""Everything that make:… makes, in one new application: it runs, and passes every check."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from securely.foundation.catalog import COMMANDS
from securely.foundation.commands.new import create_application

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SECONDS = 55

# What a command is given beside a name, where that is not enough or not all there is.
FURTHER = {
    "make:command": ["--command=reports:send", "--test"],
    "make:class": ["--test"],
    "make:enum": ["--string", "--test"],
    "make:exception": ["--test"],
    "make:facade": ["app.shop.make_class:MakeClass"],
    "make:event": ["--test"],
    "make:job": ["--test"],
    "make:job-middleware": ["--test"],
    "make:mail": ["--markdown=mail.shop", "--test"],
    "make:listener": ["--event=shop/MakeEvent", "--test"],
    "make:provider": ["--test"],
}
TWICE = [
    ["make:command", "Plain"],
    ["make:enum", "Level", "--int"],
    ["make:enum", "Kind"],
    ["make:test", "Basket", "--unit"],
    ["make:listener", "HearAll"],
]


def name_for(command: str) -> str:
    """Return a name no other command is given: ``shop/MakeEvent`` for ``make:event``."""
    folder = "" if command == "make:facade" else "shop/"  # facades lie in one file
    return folder + "".join(word.title() for word in command.replace("-", ":").split(":"))


def program(blog: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=blog,
        capture_output=True,
        text=True,
        env={**kept, "PYTHONPATH": str(ROOT)},
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new application with one of everything."""
    blog = create_application(tmp_path_factory.mktemp("making") / "blog")
    makers = sorted(name for name in COMMANDS if name.startswith("make:"))
    lines = [[each, name_for(each), *FURTHER.get(each, [])] for each in makers]
    for line in [*lines, *TWICE]:
        made = program(blog, "artisan.py", *line)
        assert made.returncode == 0, f"{line}: {made.stderr}"
        assert " created." in made.stdout or " added to " in made.stdout
    return blog


def test_it_is_formatted_and_passes_lint(blog: Path) -> None:
    for words in (["format", "--check"], ["check"]):
        config = ["--config", str(ROOT / "pyproject.toml")]
        # The skeleton's own example was not made.
        config += ["--exclude", "test_example.py"]
        checked = program(blog, "-m", "ruff", *words, *config, "app", "tests")
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.timeout(120)
def test_it_passes_the_strict_type_checker(blog: Path) -> None:
    checked = program(blog, "-m", "mypy", "--strict", "--follow-imports=silent", "app", "tests")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_its_tests_pass_and_its_commands_run(blog: Path) -> None:
    tested = program(blog, "artisan.py", "test", "-q", "-p", "no:cacheprovider")
    ran = program(blog, "artisan.py", "reports:send")

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
    assert (ran.returncode, ran.stdout) == (0, "Done.\n")


def test_tests_that_fail_give_their_exit_code(blog: Path) -> None:
    failed = program(blog, "artisan.py", "test", "tests/nowhere.py", "-q")

    assert failed.returncode == 4
    assert "nowhere.py" in failed.stdout + failed.stderr
