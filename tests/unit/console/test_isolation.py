"""Isolated, prohibited and confirmed commands."""

from __future__ import annotations

import io
import signal
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest

from securely.console import (
    Artisan,
    BufferedOutput,
    Command,
    CommandLock,
    CommandMutex,
    ConfirmToProceed,
    Isolatable,
)
from securely.console.command.mutex import FileMutex
from securely.container import Container


class Sync(Command, Isolatable):
    """Runs itself again while it runs."""

    signature = "sync {what=all} {--again} {--fail}"
    nested: ClassVar[list[tuple[int, str]]] = []

    def isolatable_id(self) -> str:
        return self.string("what")

    def handle(self, artisan: Artisan) -> int:
        if self.boolean("again"):
            for line in ("sync --isolated", "sync --isolated=12", "sync other --isolated", "sync"):
                self.nested.append((artisan.call(line), artisan.output()))
        if self.boolean("fail"):
            raise ValueError("broken")
        self.line("ran")
        return 0


@pytest.fixture
def mutex(container: Container, tmp_path: Path) -> FileMutex:
    mutex = FileMutex(tmp_path / "locks")
    container.instance(CommandMutex, mutex)
    return mutex


@pytest.fixture
def console(artisan: Artisan, mutex: FileMutex) -> Artisan:
    artisan.add(Sync)
    Sync.nested.clear()
    return artisan


def test_a_second_isolated_run_does_nothing(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["sync", "--again", "--isolated"], output) == 0

    running = "The [sync] command is already running.\n"
    assert Sync.nested == [(0, running), (12, running), (0, "ran\n"), (0, "ran\n")]
    assert output.text == "ran\n"


def test_the_lock_is_free_after_the_run_even_if_it_raises(
    console: Artisan, output: BufferedOutput
) -> None:
    assert console.run(["sync", "--isolated", "--fail"], output) == 1
    assert console.run(["sync", "--isolated"], output) == 0
    assert output.text == "ran\n"


@pytest.mark.parametrize(("given", "code"), [(True, 0), (12, 12), (False, None)])
def test_parameters_isolate_as_words_do(
    console: Artisan, mutex: FileMutex, given: object, code: int | None
) -> None:
    held = mutex.acquire("sync-all", 1)
    assert held is not None

    assert console.call("sync", {"--isolated": given}) == (code or 0)
    assert ("already running" in console.output()) is (code is not None)


def test_a_code_that_is_none_is_refused(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["sync", "--isolated=soon"], output) == 1
    assert output.error_text.startswith('ERROR  --isolated is "soon", but it takes an integer fr')


def test_a_command_may_always_be_isolated(console: Artisan, output: BufferedOutput) -> None:
    class Always(Sync):
        signature = "always {what=all} {--again} {--fail}"
        isolated = True
        isolated_exit_code = 3

        def handle(self, artisan: Artisan) -> int:
            self.nested.append((artisan.call("always"), artisan.output()))
            return 0

    console.add(Always)

    assert console.run(["always"], output) == 0
    assert Sync.nested == [(3, "The [always] command is already running.\n")]


def test_help_of_an_isolatable_command_shows_the_option(
    console: Artisan, output: BufferedOutput
) -> None:
    assert console.run(["help", "sync"], output) == 0
    assert "--isolated[=ISOLATED]" in output.text


def test_names_that_differ_lock_apart_and_files_are_private(mutex: FileMutex) -> None:
    first = mutex.acquire("a/../b", 1)
    second = mutex.acquire("a/../c", 1)

    assert first is not None
    assert second is not None
    assert mutex.acquire("a/../b", 1) is None
    first.release()
    assert mutex.acquire("a/../b", 1) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_lock_files_are_for_this_user_only(mutex: FileMutex, tmp_path: Path) -> None:
    mutex.acquire("x", 1)

    folder = tmp_path / "locks"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]


class Timed:
    """A mutex whose locks end by time, as one of several machines would have."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.renewed = threading.Event()
        self.released = 0
        self.tried = 0
        self.expires = True

    def acquire(self, name: str, seconds: float) -> CommandLock:
        self.asked.append((name, seconds))
        return self

    def renew(self, seconds: float) -> None:
        self.tried += 1
        if self.tried == 1:
            raise OSError("the server is not there")
        self.renewed.set()

    def release(self) -> None:
        self.released += 1


def test_a_lock_that_ends_by_time_is_renewed_while_the_command_runs_even_if_one_fails(
    artisan: Artisan, container: Container, output: BufferedOutput
) -> None:
    timed = Timed()
    container.instance(CommandMutex, timed)

    class Long(Command, Isolatable):
        signature = "long"

        def isolation_lock_expires_at(self) -> float:
            return 0.03

        def handle(self) -> int:
            return 0 if timed.renewed.wait(30) else 1

    artisan.add(Long)

    assert artisan.run(["long", "--isolated"], output) == 0
    assert timed.asked == [("long", 0.03)]
    assert timed.released == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_lock_that_ends_by_time_is_released_on_sigterm(
    artisan: Artisan, container: Container, output: BufferedOutput
) -> None:
    timed = Timed()
    container.instance(CommandMutex, timed)

    class Killed(Command, Isolatable):
        signature = "killed"

        def handle(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    artisan.add(Killed)

    with pytest.raises(SystemExit) as caught:
        artisan.run(["killed", "--isolated"], output)

    assert caught.value.code == 143
    assert timed.released == 1
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_prohibited_commands_do_not_run(artisan: Artisan, output: BufferedOutput) -> None:
    class Wipe(Command):
        signature = "wipe"

        def handle(self) -> None:
            raise AssertionError

    artisan.add(Wipe)
    Wipe.prohibit()

    assert artisan.run(["wipe"], output) == 1
    assert "prohibited from running in this environment" in output.error_text
    assert not Command.is_prohibited()
    Wipe.prohibit(False)
    assert not Wipe.is_prohibited()


class Destroy(Command, ConfirmToProceed):
    signature = "destroy"

    def handle(self) -> int:
        if not self.confirm_to_proceed():
            return self.FAILURE
        self.line("gone")
        return self.SUCCESS


@pytest.mark.parametrize(
    ("production", "line", "answer", "code"),
    [
        (False, "destroy", "", 0),
        (True, "destroy", "yes\n", 0),
        (True, "destroy", "no\n", 1),
        (True, "destroy --force", "", 0),
        (True, "destroy -n", "yes\n", 1),
    ],
)
def test_a_command_asks_before_it_destroys_in_production(
    artisan: Artisan,
    output: BufferedOutput,
    production: bool,
    line: str,
    answer: str,
    code: int,
) -> None:
    artisan.add(Destroy)
    artisan.production = lambda: production

    assert artisan.run(line.split(), output, io.StringIO(answer)) == code
    assert ("gone" in output.text) is (code == 0)
    assert ("Command cancelled." in output.error_text) is (code == 1)


@pytest.mark.parametrize(("when", "code"), [(True, 1), (False, 0)])
def test_a_command_may_say_itself_when_to_ask(
    artisan: Artisan, output: BufferedOutput, when: bool, code: int
) -> None:
    class Drop(Command, ConfirmToProceed):
        signature = "drop {--force}"

        def handle(self) -> int:
            return 0 if self.confirm_to_proceed("There are orders.", when) else 1

    artisan.add(Drop)

    assert artisan.run(["drop"], output, io.StringIO("no\n")) == code
    assert ("There are orders." in output.text) is when
