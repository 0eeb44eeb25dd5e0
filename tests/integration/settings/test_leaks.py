"""Secrets are planted, and looked for where they must not be."""

from __future__ import annotations

import signal
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tests.integration.settings.shop import PROGRAM, artisan, files, make, variables

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc"),
]

CONFIG = """\
from securely.config import env

config = {"token": env("SHOP_TOKEN"), "limit": env.int("SHOP_LIMIT", 5), "motto": env("SHOP_MOTTO")}
"""
SECRET = "t0ps3cret-value"  # noqa: S105  # it is what is looked for
KEY = f"base64:{b64encode(b'k' * 32).decode()}"
GIVEN = {"SECURELY_ENV_KEY": KEY}
# Writes what can be seen of it, and of whoever has started it.
SPY = """\
import os, pathlib, sys
seen = pathlib.Path({seen!r})
seen.mkdir(exist_ok=True)
for name, pid in (("child", "self"), ("parent", str(os.getppid()))):
    for what in ("cmdline", "environ"):
        found = pathlib.Path(f"/proc/{{pid}}/{{what}}").read_bytes()
        (seen / f"{{name}}.{{what}}").write_bytes(found)
"""
MEMORY = Path("/dev/shm")  # noqa: S108  # where the editor's file lies


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An application with a secret."""
    made = make(tmp_path, CONFIG, "SHOP_MOTTO=plain\n")
    done = artisan(made, "settings:set", "SHOP_TOKEN", "-", "--secret", more=GIVEN, typed=SECRET)
    assert done.returncode == 0, done.stdout
    assert SECRET not in done.stdout
    return made


def assert_not_in(base: Path, *texts: str) -> None:
    """Fail if a file of the application, of its logs or its temporary folder has one of *texts*."""
    for file, content in files(base).items():
        for text in texts:
            assert text.encode() not in content, file


def spy(base: Path, then: str = "") -> Path:
    """Write a program that looks around, and does what *then* says."""
    program = base / "spy.py"
    program.write_text(SPY.format(seen=str(base / "seen")) + then)
    return program


def seen(base: Path, what: str) -> str:
    return (base / "seen" / what).read_bytes().decode().replace("\0", "\n")


# -- processes


def test_an_editor_has_neither_key_nor_secret_in_its_environment(base: Path) -> None:
    editor = f"{sys.executable} {spy(base)}"

    done = artisan(base, "settings:edit", f"--editor={editor}", more=GIVEN)

    assert done.returncode == 0, done.stdout
    for what in ("child.cmdline", "child.environ", "parent.cmdline", "parent.environ"):
        assert SECRET not in seen(base, what), what
    assert KEY not in seen(base, "child.environ")
    assert "TMPDIR=" in seen(base, "child.environ")


def test_a_program_that_is_run_has_the_wanted_and_not_the_key(base: Path) -> None:
    done = artisan(base, "settings:run", "--", sys.executable, str(spy(base)), more=GIVEN)

    assert done.returncode == 0, done.stdout
    assert f"SHOP_TOKEN={SECRET}\n" in seen(base, "child.environ")
    assert KEY not in seen(base, "child.environ")
    for what in ("child.cmdline", "parent.cmdline", "parent.environ"):
        assert SECRET not in seen(base, what), what


# -- output, logs, history, crash reports


def test_a_set_that_fails_tells_no_value(base: Path) -> None:
    done = artisan(
        *(base, "settings:set", "SHOP_LIMIT", "-", "--secret", "-vvv"),
        more=GIVEN,
        typed="n0-integer",
    )

    assert done.returncode == 2
    assert "an integer" in done.stdout
    assert "n0-integer" not in done.stdout
    assert_not_in(base, SECRET, "n0-integer")


@pytest.mark.parametrize("flag", ["-v", "-vvv"])
def test_a_crash_tells_no_value(base: Path, flag: str) -> None:
    history = base / "storage/settings/history.default.jsonl"
    history.unlink()
    history.mkdir()

    done = artisan(
        *(base, "settings:set", "SHOP_TOKEN", "-", "--secret", flag), more=GIVEN, typed="n3w-secret"
    )

    assert done.returncode == 1
    assert "IsADirectoryError" in done.stdout
    assert "n3w-secret" not in done.stdout
    assert_not_in(base, SECRET, "n3w-secret")


def test_a_crash_tells_no_value_of_the_command_line(base: Path) -> None:
    history = base / "storage/settings/history.default.jsonl"
    history.unlink()
    history.mkdir()

    done = artisan(base, "settings:set", "SHOP_TOKEN=n3w-secret", "-vvv", more=GIVEN)

    assert done.returncode == 1
    assert "n3w-secret" not in done.stdout
    assert_not_in(base, SECRET, "n3w-secret")


def test_the_history_has_names_and_no_values(base: Path) -> None:
    for words in (
        ["set", "SHOP_MOTTO", "-", "--secret"],
        ["rename", "SHOP_MOTTO", "SHOP_LINE"],
        ["unset", "SHOP_LINE"],
        ["rollback", "1"],
        ["rotate", "--help"],
    ):
        done = artisan(base, f"settings:{words[0]}", *words[1:], more=GIVEN, typed="m0tto-secret")
        assert done.returncode == 0, done.stdout
        assert "m0tto-secret" not in done.stdout

    assert b"SHOP_LINE" in (base / "storage/settings/history.default.jsonl").read_bytes()
    assert_not_in(base, SECRET, "m0tto-secret")


# -- temporary files


def temporary(base: Path) -> list[Path]:
    """Return the folders in which the editor's file may lie."""
    memory = [*MEMORY.glob("securely-*")] if MEMORY.is_dir() else []
    return [*memory, *(base / "tmp").glob("securely-*")]


