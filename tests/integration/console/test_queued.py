"""A console command on the queue of an application, run by a real worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from securely.foundation.commands.new import create_application

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]

ROUTES = '''
from pathlib import Path

from securely.console import Command
from securely.facades import Artisan


@Artisan.command("note")
def note(command: Command, text: str, times: int = 1, fail: bool = False) -> int:
    """Write a line into a file."""
    with Path("notes.txt").open("a") as file:
        file.write(f"{text}\\n" * times)
    command.line("noted")
    return 3 if fail else 0


@Artisan.command("plan")
def plan() -> None:
    """Queue some notes."""
    Artisan.queue("note", {"text": "a b", "--times": 2}).dispatch()
    Artisan.queue("note c").on_queue("default").dispatch()
    Artisan.queue("note d --fail").dispatch()
'''


def test_a_worker_runs_queued_commands_and_keeps_those_that_fail(tmp_path: Path) -> None:
    blog = create_application(tmp_path / "blog")
    (blog / "routes/console.py").write_text(ROUTES)
    dropped = ("APP_", "CACHE_", "QUEUE_", "LOG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}

    def artisan(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "artisan.py", *words],
            cwd=blog,
            capture_output=True,
            text=True,
            env={**kept, "PYTHONPATH": str(ROOT)},
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    artisan("plan")
    worked = artisan("queue:work", "--stop-when-empty", "--tries=1")
    failed = artisan("queue:failed")

    assert sorted((blog / "notes.txt").read_text().split("\n")) == ["", "a b", "a b", "c", "d"]
    assert "note" in worked
    assert "2 done" in worked
    assert "note" in failed
