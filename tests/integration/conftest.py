"""A copy of the example application, and its console as real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 50

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


def environment(**more: str) -> dict[str, str]:
    """The process's variables without those that configure applications."""
    names = ("APP_", "CACHE_", "QUEUE_", "LOG_", "MAIL_", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example application, with an environment and a key of its own."""
    base = tmp_path / "project"
    base.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.txt", "*.proof", "*.log", "invoices")
    for name in ("app", "bootstrap", "config", "resources", "routes"):
        kept = ignored if name == "bootstrap" else shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, base / name, ignore=kept)
    for name in ("app", "framework", "logs"):
        (base / "storage" / name).mkdir(parents=True)
    shutil.copy(ROOT / "storage/app/invoices.csv", base / "storage/app/invoices.csv")
    shutil.copy(ROOT / "artisan.py", base)
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    key = "base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM="
    (base / ".env").write_text(example.replace("APP_KEY=", f"APP_KEY={key}"), encoding="utf-8")
    return base


@pytest.fixture
def run(project: Path) -> Run:
    """Run a command line of the application and wait for its end."""

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "artisan.py", *words],
            cwd=project,
            capture_output=True,
            text=True,
            env=environment(**more),
            timeout=SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def start(project: Path) -> Iterator[Start]:
    """Start a command line of the application; it is killed when the test is over."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "artisan.py", *words],
            cwd=project,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(SECONDS)
        if process.stdout is not None:
            process.stdout.close()