def edited(base: Path) -> Path:
    """Return the file that the editor was given."""
    return Path(seen(base, "child.cmdline").split("\n")[2])


@pytest.mark.parametrize("code", [0, 1])
def test_nothing_stays_after_an_editor(base: Path, code: int) -> None:
    copy = f"""
file = pathlib.Path(sys.argv[1])
assert {SECRET!r} in file.read_text()
file.with_name("secrets.env~").write_text(file.read_text())
sys.exit({code})
"""
    before = temporary(base)

    done = artisan(
        base, "settings:edit", f"--editor={sys.executable} {spy(base, copy)}", more=GIVEN
    )

    assert done.returncode == code
    assert temporary(base) == before
    assert not edited(base).parent.exists()
    assert_not_in(base / "tmp", SECRET)
    assert SECRET not in done.stdout


def started(base: Path) -> subprocess.Popen[str]:
    """Start an editor that waits, and return once it runs."""
    wait = "print('ready', flush=True)\nsys.stdin.read()\n"
    process = subprocess.Popen(  # our interpreter, our program
        [
            *(sys.executable, "-c", PROGRAM, str(base / "artisan.py"), "settings:edit"),
            f"--editor={sys.executable} {spy(base, wait)}",
        ],
        cwd=base,
        env=variables(base, **GIVEN),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_stays_when_it_is_told_to_end(base: Path, number: signal.Signals) -> None:
    process = started(base)
    try:
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 128 + number
    assert SECRET not in output
    assert not edited(base).parent.exists()


def test_what_a_kill_leaves_is_its_owners_alone_and_gone_with_the_next(base: Path) -> None:
    process = started(base)
    process.kill()
    process.communicate()
    file = edited(base)

    # Nobody can tidy up behind this signal: it stays, in memory where there is such a folder.
    assert SECRET in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.parent.parent == (MEMORY if MEMORY.is_dir() else base / "tmp")

    done = artisan(base, "settings:edit", f"--editor={sys.executable} {spy(base)}", more=GIVEN)
    assert done.returncode == 0, done.stdout
    assert not file.parent.exists()


def test_an_editor_that_runs_keeps_its_file(base: Path) -> None:
    process = started(base)
    file = edited(base)
    try:
        done = artisan(base, "settings:edit", f"--editor={sys.executable} -c pass", more=GIVEN)
        assert done.returncode == 0, done.stdout

        assert SECRET in file.read_text()
    finally:
        process.communicate("", timeout=60)
    assert not file.parent.exists()
