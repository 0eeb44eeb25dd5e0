"""Control sockets: what processes that run are asked, and how their death is noticed."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from securely.support import control
from securely.support.control import (
    ControlSocket,
    ControlUnavailable,
    Conversation,
    Process,
    listening,
    processes,
)
from tools.source import ROOT

LISTENER = """
import sys
from pathlib import Path
from securely.support.control import ControlSocket
with ControlSocket(Path(sys.argv[1]), "demo"):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "control"


@pytest.fixture
def served(folder: Path) -> Iterator[ControlSocket]:
    """A socket that is served by another thread: each request is answered twice."""
    over = threading.Event()
    with ControlSocket(folder, "demo", {"revision": 3}) as end:

        def serve() -> None:
            while not over.is_set():
                for request in end.take():
                    request.answer("proved", names=request.details["names"])
                    request.answer("done")
                    request.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield end
        over.set()
        thread.join()


def test_a_process_says_what_it_is(folder: Path, served: ControlSocket) -> None:
    (process,) = processes(folder)

    assert process.pid == os.getpid()
    assert process.exists()
    assert process.status(30.0) == {"kind": "demo", "pid": os.getpid(), "revision": 3} | {
        "state": "status"
    }


def test_a_request_is_answered_until_there_is_no_more(folder: Path, served: ControlSocket) -> None:
    (process,) = processes(folder)
    talk = process.ask("renew", names=["APP_NAME"])

    taken, proved, done = (talk.hear(30.0) for _ in range(3))

    assert taken is not None
    assert (taken["state"], taken["kind"]) == ("taken", "demo")
    assert proved == {"state": "proved", "names": ["APP_NAME"]}
    assert done == {"state": "done"}
    with pytest.raises(EOFError):
        talk.hear(30.0)
    talk.close()


def test_a_process_that_is_busy_says_nothing_in_time(folder: Path) -> None:
    with ControlSocket(folder, "demo"):
        (process,) = processes(folder)

        assert process.status(0.01) is None


def test_what_is_no_request_is_passed_over(folder: Path) -> None:
    with ControlSocket(folder, "demo") as end:
        for line in (b"", b"no json\n", b"[]\n", b"{}\n", b'{"ask"'):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(next(folder.iterdir())))
                client.sendall(line)
        process = Process(next(folder.iterdir()))
        talk = process.ask("renew")

        (request,) = end.take()
        assert request.ask == "renew"
        request.close()
        talk.close()


def test_a_socket_is_its_owners_and_goes_with_its_block(folder: Path) -> None:
    with ControlSocket(folder, "demo"):
        (file,) = folder.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert file.stat().st_mode & 0o777 == 0o600

    assert not list(folder.iterdir())
    assert processes(folder) == []


def test_one_that_was_killed_is_taken_off_the_register(folder: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", LISTENER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    (process,) = processes(folder)
    talk = process.ask("renew")
    child.kill()
    child.communicate()

    with pytest.raises(EOFError):
        talk.hear(30.0)
    talk.close()
    assert list(folder.iterdir()), "Nobody was there to remove it."
    assert not process.exists()
    assert processes(folder) == []
    assert not list(folder.iterdir())
    with pytest.raises(FileNotFoundError):
        process.ask("renew")


def test_one_that_is_looked_for_before_it_listens_is_not_taken_for_dead(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Process] = []
    listen = socket.socket.listen

    def be_looked_for(end: socket.socket, backlog: int) -> None:
        found.extend(processes(folder))
        listen(end, backlog)

    monkeypatch.setattr(socket.socket, "listen", be_looked_for)
    with ControlSocket(folder, "demo"):
        assert found == []
        assert [one.pid for one in processes(folder)] == [os.getpid()]


def test_what_fails_before_it_listens_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(end: socket.socket, backlog: int) -> None:
        raise OSError(errno.ENOBUFS, "No buffer space available")

    monkeypatch.setattr(socket.socket, "listen", fail)
    with pytest.raises(ControlUnavailable, match="No buffer space"):
        ControlSocket(folder, "demo").__enter__()
    assert list(folder.iterdir()) == []


def test_processes_of_another_machine_are_left_alone(folder: Path) -> None:
    folder.mkdir()
    theirs = folder / "00000000.1.abcd"
    theirs.touch()

    assert processes(folder) == []
    assert theirs.exists(), "It may live, on its own machine."


def test_a_path_that_is_too_long_for_the_kernel_is_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)

    with ControlSocket(folder, "demo") as end:
        (process,) = processes(folder)
        talk = process.ask("renew")
        (request,) = end.take()
        assert request.ask == "renew"
        request.close()
        talk.close()


def test_where_nobody_can_listen_it_is_said_and_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    said: list[str] = []

    with listening(file / "control", "demo", complain=said.append) as end:
        assert end is None
    with pytest.raises(ControlUnavailable, match="Not a directory"):
        ControlSocket(file / "control", "demo").__enter__()
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(ControlUnavailable, match=f"{sys.platform} has none"):
        ControlSocket(tmp_path, "demo").__enter__()

    assert len(said) == 1
    assert str(file / "control") in said[0]


def test_one_that_belongs_to_another_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_OURS", {})
    control.attach(7)

    assert ControlSocket(folder, "demo").facts["attached"] == 7


def test_what_executes_anew_is_closed_before(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    def execute(program: str, line: list[str]) -> None:
        done.append((program, line))

    monkeypatch.setattr(os, "execv", execute)

    control.begin_anew(lambda: done.append("closed"))

    assert done == ["closed", (sys.executable, sys.orig_argv)]


def test_a_process_that_hears_nobody_is_alive_and_says_nothing(folder: Path) -> None:
    talks: list[Conversation] = []
    with ControlSocket(folder, "demo") as end:
        (process,) = processes(folder)
        with suppress(TimeoutError):
            while True:
                talks.append(process.ask("renew"))

        assert [each.key for each in processes(folder)] == [process.key]
        assert process.status(0.01) is None
        heard = end.take()
        assert len(heard) == len(talks)
    for talk in talks:
        talk.close()
    for request in heard:
        request.close()


def test_a_process_without_room_for_descriptors_goes_on(folder: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from securely.support.control import ControlSocket, processes
with ControlSocket(Path(sys.argv[1]), "demo") as end:
    talk = processes(Path(sys.argv[1]))[0].ask("renew")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (talk.fileno() + 1, hard))
    first = end.take()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(len(first), len(end.take()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=50.0,
    )

    assert done.stdout == "0 1\n"


def test_what_is_no_socket_of_ours_is_passed_over(folder: Path, served: ControlSocket) -> None:
    (process,) = processes(folder)
    host = process.key.partition(".")[0]
    (folder / f"{host}.swp").touch()
    (folder / f"{host}.x.y").touch()

    assert len(processes(folder)) == 1
