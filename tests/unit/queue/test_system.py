"""The lock of an executor, and what forks make of it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, sys
from pathlib import Path
from securely.queue.crew.system import hold_lock

hold_lock(Path(sys.argv[1]))
"""

# A job's child opens a file, which gets the number of the lock, and has a child of its own.
GENERATIONS = """
if os.fork() == 0:
    own = os.open(sys.executable, os.O_RDONLY)
    if os.fork() == 0:
        try:
            print(len(os.read(own, 1)), flush=True)
        except OSError as error:
            print(error, flush=True)
        os._exit(0)
    os.wait()
    os._exit(0)
os.wait()
"""

SURVIVOR = """
if os.fork() == 0:
    os.write(1, b"here")
    os.read(0, 1)
    os._exit(0)
os.read(int(sys.argv[2]), 1)
"""


def is_free(lock: Path) -> bool:
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_fork_when_a_child_forks_again_leaves_the_files_of_the_child_alone(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT + GENERATIONS, str(tmp_path / "lock")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert (run.stdout, run.stderr) == ("1\n", "")


def test_lock_when_a_child_outlives_its_process_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT + SURVIVOR, str(lock), str(ours)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[ours],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin as stdin, process.stdout as stdout:
        assert stdout.read(4) == b"here"
        held = not is_free(lock)

        os.write(theirs, b"!")
        process.wait(30)

        assert held
        assert is_free(lock)
        stdin.write(b"!")
    os.close(ours)
    os.close(theirs)
