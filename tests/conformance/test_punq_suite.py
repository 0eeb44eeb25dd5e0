"""punq's own tests pass with our Container in the place of punq's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.timeout(300)
def test_the_tests_of_punq_pass_with_our_container() -> None:
    """Needs the package index, once, for punq's sources and what its tests import."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.conformance.punq_suite"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "54 passed" in result.stdout
