"""Processes that tasks run in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from running_worlds import AT, Task, Written, calling, shell

from securely.schedule.contracts import State
from securely.schedule.definition.actions import CommandAction
from securely.schedule.exceptions import InvalidTask, TaskFailed
from securely.schedule.running.processes.children import Children, Shell, variables_of
from securely.support import clock
from securely.support.paths import Paths

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[4]

# Prints what it is given, in words and by its variables.
ARTISAN = """
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ.get("SHOP"), flush=True)
sys.exit(int(os.environ.get("CODE", "0")))
"""


def test_a_command_is_a_process_of_artisan_in_the_base_folder(world: Any, tmp_path: Path) -> None:
    (tmp_path / "artisan.py").write_text(ARTISAN)
    task = Task(CommandAction("report:send", ("--daily", "a b", "$HOME")))

    ending = world.runner.run(task, AT)

    assert (ending.state, ending.exit_code) == (State.DONE, 0)
    words = "['report:send', '--daily', 'a b', '$HOME']"
    assert ending.output == f"{words} {tmp_path} None\n"


def test_children_find_the_application_as_it_is_here(tmp_path: Path) -> None:
    class App:
        def __init__(self) -> None:
            self.environment_overrides = {"APP_ENV": "testing"}

    paths = Paths(tmp_path, tmp_path / "elsewhere")

    assert variables_of(App(), paths) == {
        "APP_ENV": "testing",
        "SECURELY_STORAGE_PATH": str(tmp_path / "elsewhere"),
    }
    assert variables_of(object(), Paths(tmp_path)) == {}


def test_a_text_is_for_the_shell_and_words_are_not(world: Any) -> None:
    assert world.runner.run(shell("echo a | tr a b; echo $((1 + 1))"), AT).output == "b\n2\n"
    assert world.runner.run(shell(("echo", "a | b"), id="b"), AT).output == "a | b\n"


def test_an_exit_code_fails_the_run(world: Any) -> None:
    ending = world.runner.run(shell("echo oh; exit 3"), AT)

    assert (ending.state, ending.exit_code, ending.reason) == (State.FAILED, 3, "exit code 3")
    assert ending.output == "oh\n"
    assert isinstance(world.reported[0], TaskFailed)
    assert world.reported[0].exit_code == 3


def test_a_program_that_is_not_there_fails_the_run(world: Any) -> None:
    ending = world.runner.run(shell(("/no/such/program",)), AT)

    assert (ending.state, ending.exit_code) == (State.FAILED, None)
    assert "/no/such/program" in ending.reason


def test_error_output_is_output_and_goes_to_the_file(world: Any, tmp_path: Path) -> None:
    world.runner.run(shell("echo a; echo b >&2", output=Written("out.log")), AT)

    assert (tmp_path / "out.log").read_text() == "a\nb\n"


def test_a_grandchild_that_keeps_the_pipe_keeps_nobody_waiting(world: Any) -> None:
    ending = world.runner.run(shell("echo a; sleep 600 & echo $!"), AT)

    first, pid = ending.output.split()
    os.kill(int(pid), signal.SIGKILL)
    assert (first, ending.state) == ("a", State.DONE)


def test_children_lead_a_session_of_their_own_and_read_nothing(world: Any) -> None:
    code = "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read()))"

    assert world.runner.run(shell((sys.executable, "-c", code)), AT).output == "True ''\n"


def _terminated(world: Any, command: str, times: int) -> Any:
    """Run *command*, terminate it so often once it has written something, and return the end."""
    endings: list[Any] = []
    ready = world.base / "ready"
    os.mkfifo(ready)
    task = shell(f"{command.format(ready=ready)}")
    thread = threading.Thread(target=lambda: endings.append(world.runner.run(task, AT)))
    thread.start()
    ready.read_text()
    while not world.runner._children._running:
        clock.sleep(0.001)
    for _ in range(times):
        assert world.runner.terminate() == 1
    thread.join()
    return endings[0]


def test_children_can_be_asked_to_end(world: Any) -> None:
    ending = _terminated(world, "echo > {ready}; sleep 600", 1)

    assert (ending.state, ending.exit_code) == (State.FAILED, 143)
    assert ending.reason == "killed by SIGTERM"


def test_children_that_are_asked_again_are_killed(world: Any) -> None:
    ending = _terminated(world, "trap '' TERM; echo > {ready}; sleep 600 & wait; wait", 2)

    assert (ending.exit_code, ending.reason) == (137, "killed by SIGKILL")


def test_once_it_stops_nothing_is_started(world: Any) -> None:
    world.runner.stop()

    assert world.runner.run(calling(lambda: None), AT) is None
    assert world.ledger.history() == []


def test_a_user_that_does_not_exist_is_refused(world: Any) -> None:
    ending = world.runner.run(shell("true", user="no-such-user"), AT)

    assert ending.state is State.FAILED
    assert "no-such-user" in ending.reason
    assert isinstance(world.reported[0], InvalidTask)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_runs_as_a_user_without_its_own_groups(world: Any) -> None:
    world.base.chmod(0o755)
    task = shell("cd /; id -un; id -G; echo $USER", user="nobody")
    children = Children(Path("/"), {})
    from securely.schedule.running.output import Sink

    sink = Sink(1000)
    assert children.run(Shell(task.action.command, "nobody"), sink) == 0
    children.close()
    name, groups, user = sink.text().splitlines()
    assert (name, user) == ("nobody", "nobody")
    assert "0" not in groups.split()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_who_is_not_root_cannot_run_as_somebody_else(world: Any) -> None:
    ending = world.runner.run(shell("true", user="root"), AT)

    assert "only a scheduler of root" in ending.reason


def test_who_it_is_already_needs_no_rights(world: Any) -> None:
    import pwd

    me = pwd.getpwuid(os.geteuid()).pw_name

    assert world.runner.run(shell("echo $USER", user=me), AT).output == f"{me}\n"


# Holds a process, forks, tells the ids of both, and waits to be killed.
HOLDER = """
import os, signal, subprocess
from securely.schedule.running.processes.leash import Leash
leash = Leash()
held = subprocess.Popen(["sleep", "600"], start_new_session=True)
leash.hold(held.pid)
gone = subprocess.Popen(["sleep", "600"], start_new_session=True)
leash.hold(gone.pid)
leash.let_go(gone.pid)
forked = os.fork()
if forked:
    print(held.pid, gone.pid, forked, leash._process.pid, flush=True)
signal.pause()
"""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_leash_kills_what_it_holds_when_its_holder_is_killed_and_no_fork_hides_that() -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert holder.stdout is not None
    held, gone, forked, leash = map(int, holder.stdout.readline().split())
    try:
        holder.kill()
        holder.wait()
        until = clock.monotonic() + 60.0
        while _is_alive(held) or _is_alive(leash):
            assert clock.monotonic() < until
            clock.sleep(0.005)
        assert _is_alive(forked)
        assert _is_alive(gone)
    finally:
        for pid in (gone, forked):
            os.kill(pid, signal.SIGKILL)
        holder.stdout.close()


def test_a_child_that_is_started_while_all_are_asked_to_end_is_asked_as_well() -> None:
    from securely.schedule.running.output import Sink

    children = Children(Path("/"), {})
    children.terminate()

    assert children.run(Shell("sleep 600"), Sink(100)) == 143
    children.close()
