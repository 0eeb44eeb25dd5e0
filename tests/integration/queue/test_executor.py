"""The executor, without a process of its own: what it answers to what it is sent."""

from __future__ import annotations

import json
import math
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from securely.queue import executor
from securely.queue.contracts import Charge, Defaults, Delivery, FailedJob, Kind, Outcome, Verdict
from securely.queue.crew.bell import Bell
from securely.queue.crew.board import Board, State
from securely.queue.crew.inbox import Inbox
from securely.queue.crew.link import (
    Cancel,
    Ends,
    FromExecutor,
    Hook,
    HookDone,
    Link,
    Quit,
    Ready,
    Report,
    Returned,
    Revoke,
    Run,
    ToExecutor,
)
from securely.queue.crew.loading import Loaded
from securely.queue.exceptions import JobTimedOut
from securely.queue.executor import Executor
from securely.support import clock

# The bell takes SIGALRM, which the time limit of the tests would want too.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(120, method="thread")]

left_behind: ContextVar[str] = ContextVar("left_behind", default="nothing")


class Script:
    """A runner whose jobs are named functions."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.board: Board | None = None

    def configure(self, defaults: Defaults) -> None:
        """Nothing to configure."""

    def is_async(self, delivery: Delivery) -> bool:
        if delivery.name.startswith("import"):
            clock.sleep(0.3)
        return delivery.verdict is Verdict.RUN and delivery.name.startswith("async")

    def run(self, delivery: Delivery) -> Outcome:
        self.seen.append(f"{delivery.name}:{delivery.verdict.name}")
        kind = Kind.DONE if delivery.verdict is Verdict.RUN else Kind.FAIL
        error = None if kind is Kind.DONE else error_of(delivery.verdict.name)
        if delivery.verdict is Verdict.RUN:
            try:
                if delivery.name.startswith("sleep"):
                    clock.sleep(20)
                if delivery.name.startswith("leave"):
                    left_behind.set("something")
                if delivery.name.startswith("look"):
                    self.seen.append(left_behind.get())
            except JobTimedOut as caught:
                return Outcome(
                    delivery.id, 1, Kind.RELEASE, 1.0, Charge.EXCEPTION, error_of(str(caught))
                )
        return Outcome(delivery.id, delivery.token, kind, error=error)

    async def arun(self, delivery: Delivery) -> Outcome:
        if delivery.verdict is Verdict.RUN:
            self.seen.append(f"{delivery.name}:begins")
            await clock.asleep(20 if "sleep" in delivery.name else 0.01)
        return self.run(delivery)

    def run_failed_hook(self, failed: FailedJob) -> None:
        try:
            if failed.name.startswith("sleep"):
                clock.sleep(20)
            self.seen.append(f"hook:{failed.name}")
        except Exception as error:  # reported, as that of a job runner is
            self.seen.append(str(error))


def error_of(message: str) -> bytes:
    return json.dumps({"type": "app.errors.Wrong", "message": message, "trace": ""}).encode()


def delivery(id_: int, name: str, timeout: float | None = None) -> Delivery:
    return Delivery(id_, 1, "default", name, 1, 0, 0, 0, timeout, 3, b"p")


def spelled_out(message: FromExecutor) -> list[FromExecutor]:
    if not isinstance(message, Ends):
        return [message]
    return [
        Report(cell, Outcome(cell + 1, 1, Kind.DONE), seconds, "", message.memory)
        for cell, seconds in message.ends
    ]


Dialogue = Callable[["Desk"], None]


class Desk:
    """The supervisor's side, played by a thread while the executor has the main one."""

    def __init__(self, path: Path) -> None:
        ours, theirs = socket.socketpair()
        self.control, their_control = socket.socketpair()
        self.link: Link[FromExecutor] = Link(ours, msgspec.msgpack.Decoder(FromExecutor))
        their_link: Link[ToExecutor] = Link(theirs, msgspec.msgpack.Decoder(ToExecutor))
        self.controls: Link[FromExecutor] = Link(
            self.control, msgspec.msgpack.Decoder(FromExecutor)
        )
        self.abandoned = threading.Event()
        self.inbox = Inbox(their_link, their_control, self.abandoned.set)
        self.board = Board(path / "w.board", 16)
        self.runner = Script()
        self.closed = False
        self.error: BaseException | None = None
        self.heard: list[FromExecutor] = []
        self._waiting: list[FromExecutor] = []

    def revoke(self) -> None:
        self.controls.send(Revoke())

    def cancel(self, cell: int, token: int = 1) -> None:
        self.controls.send(Cancel(cell, token))

    def send(self, *names: str, timeout: float | None = None) -> None:
        batch: list[tuple[int, Delivery]] = []
        for cell, name in enumerate(names):
            self.board.place(cell, cell + 1, 1)
            # What does not sleep is to end, however busy the machine is.
            its = 60.0 if timeout and "sleep" not in name else timeout
            batch.append((cell, delivery(cell + 1, name, its)))
        self.link.send(Run(batch))

    def next(self) -> FromExecutor:
        """Return the next message; ends that were told of together one after the other."""
        while not self._waiting:
            for message in self.link.receive(wait=True):
                self.heard.append(message)
                self._waiting += spelled_out(message)
        return self._waiting.pop(0)

    def report(self) -> Report:
        message = self.next()
        assert isinstance(message, Report)
        return message

    def play(self, dialogue: Dialogue, concurrency: int = 1, timeout: float | None = None) -> None:
        """Let the executor work while *dialogue* speaks for the supervisor."""

        def speak() -> None:
            try:
                assert self.next() == Ready()
                dialogue(self)
            except BaseException as error:  # carried to the main thread
                self.error = error
            self.link.send(Quit())

        def close() -> None:
            self.closed = True

        thread = threading.Thread(target=speak)
        thread.start()
        loaded = Loaded(self.runner, close)
        Executor(self.inbox, self.board, loaded, concurrency=concurrency, timeout=timeout).work()
        thread.join()
        if self.error is not None:
            raise self.error


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    before = signal.getsignal(signal.SIGALRM)
    desk = Desk(tmp_path)
    yield desk
    desk.control.close()  # ends the thread that obeys it
    if desk.closed:
        assert desk.abandoned.wait(60)
    desk.link.close()
    desk.inbox.close()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_run_when_it_goes_well_is_marked_and_reported(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("a", "b")
        first, second = desk.report(), desk.report()
        assert (first.cell, first.outcome) == (0, Outcome(1, 1, Kind.DONE))
        assert (second.cell, second.reason) == (1, "")
        assert first.memory > 1 << 20
        assert [desk.board.look(cell)[0] for cell in (0, 1)] == [State.FINISHED] * 2

    desk.play(dialogue)

    assert desk.runner.seen == ["a:RUN", "b:RUN"]
    assert desk.closed


def test_run_when_it_takes_too_long_is_ended_and_the_next_is_not(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("sleep", "after", timeout=0.05)
        ended, after = desk.report(), desk.report()
        assert (ended.outcome.kind, ended.outcome.charge) == (Kind.RELEASE, Charge.EXCEPTION)
        assert ended.reason == "Wrong: sleep ran longer than its timeout of 0.05 seconds."
        assert 0.05 <= ended.seconds < 15  # it would sleep for twenty
        assert desk.board.look(0)[0] is State.STARTED
        assert after.outcome.kind is Kind.DONE

    desk.play(dialogue)


def test_run_when_the_worker_sets_the_time_it_holds_too(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("sleep")
        assert desk.report().outcome.kind is Kind.RELEASE

    desk.play(dialogue, timeout=0.05)


def test_run_when_context_variables_are_left_behind_the_next_job_sees_none(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("leave", "look")
        desk.report()
        desk.report()

    desk.play(dialogue)

    assert desk.runner.seen[-1] == "nothing"


@pytest.mark.parametrize("concurrency", [1, 4])
def test_run_when_async_and_sync_mix_reports_all(desk: Desk, concurrency: int) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("async1", "b", "async2", "async3", "c")
        assert {desk.report().outcome.id for _ in range(5)} == {1, 2, 3, 4, 5}

    desk.play(dialogue, concurrency=concurrency)


def test_run_when_async_runs_as_many_at_once_as_allowed(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send(*(f"async{n}" for n in range(5)))
        for _ in range(5):
            desk.report()

    desk.play(dialogue, concurrency=3)

    assert desk.runner.seen[:3] == [f"async{n}:begins" for n in range(3)]
    assert desk.runner.seen[3] != "async3:begins"


@pytest.mark.parametrize("concurrency", [1, 2])
def test_run_when_async_takes_too_long_is_cancelled(desk: Desk, concurrency: int) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("async-sleep", "async-after", timeout=0.05)
        by_id = {report.outcome.id: report for report in (desk.report(), desk.report())}
        assert by_id[1].outcome.kind is Kind.FAIL
        assert by_id[1].reason == "Wrong: TIMED_OUT"
        assert by_id[1].seconds >= 0.05
        assert by_id[2].outcome.kind is Kind.DONE

    desk.play(dialogue, concurrency=concurrency)


def test_hook_when_sent_runs_and_is_told(desk: Desk) -> None:
    failed = FailedJob(9, "u", "sqlite", "default", "Greet", b"p", b"{}", 1, 5.0)

    def dialogue(desk: Desk) -> None:
        desk.board.place(7, 9, -1)
        desk.link.send(Hook(7, failed))
        assert desk.next() == HookDone(7)
        assert desk.board.look(7)[0] is State.STARTED

    desk.play(dialogue)

    assert desk.runner.seen == ["hook:Greet"]


@pytest.mark.parametrize(("own", "workers"), [(0.5, None), (None, 0.5)])
def test_hook_when_it_takes_too_long_is_ended_and_the_next_is_not(
    desk: Desk, own: float | None, workers: float | None
) -> None:
    slow = FailedJob(9, "u", "sqlite", "default", "sleep", b"p", b"{}", 1, 5.0, timeout=own)

    def dialogue(desk: Desk) -> None:
        desk.board.place(7, 9, -1)
        desk.board.place(6, 8, -1)
        desk.link.send(Hook(7, slow))
        desk.link.send(Hook(6, replace(slow, id=8, name="quick")))
        assert [desk.next(), desk.next()] == [HookDone(7), HookDone(6)]

    desk.play(dialogue, timeout=workers)

    limit = "failed() of sleep ran longer than its timeout of 0.5 seconds."
    assert desk.runner.seen == [limit, "hook:quick"]


def test_revoke_when_a_job_blocks_gives_back_what_is_read_and_unread(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("sleep", "b", "c")
        while desk.board.look(0)[0] is not State.STARTED:
            clock.sleep(0.001)
        desk.link.send(Run([(5, delivery(6, "unread"))]))
        desk.revoke()
        returned = desk.next()
        assert isinstance(returned, Returned)
        assert returned.cells == [1, 2, 5]
        desk.cancel(0)
        assert desk.report().cell == 0

    desk.play(dialogue)

    assert desk.runner.seen == ["sleep:RUN", "sleep:CANCELLED"]


def test_revoke_when_nothing_blocks_runs_or_returns_and_never_both(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        for _ in range(50):
            desk.revoke()
            desk.send("a")
            message = desk.next()
            assert isinstance(message, Report) or message == Returned([0])
            if isinstance(message, Report):
                ran.append(1)

    ran: list[int] = []
    desk.play(dialogue)

    assert len(desk.runner.seen) == len(ran)


def test_revoke_when_a_hook_waits_too_leaves_it(desk: Desk) -> None:
    failed = FailedJob(9, "u", "sqlite", "default", "Greet", b"p", b"{}", 1, 5.0)

    def dialogue(desk: Desk) -> None:
        desk.send("sleep", "b")
        while desk.board.look(0)[0] is not State.STARTED:
            clock.sleep(0.001)
        desk.link.send(Hook(7, failed))
        desk.revoke()
        assert desk.next() == Returned([1])
        desk.cancel(0)
        assert desk.report().cell == 0
        assert desk.next() == HookDone(7)

    desk.play(dialogue)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor for which all jobs are short enough to be told of together."""
    monkeypatch.setattr(executor, "GATHER_SECONDS", math.inf)


@pytest.mark.usefixtures("patient")
def test_run_when_jobs_are_short_tells_of_them_together(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("a", "b", "c", "d")
        assert [desk.report().cell for _ in range(4)] == [0, 1, 2, 3]

    desk.play(dialogue)

    (told,) = desk.heard[1:]
    assert isinstance(told, Ends)
    assert all(seconds >= 0 for _, seconds in told.ends)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("concurrency", [1, 3])
def test_run_when_short_async_jobs_end_leaves_none_untold(desk: Desk, concurrency: int) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("async a", "b", "async c")
        assert sorted(desk.report().cell for _ in range(3)) == [0, 1, 2]

    desk.play(dialogue, concurrency)


@pytest.mark.usefixtures("patient")
def test_run_when_one_fails_tells_of_those_before_it_first(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("a", "leave", "sleep", timeout=0.05)
        assert [desk.report().outcome.kind for _ in range(3)] == [
            Kind.DONE,
            Kind.DONE,
            Kind.RELEASE,
        ]

    desk.play(dialogue)


@pytest.mark.usefixtures("patient")
def test_hook_when_jobs_have_ended_before_it_they_are_told_of_first(desk: Desk) -> None:
    told = threading.Event()
    waited: list[bool] = []

    def dialogue(desk: Desk) -> None:
        assert desk.report().cell == 0
        told.set()
        assert desk.next() == HookDone(7)

    desk.runner.run_failed_hook = lambda failed: waited.append(told.wait(30))  # type: ignore[method-assign]
    desk.send("a")  # both are read at once
    desk.link.send(Hook(7, FailedJob(9, "u", "sqlite", "default", "Greet", b"p", b"{}", 1, 5.0)))
    desk.play(dialogue)

    assert waited == [True]


def test_run_when_its_module_is_slow_to_import_is_not_charged_with_that(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("import, no sleep", timeout=0.25)
        assert desk.report().outcome.kind is Kind.DONE

    desk.play(dialogue)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("rest", [["d"], []], ids=["some left", "none left"])
def test_revoke_when_a_job_blocks_tells_of_those_that_have_ended(
    desk: Desk, rest: list[str]
) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send("a", "b", "sleep", *rest)
        while desk.board.look(2)[0] is not State.STARTED:
            clock.sleep(0.001)
        desk.revoke()
        assert [desk.report().cell for _ in range(2)] == [0, 1]
        assert desk.board.look(2)[0] is State.STARTED  # it sleeps on
        if rest:
            assert desk.next() == Returned([3])
        desk.cancel(2)
        assert desk.report().cell == 2

    desk.play(dialogue)


@pytest.mark.parametrize("name", ["sleep", "async sleep"])
@pytest.mark.parametrize("timeout", [None, 60.0])
def test_cancel_when_it_runs_ends_it_and_asks_for_its_consequences(
    desk: Desk, name: str, timeout: float | None
) -> None:
    def dialogue(desk: Desk) -> None:
        desk.send(name, "after")
        while desk.board.look(0)[0] is not State.STARTED:
            clock.sleep(0.001)
        desk.cancel(0)
        assert [desk.report().cell, desk.report().cell] == [0, 1]

    desk.play(dialogue, timeout=timeout)

    ran = [line for line in desk.runner.seen if not line.endswith(":begins")]
    assert ran[-2:] == [f"{name}:CANCELLED", "after:RUN"]
    assert desk.inbox.cancelled == set()


@pytest.mark.parametrize("names", [["a"], ["async a"], ["async sleep", "async a"]])
@pytest.mark.parametrize("token", [1, 2])
def test_cancel_when_it_has_not_begun_keeps_it_from_beginning(
    desk: Desk, names: list[str], token: int
) -> None:
    def dialogue(desk: Desk) -> None:
        desk.cancel(len(names) - 1, token)
        while not desk.inbox.cancelled:
            clock.sleep(0.001)
        desk.send(*names)
        assert desk.report().cell == len(names) - 1
        if len(names) > 1:
            desk.cancel(0)
            desk.report()

    desk.play(dialogue, concurrency=2)

    verdict = "CANCELLED" if token == 1 else "RUN"
    assert f"{names[-1]}:{verdict}" in desk.runner.seen
    assert (f"{names[-1]}:begins" in desk.runner.seen) == (token == 2 and "async" in names[-1])


def test_cancel_when_it_is_over_ends_nothing_else(desk: Desk) -> None:
    def dialogue(desk: Desk) -> None:
        for name in ("a", "async a"):
            desk.send(name)
            desk.report()
            desk.cancel(0)
            while len(desk.inbox.cancelled) == 0:
                clock.sleep(0.001)
            desk.inbox.cancelled.clear()
        desk.link.send(Run([(1, delivery(9, "async b"))]))
        assert desk.report().cell == 1

    desk.play(dialogue)

    assert [line for line in desk.runner.seen if "begins" not in line] == [
        "a:RUN",
        "async a:RUN",
        "async b:RUN",
    ]


def test_inbox_when_the_supervisor_is_gone_abandons_the_process(desk: Desk) -> None:
    desk.link.close()

    with pytest.raises(EOFError):
        desk.inbox.fill(wait=True)
    assert desk.abandoned.is_set()
    with pytest.raises(EOFError):
        desk.inbox.send(Ready())


def test_bell_when_jobs_are_short_sets_one_timer_for_many(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []
    monkeypatch.setattr(signal, "setitimer", lambda which, seconds: calls.append(seconds))
    bell = Bell()

    for n in range(100):
        bell.set("job", 60.0, 1000.0 + n / 100)
        bell.unset()
    bell.set("urgent", 1.0, 1001.0)

    assert calls == [60.0, 1.0]


def sleep_long(bell: Bell, job: str, seconds: float, since: float) -> None:
    bell.set(job, seconds, since)
    clock.sleep(10)


def test_bell_when_it_rings_early_rings_again_for_the_job_that_runs(desk: Desk) -> None:
    bell = Bell()
    now = clock.monotonic()
    bell.set("first", 0.3, now)
    bell.unset()

    with pytest.raises(JobTimedOut) as caught:
        sleep_long(bell, "second", 0.6, now)

    assert caught.value.job == "second"
    assert 0.6 <= clock.monotonic() - now < 9  # it would sleep for ten


def test_bell_when_nothing_runs_any_more_rings_for_nobody(desk: Desk) -> None:
    bell = Bell()
    bell.set("first", 0.2, clock.monotonic())
    bell.unset()

    clock.sleep(0.3)

    with pytest.raises(JobTimedOut, match="second"):
        sleep_long(bell, "second", 0.02, clock.monotonic())
