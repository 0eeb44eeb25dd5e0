"""The built wheel holds all it needs, and works alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tools.source import PACKAGE, ROOT

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = list(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))
    return Path(built[0])


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the unpacked wheel before everything else on the path."""
    starter = (
        "import sys, runpy; "
        f"sys.path[:] = [{str(unpacked)!r}] + [p for p in sys.path if p != {str(ROOT)!r}]; "
        "sys.argv = sys.argv[1:]; "
        "code = sys.argv[0]; "
        "exec(code[1:]) if code[0] == '!' else runpy.run_module(code, run_name='__main__')"
    )
    return subprocess.run(  # our interpreter, our code
        [sys.executable, "-I", "-c", starter, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    there = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert "securely/py.typed" in names
    assert there <= names, (
        f"Not in the wheel: {sorted(there - names)}. A pattern in .gitignore may hide them; let "
        "[tool.hatch.build] of pyproject.toml name them."
    )


def test_the_wheel_has_skeleton_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entries = next(n for n in names if n.endswith("entry_points.txt"))
        scripts = archive.read(entries).decode()

    assert [name for name in names if name.startswith("securely/skeleton/")], "no skeleton"
    stubs = [path.relative_to(ROOT).as_posix() for path in (ROOT / "securely").rglob("*.stub")]
    assert stubs
    assert set(stubs) <= set(names), "a stub is missing"
    assert "securely = securely.__main__:main" in scripts
    assert not [name for name in names if name.startswith(("tests/", "app/", "tools/"))]


def test_the_wheel_imports_alone(unpacked: Path, tmp_path: Path) -> None:
    result = run(
        unpacked,
        "!import securely; print(securely.__file__); print(securely.Application.__name__)",
        cwd=tmp_path,
    )

    assert result.returncode == 0, result.stderr
    where, name = result.stdout.split()
    assert where == str(unpacked / "securely" / "__init__.py")
    assert name == "Application"


def test_the_wheel_makes_an_application(unpacked: Path, tmp_path: Path) -> None:
    result = run(unpacked, "securely", "new", "blog", cwd=tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr
    made = {path.name for path in (tmp_path / "blog").iterdir()}
    assert {"app", "bootstrap", "config", "artisan.py", ".env.example", ".gitignore"} <= made


def test_types_are_complete(unpacked: Path, tmp_path: Path) -> None:
    """What checkers of other projects see: every public name has a type that they need not guess.

    The skeleton is data. Classes on msgspec's and diskcache's are as far known as those packages
    tell, and so is what mentions them.
    """
    checker = Path(sys.executable).with_name("basedpyright")
    done = subprocess.run(  # our checker, our code
        [checker, "--pythonpath", sys.executable, "--verifytypes", "securely", "--outputjson"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    symbols = json.loads(done.stdout)["typeCompleteness"]["symbols"]

    assert len(symbols) > 3000
    guessed = [
        symbol["name"]
        for symbol in symbols
        if symbol["isExported"]
        and symbol["isTypeAmbiguous"]
        and not symbol["name"].startswith("securely.skeleton.")
    ]
    foreign = [
        symbol["name"]
        for symbol in symbols
        if symbol["isExported"]
        and not symbol["isTypeKnown"]
        and not symbol["isTypeAmbiguous"]
        and any("base class unknown" in each["message"] for each in symbol["diagnostics"])
    ]
    assert not guessed, "Annotate these; other projects' checkers guess them: " + ", ".join(guessed)
    assert {name.rpartition(".")[0] for name in foreign} <= {
        "securely.cache.drivers.disk_rows",
        "securely.lookout.web.app",
        "securely.queue.crew.link",
        "securely.queue.delivery.written",
        "securely.queue.drivers.arq_pool",
        "securely.queue.drivers.arq_wire",
        "securely.queue.drivers.arq_worker",
        "securely.queue.payload",
    }, foreign
