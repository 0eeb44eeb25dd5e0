"""Runner: runs ticks, each once: asks whether it may, claims, and lets the run live."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from typing import Any

from securely.schedule.contracts import Claim, Ending, Grant, Run, State, Verdict
from securely.schedule.events import ScheduledTaskFailed, ScheduledTaskSkipped
from securely.schedule.exceptions import LedgerUnavailable, TaskLost
from securely.schedule.running.conditions import Conditions
from securely.schedule.running.life import Life, Means, Stage
from securely.schedule.running.processes.children import Children, variables_of
from securely.schedule.task import Task
from securely.support import clock

__all__ = ["Means", "Runner"]

# So many of the newest runs of a task are looked through for a tick that it may have missed.
_LOOKED_THROUGH = 100

# For a run that was told to end to be settled, and not to be waited for if it is not.
_TERMINATED_SECONDS = 1.0

# The exit code of a process that was to run a task in the background, and came too late.
_TOO_LATE = 1


class Runner:
    """Runs the ticks of tasks. Nothing that a task does wrong is raised; it is reported.

    Args:
        means: What runs need.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._context = means.context
        self._children = Children(
            means.paths.base,
            variables_of(means.container, means.paths),
            dict if means.context is None else means.context.environment,
        )
        self._conditions = Conditions(means.container, means.ledger, means.report)
        self._life = Life(means, self._children)
        self._again: list[threading.Thread] = []
        self._lost: deque[Run] = deque()
        self._is_stopping = False
        self._is_terminated = False

    # -- ticks

    def run(self, task: Task, at: int) -> Ending | None:
        """Run *task* for the tick *at*, if it may and nobody else has it.

        Returns:
            How it ended: skipped, with the reason; running, where it was handed to a process in
            the background. None where there was nothing to do: the task is not for this
            environment, or somebody has this tick.

        Raises:
            LedgerUnavailable: The store cannot be used; nothing was started.
            KeyboardInterrupt: In the main thread, from Ctrl-C; the run has failed then.
        """
        if self._is_stopping or not self._conditions.is_for_here(task):
            return None
        reason = self._conditions.refusal(task)
        if reason is not None:
            # For this machine alone: another one may not be down, or its conditions may be met.
            claim = self._claim_of(task, at)._replace(scope=self._means.member().host)
            return Ending(State.SKIPPED, reason=reason) if self._skip(task, claim, reason) else None
        return self._claimed(task, self._claim_of(task, at))

    def skip(self, task: Task, at: int, reason: str) -> bool:
        """Note that a tick was missed; False when somebody has it.

        Raises:
            LedgerUnavailable: The store cannot be used.
        """
        claim = self._claim_of(task, at)
        newest = self._means.ledger().history(claim.task, _LOOKED_THROUGH)
        if not claim.scope:
            # Noted for this machine alone: one whose clock is wrong takes no tick from the others.
            if any((run.at, run.scope) == (claim.at, claim.scope) for run in newest):
                return False
            claim = claim._replace(scope=self._means.member().host)
        return self._skip(task, claim, reason)

    def run_now(self, task: Task, *, is_recorded: bool) -> Ending:
        """Run *task* now, whatever its times and conditions say.

        Args:
            task: What to run.
            is_recorded: Whether the ledger keeps the run, and its lock is asked for. Without that
                it runs here and to its end, also a task of the background.

        Raises:
            LedgerUnavailable: The store cannot be used; nothing was started.
            KeyboardInterrupt: As for :meth:`run`.
        """
        if not is_recorded:
            with self._apart():
                return self._live(Stage(task, None))
        ending = self._claimed(task, self._claim_of(task, int(clock.timestamp())))
        return ending or Ending(State.SKIPPED, reason="it was started in this second already")

    def finish(self, task: Task, at: int, token: int, adopted: Callable[[], object]) -> int:
        """Run a task of the background that another process has begun; return its exit code.

        Args:
            task: What to run; what comes before it is done.
            at: The tick.
            token: That of the run, which is to be ours from now on.
            adopted: Called once it is.

        Raises:
            LedgerUnavailable: The store cannot be used; nothing was started.
        """
        grant = self._means.member().adopt(self._claim_of(task, at), token)
        if grant is None:
            return _TOO_LATE
        adopted()
        ending = self._live(Stage(task, grant, is_adopted=True))
        return int(ending.state is State.FAILED) if ending.exit_code is None else ending.exit_code

    # -- what others have left

    def reap(self) -> int:
        """Care for the runs of the dead; return how many there were.

        Each is reported. A job is handed over once more, which its queue takes once; a task that
        runs again when it was lost does, in a thread of its own, if it may run now and does not
        belong to another machine.

        Raises:
            LedgerUnavailable: The store cannot be used.
        """
        self._life.settle_late()
        lost = self._means.member().reap()
        for run in lost:
            self._mourn(run)
        # Each is told of once: what the store refuses now is done when it is asked again.
        self._lost += lost
        while self._lost:
            self._once_more(self._lost[0])
            self._lost.popleft()
        return len(lost)

    # -- its own end

    def stop(self) -> None:
        """Start nothing further: what is due is left to others. What runs goes on."""
        self._is_stopping = True

    def terminate(self) -> int:
        """Ask the child processes that run to end, and return how many do; once more, kill them."""
        self.stop()
        self._is_terminated = True
        return self._children.terminate()

    def close(self) -> None:
        """Wait for what runs again because it was lost, and let go of what watches children."""
        self.stop()
        for thread in self._again:
            thread.join(_TERMINATED_SECONDS if self._is_terminated else None)
        self._life.settle_late()
        self._children.close()

    # -- within

    def _claim_of(self, task: Task, at: int) -> Claim:
        scope = "" if task.is_on_one_server else self._means.member().host
        claim = Claim(task.id, at, scope, task.summary)
        if task.manners.overlap_seconds is None:
            return claim
        return claim._replace(lock=task.lock, lock_seconds=task.manners.overlap_seconds)

    def _skip(self, task: Task, claim: Claim, reason: str) -> bool:
        if not self._means.member().skip(claim, reason):
            return False
        self._life.tell(ScheduledTaskSkipped(task, reason))
        return True

    def _claimed(self, task: Task, claim: Claim) -> Ending | None:
        """Ask for a tick, and run it if it is ours."""
        with self._apart():
            return self._claimed_apart(task, claim)

    def _apart(self) -> AbstractContextManager[None]:
        """Return the block of one run, which has a trace of its own: a scheduler runs many."""
        return nullcontext() if self._context is None else self._context.apart()

    def _claimed_apart(self, task: Task, claim: Claim) -> Ending | None:
        self._life.settle_late()  # what has ended is not to hold its lock until somebody reaps
        try:
            grant = self._ask(task, claim)
        except (LedgerUnavailable, KeyboardInterrupt):
            raise
        except BaseException as error:
            return self._refused(task, claim, error)
        if grant.verdict is Verdict.TAKEN:
            return None
        if grant.verdict is Verdict.OVERLAPS:
            reason = _overlap(grant)
            self._life.tell(ScheduledTaskSkipped(task, reason))
            return Ending(State.SKIPPED, reason=reason)
        return self._live(Stage(task, grant, in_background=task.manners.is_in_background))

    def _ask(self, task: Task, claim: Claim) -> Grant:
        member = self._means.member()
        action: Any = task.action
        if action.kind != "job" or _has_before(task):
            return member.claim(claim)
        from securely.schedule.running.ways.job import JobWay

        return JobWay(self._means.container).claim(member, claim, action)

    def _refused(self, task: Task, claim: Claim, error: BaseException) -> Ending | None:
        """Let the run fail of which the job was not accepted."""
        grant = self._means.member().claim(claim)
        if grant.verdict is not Verdict.GRANTED:
            from securely.queue.exceptions import QueueError

            if isinstance(error, QueueError):  # and somebody else has tried it as well
                return None
            grant = Grant(Verdict.GRANTED, claim)  # the job itself raised, and that is settled
        return self._live(Stage(task, grant, error=error))

    def _live(self, stage: Stage) -> Ending:
        # In a context of its own: what a task adds to the log's fields is gone with it.
        return copy_context().run(self._life.live, stage)

    def _mourn(self, run: Run) -> None:
        """Tell that a run was lost."""
        error = TaskLost(run.name, run.host, run.pid)
        self._means.report(error, {"task": run.name, "at": run.at})
        task = self._means.find(run.task)
        if task is not None:
            self._life.tell(ScheduledTaskFailed(task, error))

    def _once_more(self, run: Run) -> None:
        """Do what is to be done again of a run that was lost."""
        task = self._means.find(run.task)
        here = ("", self._means.member().host)
        if task is None or run.scope not in here or not self._conditions.is_for_here(task):
            return
        claim = self._claim_of(task, run.at)._replace(scope=run.scope, instead=run.token)
        reruns = task.manners.reruns_when_lost and not self._is_stopping
        if task.action.kind == "job":
            self._claimed(task, claim)
        elif reruns and self._conditions.refusal(task) is None:
            self._run_again(task, claim)

    def _run_again(self, task: Task, claim: Claim) -> None:
        thread = threading.Thread(
            target=self._claimed_quietly,
            args=(task, claim),
            name=f"schedule-again-{task.id}",
            daemon=True,
        )
        self._again = [each for each in self._again if each.is_alive()]
        self._again.append(thread)
        thread.start()

    def _claimed_quietly(self, task: Task, claim: Claim) -> None:
        try:
            self._claimed(task, claim)
        except LedgerUnavailable as error:
            self._means.report(error, {"task": task.summary, "at": claim.at})


def _has_before(task: Task) -> bool:
    """Return whether something is to be done before *task*, which may keep it from running."""
    return any(hook.when == "before" for hook in task.manners.hooks)


def _overlap(grant: Grant) -> str:
    if grant.holder is None:
        return "it still runs"
    from securely.schedule.drivers.base import overlap_reason

    return overlap_reason(grant.holder, clock.timestamp())
