"""queue:supervise: as many workers as there is work for, whoever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.foundation.commands.new import create_application
from securely.support import clock

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]

ROOT = Path(__file__).parents[3]
SECONDS = 60
# A busy machine is late now and then, and hardly each time.
ATTEMPTS = 6

CONFIG = """
config = {
    "default": "sqlite",
    "connections": {"sqlite": {"driver": "sqlite", "path": "storage/framework/queue"}},
    "outboxes": ["app.db"],
    "fast_termination": True,
    "supervisors": {
        "defaults": {"mail": {"queues": ["high", "low"], "max_processes": 3}},
        "production": {"mail": {"balance_cooldown": "300ms", "strategy": "size", "sleep": 0.2}},
        "flat": {"mail": {"balance": False, "nice": 5, "max_processes": 1}},
    },
}
"""

JOB = """
import time
from dataclasses import dataclass
from pathlib import Path

from securely.queue import Job


@dataclass
class Shout(Job):
    until: str  # a file, or "now"

    timeout = 600

    def handle(self) -> None:
        with Path("shouts.txt").open("a") as file:
            file.write("began\\n")
        while self.until != "now" and not Path(self.until).exists():
            time.sleep(0.02)
        with Path("shouts.txt").open("a") as file:
            file.write("ended\\n")
"""

ROUTES = '''
import sqlite3

from app.jobs.shout import Shout
from securely.console import Command
from securely.facades import Artisan, Queue


@Artisan.command("order")
def order(command: Command) -> None:
    """Shout by the outbox."""
    with sqlite3.connect("app.db") as database:
        Queue.outbox(database).push(Shout("now"), "low")
    database.close()


@Artisan.command("shout {queue} {count} {until=now}")
def shout(command: Command) -> None:
    """Shout."""
    for _ in range(int(command.string("count"))):
        Queue.push_on(command.string("queue"), Shout(command.string("until")))
'''


class Blog:
    """An application, and its master."""

    def __init__(self, base: Path) -> None:
        self.base = base
        dropped = ("APP_", "CACHE_", "QUEUE_", "LOG_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self.environment = {**kept, "PYTHONPATH": str(ROOT)}
        self.masters: list[subprocess.Popen[bytes]] = []

    def artisan(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "artisan.py", *words],
            cwd=self.base,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def supervise(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.base / "storage/master.txt").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "artisan.py", "queue:supervise", *words],
                cwd=self.base,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
            )
        self.masters.append(process)
        return process

    def said(self) -> str:
        return (self.base / "storage/master.txt").read_text()

    def go(self) -> None:
        """Let the jobs end that wait for it."""
        (self.base / "go").touch()

    def shouts(self, word: str) -> int:
        file = self.base / "shouts.txt"
        return file.read_text().split().count(word) if file.exists() else 0

    def state(self) -> dict[str, Any]:
        file = self.base / "storage/framework/supervise/master.json"
        return json.loads(file.read_text()) if file.exists() else {"supervisors": []}

    def pids(self, queue: str = "high") -> list[int]:
        pools = [pool for one in self.state()["supervisors"] for pool in one["pools"]]
        return [pid for pool in pools if queue in pool["queues"] for pid in pool["pids"]]

    def wait_for(self, condition: Callable[[], bool], seconds: float = SECONDS) -> float:
        began = clock.monotonic()
        while not condition():
            if clock.monotonic() - began > seconds:
                pytest.fail(f"It did not come to that.\n{self.said()}\n{self.state()}")
            clock.sleep(0.01)
        return clock.monotonic() - began

    def wait_until_ready(self, count: int = 2) -> None:
        self.wait_for(lambda: self.said().count("mail: waiting for jobs") >= count)


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    blog = Blog(create_application(tmp_path / "blog"))
    (blog.base / "routes/console.py").write_text(ROUTES)
    (blog.base / "config/queue.py").write_text(CONFIG)
    (blog.base / "app/jobs").mkdir(exist_ok=True)
    (blog.base / "app/jobs/shout.py").write_text(JOB)
    environment = blog.base / ".env"
    text = environment.read_text().replace("APP_ENV=local", "APP_ENV=production")
    environment.write_text(text)
    yield blog
    blog.go()
    for master in blog.masters:
        master.kill()
        master.wait()
    blog.wait_for(lambda: not living(blog))


def living(blog: Blog) -> list[int]:
    """Return the processes that run in the folder of *blog*."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").resolve() == blog.base:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_supervise_when_a_worker_is_killed_starts_another_one_within_a_second(blog: Blog) -> None:
    master = blog.supervise()
    took: list[float] = []

    while len(took) < ATTEMPTS and min(took, default=1.0) >= 1:
        blog.wait_until_ready(2 + len(took))
        (before,) = blog.pids("high")
        os.kill(before, signal.SIGKILL)
        took.append(blog.wait_for(lambda gone=before: gone not in blog.pids("high") != []))

    assert min(took) < 1
    blog.artisan("shout", "high", "1")
    blog.wait_for(lambda: blog.shouts("ended") == 1)
    master.send_signal(signal.SIGTERM)
    assert master.wait(SECONDS) == 0
    assert "was killed by signal 9; another one starts" in blog.said()


