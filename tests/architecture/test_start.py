"""The console starts on almost nothing: what `list` and `--version` import is a list."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.source import ROOT

# All that may be imported on top of a bare interpreter. Each module here costs every start.
ALLOWED = {
    "securely",
    "securely.starter",
    "securely.support",
    "securely.support.completion",
    "securely.support.listing",
    "securely.support.manifest",
    "securely.support.terminal",
}

# What a boot may load beside the standard library; typing_extensions is what punq stands on.
LIGHT = {"punq", "dotenv", "typing_extensions"}

PROGRAM = """
import sys
before = set(sys.modules)
from securely.starter import artisan
code = artisan(sys.argv[1], sys.argv[2:])
sys.stdout.flush()
imported = sorted(set(sys.modules) - before)
import json
sys.stderr.write(json.dumps({"code": code, "imported": imported}))
"""


def start(base: Path, line: str) -> tuple[int, set[str], str]:
    """Run *line* in a process of its own; return exit code, imported modules and output."""
    process = subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", PROGRAM, str(base / "artisan.py"), *line.split()],
        cwd=base,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(process.stderr)
    return found["code"], set(found["imported"]), process.stdout


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application with two commands that cannot even be imported, and a manifest of them."""
    base = tmp_path_factory.mktemp("site")
    (base / "app/console/commands").mkdir(parents=True)
    (base / "app/console/commands/send.py").write_text(
        "raise ImportError('a command module was imported')\n"
        "class Send(Command):\n    signature = 'mail:send {user}'\n"
    )
    (base / "routes").mkdir()
    (base / "routes/console.py").write_text(
        "raise ImportError\n@Artisan.command('inspire')\ndef inspire(): ...\n"
    )
    (base / "bootstrap/cache").mkdir(parents=True)
    (base / "bootstrap/app.py").write_text("raise ImportError('the application was imported')\n")
    start(base, "list")  # writes the manifest
    return base


@pytest.mark.integration
@pytest.mark.parametrize(
    "line",
    [
        "",
        "list",
        "list mail",
        "list --raw",
        "list --json",
        "--version",
        "help mail:send",
        "mail:send --help",
        "completion bash",
        "_complete mail",
    ],
)
def test_the_start_imports_nothing_but_what_is_allowed(base: Path, line: str) -> None:
    code, imported, output = start(base, line)

    assert code == 0
    assert output
    new = sorted(imported - ALLOWED)
    assert not new, (
        f"`python artisan.py {line}` imports {', '.join(new)}. Import it in the function that "
        "needs it, do without it, or, if every start shall pay for it, add it to ALLOWED here."
    )


@pytest.mark.integration
def test_the_start_shows_commands_that_cannot_be_imported(base: Path) -> None:
    _, _, output = start(base, "list --raw")

    assert {"mail:send", "inspire", "list", "help"} <= set(output.split())


@pytest.mark.integration
def test_the_start_lists_two_hundred_commands_and_imports_none(base: Path) -> None:
    for number in range(200):
        (base / f"app/console/commands/many_{number}.py").write_text(
            "raise ImportError('a command module was imported')\n"
            f"class Many{number}(Command):\n"
            f"    signature = 'many:do-{number} {{user}} {{--force}}'\n"
        )
    start(base, "list")  # writes the manifest

    code, imported, output = start(base, "list many --raw")

    assert code == 0
    assert len(output.splitlines()) == 200
    assert not imported - ALLOWED


@pytest.mark.integration
@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import securely", {"typing", "re", "asyncio", "logging", "punq", "pathlib"}),
        ("import securely.facades", {"asyncio", "logging", "sqlite3"}),
        ("from securely import Application", {"asyncio", "sqlite3"}),
    ],
)
def test_an_import_loads_no_more_than_a_boot_may(statement: str, heavy: set[str]) -> None:
    program = (
        f"import sys; before = set(sys.modules); {statement}\n"
        "sys.stdout.write('\\n'.join(sorted(set(sys.modules) - before)))"
    )
    process = subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    roots = {name.split(".")[0] for name in process.stdout.split()}

    third_party = roots - set(sys.stdlib_module_names) - LIGHT - {"securely"}
    wrong = sorted(third_party | (roots & heavy))
    assert not wrong, (
        f"`{statement}` imports {', '.join(wrong)}. Import it in the file that needs it, and let "
        "no `__init__`, provider or facade import that file."
    )
