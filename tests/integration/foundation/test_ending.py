"""Signals that end a real process: terminating callbacks run, exit codes are those of shells."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., "subprocess.Popen[str]"]

COMMANDS = """
import asyncio
import signal
import threading

from securely.console import Command
from securely.facades import App, Artisan


@Artisan.command("wait")
def wait():
    App.terminating(lambda: print("terminated", flush=True))
    App.defer(lambda: print("deferred", flush=True))
    print("ready", flush=True)
    threading.Event().wait()


@Artisan.command("wait:async")
async def wait_async():
    App.terminating(lambda: print("terminated", flush=True))
    print("ready", flush=True)
    await asyncio.get_running_loop().create_future()


@Artisan.command("slow:end")
def slow_end():
    def slow():
        print("ending", flush=True)
        threading.Event().wait()

    App.terminating(lambda: print("terminated", flush=True))
    App.terminating(slow)


@Artisan.command("thread")
def thread():
    def fail():
        raise OSError("the disk of the thread")

    started = threading.Thread(target=fail, name="mailer")
    started.start()
    started.join()


@Artisan.command("callback")
async def callback():
    def fail():
        raise OSError("the disk of the callback")

    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0.01)


class Silent:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


@Artisan.command("taken:over")
def taken_over(command: Command):
    Silent()
    App.terminating(lambda: print("terminated", flush=True))
    command.trap(signal.SIGTERM, lambda: print("trapped", flush=True))
    print("goes on", flush=True)


@Artisan.command("another:error")
def another_error():
    Silent()
    raise RuntimeError("a name that could not be had")


@Artisan.command("fails")
def fails():
    App.defer(lambda: print("deferred", flush=True))
    App.defer(lambda: print("always", flush=True), always=True)
    return 1
"""


@pytest.fixture
def commands(project: Path) -> None:
    (project / "routes" / "console.py").write_text(COMMANDS, encoding="utf-8")


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize("command", ["wait", "wait:async"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_command_and_its_application(
    start: Start, command: str, number: signal.Signals, code: int
) -> None:
    process = start(command)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.send_signal(number)
    said, _ = process.communicate(timeout=40)

    assert process.returncode == code
    assert "terminated" in said
    assert "deferred" not in said


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_it_ends_skips_what_hangs_and_runs_the_rest(
    start: Start, number: signal.Signals, code: int
) -> None:
    process = start("slow:end")
    assert process.stdout is not None
    assert process.stdout.readline() == "ending\n"

    process.send_signal(number)
    said, _ = process.communicate(timeout=40)

    assert process.returncode == code
    assert said == "terminated\n"


@pytest.mark.usefixtures("commands")
def test_a_signal_that_python_could_not_raise_ends_the_command_before_it_takes_it_over(
    run: Run,
) -> None:
    ended = run("taken:over")

    assert ended.returncode == 143
    assert ended.stdout == "terminated\n"


@pytest.mark.usefixtures("commands")
def test_a_signal_that_became_another_error_is_not_told_as_one(project: Path, run: Run) -> None:
    ended = run("another:error", LOG_CHANNEL="single")

    assert ended.returncode == 143
    assert "a name that could not be had" not in ended.stdout + ended.stderr
    assert not [*(project / "storage/logs").glob("*.log")]


def test_a_signal_that_python_could_not_raise_ends_the_boot(project: Path, run: Run) -> None:
    config = project / "config/app.py"
    silent = (
        "import signal\n\n\nclass Silent:\n    def __del__(self):\n"
        "        signal.raise_signal(signal.SIGTERM)\n\n\nSilent()\n"
    )
    config.write_text(config.read_text(encoding="utf-8") + silent, encoding="utf-8")

    assert run("queue:work", "--once").returncode == 143

    config.write_text(f"{config.read_text(encoding='utf-8')}raise OSError('lost')\n", "utf-8")
    ended = run("queue:work", "--once")
    assert ended.returncode == 143
    assert "lost" not in ended.stdout


@pytest.mark.usefixtures("commands")
def test_an_error_of_a_thread_is_in_the_log_with_its_source(project: Path, run: Run) -> None:
    ended = run("thread", LOG_CHANNEL="single")

    assert ended.returncode == 0
    logged = "".join(
        file.read_text(encoding="utf-8") for file in (project / "storage/logs").glob("*.log")
    )
    assert "the disk of the thread" in logged
    assert "mailer" in logged


@pytest.mark.usefixtures("commands")
def test_an_error_of_a_loop_is_in_the_log_with_its_source(project: Path, run: Run) -> None:
    ended = run("callback", LOG_CHANNEL="single")

    assert ended.returncode == 0
    logged = "".join(
        file.read_text(encoding="utf-8") for file in (project / "storage/logs").glob("*.log")
    )
    assert "the disk of the callback" in logged


@pytest.mark.usefixtures("commands")
def test_after_a_command_that_fails_only_that_runs_which_always_does(run: Run) -> None:
    ended = run("fails")

    assert ended.returncode == 1
    assert ended.stdout == "always\n"
