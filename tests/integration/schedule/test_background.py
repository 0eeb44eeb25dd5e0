"""Tasks in the background of an application, as its console starts them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from securely.support import clock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

Run = Callable[..., CompletedProcess[str]]
SECONDS = 60

TASKS = """
Schedule.exec("echo here; exit 3").name("-odd name").run_in_background().after(
    lambda: open("after", "w").close()
)
Schedule.exec("touch begun; sleep 600").name("long").run_in_background().on_failure(
    lambda: open("failed", "w").close()
)
Schedule.command("invoices:total").name("total").run_in_background()
"""


def _history(run: Run, name: str) -> list[dict[str, Any]]:
    told = run("schedule:history", "--json", "--", name)
    assert told.returncode == 0, told.stdout + told.stderr
    found: list[dict[str, Any]] = json.loads(told.stdout)
    return found


def _ended(run: Run, name: str) -> dict[str, Any]:
    until = clock.monotonic() + SECONDS
    while True:
        (found,) = _history(run, name)
        if found["state"] != "running":
            return found
        assert clock.monotonic() < until, found
        clock.sleep(0.05)


def test_the_console_hands_a_run_over_and_its_process_ends_it(project: Path, run: Run) -> None:
    with (project / "routes/console.py").open("a") as routes:
        routes.write(TASKS)

    started = run("schedule:trigger", "--", "-odd name")
    run("schedule:trigger", "total")

    assert "STARTED" in started.stdout, started.stdout + started.stderr
    failed = _ended(run, "-odd name")
    assert (failed["state"], failed["exit_code"], failed["output"]) == ("failed", 3, "here\n")
    assert (project / "after").exists()
    done = _ended(run, "total")
    assert (done["state"], done["exit_code"]) == ("done", 0)
    assert "invoices issued" in done["output"]


def test_a_process_of_the_background_that_is_asked_to_end_settles_its_run(
    project: Path, run: Run
) -> None:
    with (project / "routes/console.py").open("a") as routes:
        routes.write(TASKS)
    run("schedule:trigger", "long")
    until = clock.monotonic() + SECONDS
    while not (project / "begun").exists():
        assert clock.monotonic() < until
        clock.sleep(0.02)

    os.kill(_history(run, "long")[0]["pid"], signal.SIGTERM)

    ended = _ended(run, "long")
    assert (ended["state"], ended["exit_code"]) == ("failed", 143)
    assert ended["reason"] == "killed by SIGTERM"
    assert (project / "failed").exists()
