"""queue:listen: jobs run with the code as it is now, and a mistake in it ends nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from securely.foundation.commands.new import create_application
from securely.support import clock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[3]
SECONDS = 60
OPTIONS = ("--sleep=1", "--queue=default,low", "--name=dev", "--force")

JOB = """
from pathlib import Path

from securely.queue import Job


class Shout(Job):
    def handle(self) -> None:
        with Path("shouts.txt").open("a") as file:
            file.write("{word}\\n")
"""

ROUTES = '''
from app.jobs.shout import Shout
from securely.console import Command
from securely.facades import Artisan


@Artisan.command("shout")
def shout(command: Command) -> None:
    """Shout."""
    Shout.dispatch()
'''


class Blog(NamedTuple):
    """An application, and its console."""

    base: Path
    environment: dict[str, str]

    def artisan(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "artisan.py", *words],
            cwd=self.base,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=SECONDS,
            check=True,
        )
        return done.stdout

    def write(self, word: str) -> None:
        (self.base / "app/jobs/shout.py").write_text(JOB.replace("{word}", word))

    def shouts(self) -> list[str]:
        file = self.base / "shouts.txt"
        return file.read_text().split() if file.exists() else []

    def said(self) -> str:
        return (self.base / "storage/listen.txt").read_text()


def wait_for(condition: Callable[[], bool]) -> None:
    began = clock.monotonic()
    while not condition():
        assert clock.monotonic() - began < SECONDS, "It did not come to that."
        clock.sleep(0.02)


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    base = create_application(tmp_path / "blog")
    (base / "routes/console.py").write_text(ROUTES)
    dropped = ("APP_", "CACHE_", "QUEUE_", "LOG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    blog = Blog(base, {**kept, "PYTHONPATH": str(ROOT)})
    blog.write("one")
    return blog


@pytest.fixture
def words() -> tuple[str, ...]:
    """The command of the listener."""
    return ("queue:listen",)


@pytest.fixture
def listener(blog: Blog, words: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    with (blog.base / "storage/listen.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "artisan.py", *words, *OPTIONS],
            cwd=blog.base,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=blog.environment,
        )
    yield process
    process.kill()
    process.wait()


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("words", [("queue:listen",), ("queue:work", "--watch")], ids=" ".join)
def test_listen_when_code_changes_runs_the_next_job_with_it(
    blog: Blog, listener: subprocess.Popen[bytes]
) -> None:
    blog.artisan("shout")
    wait_for(lambda: blog.shouts() == ["one"])
    wait_for(lambda: "dev: waiting for jobs in default, low." in blog.said())

    blog.write("two, and longer")
    wait_for(lambda: "app/jobs/shout.py has changed" in blog.said())
    blog.artisan("shout")
    wait_for(lambda: blog.shouts()[1:] == ["two,", "and", "longer"])

    beginning = blog.base / "bootstrap/app.py"
    text = beginning.read_text()
    beginning.write_text(f"{text}\nthis is no Python\n")
    wait_for(lambda: "started again after a change" in blog.said())
    beginning.write_text(text)
    blog.artisan("shout")
    wait_for(lambda: len(blog.shouts()) == 7)

    listener.send_signal(signal.SIGTERM)
    assert listener.wait(SECONDS) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel tells nobody")
def test_listen_when_it_is_killed_takes_its_worker_along(
    blog: Blog, listener: subprocess.Popen[bytes]
) -> None:
    blog.artisan("shout")
    wait_for(lambda: blog.shouts() == ["one"])
    (worker,) = children(listener.pid)

    listener.kill()
    listener.wait()

    wait_for(lambda: not Path(f"/proc/{worker}").exists())
