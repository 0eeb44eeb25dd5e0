"""Executors load the application that the worker was started in, and not a part of it only."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

HEAD_ROWS = 5


def test_job_with_facades_when_an_environment_is_named_runs_in_that_one(
    project: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    shutil.copy(project / ".env", project / ".env.staging")
    invoices = project / "storage/app/invoices.csv"
    lines = invoices.read_text(encoding="utf-8").splitlines(keepends=True)
    invoices.write_text("".join(lines[:HEAD_ROWS]), encoding="utf-8")
    imported = run("--env=staging", "invoices:import", "storage/app/invoices.csv")
    assert imported.returncode == 0, imported.stderr

    worked = run("--env=staging", "queue:work", "--stop-when-empty")

    assert worked.returncode == 0, worked.stderr
    assert "0 failed" in worked.stdout, worked.stdout
    issued = [file.name for file in (project / "storage/app/invoices").glob("*.txt")]
    assert len(issued) == HEAD_ROWS - 1
