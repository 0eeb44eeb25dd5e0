"""Prompts in a real pseudo-terminal: drawn, answered by keys, interrupted."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.console.output import style

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import sys
from securely.console import Artisan, Command
from securely.console.prompts import confirm, multiselect, select, spin, text
from securely.container import Container

class Ask(Command):
    signature = "ask"
    def handle(self) -> None:
        name = self.ask("Name")
        fruit = select("Fruit", ["apple", "banana", "cherry"])
        several = multiselect("Several", {1: "one", 2: "two"})
        sure = confirm("Sure?")
        self.line(f"<{name}|{fruit}|{several}|{sure}|{self.secret('Password')}>")

class Spin(Command):
    signature = "spin"
    async def handle(self) -> None:
        async def work() -> int:
            return 41
        self.line(f"<{spin(work, 'Thinking') + 1}>")

container = Container()
artisan = Artisan(container, "Securely", "1.0")
container.instance(Artisan, artisan)
artisan.add(Ask)
artisan.add(Spin)
sys.exit(artisan.run(sys.argv[1:]))
"""

BARE = """
from securely.console.prompts import text
print("<" + text("Name") + ">")
"""

SPOKEN_FOR = """
import signal, sys
from securely.console.prompts import text
signal.signal(signal.SIGHUP, lambda number, frame: print("told", file=sys.stderr))
print("<" + text("Name") + ">")
"""

LISTING = """
import os, sys
from securely.starter import artisan
sys.exit(artisan(os.path.abspath("artisan.py"), sys.argv[1:]))
"""

pytestmark = pytest.mark.integration


class Terminal:
    """A program in a pseudo-terminal, and what it drew."""

    def __init__(self, *words: str, term: str = "xterm", program: str = PROGRAM) -> None:
        self.ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (24, 80))
        self.before = termios.tcgetattr(self.theirs)
        self.drawn = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *words],
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": term, "NO_COLOR": "1"},
            start_new_session=True,
        )

    def until(self, text: str, seconds: float = 20) -> None:
        """Read until *text* has been drawn, and forget all up to it."""
        wanted = text.encode()
        while wanted not in self.drawn:
            ready, _, _ = select.select([self.ours], [], [], seconds)
            if not ready:
                raise AssertionError(f"{text!r} was not drawn: {self.drawn.decode()}")
            self.drawn += os.read(self.ours, 4096)
        self.drawn = self.drawn[self.drawn.index(wanted) + len(wanted) :]

    def rest(self) -> str:
        """Wait for its end, and return all that was not read."""
        while self.process.poll() is None or select.select([self.ours], [], [], 0.1)[0]:
            if select.select([self.ours], [], [], 0.1)[0]:
                self.drawn += os.read(self.ours, 4096)
        return self.drawn.decode()

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def open_terminal() -> Iterator[type[Terminal]]:
    opened: list[Terminal] = []

    class Opened(Terminal):
        def __init__(self, *words: str, term: str = "xterm", program: str = PROGRAM) -> None:
            super().__init__(*words, term=term, program=program)
            opened.append(self)

    yield Opened
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize("line", ["list", "help queue:work", "help env:encrypt"])
def test_list_in_a_terminal_when_it_is_narrow_then_no_line_is_wider(
    open_terminal: type[Terminal], line: str
) -> None:
    terminal = open_terminal(*line.split(), program=LISTING)

    text = style.without_codes(terminal.rest()).replace("\r\n", "\n")

    assert text
    assert max(map(len, text.splitlines())) <= 80


def test_prompts_when_keys_are_pressed_then_draw_and_answer(open_terminal: type[Terminal]) -> None:
    terminal = open_terminal("ask")

    terminal.until("┌ Name")
    terminal.type("Ane\x1b[D\x1b[Dn\r")
    terminal.until("┌ Fruit")
    terminal.type("\x1b[B\x1b[B\r")
    terminal.until("┌ Several")
    terminal.type(" \x1b[B \r")
    terminal.until("┌ Sure?")
    terminal.type("n\r")
    terminal.until("┌ Password")
    terminal.type("s3cr3t\r")
    terminal.until("<Anne|cherry|[1, 2]|False|s3cr3t>")

    assert terminal.process.wait() == 0
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_prompts_when_keys_are_typed_ahead_then_none_is_lost(
    open_terminal: type[Terminal],
) -> None:
    terminal = open_terminal("ask")

    terminal.until("┌ Name")
    terminal.type("Ann\r\x1b[B\r\r\rsecret\r")
    terminal.until("<Ann|banana|[]|True|secret>")

    assert terminal.process.wait() == 0


def test_prompts_when_ctrl_c_is_pressed_then_exit_130_and_give_the_terminal_back(
    open_terminal: type[Terminal],
) -> None:
    terminal = open_terminal("ask")

    terminal.until("┌ Name")
    terminal.type("An\x03")
    terminal.until("Cancelled.")
    terminal.until("\x1b[?25h")

    assert terminal.process.wait() == 130
    assert termios.tcgetattr(terminal.theirs) == terminal.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_prompts_when_a_signal_ends_a_script_then_give_the_terminal_back(
    open_terminal: type[Terminal], number: signal.Signals
) -> None:
    terminal = open_terminal(program=BARE)

    terminal.until("┌ Name")
    terminal.process.send_signal(number)
    terminal.until("\x1b[?25h")

    assert terminal.process.wait() == -number
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_prompts_when_somebody_handles_the_signal_then_leave_it_to_them(
    open_terminal: type[Terminal],
) -> None:
    terminal = open_terminal(program=SPOKEN_FOR)

    terminal.until("┌ Name")
    terminal.process.send_signal(signal.SIGHUP)
    terminal.until("told")
    terminal.type("Ann\r")
    terminal.until("<Ann>")

    assert terminal.process.wait() == 0


def test_prompts_when_the_terminal_is_dumb_then_ask_by_lines(
    open_terminal: type[Terminal],
) -> None:
    terminal = open_terminal("ask", term="dumb")

    terminal.until("Name:")
    terminal.type("Ann\n")
    terminal.until("Fruit")
    terminal.type("cherry\n")
    terminal.until("Several")
    terminal.type("one, 2\n")
    terminal.until("Sure?")
    terminal.type("no\n")
    terminal.until("Password:")
    terminal.type("s3cr3t\n")
    terminal.until("<Ann|cherry|[1, 2]|False|s3cr3t>")

    assert terminal.process.wait() == 0


def test_spinner_when_work_is_done_in_an_async_command_then_gives_the_terminal_back(
    open_terminal: type[Terminal],
) -> None:
    terminal = open_terminal("spin")

    terminal.until("Thinking")
    terminal.until("<42>")

    assert terminal.process.wait() == 0
