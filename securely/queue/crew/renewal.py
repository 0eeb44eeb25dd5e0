"""Renewal: a worker follows a change of the settings, once an executor has shown that it can.

An executor of its own, which gets no jobs, loads the application as it would be. If it cannot, the
worker goes on as before, and whoever asked hears why. If it can, ``reload`` replaces the executors
after their running jobs, and ``restart`` lets the worker begin anew after them.
"""

from __future__ import annotations

import math
import selectors
from collections.abc import Callable
from functools import partial
from typing import Final

from securely.queue.crew.child import Child, Phase
from securely.queue.crew.crew import Crew
from securely.queue.crew.link import Live, Ready, Refused
from securely.queue.crew.report import Report
from securely.support import clock
from securely.support.control import ControlSocket, Request

__all__ = ["Renewal"]

# An application that has not loaded by then never will; whoever asked has given up long before.
TRIAL_SECONDS: Final = 60.0
# For whoever was refused to take the change back, before a worker that ends begins anew with it.
TAKEN_BACK_SECONDS: Final = 5.0


class Renewal:
    """What a worker does when it is told of a change.

    Args:
        control: Where it is told; None where nobody can.
        selector: The supervisor's.
        crew: Its executors.
        report: Where people read.
        begin_anew: Has the worker stop after its running jobs, and begin anew.
    """

    def __init__(
        self,
        control: ControlSocket | None,
        selector: selectors.BaseSelector,
        crew: Crew,
        report: Report,
        begin_anew: Callable[[], object],
    ) -> None:
        self._control = control
        self._selector = selector
        self._crew = crew
        self._report = report
        self._begin_anew = begin_anew
        self._request: Request | None = None
        self._trial: Child | None = None
        self._trial_ends = 0.0
        self._replaced: range | None = None
        # Executors from this number on may have loaded what is tried, and is perhaps taken back.
        self._doubtful_from: int | None = None
        self._begins_anew = False
        self._held_until = 0.0
        if control is not None:
            selector.register(control, selectors.EVENT_READ, partial(self.obey, control))

    def obey(self, control: ControlSocket) -> None:
        """Do what was asked for."""
        for request in control.take():
            self._held_until = 0.0
            if request.ask == "live":
                self._take_over(request)
            elif request.ask == "renew":
                self._try(request)
            elif request.ask == "note":
                self._stay(request)
            else:
                request.answer("refused", reason=f"A worker knows nothing of {request.ask!r}.")
                request.close()

    def tend(self, *, is_stopping: bool) -> None:
        """See whether the executors are replaced, and whether the trial takes too long."""
        if is_stopping and not self._begins_anew:
            self._give_up()
            return
        if self._trial is not None and clock.monotonic() >= self._trial_ends:
            self._refuse("The application did not load in time.")
        if self._replaced is None:
            return
        self._crew.let_go()
        if self._trial is None and self._crew.is_renewed(self._replaced):
            self._replaced = None
            self._report.notice("The settings have changed: the executors are new.")
            self._finish("done")

    @property
    def is_settled(self) -> bool:
        """Whether a worker may begin anew: nobody knows of a change that it could not load."""
        return self._trial is None and clock.monotonic() >= self._held_until

    def give_way(self) -> bool:
        """Let a worker that was to begin anew stop instead; tell whether it was."""
        if not self._begins_anew:
            return False
        self._begins_anew = False
        self._end_trial()
        self._finish("stopped")
        return True

    def wakes_at(self) -> float:
        """Return the monotonic time at which something is to be done about a change."""
        if self._trial is not None:
            return self._trial_ends
        return math.inf if self.is_settled else self._held_until

    def close(self) -> None:
        """Follow nothing any more: who has asked sees that this process ends, or begins anew."""
        self._end_trial()
        if self._request is not None:
            self._request.close()

    def _give_up(self) -> None:
        """A worker that stops for good has nothing to follow."""
        if self._trial is not None or self._replaced is not None:
            self._end_trial()
            self._replaced = None
            self._finish("stopped")

    def _take_over(self, request: Request) -> None:
        """Let the executors follow what changes while they run."""
        self._crew.follow(Live(list(map(str, request.details.get("names", [])))))
        self._note(request)
        request.answer("done")
        request.close()

    def _stay(self, request: Request) -> None:
        """Try no more what is taken back; go back if it was followed too late for whoever asked."""
        if self._trial is None and self._follows(request.details.get("undoes")):
            take_back = self._take_over if request.details.get("how") == "live" else self._try
            take_back(request)
            return
        if self._trial is not None:
            self._end_trial()
            self._finish("done", superseded=True)
        self._replace_doubtful()
        self._note(request)
        request.answer("done")
        request.close()

    def _replace_doubtful(self) -> None:
        """Let others take the place of executors that have perhaps loaded what is taken back."""
        first, self._doubtful_from = self._doubtful_from, None
        if first is not None and any(one.number >= first for one in self._crew.children):
            self._replaced = self._crew.renew(first)

    def _follows(self, revision: object) -> bool:
        facts = self._control.facts if self._control is not None else {}
        return revision is not None and facts.get("revision") == revision

    def _try(self, request: Request) -> None:
        """Start an executor with the application as it is now; an earlier one is out of date."""
        if self._request is not None:
            self._finish("done", superseded=True)
        self._end_trial()
        self._request = request
        if self._doubtful_from is None:
            self._doubtful_from = self._crew.first_to_load
        self._trial = trial = self._crew.trial()
        self._trial_ends = clock.monotonic() + TRIAL_SECONDS
        self._selector.register(trial.link, selectors.EVENT_READ, partial(self._hear, trial))

    def _hear(self, trial: Child) -> None:
        try:
            messages = trial.link.receive(wait=False)
        except EOFError:
            self._refuse(f"A new executor {self._died(trial)} before the application was loaded.")
            return
        for message in messages:
            if isinstance(message, Refused):
                self._refuse(message.message)
                return
            if isinstance(message, Ready):
                self._accept(trial)
                return

    def _accept(self, trial: Child) -> None:
        trial.phase = Phase.READY
        self._end_trial()
        self._doubtful_from = None
        request = self._request
        assert request is not None, "a trial has a request"  # noqa: S101  # a bug of ours
        self._note(request)
        how = "restart" if self._begins_anew else str(request.details.get("how", "restart"))
        request.answer("proved", then=how)
        if how == "reload":
            self._replaced = self._crew.renew()
            return
        self._replaced = None  # of a request before this one
        if not self._begins_anew:
            self._begins_anew = True
            self._begin_anew()

    def _refuse(self, reason: str) -> None:
        self._end_trial()
        if self._begins_anew:
            self._held_until = clock.monotonic() + TAKEN_BACK_SECONDS
        self._report.warning(f"The changed settings are not followed: {reason}")
        self._finish("refused", reason=reason)

    def _finish(self, state: str, **facts: object) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.answer(state, **facts)
            request.close()

    def _note(self, request: Request) -> None:
        if self._control is not None:
            self._control.facts["revision"] = request.details.get("revision")

    def _end_trial(self) -> None:
        trial, self._trial = self._trial, None
        if trial is None:
            return
        self._selector.unregister(trial.link)
        self._crew.end_trial(trial)

    def _died(self, trial: Child) -> str:
        trial.wait(1.0)
        return trial.died_of
