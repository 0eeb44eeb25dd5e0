"""test: runs the tests of the application with pytest, in the environment testing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from securely.console import Command
from securely.support.paths import Paths

__all__ = ["TestCommand", "run_tests"]


def run_tests(base: Path, arguments: list[str]) -> int:
    """Run pytest in *base* with ``APP_ENV=testing`` and return its exit code.

    Args:
        base: The application's folder.
        arguments: Of pytest.
    """
    environment = {**os.environ, "APP_ENV": "testing"}
    words = [sys.executable, "-m", "pytest", *arguments]
    process = subprocess.Popen(words, cwd=base, env=environment)  # noqa: S603  # what was asked for
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # pytest has got it, too, and tells what it has done so far
            continue


class TestCommand(Command):
    """Runs the tests; whatever stands behind the name goes to pytest."""

    __test__ = False  # it is no test of pytest's

    signature = "test {arguments?* : What pytest is given: files, -k, -x …}"
    description = "Run the application's tests with pytest"
    passes_on: ClassVar[bool] = True

    def handle(self, paths: Paths) -> int:
        """Run them, and exit as pytest does."""
        self.output.flush()
        return run_tests(paths.base, self.strings("arguments"))
