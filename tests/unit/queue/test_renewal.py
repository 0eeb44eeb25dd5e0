"""Renewal: a worker tries a change of the settings before it follows, and answers each."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import pytest

from securely.queue.crew.child import Phase
from securely.queue.crew.crew import Crew
from securely.queue.crew.link import FromExecutor, Link, Live, Ready, Refused
from securely.queue.crew.renewal import TAKEN_BACK_SECONDS, TRIAL_SECONDS, Renewal
from securely.queue.crew.report import Report
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.control import ControlSocket, Conversation, processes


class Trial:
    """An executor, as the test wants it to be."""

    died_of = "was killed by SIGKILL"

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        self.link: Link[FromExecutor] = Link(ours, msgspec.msgpack.Decoder(FromExecutor))
        self.says: Link[FromExecutor] = Link(self.theirs, msgspec.msgpack.Decoder(FromExecutor))
        self.phase = Phase.LOADING

    def wait(self, seconds: float) -> bool:
        return True


class Executor(NamedTuple):
    """One that works."""

    number: int
    phase: Phase = Phase.READY


class FakeCrew:
    """Executors without processes; the numbers of what is to be replaced are kept."""

    def __init__(self) -> None:
        self.children = [Executor(0), Executor(1)]
        self.first_to_load = 2
        self.trials: list[Trial] = []
        self.ended: list[Phase] = []
        self.followed: list[list[str]] = []
        self.replaced: list[range] = []
        self.is_new = False

    @property
    def renewals(self) -> int:
        return len(self.replaced)

    def trial(self) -> Trial:
        self.trials.append(Trial())
        return self.trials[-1]

    def end_trial(self, trial: Trial) -> None:
        self.ended.append(trial.phase)
        trial.link.close()
        trial.theirs.close()

    def follow(self, change: Live) -> None:
        self.followed.append(change.names)

    def renew(self, first: int = 0) -> range:
        self.replaced.append(range(first, len(self.children)))
        return self.replaced[-1]

    def is_renewed(self, old: range) -> bool:
        return self.is_new and old is self.replaced[-1]

    def let_go(self) -> None:
        """Nobody is kept."""


class Worker:
    """A renewal, its socket, and who asks."""

    def __init__(self, folder: Path, control: ControlSocket) -> None:
        self.folder = folder
        self.control = control
        self.crew = FakeCrew()
        self.said: list[str] = []
        self.begun = 0
        self.selector = selectors.DefaultSelector()
        self.talks: list[Conversation] = []
        report = Report(self.said.append, write_error=self.said.append)
        crew = cast("Crew", self.crew)
        self.renewal = Renewal(control, self.selector, crew, report, self._begin)

    def _begin(self) -> None:
        self.begun += 1

    def ask(
        self,
        ask: str = "renew",
        how: str = "reload",
        revision: int = 7,
        undoes: int | None = None,
    ) -> Conversation:
        (process,) = processes(self.folder)
        talk = process.ask(ask, how=how, names=["APP_NAME"], revision=revision, undoes=undoes)
        self.talks.append(talk)
        self.turn()
        taken = talk.hear(30.0)
        assert taken is not None
        assert taken["state"] == "taken"
        return talk

    def turn(self, *, is_stopping: bool = False) -> None:
        """What the supervisor does in one step."""
        for key, _ in self.selector.select(0):
            key.data()
        self.renewal.tend(is_stopping=is_stopping)

    def end(self) -> None:
        self.renewal.close()
        self.selector.close()
        for talk in self.talks:
            talk.close()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with ControlSocket(tmp_path / "control", "queue:work", {"revision": 1}) as control:
        worker = Worker(tmp_path / "control", control)
        yield worker
        worker.end()


def heard(talk: Conversation) -> dict[str, Any]:
    answer = talk.hear(30.0)
    assert answer is not None
    return answer


def test_executors_are_replaced_when_a_trial_has_loaded(worker: Worker) -> None:
    talk = worker.ask()
    assert (worker.crew.renewals, talk.hear(0.01)) == (0, None)
    worker.crew.trials[0].says.send(Ready())
    worker.turn()

    assert heard(talk) == {"state": "proved", "then": "reload"}
    assert (worker.crew.renewals, worker.crew.ended) == (1, [Phase.READY])
    assert talk.hear(0.01) is None
    worker.crew.is_new = True
    worker.turn()

    assert heard(talk) == {"state": "done"}
    assert worker.control.facts["revision"] == 7
    assert "the executors are new" in worker.said[-1]
    assert not worker.begun


def test_a_worker_that_begins_anew_says_no_more_until_it_is_gone(worker: Worker) -> None:
    talk = worker.ask(how="restart")
    worker.crew.trials[0].says.send(Ready())
    worker.turn()

    assert heard(talk) == {"state": "proved", "then": "restart"}
    assert (worker.begun, worker.crew.renewals) == (1, 0)
    worker.turn(is_stopping=True)
    assert talk.hear(0.01) is None
    worker.renewal.close()
    with pytest.raises(EOFError):
        talk.hear(30.0)


def test_what_cannot_load_is_not_followed(worker: Worker) -> None:
    talk = worker.ask()
    worker.crew.trials[0].says.send(Refused("no such port"))
    worker.turn()

    assert heard(talk) == {"state": "refused", "reason": "no such port"}
    assert worker.crew.renewals == 0
    assert worker.control.facts["revision"] == 1
    assert "not followed: no such port" in worker.said[-1]


def test_a_trial_that_dies_is_told_how(worker: Worker) -> None:
    talk = worker.ask()
    worker.crew.trials[0].theirs.close()
    worker.turn()

    assert "was killed by SIGKILL before" in heard(talk)["reason"]


def test_a_trial_that_hangs_is_ended(worker: Worker) -> None:
    frozen = FrozenClock(0.0)
    with clock.using(frozen):
        talk = worker.ask()
        assert worker.renewal.wakes_at() == frozen.monotonic() + TRIAL_SECONDS
        frozen.travel(TRIAL_SECONDS)
        worker.turn()

    assert "did not load in time" in heard(talk)["reason"]
    assert worker.crew.ended == [Phase.LOADING]
    assert worker.renewal.wakes_at() == float("inf")


def test_a_change_that_overtakes_another_is_followed_itself(worker: Worker) -> None:
    first = worker.ask(revision=7)
    worker.crew.trials[0].says.send(Ready())
    worker.turn()
    assert heard(first)["state"] == "proved"

    second = worker.ask(revision=8)
    worker.crew.is_new = True
    worker.turn()

    assert heard(first) == {"state": "done", "superseded": True}
    assert second.hear(0.01) is None, "The trial is under way."
    worker.crew.is_new = False
    worker.crew.trials[1].says.send(Ready())
    worker.turn()
    assert heard(second)["state"] == "proved"
    worker.crew.is_new = True
    worker.turn()
    assert heard(second) == {"state": "done"}
    assert worker.crew.renewals == 2


def test_a_trial_that_is_overtaken_is_ended(worker: Worker) -> None:
    first = worker.ask()
    worker.ask(how="restart")

    assert heard(first)["state"] == "done"
    assert worker.crew.ended == [Phase.LOADING]
    assert len(worker.crew.trials) == 2


def test_a_restart_that_overtakes_a_reload_is_not_done_with_that(worker: Worker) -> None:
    worker.ask()
    worker.crew.trials[0].says.send(Ready())
    worker.turn()
    second = worker.ask(how="restart")
    worker.crew.trials[1].says.send(Ready())
    worker.turn()
    assert heard(second)["state"] == "proved"

    worker.turn(is_stopping=True)

    assert second.hear(0.01) is None


def test_a_worker_that_stops_has_nothing_to_follow(worker: Worker) -> None:
    talk = worker.ask()
    worker.turn(is_stopping=True)

    assert heard(talk) == {"state": "stopped"}


def leaving(worker: Worker) -> Conversation:
    """Have *worker* begin anew once its jobs have ended; return the talk with who wanted that."""
    talk = worker.ask(how="restart")
    worker.crew.trials[0].says.send(Ready())
    worker.turn()
    assert heard(talk)["state"] == "proved"
    return talk


@pytest.mark.parametrize("how", ["reload", "restart"])
def test_a_worker_that_is_to_begin_anew_tries_the_next_change_too(worker: Worker, how: str) -> None:
    first = leaving(worker)
    second = worker.ask(how=how, revision=8)
    worker.turn(is_stopping=True)

    assert heard(first) == {"state": "done", "superseded": True}
    assert second.hear(0.01) is None
    assert worker.renewal.wakes_at() < float("inf")
    worker.crew.trials[1].says.send(Ready())
    worker.turn(is_stopping=True)
    assert heard(second) == {"state": "proved", "then": "restart"}
    assert worker.renewal.is_settled
    assert (worker.begun, worker.crew.renewals) == (1, 0)


def test_a_worker_does_not_begin_anew_with_what_it_has_refused(worker: Worker) -> None:
    frozen = FrozenClock(0.0)
    with clock.using(frozen):
        leaving(worker)
        second = worker.ask(revision=8)
        worker.crew.trials[1].says.send(Refused("no such port"))
        worker.turn(is_stopping=True)

        assert heard(second)["state"] == "refused"
        assert not worker.renewal.is_settled
        assert worker.renewal.wakes_at() == frozen.monotonic() + TAKEN_BACK_SECONDS
        frozen.travel(TAKEN_BACK_SECONDS)
        assert worker.renewal.is_settled, "Nobody has taken it back."


def test_a_worker_begins_anew_when_what_it_has_refused_is_taken_back(worker: Worker) -> None:
    leaving(worker)
    worker.ask(revision=8)
    worker.crew.trials[1].says.send(Refused("no such port"))
    worker.turn(is_stopping=True)
    worker.ask("note", revision=9)

    assert worker.renewal.is_settled


def test_what_is_live_goes_to_the_executors(worker: Worker) -> None:
    talk = worker.ask("live", how="live")

    assert heard(talk) == {"state": "done"}
    assert worker.crew.followed == [["APP_NAME"]]
    assert worker.control.facts["revision"] == 7


def test_a_worker_notes_a_revision_that_changes_nothing(worker: Worker) -> None:
    assert heard(worker.ask("note")) == {"state": "done"}
    assert worker.control.facts["revision"] == 7
    assert not worker.crew.trials


def test_a_trial_of_what_is_taken_back_is_ended(worker: Worker) -> None:
    first = worker.ask()
    second = worker.ask("note", revision=8, undoes=7)

    assert heard(first) == {"state": "done", "superseded": True}
    assert heard(second) == {"state": "done"}
    assert worker.crew.ended == [Phase.LOADING]
    assert (len(worker.crew.trials), worker.crew.renewals) == (1, 0)


@pytest.mark.parametrize("answer", [None, Refused("no such port")])
def test_executors_that_have_perhaps_loaded_what_is_taken_back_are_replaced(
    worker: Worker, answer: Refused | None
) -> None:
    worker.ask(revision=7)
    worker.crew.children.append(Executor(2))  # in the place of one that has died meanwhile
    if answer is not None:
        worker.crew.trials[0].says.send(answer)
        worker.turn()
    worker.ask("note", revision=8, undoes=7)

    assert worker.crew.replaced == [range(2, 3)]
    worker.crew.is_new = True
    worker.turn()
    assert "the executors are new" in worker.said[-1]
    worker.ask("note", revision=9, undoes=8)
    assert worker.crew.renewals == 1, "once"


def test_executors_that_have_not_loaded_a_change_yet_are_replaced_when_it_is_taken_back(
    worker: Worker,
) -> None:
    worker.crew.children[1] = Executor(1, Phase.LOADING)
    worker.crew.first_to_load = 1
    worker.ask(revision=7)
    worker.crew.children[1] = Executor(1)
    worker.crew.first_to_load = 2
    worker.ask("note", revision=8, undoes=7)

    assert worker.crew.replaced == [range(1, 2)]


def test_what_was_followed_too_late_is_taken_back_like_a_change(worker: Worker) -> None:
    worker.ask(revision=7)
    worker.crew.trials[0].says.send(Ready())
    worker.turn()
    worker.ask("note", revision=8, undoes=7)
    worker.crew.trials[1].says.send(Ready())
    worker.turn()

    assert worker.crew.renewals == 2


def test_what_is_live_and_came_too_late_is_taken_back(worker: Worker) -> None:
    worker.ask("live", how="live", revision=7)
    talk = worker.ask("note", how="live", revision=8, undoes=7)

    assert heard(talk) == {"state": "done"}
    assert worker.crew.followed == [["APP_NAME"], ["APP_NAME"]]


def test_what_a_worker_does_not_know_is_refused(worker: Worker) -> None:
    assert "knows nothing of 'dance'" in heard(worker.ask("dance"))["reason"]


def test_a_worker_that_was_to_begin_anew_stops_for_who_asks_for_that(worker: Worker) -> None:
    assert not worker.renewal.give_way()
    talk = worker.ask(how="restart")
    worker.crew.trials[0].says.send(Ready())
    worker.turn()
    assert heard(talk)["state"] == "proved"

    assert worker.renewal.give_way()

    assert heard(talk) == {"state": "stopped"}