def test_supervise_when_the_master_is_killed_lets_workers_finish_and_stop(blog: Blog) -> None:
    master = blog.supervise()
    blog.wait_until_ready()
    blog.artisan("shout", "low", "1", "go")
    blog.wait_for(lambda: blog.shouts("began") == 1)

    master.kill()
    master.wait()
    blog.go()

    blog.wait_for(lambda: not living(blog))
    assert blog.shouts("ended") == 1
    assert "Stopped: asked to by a signal" in blog.said()
    assert "No master runs" in blog.artisan("supervise:status", code=2)


def test_supervise_when_a_master_of_the_name_lives_is_refused(blog: Blog) -> None:
    blog.supervise()
    blog.wait_for(lambda: bool(blog.pids()))

    said = blog.artisan("queue:supervise", code=1)

    assert 'A master "master" runs on this machine already' in said


def test_supervise_when_load_is_uneven_moves_processes_and_keeps_to_the_most(blog: Blog) -> None:
    blog.supervise()
    blog.wait_until_ready()
    most = 0

    def has_grown() -> bool:
        nonlocal most
        most = max(most, len(blog.pids("high")) + len(blog.pids("low")))
        return len(blog.pids("high")) == 2

    blog.artisan("shout", "high", "8", "go")
    blog.wait_for(has_grown)
    blog.go()
    blog.wait_for(lambda: blog.shouts("ended") == 8)
    blog.wait_for(lambda: len(blog.pids("high")) == 1)

    assert most == 3
    assert len(blog.pids("low")) == 1
    assert "mail: high goes from 1 to 2 processes." in blog.said()


def test_supervise_when_paused_and_continued_and_terminated_obeys(blog: Blog) -> None:
    master = blog.supervise()
    blog.wait_until_ready()

    blog.artisan("supervise:pause", "mail")
    blog.wait_for(lambda: blog.state()["status"] == "paused")
    blog.artisan("shout", "high", "1")
    status = json.loads(blog.artisan("supervise:status", "--json", code=1))
    assert status[0]["supervisors"][0]["processes"] == 2
    assert blog.shouts("began") == 0

    blog.artisan("supervise:continue")
    blog.wait_for(lambda: blog.shouts("ended") == 1)
    assert "high (1), low (1)" in blog.artisan("supervise:list")

    blog.artisan("supervise:terminate")
    assert master.wait(SECONDS) == 0
    assert living(blog) == []


def test_supervise_when_one_pool_serves_all_is_nice(blog: Blog) -> None:
    blog.supervise("--environment=flat")
    blog.wait_until_ready(1)

    (pid,) = blog.pids("high")

    assert blog.pids("low") == [pid]
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5


def test_supervise_when_the_environment_is_unknown_names_a_near_one(blog: Blog) -> None:
    said = blog.artisan("queue:supervise", "--environment=prodution", code=1)

    assert 'No supervisors are configured for the environment "prodution"' in said
    assert 'Did you mean "production"?' in said


def test_pause_when_the_supervisor_is_unknown_names_a_near_one(blog: Blog) -> None:
    blog.supervise()
    blog.wait_for(lambda: bool(blog.pids()))

    said = blog.artisan("supervise:pause", "mial", code=1)

    assert 'No master runs a supervisor "mial"' in said
    assert 'Did you mean "mail"?' in said


def test_terminate_when_jobs_run_lets_a_new_master_begin_while_they_finish(blog: Blog) -> None:
    old = blog.supervise()
    blog.wait_until_ready()
    blog.artisan("shout", "low", "1", "go")
    blog.wait_for(lambda: blog.shouts("began") == 1)

    blog.artisan("supervise:terminate")
    blog.wait_for(lambda: not blog.state()["supervisors"])
    new = blog.supervise()
    blog.wait_for(lambda: blog.state().get("pid") == new.pid)

    assert old.poll() is None
    assert blog.shouts("ended") == 0
    blog.go()
    assert old.wait(SECONDS) == 0
    assert blog.shouts("ended") == 1
    assert blog.state()["pid"] == new.pid


def test_supervise_when_told_to_stop_twice_gives_running_jobs_back(blog: Blog) -> None:
    master = blog.supervise()
    blog.wait_until_ready()
    blog.artisan("shout", "low", "1", "go")
    blog.wait_for(lambda: blog.shouts("began") == 1)

    master.send_signal(signal.SIGTERM)
    blog.wait_for(lambda: "mail: terminating." in blog.said())
    blog.wait_for(lambda: "a second signal gives it up" in blog.said())
    master.send_signal(signal.SIGTERM)

    assert master.wait(SECONDS) == 0
    assert blog.shouts("ended") == 0
    assert "1 given back while running" in blog.said()


def test_supervise_when_a_worker_cannot_load_the_application_tries_again_more_slowly(
    blog: Blog,
) -> None:
    blog.supervise()
    blog.wait_until_ready()
    beginning = blog.base / "bootstrap/app.py"
    text = beginning.read_text()
    beginning.write_text(f"{text}\nthis is no Python\n")

    os.kill(blog.pids("high")[0], signal.SIGKILL)
    blog.wait_for(lambda: "another one starts in 1 s" in blog.said())
    before = blog.said().partition("another one starts in 1 s")[0]
    assert before.count("ended with 1") <= 4
    beginning.write_text(text)
    blog.artisan("shout", "high", "1")

    blog.wait_for(lambda: blog.shouts("ended") == 1)


def test_worker_beside_an_outbox_moves_and_runs_what_was_committed(blog: Blog) -> None:
    blog.supervise("--environment=flat")
    blog.wait_until_ready(1)

    blog.artisan("order")

    blog.wait_for(lambda: blog.shouts("ended") == 1)
