"""Life: a run from its grant to its ending: hooks, action, hooks, and what the ledger is told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from securely.container import Container
from securely.context import Context
from securely.events import Dispatcher
from securely.schedule.contracts import Ending, Grant, Ledger, Member, State, Verdict
from securely.schedule.events import (
    ScheduledBackgroundTaskFinished,
    ScheduledTaskFailed,
    ScheduledTaskFinished,
    ScheduledTaskStarting,
)
from securely.schedule.exceptions import TaskFailed
from securely.schedule.options import ScheduleOptions
from securely.schedule.running.hooks import Hooks, Report, Warn
from securely.schedule.running.output import KEPT_BYTES, Sink
from securely.schedule.running.processes.children import Children, words_of
from securely.schedule.task import Task
from securely.support import clock
from securely.support.masking import mask_urls
from securely.support.paths import Paths

__all__ = ["Life", "Means", "Stage", "told"]

# Letters of a message that a history shows; all of it was reported.
_TOLD_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Means:
    """What runs need.

    Attributes:
        container: Builds what actions, hooks and conditions ask for.
        events: Told what happens, where somebody listens.
        ledger: Gives what keeps the runs.
        member: Gives this process's place in it.
        find: Returns the task of an id; None where there is none any more.
        options: How much output is kept, and how long a ping may take.
        paths: Where the application lies, and output goes.
        report: Told of each exception, with what is known of the run.
        warn: Told of what may be looked at some day.
        context: Follows a run into its jobs and processes; None where nothing does.
    """

    container: Container
    events: Dispatcher
    ledger: Callable[[], Ledger]
    member: Callable[[], Member]
    find: Callable[[str], Task | None]
    options: ScheduleOptions
    paths: Paths
    report: Report
    warn: Warn
    context: Context | None = None


@dataclass
class Stage:
    """A run, and how far it is.

    Attributes:
        task: What runs.
        grant: By what right; None for a run that nobody keeps.
        in_background: Whether this process only starts it.
        is_adopted: Whether another process has begun it, and left the rest to this one.
        error: Why it failed; None while it has not.
        is_reported: Whether *error* was reported where it happened.
        exit_code: Of a command or a function.
        remarks: What people should know though it has ended well.
        is_handed: Whether another process has it now.
    """

    task: Task
    grant: Grant | None
    in_background: bool = False
    is_adopted: bool = False
    error: BaseException | None = None
    is_reported: bool = False
    exit_code: int | None = None
    remarks: list[str] = field(default_factory=list[str])
    is_handed: bool = False

    def fail(self, error: BaseException, *, is_reported: bool = False) -> None:
        """Note why it failed; the first reason counts."""
        if self.error is None:
            self.error, self.is_reported = error, is_reported

    @property
    def facts(self) -> dict[str, object]:
        """What is told along with its exceptions."""
        facts: dict[str, object] = {"task": self.task.summary}
        if self.grant is not None:
            facts["at"] = self.grant.claim.at
        return facts

    def ending(self, output: str) -> Ending:
        """Return how it has ended."""
        if self.is_handed:
            return Ending(State.RUNNING)
        reasons = list(self.remarks)
        if isinstance(self.error, TaskFailed):
            reasons.insert(0, words_of(self.error.exit_code))
        elif self.error is not None:
            reasons.insert(0, told(self.error))
        state = State.DONE if self.error is None else State.FAILED
        return Ending(state, self.exit_code, output, "; ".join(reasons))


class Life:
    """Takes runs through their lives.

    Args:
        means: What they need.
        children: Starts the processes of commands.
    """

    def __init__(self, means: Means, children: Children) -> None:
        self._means = means
        self._children = children
        self._hooks = Hooks(
            means.container, means.report, means.warn, means.options.ping_timeout_seconds
        )
        self._unsettled: deque[tuple[Grant, Ending]] = deque()

    def live(self, stage: Stage) -> Ending:
        """Take a run to its end, tell the ledger, and return how it ended.

        Raises:
            KeyboardInterrupt: In the main thread, where Ctrl-C is meant for the process. The run
                has failed then, and the ledger knows.
        """
        sink = self._sink(stage)
        try:
            with self._means.container.scope():
                self._act(stage, sink)
        except BaseException as error:
            # The border: whatever a task raises ends the task, and Ctrl-C the process as well.
            stage.fail(error)
            if _is_ours(error):
                raise
        finally:
            sink.close()
            ending = stage.ending(sink.text(self._means.options.output_bytes_max))
            self._settle(stage, ending)
        self._tell_end(stage)
        return ending

    def settle_late(self) -> None:
        """Tell the ledger of endings that it could not be told of before."""
        for _ in range(len(self._unsettled)):
            try:
                late = self._unsettled.popleft()
            except IndexError:  # another thread tells it of the rest
                return
            try:
                self._means.member().settle(*late)
            except Exception:  # as before, and reported then
                self._unsettled.append(late)
                return

    def tell(self, event: object) -> None:
        """Dispatch *event*; a listener that raises is reported, and changes nothing."""
        try:
            self._means.events.dispatch(event)
        except (Exception, SystemExit) as error:
            self._means.report(error, {"in": f"a listener of {type(event).__name__}"})

    def _act(self, stage: Stage, sink: Sink) -> None:
        task = stage.task
        began = clock.monotonic()
        if not stage.is_adopted:
            self.tell(ScheduledTaskStarting(task))
            if stage.error is None and (error := self._hooks.before(task)) is not None:
                stage.fail(error, is_reported=True)
        if stage.error is None:
            self._execute(stage, sink)
        if sink.trouble is not None:
            self._means.report(sink.trouble, stage.facts)
            stage.remarks.append(f"its output was not written: {sink.trouble}")
        if not stage.is_adopted:
            self.tell(ScheduledTaskFinished(task, clock.monotonic() - began))
        if not stage.is_handed:
            error = self._hooks.after(task, sink.text(), is_done=stage.error is None)
            if error is not None:
                stage.remarks.append(f"a hook raised {told(error)}")

    def _execute(self, stage: Stage, sink: Sink) -> None:
        try:
            if stage.in_background:
                self._start(stage)
            else:
                stage.exit_code = self._run(stage, sink)
        except BaseException as error:
            stage.fail(error)
            if stage.task.action.kind == "call":
                stage.exit_code = 1
            if _is_ours(error):
                raise
        if stage.exit_code:
            stage.fail(TaskFailed(stage.task.summary, stage.exit_code))

    def _start(self, stage: Stage) -> None:
        from securely.schedule.running.processes.background import Background

        assert stage.grant is not None  # noqa: S101  # who starts it says so
        Background(self._children).start(stage.grant)
        stage.is_handed = True

    def _run(self, stage: Stage, sink: Sink) -> int | None:
        """Do what the task is there for, and return its exit code."""
        action: Any = stage.task.action
        match action.kind:
            case "call":
                from securely.schedule.running.ways.call import CallWay

                return CallWay(self._means.container).run(action, sink)
            case "event":
                from securely.schedule.running.ways.event import EventWay

                EventWay(self._means.events).run(action, sink)
            case "job":
                self._dispatch(stage, action)
            case _:
                from securely.schedule.running.ways.child import ChildWay

                return ChildWay(self._children).run(action, sink, stage.task.manners.user)
        return None

    def _dispatch(self, stage: Stage, action: Any) -> None:
        """Have the job accepted, where that was not done when the tick was claimed."""
        from securely.schedule.running.ways.job import JobWay

        way = JobWay(self._means.container)
        grant = stage.grant
        if grant is not None and grant.dispatched is None:
            claim = grant.claim._replace(instead=grant.token)
            answer = way.claim(self._means.member(), claim, action)
            if answer.verdict is not Verdict.GRANTED:
                stage.remarks.append("somebody took this process for dead, and the run over")
                return
            stage.grant = grant = answer
        dispatched = way.dispatch(action) if grant is None else grant.dispatched
        if dispatched is not None and dispatched.skipped:
            stage.remarks.append(f"not queued: job {dispatched.id} holds its unique key")

    def _sink(self, stage: Stage) -> Sink:
        output = stage.task.manners.output
        if output is None or stage.in_background:
            return Sink(KEPT_BYTES)
        return Sink(KEPT_BYTES, self._means.paths.resolve(output.path), appends=output.appends)

    def _settle(self, stage: Stage, ending: Ending) -> None:
        if stage.grant is not None and not stage.is_handed:
            self._settle_now(stage.grant, ending)

    def _settle_now(self, grant: Grant, ending: Ending) -> None:
        try:
            self._means.member().settle(grant, ending)
        except Exception as error:  # a border: what has run must not be run again for it
            self._unsettled.append((grant, ending))
            self._means.report(error, {"task": grant.claim.name, "at": grant.claim.at})

    def _tell_end(self, stage: Stage) -> None:
        if stage.is_adopted:
            code = stage.exit_code if stage.exit_code is not None else int(stage.error is not None)
            self.tell(ScheduledBackgroundTaskFinished(stage.task, code))
        if stage.error is not None:
            if not stage.is_reported:
                self._means.report(stage.error, stage.facts)
            self.tell(ScheduledTaskFailed(stage.task, stage.error))


def told(error: BaseException) -> str:
    """Return an exception for people.

    Example:
        >>> told(ValueError("no such month"))
        'ValueError: no such month'
    """
    # Not cut before the end of a password is known.
    text = mask_urls(str(error)[: 2 * _TOLD_MAX])[:_TOLD_MAX]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_ours(error: BaseException) -> bool:
    """Return whether *error* is Ctrl-C, and meant for this process."""
    is_main = threading.current_thread() is threading.main_thread()
    return isinstance(error, KeyboardInterrupt) and is_main
