"""A tick runs once, whatever its task does; hooks, events and the ledger know what came of it."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any, NamedTuple

import pytest
from running_worlds import AT, Task, When, Written, calling

from securely.queue.exceptions import QueueError
from securely.queue.job import Dispatched, Job
from securely.schedule.contracts import State, Verdict
from securely.schedule.definition.actions import EventAction, JobAction
from securely.schedule.exceptions import LedgerUnavailable, TaskFailed, TaskLost

pytestmark = pytest.mark.filterwarnings("error")


class Mailer:
    """What a task asks for."""


def test_a_call_runs_and_the_ledger_knows(world: Any) -> None:
    ran: list[int] = []
    task = calling(lambda: ran.append(1))

    ending = world.runner.run(task, AT)

    assert ran == [1]
    assert (ending.state, ending.exit_code) == (State.DONE, 0)
    assert (world.last().state, world.last().at, world.last().scope) == (State.DONE, AT, "web-1")
    assert world.names() == ["ScheduledTaskStarting", "ScheduledTaskFinished"]


def test_a_tick_that_somebody_has_is_quiet(world: Any) -> None:
    ran: list[int] = []
    task = calling(lambda: ran.append(1))
    world.runner.run(task, AT)
    world.told.clear()

    assert world.runner.run(task, AT) is None
    assert (ran, world.told) == ([1], [])


def test_a_task_on_one_server_has_one_row_for_all_machines(world: Any) -> None:
    world.runner.run(calling(lambda: None, is_on_one_server=True), AT)

    assert world.last().scope == ""


def test_an_async_call_gets_what_its_parameters_ask_for(world: Any) -> None:
    got: list[object] = []

    async def send(mailer: Mailer, count: int) -> None:
        got.extend([type(mailer), count])

    ending = world.runner.run(calling(send, {"count": 3}), AT)

    assert (ending.state, got) == (State.DONE, [Mailer, 3])


@pytest.mark.parametrize(
    ("does", "code", "reason"),
    [
        (lambda: False, 1, "exit code 1"),
        (lambda: sys.exit(4), 4, "exit code 4"),
        (lambda: sys.exit("no room"), 1, "exit code 1"),
        (lambda: 1 / 0, 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_call_that_goes_wrong_fails_its_run_and_nothing_else(
    world: Any, does: Any, code: int, reason: str
) -> None:
    task = calling(does, lock="report", overlap_seconds=60.0)

    ending = world.runner.run(task, AT)

    assert (ending.state, ending.exit_code, ending.reason) == (State.FAILED, code, reason)
    assert world.last().state is State.FAILED
    assert not world.locks(task)
    assert world.names()[-1] == "ScheduledTaskFailed"
    assert len(world.reported) == 1
    assert world.told[-1].exception is world.reported[0]


def test_what_failed_by_its_exit_code_is_told_as_task_failed(world: Any) -> None:
    world.runner.run(calling(lambda: False), AT)

    assert isinstance(world.reported[0], TaskFailed)
    assert world.reported[0].exit_code == 1


def test_ctrl_c_ends_the_process_and_the_ledger_knows(world: Any) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    task = calling(interrupted, lock="report", overlap_seconds=60.0)

    with pytest.raises(KeyboardInterrupt):
        world.runner.run(task, AT)

    assert (world.last().state, world.last().reason) == (State.FAILED, "KeyboardInterrupt")
    assert not world.locks(task)


def test_a_task_of_another_environment_is_not_due(world: Any) -> None:
    world.container.env = "local"

    assert world.runner.run(calling(lambda: None, environments=("production",)), AT) is None
    assert (world.told, world.ledger.history()) == ([], [])


def test_in_maintenance_a_tick_is_skipped(world: Any) -> None:
    class Maintenance:
        is_active = True

    world.container.instance("maintenance", Maintenance())
    ran: list[str] = []

    ending = world.runner.run(calling(lambda: ran.append("a")), AT)
    world.runner.run(calling(lambda: ran.append("b"), id="b", runs_in_maintenance=True), AT)

    assert ending.reason == "the application is in maintenance mode"
    assert ran == ["b"]


def test_while_paused_a_tick_is_skipped_with_its_reason(world: Any) -> None:
    world.ledger.pause()
    ran: list[str] = []

    ending = world.runner.run(calling(lambda: ran.append("a")), AT)
    world.runner.run(calling(lambda: ran.append("b"), id="b", runs_when_paused=True), AT)

    assert (ending.state, ending.reason) == (State.SKIPPED, "the schedule is paused")
    assert world.ledger.history("report")[0].reason == "the schedule is paused"
    assert world.told[0].reason == "the schedule is paused"
    assert ran == ["b"]


def test_a_missed_tick_is_noted_for_this_machine_and_left_to_others(world: Any) -> None:
    task = calling(lambda: None, is_on_one_server=True)
    world.runner.run(task, 0)

    assert world.runner.skip(task, 60, "missed: it was noticed 2 hours too late")

    noted = world.ledger.history(task.id)[0]
    assert (noted.scope, noted.state) == (noted.host, State.SKIPPED)
    assert world.runner.run(task, 60) is not None  # by a machine whose clock is right


def test_a_tick_that_ran_elsewhere_is_not_noted_as_missed(world: Any) -> None:
    task = calling(lambda: None, is_on_one_server=True)
    world.runner.run(task, 60)

    assert not world.runner.skip(task, 60, "missed: it was noticed 2 hours too late")


def test_a_condition_that_is_not_met_skips_the_tick(world: Any) -> None:
    async def no() -> bool:
        return False

    filtered = calling(lambda: None, filters=[When(call=no, words="it rains")])
    rejected = calling(lambda: None, id="b", rejects=[When(call=lambda: True)])

    assert world.runner.run(filtered, AT).reason == "it rains"
    assert world.runner.run(rejected, AT).reason == "a condition is not met"
    assert world.names() == ["ScheduledTaskSkipped", "ScheduledTaskSkipped"]


def test_the_history_shows_no_password_of_a_url(world: Any) -> None:
    def fail() -> None:
        raise ConnectionError("postgres://ann:hunter2@db.example.com/shop does not answer")

    ending = world.runner.run(calling(fail), AT)

    assert "db.example.com" in ending.reason
    assert "hunter2" not in ending.reason
    assert "hunter2" not in world.last().reason


def test_a_machine_that_does_not_run_a_task_keeps_no_other_from_it(world: Any) -> None:
    ran: list[str] = []
    other = world.ledger.join()
    other.host = "web-2"
    here = calling(ran.append, ["web-1"], is_on_one_server=True, filters=[When(call=lambda: False)])
    there = calling(ran.append, ["web-2"], is_on_one_server=True)

    ending = world.runner.run(here, AT)
    world.another(lambda: other).run(there, AT)

    assert ending.state is State.SKIPPED
    assert ran == ["web-2"]
    assert {(run.scope, run.state) for run in world.ledger.history()} == {
        ("web-1", State.SKIPPED),
        ("", State.DONE),
    }


def test_a_condition_that_raises_is_reported_and_skips(world: Any) -> None:
    task = calling(lambda: None, filters=[When(call=lambda: 1 / 0)])

    ending = world.runner.run(task, AT)

    assert ending.state is State.SKIPPED
    assert "ZeroDivisionError" in ending.reason
    assert [type(error) for error in world.reported] == [ZeroDivisionError]


def test_a_run_that_overlaps_is_skipped_and_tells_who_runs(world: Any) -> None:
    task = calling(lambda: None, lock="report", overlap_seconds=60.0)
    holder = world.ledger.join()
    assert holder.claim(world.runner._claim_of(task, AT)).verdict is Verdict.GRANTED

    ending = world.runner.run(task, AT + 60)

    assert ending.state is State.SKIPPED
    assert ending.reason.startswith("it still runs, for 0s, in process ")
    assert world.names() == ["ScheduledTaskSkipped"]


def test_hooks_run_in_order_around_the_action(world: Any) -> None:
    order: list[str] = []
    task = calling(
        lambda: order.append("action"),
        hooks=[
            When("failure", lambda: order.append("failure")),
            When("after", lambda: order.append("after")),
            When("before", lambda: order.append("before")),
            When("success", lambda: order.append("success")),
        ],
    )

    world.runner.run(task, AT)

    assert order == ["before", "action", "after", "success"]


def test_a_before_hook_that_raises_keeps_the_action_and_not_the_other_hooks(world: Any) -> None:
    order: list[str] = []
    task = calling(
        lambda: order.append("action"),
        hooks=[
            When("before", lambda: 1 / 0),
            When("before", lambda: order.append("before")),
            When("after", lambda: order.append("after")),
            When("success", lambda: order.append("success")),
            When("failure", lambda: order.append("failure")),
        ],
        lock="report",
        overlap_seconds=60.0,
    )

    ending = world.runner.run(task, AT)

    assert order == ["before", "after", "failure"]
    assert (ending.state, ending.reason) == (
        State.FAILED,
        "ZeroDivisionError: division by zero",
    )
    assert [type(error) for error in world.reported] == [ZeroDivisionError]
    assert not world.locks(task)


def test_an_after_hook_that_raises_is_reported_and_the_others_still_run(world: Any) -> None:
    order: list[str] = []
    task = calling(
        lambda: None,
        hooks=[When("after", lambda: 1 / 0), When("success", lambda: order.append("success"))],
        lock="report",
        overlap_seconds=60.0,
    )

    ending = world.runner.run(task, AT)

    assert order == ["success"]
    assert ending.state is State.DONE
    assert ending.reason == "a hook raised ZeroDivisionError: division by zero"
    assert not world.locks(task)


def test_a_listener_that_raises_changes_nothing(world: Any) -> None:
    from securely.schedule.events import ScheduledTaskStarting

    def broken(event: ScheduledTaskStarting) -> None:
        raise ValueError("listener")

    world.events.listen(ScheduledTaskStarting, broken)

    assert world.runner.run(calling(lambda: None), AT).state is State.DONE
    assert [str(error) for error in world.reported] == ["listener"]


class Driver:
    """Accepts jobs under their ids, each once."""

    def __init__(self) -> None:
        self.jobs: list[str] = []
        self.error: Exception | None = None

    def push(self, envelopes: Any) -> list[str]:
        if self.error is not None:
            raise self.error
        for envelope in envelopes:
            if envelope.uuid not in self.jobs:
                self.jobs.append(envelope.uuid)
        return [envelope.uuid for envelope in envelopes]


class Envelope(NamedTuple):
    """A job on its way."""

    uuid: str
    once: bool = False


class Queues:
    """A manager of queues with one driver."""

    def __init__(self) -> None:
        self.driver = Driver()
        self.placements: list[Any] = []

    def place_with(self, job: Any, placement: Any, push: Any, *, uuid: str) -> Dispatched:
        self.placements.append(placement)
        return Dispatched(push(self.driver, Envelope(uuid)), "sqlite", "default")


class Report(Job):
    """A job."""

    def handle(self) -> None:
        """Do nothing."""


@pytest.fixture
def queues(world: Any) -> Queues:
    """Where jobs go."""
    world.queues = Queues()
    return world.queues  # type: ignore[no-any-return]  # it is one


def job(**more: Any) -> Task:
    return Task(JobAction(Report, "reports", None), is_on_one_server=True, **more)


def test_a_job_is_accepted_once_per_tick(world: Any, queues: Queues) -> None:
    ending = world.runner.run(job(), AT)
    again = world.runner.run(job(), AT)

    assert (ending.state, ending.reason, again) == (State.DONE, "", None)
    assert len(queues.driver.jobs) == 1
    assert queues.placements[0].queue == "reports"
    assert world.names() == ["ScheduledTaskStarting", "ScheduledTaskFinished"]


def test_a_before_hook_of_a_job_comes_first_and_may_keep_it_back(
    world: Any, queues: Queues
) -> None:
    seen: list[int] = []
    hooked = job(hooks=[When("before", lambda: seen.append(len(queues.driver.jobs)))])
    broken = job(id="broken", hooks=[When("before", lambda: 1 / 0)])

    assert world.runner.run(hooked, AT).state is State.DONE
    assert world.runner.run(broken, AT).state is State.FAILED
    assert (seen, len(queues.driver.jobs)) == ([0], 1)
    assert [run.state for run in world.ledger.history("report")] == [State.DONE]


def test_a_job_that_cannot_be_queued_fails_its_tick(world: Any, queues: Queues) -> None:
    queues.driver.error = QueueError("no room")

    ending = world.runner.run(job(), AT)

    assert (ending.state, ending.reason) == (State.FAILED, "QueueError: no room")
    assert world.last().state is State.FAILED
    assert world.names()[-1] == "ScheduledTaskFailed"


def test_a_job_that_was_lost_is_handed_over_once_more(world: Any, queues: Queues) -> None:
    task = world.tasks["report"] = job()
    dead = world.ledger.join()
    dead.claim(world.runner._claim_of(task, AT))
    dead.leave()

    assert world.runner.reap() == 1
    assert len(queues.driver.jobs) == 1
    assert world.last().state is State.DONE
    assert [type(error).__name__ for error in world.reported] == ["TaskLost"]
    assert world.runner.reap() == 0


def _lost(world: Any, task: Task) -> None:
    world.tasks[task.id] = task
    dead = world.ledger.join()
    assert dead.claim(world.runner._claim_of(task, AT)).verdict is Verdict.GRANTED
    dead.leave()


def test_a_lost_run_is_told_and_not_repeated(world: Any) -> None:
    ran: list[int] = []
    task = calling(lambda: ran.append(1), lock="report", overlap_seconds=60.0)
    _lost(world, task)

    assert world.runner.reap() == 1
    world.runner.close()

    assert (ran, world.last().state) == ([], State.LOST)
    assert isinstance(world.told[0].exception, TaskLost)
    assert not world.locks(task)


def test_a_lost_run_is_repeated_where_that_is_wanted(world: Any) -> None:
    ran: list[int] = []
    task = calling(
        lambda: ran.append(1), reruns_when_lost=True, lock="report", overlap_seconds=60.0
    )
    _lost(world, task)

    world.runner.reap()
    world.runner.close()

    assert (ran, world.last().state, world.last().at) == ([1], State.DONE, AT)


def test_a_lost_run_of_another_machine_is_not_repeated_here(world: Any) -> None:
    ran: list[int] = []
    task = world.tasks["report"] = calling(lambda: ran.append(1), reruns_when_lost=True)
    dead = world.ledger.join()
    dead.claim(world.runner._claim_of(task, AT)._replace(scope="web-2"))
    dead.leave()

    world.runner.reap()
    world.runner.close()

    assert (ran, world.last().state) == ([], State.LOST)


def test_a_lost_run_of_a_task_that_is_gone_is_reported(world: Any) -> None:
    _lost(world, calling(lambda: None))
    world.tasks.clear()

    assert world.runner.reap() == 1
    assert [type(error) for error in world.reported] == [TaskLost]


@pytest.mark.parametrize("when", ["at the next tick", "at the next care"])
def test_an_ending_that_the_ledger_refuses_is_told_again_later(world: Any, when: str) -> None:
    class Refusing:
        host = "web-1"
        refuses = True

        def settle(self, *given: Any) -> bool:
            if self.refuses:
                raise LedgerUnavailable("sqlite", "the disk is full")
            return bool(world.member.settle(*given))

        def __getattr__(self, name: str) -> Any:
            return getattr(world.member, name)

    member = Refusing()
    runner = world.another(lambda: member)
    task = calling(lambda: None, lock="report", overlap_seconds=60.0)

    assert runner.run(task, AT).state is State.DONE
    assert world.last().state is State.RUNNING
    runner.reap()
    member.refuses = False
    if when == "at the next tick":
        # It does not overlap with what has ended.
        assert runner.run(task, AT + 60).state is State.DONE
    else:
        runner.reap()

    assert world.last().state is State.DONE
    assert not world.locks(task)
    assert [type(error) for error in world.reported] == [LedgerUnavailable]


def test_a_ledger_that_refuses_the_claim_starts_nothing(world: Any) -> None:
    class Refusing:
        host = "web-1"

        def claim(self, *given: Any) -> Any:
            raise LedgerUnavailable("sqlite", "the disk is full")

    ran: list[int] = []
    runner = world.another(Refusing)

    with pytest.raises(LedgerUnavailable):
        runner.run(calling(lambda: ran.append(1)), AT)
    assert (ran, world.told, world.reported) == ([], [], [])


def test_a_run_for_a_try_is_not_recorded(world: Any) -> None:
    ran: list[int] = []
    task = calling(lambda: ran.append(1), filters=[When(call=lambda: False)])

    assert world.runner.run_now(task, is_recorded=False).state is State.DONE
    assert (ran, world.ledger.history()) == ([1], [])


def test_a_run_by_hand_is_recorded_and_heeds_the_lock(world: Any) -> None:
    task = calling(lambda: None, lock="report", overlap_seconds=60.0)

    assert world.runner.run_now(task, is_recorded=True).state is State.DONE
    assert world.last().state is State.DONE
    holder = world.ledger.join()
    holder.claim(world.runner._claim_of(task, AT + 1))
    other = calling(lambda: None, id="other", lock="report", overlap_seconds=60.0)
    assert world.runner.run_now(other, is_recorded=True).reason.startswith("it still runs")


def test_what_a_task_adds_to_the_context_is_gone_with_it(world: Any) -> None:
    from securely.log import context

    world.runner.run(calling(lambda: context.add("app", {"invoice": 1})), AT)

    assert context.fields("app") == {}


def test_scoped_objects_live_as_long_as_the_run(world: Any) -> None:
    world.container.scoped(Mailer)
    seen: list[Mailer] = []

    def note(mailer: Mailer) -> None:
        seen.append(mailer)

    task = calling(note, hooks=[When("before", note)])
    world.runner.run(task, AT)
    world.runner.run(task, AT + 60)

    first, second, third, fourth = seen
    assert first is second
    assert third is fourth
    assert first is not third


def test_an_event_is_dispatched(world: Any) -> None:
    world.runner.run(Task(EventAction(Mailer)), AT)

    assert world.names() == ["ScheduledTaskStarting", "Mailer", "ScheduledTaskFinished"]


def test_an_adopted_run_goes_on_from_where_it_was_left(world: Any) -> None:
    order: list[str] = []
    task = calling(
        lambda: order.append("action"),
        hooks=[
            When("before", lambda: order.append("before")),
            When("after", lambda: order.append("after")),
        ],
    )
    grant = world.ledger.join().claim(world.runner._claim_of(task, AT))

    def adopted() -> None:
        order.append("adopted")

    assert world.runner.finish(task, AT, grant.token, adopted) == 0
    assert world.runner.finish(task, AT, grant.token, adopted) == 1
    assert order == ["adopted", "action", "after"]
    assert world.last().state is State.DONE
    assert world.names() == ["ScheduledBackgroundTaskFinished"]


def test_a_lost_run_is_not_repeated_while_paused(world: Any) -> None:
    ran: list[int] = []
    _lost(world, calling(lambda: ran.append(1), reruns_when_lost=True))
    world.ledger.pause()

    world.runner.reap()
    world.runner.close()

    assert (ran, world.last().state) == ([], State.LOST)


def test_a_lost_job_is_handed_over_when_the_ledger_answers_again(
    world: Any, queues: Queues
) -> None:
    class Refusing:
        host = "web-1"
        refuses = True

        def claim_with(self, *given: Any) -> Any:
            if self.refuses:
                raise LedgerUnavailable("sqlite", "the disk is full")
            return world.member.claim_with(*given)

        def __getattr__(self, name: str) -> Any:
            return getattr(world.member, name)

    member = Refusing()
    runner = world.another(lambda: member)
    _lost(world, job())

    with pytest.raises(LedgerUnavailable):
        runner.reap()
    member.refuses = False

    assert runner.reap() == 0
    assert (len(queues.driver.jobs), world.last().state) == (1, State.DONE)
    assert [type(error) for error in world.reported] == [TaskLost]


def test_scoped_objects_of_conditions_are_theirs(world: Any) -> None:
    world.container.scoped(Mailer)
    seen: list[Mailer] = []

    def note(mailer: Mailer) -> bool:
        seen.append(mailer)
        return True

    task = calling(lambda: None, filters=[When(call=note), When(call=note)])
    world.runner.run(task, AT)
    world.runner.run(task, AT + 60)

    assert seen[0] is seen[1]
    assert seen[1] is not seen[2]


def test_a_file_that_no_system_has_stops_nothing(world: Any) -> None:
    ending = world.runner.run(calling(lambda: None, output=Written("a\0b")), AT)

    assert ending.state is State.DONE
    assert "its output was not written" in ending.reason


def test_ctrl_c_is_not_meant_for_a_thread(world: Any) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    endings: list[Any] = []
    thread = threading.Thread(
        target=lambda: endings.append(world.runner.run(calling(interrupted), AT))
    )
    thread.start()
    thread.join()

    assert endings[0].state is State.FAILED


def test_a_hook_that_exits_stops_nothing(world: Any) -> None:
    task = calling(lambda: None, hooks=[When("after", lambda: sys.exit(1))])

    assert world.runner.run(task, AT).state is State.DONE
    assert [type(error) for error in world.reported] == [SystemExit]


def test_a_long_message_is_cut_in_the_history(world: Any) -> None:
    def fails() -> None:
        raise ValueError("x" * 5_000)

    assert len(world.runner.run(calling(fails), AT).reason) < 1_100


def test_a_function_is_imported_when_it_is_named(world: Any) -> None:
    assert world.runner.run(calling("os:getpid"), AT).state is State.DONE
    assert world.runner.run(calling("os:no_such"), AT + 60).reason.startswith("ImportFailed")


def test_importing_the_runner_is_light() -> None:
    code = (
        "import sys, securely.schedule.running.runner, securely.schedule.running.ways.call\n"
        "print(sorted({'asyncio', 'subprocess', 'urllib.request'} & set(sys.modules)))"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout == "[]\n"


def test_a_job_that_cannot_be_queued_is_left_to_who_has_its_tick(
    world: Any, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = job()
    other = world.ledger.join()

    def place_with(*given: Any, **named: Any) -> Any:
        other.claim(world.runner._claim_of(task, AT))
        raise QueueError("no room")

    monkeypatch.setattr(queues, "place_with", place_with)

    assert world.runner.run(task, AT) is None
    assert (world.told, world.last().state) == ([], State.RUNNING)


def test_its_end_waits_for_what_runs_again(world: Any) -> None:
    begun, go = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go.wait(30)

    _lost(world, calling(wait, reruns_when_lost=True))
    world.runner.reap()
    begun.wait(30)
    closing = threading.Thread(target=world.runner.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()

    go.set()
    closing.join(30)

    assert world.last().state is State.DONE


def test_a_condition_that_exits_skips(world: Any) -> None:
    ending = world.runner.run(
        calling(lambda: None, filters=[When(call=lambda: sys.exit("no"))]), AT
    )

    assert ending.reason == "a condition raised SystemExit: no"
