"""Renewal: a schedule tries a change of the settings before it begins anew for it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from securely.schedule.ticking import trial as trial_module
from securely.schedule.ticking.renewal import Renewal
from securely.schedule.ticking.trial import trial_line
from securely.support.control import ControlSocket, Conversation, processes

# Does what the file says that stands for the application; a trial reads it once.
LOADER = """
import os, pathlib, sys, time
pid, does = map(pathlib.Path, sys.argv[1:])
what = does.read_text()
pid.write_text(str(os.getpid()))
if what == "hang":
    time.sleep(600)
exec(what)
"""


class Desk:
    """A schedule that is told of changes."""

    def __init__(self, folder: Path, control: ControlSocket) -> None:
        self.folder = folder
        self.control = control
        self.said: list[str] = []
        self.followed: list[Sequence[str]] = []
        self.begun = threading.Event()
        self.pid = folder / "trial.pid"
        self._does = folder / "application"
        self._talks: list[Conversation] = []
        self.renewal = Renewal(
            control,
            [sys.executable, "-S", "-c", LOADER, str(self.pid), str(self._does)],
            follow=self.followed.append,
            begin_anew=self.begun.set,
            tell=self.said.append,
        )

    def ask(
        self, does: str = "", ask: str = "renew", *, how: str = "restart", undoes: int | None = None
    ) -> Conversation:
        self._does.write_text(does)
        self.pid.unlink(missing_ok=True)
        (process,) = processes(self.folder / "control")
        talk = process.ask(ask, names=["APP_NAME"], how=how, revision=7, undoes=undoes)
        self._talks.append(talk)
        assert heard(talk)["state"] == "taken"
        return talk

    def trial(self) -> int:
        """Return the number of the trial's process, once it is busy."""
        while not self.pid.exists() or not self.pid.read_text():
            os.sched_yield()
        return int(self.pid.read_text())

    def close(self) -> None:
        for talk in self._talks:
            talk.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ControlSocket(tmp_path / "control", "schedule:work", {"revision": 1}) as control:
        desk = Desk(tmp_path, control)
        with desk.renewal:
            yield desk
        desk.close()


def heard(talk: Conversation) -> dict[str, Any]:
    answer = talk.hear(30.0)
    assert answer is not None
    return answer


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_schedule_begins_anew_when_the_tasks_can_be_read(desk: Desk) -> None:
    talk = desk.ask("print('a lot')")

    assert heard(talk) == {"state": "proved", "then": "restart"}
    assert desk.begun.wait(30)
    assert desk.control.facts["revision"] == 7
    assert is_gone(desk.trial())  # and is no zombie of what begins anew
    assert not desk.said


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("sys.exit('ERROR  The provider is broken.')", "The provider is broken."),
        ("os._exit(7)", "Who was to read the tasks exited with status 7."),
        ("os.kill(os.getpid(), 9)", "Who was to read the tasks was killed by SIGKILL."),
        ("os.write(2, bytes([255]) * 100_000); sys.exit(1)", "�" * 300),
    ],
    ids=["says why", "exits", "is killed", "says too much"],
)
def test_a_schedule_goes_on_as_it_is_when_they_cannot(desk: Desk, does: str, reason: str) -> None:
    talk = desk.ask(does)

    assert heard(talk) == {"state": "refused", "reason": reason}
    assert desk.said == [f"The changed settings are not followed: {reason}"]
    assert desk.control.facts["revision"] == 1
    assert not desk.begun.is_set()


def test_a_trial_that_hangs_is_overtaken_by_the_next_change(desk: Desk) -> None:
    first = desk.ask("hang")
    hung = desk.trial()
    second = desk.ask()

    assert heard(first) == {"state": "done", "superseded": True}
    assert heard(second)["state"] == "proved"
    assert is_gone(hung)


def test_a_trial_of_what_is_taken_back_is_ended(desk: Desk) -> None:
    first = desk.ask("hang")
    hung = desk.trial()
    second = desk.ask(ask="note", undoes=6)

    assert heard(first) == {"state": "done", "superseded": True}
    assert heard(second) == {"state": "done"}
    assert is_gone(hung)


@pytest.mark.parametrize("how", ["live", "restart"])
def test_what_was_followed_too_late_is_taken_back_like_a_change(desk: Desk, how: str) -> None:
    desk.control.facts["revision"] = 6
    talk = desk.ask(ask="note", how=how, undoes=6)

    assert heard(talk)["state"] == ("done" if how == "live" else "proved")
    assert len(desk.followed) == (1 if how == "live" else 0)


def test_others_are_heard_while_a_trial_hangs(desk: Desk) -> None:
    desk.ask("hang")
    desk.trial()

    assert heard(desk.ask("hang", "live")) == {"state": "done"}
    assert desk.followed == [["APP_NAME"]]
    (process,) = processes(desk.folder / "control")
    status = process.status(30.0)
    assert status is not None
    assert status["kind"] == "schedule:work"


def test_a_schedule_that_is_to_begin_anew_tries_the_next_change_too(tmp_path: Path) -> None:
    with ControlSocket(tmp_path / "control", "schedule:work") as control:
        desk = Desk(tmp_path, control)
        with desk.renewal:
            assert heard(desk.ask())["state"] == "proved"
            second = desk.ask("time.sleep(0.2); sys.exit('no such port')")
            desk.trial()
            third = threading.Thread(target=lambda: (heard(second), desk.ask(ask="note")))
            third.start()
        third.join()

        assert desk.said == ["The changed settings are not followed: no such port"]
        assert desk.control.facts["revision"] == 7, "It has waited until that was taken back."
        desk.close()


def test_a_trial_that_takes_too_long_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_module, "TRIAL_SECONDS", 0.5)
    talk = desk.ask("hang")

    assert heard(talk) == {
        "state": "refused",
        "reason": "The tasks could not be read within 0.5 seconds.",
    }


def test_a_trial_ends_with_the_schedule(tmp_path: Path) -> None:
    with ControlSocket(tmp_path / "control", "schedule:work") as control:
        desk = Desk(tmp_path, control)
        with desk.renewal:
            talk = desk.ask("hang")
            hung = desk.trial()
        assert is_gone(hung)
        assert heard(talk) == {"state": "stopped"}
        desk.close()


def test_a_trial_of_a_script_is_bound_to_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "artisan.py", "schedule:work"])
    monkeypatch.setattr(sys, "argv", ["artisan.py", "schedule:work"])

    start = [sys.executable, "-m", "securely.queue.crew.attached", str(os.getpid())]
    assert trial_line() == [*start, "artisan.py", "schedule:list", "--json"]


def test_a_trial_of_a_module_begins_as_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "securely", "schedule:work", "-q"])
    monkeypatch.setattr(sys, "argv", ["/securely/__main__.py", "schedule:work", "-q"])

    assert trial_line() == [sys.executable, "-m", "securely", "schedule:list", "--json"]
