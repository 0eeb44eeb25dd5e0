"""Command files that are broken: what `list` says of them, and who runs what stands in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from securely.foundation.commands.new import create_application
from tools.source import ROOT

pytestmark = pytest.mark.integration

BAD = """
from securely.console import Command


class Bad(Command):
    signature = "bad:sig {user"

    def handle(self) -> None: ...
"""
SIGNATURE = "This brace is never closed:\n    bad:sig {user\n            ^"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = create_application(tmp_path_factory.mktemp("broken") / "shop")
    commands = shop / "app/console/commands"
    (commands / "bad.py").write_text(BAD)
    (commands / "broken.py").write_text("class Broken(\n")
    return shop


def run(shop: Path, *words: str) -> tuple[int, str]:
    """Return the exit code, and both streams as one."""
    process = subprocess.run(
        [sys.executable, "artisan.py", *words],
        cwd=shop,
        env={**os.environ, "PYTHONPATH": str(ROOT), "APP_ENV": "testing"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout


@pytest.mark.parametrize("line", ["bad:sig", "help bad:sig", "bad:sig --help"])
def test_run_when_the_signature_is_bad_then_says_what_list_says(shop: Path, line: str) -> None:
    code, text = run(shop, *line.split())

    assert code == 1
    assert text == f"ERROR  app/console/commands/bad.py:5: {SIGNATURE}\n"


def test_run_when_a_file_cannot_be_read_then_the_unknown_command_may_stand_in_it(
    shop: Path,
) -> None:
    code, text = run(shop, "something")

    assert code == 1
    assert text.splitlines() == [
        'ERROR  Command "something" is not defined. Run `list` to see what is.',
        "app/console/commands/broken.py:1 cannot be read: '(' was never closed.",
    ]


@pytest.mark.parametrize("line", ["list", "list --json", "list --format=md"])
def test_list_when_files_are_broken_then_says_so_below(shop: Path, line: str) -> None:
    code, text = run(shop, *line.split())

    assert code == 0
    below = text[text.rindex("vendor:publish") :]
    assert SIGNATURE in below
    assert "broken.py:1 cannot be read" in below
    assert "bad:sig" not in text.replace(below, "")
