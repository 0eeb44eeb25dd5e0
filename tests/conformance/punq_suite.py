"""Runs punq's own tests with our Container in the place of punq's.

    python -m tests.conformance.punq_suite [--sdist PATH]

It fetches the source distribution of punq from the package index (or takes the one at PATH),
puts our class where the tests look for theirs, and runs them. Exit code 0: every test passes,
apart from the differences listed here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "0.9.0"
ROOT = Path(__file__).resolve().parents[2]

# Test id -> why ours answers otherwise. None: all of them pass.
DIFFERENCES: dict[str, str] = {}

# Read by pytest before any test of punq's is imported.
CONFTEST = """
import punq

from securely.container import Container

punq.Container = Container
"""

# What punq's tests import beside punq and pytest.
TOOLS = ("expects", "attrs")


def pip(*arguments: str) -> None:
    """Run pip, quietly."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True)


def fetch(folder: Path) -> Path:
    """Download the source distribution into *folder*."""
    pip(
        *("download", "--no-binary", "punq", "--no-deps"),
        *("--dest", str(folder), f"punq=={VERSION}"),
    )
    return next(folder.glob(f"punq-{VERSION}.tar.gz"))


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack *sdist* and return the folder with its tests."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"punq-{VERSION}"


def run(sdist: Path | None) -> int:
    """Run the suite and return its exit code."""
    with tempfile.TemporaryDirectory(prefix="punq-suite-") as name:
        folder = Path(name)
        source = unpack(sdist or fetch(folder), folder)
        tools = folder / "tools"
        pip("install", "--no-deps", "--target", str(tools), *TOOLS)
        # A package, so that no other folder called "tests" on the path is taken for it.
        (source / "tests" / "__init__.py").touch()
        (source / "tests" / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        # The installed punq is what our class is a subclass of; theirs is only read for its tests.
        (source / "punq").rename(source / "punq-not-this-one")
        command = [
            *(sys.executable, "-m", "pytest", "tests", "-q", "-o", "addopts=", "-p", "no:securely"),
            *("-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(source)),
            *(f"--deselect={test}" for test in DIFFERENCES),
        ]
        path = os.pathsep.join([str(source), str(ROOT), str(tools)])
        result = subprocess.run(
            command, cwd=source, env={**os.environ, "PYTHONPATH": path}, check=False
        )
    for test, reason in DIFFERENCES.items():
        sys.stdout.write(f"difference: {test}: {reason}\n")
    return result.returncode


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdist", type=Path, help="a source distribution that is there already")
    return run(parser.parse_args().sdist)


if __name__ == "__main__":
    sys.exit(main())
