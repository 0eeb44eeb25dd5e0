"""Consoles in processes of their own: pipes that close, Ctrl-C, a terminal, no input at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import sys
from securely.console import Artisan, Command
from securely.console.commands import ListCommand
from securely.container import Container

class Talk(Command):
    signature = "talk {--print}"
    def handle(self) -> None:
        for number in range(20_000):
            print(number) if self.option("print") else self.line(f"line {number}")

class Wait(Command):
    signature = "wait {--async}"
    def handle(self) -> None:
        self.line("ready")
        self.output.flush()
        sys.stdin.read()

class AsyncWait(Command):
    signature = "wait:async"
    async def handle(self) -> None:
        import asyncio
        self.line("ready")
        self.output.flush()
        await asyncio.get_running_loop().create_future()

class Ask(Command):
    signature = "ask"
    def handle(self) -> None:
        self.line(f"Hello {self.ask('Name')}")

container = Container()
artisan = Artisan(container, "Securely", "1.0")
container.instance(Artisan, artisan)
for command in (ListCommand, Talk, Wait, AsyncWait, Ask):
    artisan.add(command)
sys.exit(artisan.run(sys.argv[1:]))
"""

pytestmark = pytest.mark.integration


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("line", ["talk", "talk --print", "list"])
def test_a_reader_that_leaves_is_no_error(line: str, unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", PROGRAM, *line.split()],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(PYTHONUNBUFFERED=unbuffered),
        text=True,
        check=False,
    )
    os.close(writing)

    assert process.stderr == ""
    assert process.returncode == 141


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("line", ["wait", "wait:async"])
def test_ctrl_c_exits_130_and_is_quiet(line: str) -> None:
    with subprocess.Popen(  # our interpreter, our program
        [sys.executable, "-c", PROGRAM, line],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
        assert process.stderr is not None
        errors = process.stderr.read()

    assert (code, errors) == (130, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such shell")
def test_a_question_without_standard_input_is_refused() -> None:
    process = subprocess.run(  # our interpreter, our program
        ["/bin/sh", "-c", 'exec "$0" -c "$1" ask <&-', sys.executable, PROGRAM],
        capture_output=True,
        env=environment(),
        text=True,
        check=False,
    )

    assert process.returncode == 1
    assert process.stderr.startswith('ERROR  "Name" cannot be asked, because nobody is there')


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours(variables: dict[str, str], coloured: bool) -> None:
    import pty

    main, terminal = pty.openpty()
    variables = {"TERM": "xterm", "NO_COLOR": "", "FORCE_COLOR": "", **variables}
    process = subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", PROGRAM, "list"],
        stdout=terminal,
        env=environment(**variables),
        check=True,
    )
    os.close(terminal)
    seen = b""
    try:
        while piece := os.read(main, 65536):
            seen += piece
    except OSError:  # Linux reports the end of a terminal as an error
        pass
    os.close(main)

    assert process.returncode == 0
    assert b"Available commands" in seen
    assert (b"\x1b[33m" in seen) is coloured
