"""A writer that is killed leaves the old or the new, and two writers both land or one is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.source import ROOT

pytestmark = pytest.mark.integration

CONFIG = """\
from securely.config import env

config = {"one": env("SHOP_ONE"), "two": env("SHOP_TWO"), "token": env("SHOP_TOKEN")}
"""
ENV = "# first\r\nSHOP_ONE='1'\r\nSHOP_TOKEN=t0ps3cret # plain\r\nSHOP_TWO=1\r\n"

# Boots once, and forks a writer for each step, which kills itself there; then one that finishes.
KILLED = """
import json, os, signal, sys
from pathlib import Path
from securely import Application
from securely.settings.settings import Settings

base, kind = Path(sys.argv[1]), sys.argv[2]
env, vault = base / ".env", base / "settings/secrets.enc"
before = env.read_bytes()
app = Application.configure(base).create()

def write(at):
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    settings = app.make(Settings)
    steps = []
    def reached(step):
        steps.append(step)
        if len(steps) == at:
            os.kill(os.getpid(), signal.SIGKILL)
    settings.writer.reached = reached
    if kind == "secret":
        settings.set({"SHOP_TOKEN": "t0ps3cret"}, secret=True)
    else:
        settings.set({"SHOP_ONE": "2", "SHOP_TWO": "2"})
    os._exit(0)

def state(code):
    return [code, env.read_bytes().decode(), vault.is_file()]

with app.active():
    app.boot()
    app.make(Settings).fields()
    app.forget_instance(Settings)
    for step in range(1, 40):
        env.write_bytes(before)
        vault.unlink(missing_ok=True)
        first = state(write(step))
        second = state(write(0)) if first[0] else first
        print(json.dumps([first, second]), flush=True)
        if first[0] == 0:
            break
"""

WRITER = """
import sys
from pathlib import Path
from securely import Application
from securely.settings.exceptions import Locked
from securely.settings.settings import Settings

app = Application.configure(Path(sys.argv[1])).create()
with app.active():
    app.boot()
    settings = app.make(Settings)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(10):
        try:
            settings.set({sys.argv[2]: str(number)})
        except Locked:
            sys.exit(7)
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/shop.py").write_text(CONFIG)
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / ".env").write_bytes(ENV.encode())
    return tmp_path


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def steps(base: Path, kind: str) -> list[list[tuple[int, str, bool]]]:
    """Kill a writer at each step; return the state after it, and after the writer that follows."""
    done = subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", KILLED, str(base), kind],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found[-1][0][0] == 0, "It never came to its end."
    assert len(found) > 8
    return found


def test_a_set_that_is_killed_at_any_step_leaves_the_old_or_the_new(base: Path) -> None:
    new = ENV.replace("ONE='1'", "ONE='2'").replace("TWO=1", "TWO=2")

    found = steps(base, "plain")

    for (code, text, _), (after, finished, _) in found[:-1]:
        assert code == -signal.SIGKILL
        assert text in {ENV, new}
        # The next writer finishes what was left, and then does its own.
        assert (after, finished) == (0, new)
    assert {text for (_, text, _), _ in found} == {ENV, new}


def test_a_secret_whose_move_is_killed_is_never_lost(base: Path) -> None:
    for (_, text, in_vault), (after, finished, is_kept) in steps(base, "secret"):
        assert in_vault or text == ENV
        assert after == 0
        assert is_kept
        assert "SHOP_TOKEN" not in finished
    for file in base.rglob("*"):
        assert not file.is_file() or b"t0ps3cret" not in file.read_bytes(), file


def test_two_writers_at_once_both_land(base: Path) -> None:
    writers = [
        subprocess.Popen(  # our interpreter, our program
            [sys.executable, "-c", WRITER, str(base), name],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("SHOP_ONE", "SHOP_TWO")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    codes = [writer.wait(100) for writer in writers]
    for writer in writers:
        writer.communicate()

    assert codes == [0, 0]
    expected = ENV.replace("ONE='1'", "ONE='9'").replace("TWO=1", "TWO=9")
    assert (base / ".env").read_bytes() == expected.encode()
    history = (base / "storage/settings/history.default.jsonl").read_text().splitlines()
    assert len(history) == 20
