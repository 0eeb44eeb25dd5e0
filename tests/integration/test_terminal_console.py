"""The console in a pseudo-terminal: what people see and type, Ctrl-C, signals, locks and kills."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.foundation.commands.new import create_application
from tests.integration.terminals import CTRL_C, Terminal

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals"),
]

ROOT = Path(__file__).parents[2]

ROUTES = '''
import asyncio
import select
import signal

from securely.console import Command
from securely.facades import Artisan


@Artisan.command("inspire {name?}").purpose("Show a good thought")
def inspire(command: Command, name: str = "you") -> None:
    command.line(f"Make it work, {name}.")


@Artisan.command("post:send")
def send(command: Command, user: int, kind: str = "plain") -> None:
    """Send a mail."""
    if command.confirm(f"Send to {user}?"):
        command.info(f"Sent {kind}.")
    else:
        command.warn("Not sent.")


@Artisan.command("wait {--async}")
def wait(command: Command) -> None:
    """Wait for ever."""
    command.line("ready")
    command.output.flush()
    while True:
        # In small steps: Python sees a signal that comes right before a wait only after it.
        select.select([], [], [], 0.05)


@Artisan.command("wait:async")
async def wait_async(command: Command) -> None:
    command.line("ready")
    command.output.flush()
    await asyncio.get_running_loop().create_future()


@Artisan.command("stoppable")
async def stoppable(command: Command) -> int:
    stop = asyncio.Event()

    def ask_to_stop(number: int) -> None:
        command.line(f"stopping because of {signal.Signals(number).name}")
        stop.set()

    command.trap([signal.SIGTERM, signal.SIGINT], ask_to_stop)
    command.line("ready")
    command.output.flush()
    await stop.wait()
    command.line("stopped in order")
    return 7
'''

SYNC = '''
"""Sync."""

import select

from securely.console import Command, Isolatable


class Sync(Command, Isolatable):
    signature = "sync {--wait}"

    def handle(self) -> None:
        self.line("running")
        self.output.flush()
        while self.boolean("wait"):
            select.select([], [], [], 0.05)
'''

Console = Callable[..., Terminal]


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    blog = create_application(tmp_path_factory.mktemp("terminal") / "blog")
    (blog / "routes/console.py").write_text(ROUTES)
    commands = blog / "app/console/commands"
    commands.mkdir(parents=True, exist_ok=True)
    (commands / "sync.py").write_text(SYNC)
    return blog


@pytest.fixture
def variables() -> dict[str, str]:
    dropped = ("APP_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTEST", "TERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def console(blog: Path, variables: dict[str, str]) -> Console:
    def console(line: str, **more: str) -> Terminal:
        return Terminal("artisan.py", *line.split(), cwd=blog, variables={**variables, **more})

    return console


def plain(text: str) -> str:
    """Return *text* without what moves a cursor or colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_list_is_coloured_and_has_the_commands_of_the_application(console: Console) -> None:
    with console("list") as terminal:
        assert terminal.end() == 0

    assert "\x1b[32minspire" in terminal.seen
    assert "Show a good thought" in terminal.seen
    assert "\x1b[33mmail\x1b[0m" in terminal.seen


def test_list_without_colours_where_nobody_wants_them(console: Console) -> None:
    with console("list", NO_COLOR="1") as terminal:
        assert terminal.end() == 0

    assert "\x1b[" not in terminal.seen


def test_help_is_the_same_in_three_spellings(console: Console) -> None:
    seen: set[str] = set()
    for line in ("help post:send", "post:send --help", "post:send -h"):
        with console(line) as terminal:
            assert terminal.end() == 0
        seen.add(terminal.seen)

    assert len(seen) == 1
    shown = plain(seen.pop())
    assert "post:send [options] [--] <user>" in shown
    assert "--kind[=KIND]" in shown


@pytest.mark.parametrize(("keys", "said"), [("y\r", "Sent plain."), ("n\r", "Not sent.")])
def test_a_question_is_asked_and_answered(console: Console, keys: str, said: str) -> None:
    with console("post:send 7") as terminal:
        terminal.expect("Send to 7?")
        terminal.type(keys)
        terminal.expect(said)
        assert terminal.end() == 0


def test_a_name_that_is_nearly_right_is_offered(console: Console) -> None:
    with console("inspier") as terminal:
        terminal.expect('Run "inspire" instead?')
        terminal.type("y\r")
        terminal.expect("Make it work, you.")
        assert terminal.end() == 0


@pytest.mark.parametrize("line", ["wait", "wait:async", "post:send 7"])
def test_ctrl_c_ends_quietly_with_130(console: Console, line: str) -> None:
    with console(line) as terminal:
        terminal.expect("Send to 7?" if line.startswith("post") else "ready")
        terminal.type(CTRL_C)
        code = terminal.end()

    assert "Traceback" not in terminal.seen
    assert code == 130


@pytest.mark.parametrize("how", ["SIGTERM", "ctrl-c"])
def test_a_trap_lets_the_command_end_in_order(console: Console, how: str) -> None:
    with console("stoppable") as terminal:
        terminal.expect("ready")
        if how == "ctrl-c":
            terminal.type(CTRL_C)
        else:
            terminal.signal(signal.SIGTERM)
        name = "SIGINT" if how == "ctrl-c" else "SIGTERM"
        terminal.expect(f"stopping because of {name}")
        terminal.expect("stopped in order")
        assert terminal.end() == 7


def test_a_second_isolated_run_exits_at_once(console: Console) -> None:
    with console("sync --isolated --wait") as first:
        first.expect("running")

        with console("sync --isolated=12") as second:
            assert second.end() == 12
        with console("sync") as third:
            assert third.end() == 0

    assert "The [sync] command is already running." in second.seen
    assert "running" in third.seen


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_lock_of_a_run_that_was_killed_is_free_at_once(
    console: Console, number: signal.Signals
) -> None:
    with console("sync --isolated --wait") as first:
        first.expect("running")
        first.signal(number)
        # -9: nothing can answer a SIGKILL; otherwise as shells have it.
        assert first.end() == (-9 if number == signal.SIGKILL else 128 + number)

    with console("sync --isolated=12") as second:
        assert second.end() == 0


def completed(blog: Path, variables: dict[str, str], line: str) -> list[str]:
    """Return what a real bash offers for *line*, of which the last word is being typed."""
    program = (
        'eval "$("$PY" artisan.py completion bash)"\n'
        f"COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}\n"
        f'COMP_WORDS=("$PY" {" ".join(repr(word) for word in line.split(" ")[1:])})\n'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
        "_securely_python\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    found = subprocess.run(
        ["/bin/bash", "--norc", "-c", program],
        cwd=blog,
        env={**variables, "PY": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.split()


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="there is no bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("python artisan.py insp", ["inspire"]),
        ("python artisan.py post:s", ["post:send"]),
        ("python artisan.py help post:", ["post:send"]),
        ("python artisan.py sync --w", ["--wait"]),
        ("python artisan.py completion f", ["fish"]),
        ("python artisan.py list m", ["mail", "make"]),
    ],
)
def test_bash_completes_names_and_options(
    blog: Path, variables: dict[str, str], line: str, offered: list[str]
) -> None:
    assert completed(blog, variables, line) == offered
