"""A Python that lacks the packages: the one line that says so, in real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.source import ROOT

pytestmark = pytest.mark.integration


def start(*words: str, folder: Path) -> tuple[int, str, str]:
    """Run Python without the packages of its environment, but with ours."""
    process = subprocess.run(  # our interpreter, our program
        [sys.executable, "-S", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout, process.stderr


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An application as `new` makes it."""
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / "bootstrap/app.py").write_text(
        "from pathlib import Path\n"
        "from securely import Application\n"
        "app = Application.configure(Path(__file__).parent.parent).create()\n"
    )
    (tmp_path / "artisan.py").write_text((ROOT / "artisan.py").read_text())
    return tmp_path


@pytest.mark.parametrize("line", ["about", "list", "help env", "nope --help", ""])
def test_artisan_says_in_one_line_what_python_lacks(site: Path, line: str) -> None:
    code, said, errors = start("artisan.py", *line.split(), folder=site)

    assert (code, said) == (1, "")
    assert errors == (
        f'ERROR  This Python ({sys.executable}) has no "punq". '
        "Use .venv/bin/python, or run make install.\n"
    )


def test_the_module_outside_of_an_application_says_it_too(tmp_path: Path) -> None:
    code, said, errors = start("-m", "securely", "new", "blog", folder=tmp_path)

    assert (code, said) == (1, "")
    assert errors.startswith(f'ERROR  This Python ({sys.executable}) has no "punq". ')
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_module_of_the_application_shows_where_it_was_wanted(site: Path) -> None:
    (site / "bootstrap/app.py").write_text("import tax\n")

    process = subprocess.run(  # our interpreter, our program
        [sys.executable, "artisan.py", "about"],
        cwd=site,
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 1
    assert process.stderr.startswith("ERROR  ModuleNotFoundError: No module named 'tax'\n")
    assert "bootstrap/app.py:1 in <module>" in process.stderr
