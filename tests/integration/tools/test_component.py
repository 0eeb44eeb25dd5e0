"""`make component NAME=images` writes a component that has all that a component has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.component.__main__ import NotAName, write_component
from tools.source import ROOT

# What is read or edited, and what its tests and the rules of the house need.
PARTS = ("securely", "app", "bootstrap", "config", "routes", "docs", "tools", "tests")
FILES = ("pyproject.toml", "artisan.py", "ARCHITECTURE.md", "README.md", "CHANGELOG.md")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository that may be written to."""
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    for file in (*FILES, "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Makefile"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_component_is_written_with_its_name_everywhere(copy: Path) -> None:
    written = write_component("old_photos", copy)

    assert copy / "securely/old_photos/manager.py" in written
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert "__name__" not in text
        assert "__Name__" not in text
        assert "__UPPER__" not in text
    manager = (copy / "securely/old_photos/manager.py").read_text(encoding="utf-8")
    assert "class OldPhotosManager(" in manager
    assert '"OLD_PHOTOS_STORE"' in (copy / "config/old_photos.py").read_text(encoding="utf-8")
    assert 'OldPhotos: OldPhotosManager = facade("old_photos")' in (
        copy / "securely/facades.py"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["Images", "old-photos", "2d", "", "cache", "facades"])
def test_component_when_it_cannot_be_called_that_then_nothing_is_written(
    copy: Path, name: str
) -> None:
    before = sorted(copy.rglob("*"))

    with pytest.raises(NotAName):
        write_component(name, copy)

    assert sorted(copy.rglob("*")) == before


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_component_passes_the_rules_of_the_house_and_its_tests(copy: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )

    made = run("tools.component", "images")
    assert made.returncode == 0, made.stderr
    places = ["securely/images", "tests/unit/images", "tests/contracts/test_images.py"]
    for words in (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy", "securely", *places[1:]),
        ("basedpyright", *places, "securely/testing/suites/images.py"),
        ("pytest", "-q", "tests/architecture", "tests/docs", *places[1:]),
    ):
        done = run(*words)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-4000:]}{done.stderr}"
