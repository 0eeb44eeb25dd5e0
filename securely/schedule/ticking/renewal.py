"""Renewal: a process that runs tasks follows a change of the settings, if the tasks can be read.

Another process reads them first, as they would be. If it cannot, this one goes on as before, and
whoever asked hears why; if it can, this one begins anew when what runs has ended. Meanwhile others
are heard: a change that overtakes another takes its trial's place.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Final, Self

from securely.schedule.ticking.trial import Trial
from securely.support import clock
from securely.support.control import ControlSocket, Request

__all__ = ["Renewal"]

# For whoever was refused to take the change back, before this process begins anew with it.
TAKEN_BACK_SECONDS: Final = 5.0
_LEAVE_SECONDS: Final = 20.0  # for a trial that must be over before this process begins anew


class Renewal:
    """Heeds requests in a thread of its own within a `with` block.

    Args:
        control: Where they come from.
        trial: The command line that reads the tasks and ends with 0.
        follow: Takes over what changes "live": the names of variables.
        begin_anew: Has this process begin anew.
        tell: Told in a line what is not followed.
    """

    def __init__(
        self,
        control: ControlSocket,
        trial: Sequence[str],
        *,
        follow: Callable[[Sequence[str]], object],
        begin_anew: Callable[[], object],
        tell: Callable[[str], object],
    ) -> None:
        self._control = control
        self._line = tuple(trial)
        self._follow = follow
        self._begin_anew = begin_anew
        self._tell = tell
        self._ours, self._theirs = socket.socketpair()
        self._thread = threading.Thread(target=self._heed, name="securely-control", daemon=True)
        self._trial: Trial | None = None
        self._request: Request | None = None
        self._is_leaving = False
        self._held_until = 0.0
        # Open until what runs has ended, so that whoever asked sees this process begin anew.
        self._accepted: list[Request] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._theirs.send(b"x")
        self._thread.join(_LEAVE_SECONDS)
        self._ours.close()
        self._theirs.close()
        for request in self._accepted:
            request.close()

    def _heed(self) -> None:
        while not self._is_over():
            trial = self._trial
            ends = [self._control.fileno()]
            ends += [] if self._is_leaving else [self._ours.fileno()]
            ends += [] if trial is None else [trial.fileno()]
            readable, _, _ = select.select(ends, [], [], self._left())
            self._is_leaving = self._is_leaving or self._ours.fileno() in readable
            # Before the requests: a trial that has come to its end is not overtaken.
            if trial is not None:
                self._look_at(trial, is_readable=trial.fileno() in readable)
            for request in self._control.take():
                self._held_until = 0.0
                self._obey(request)
        if self._trial is not None:
            self._end_trial()
            self._finish("stopped")  # who stops for good has nothing to follow

    def _is_over(self) -> bool:
        """Tell whether nothing is heeded any more.

        A process that begins anew does not do so with a change that may be one to be taken back.
        """
        if not self._is_leaving:
            return False
        is_settled = self._trial is None and clock.monotonic() >= self._held_until
        return is_settled or not self._accepted

    def _left(self) -> float | None:
        """Return the seconds until something is to be done though nobody asks; None for none."""
        if self._trial is not None:
            return self._trial.seconds_left()
        return max(0.0, self._held_until - clock.monotonic()) if self._is_leaving else None

    def _look_at(self, trial: Trial, *, is_readable: bool) -> None:
        if trial.hear() if is_readable else not trial.seconds_left():
            reason = trial.verdict()
            self._trial = None
            self._answer(reason)

    def _obey(self, request: Request) -> None:
        if request.ask == "renew":
            self._renew(request)
        elif request.ask == "note":
            self._stay(request)
        elif request.ask == "live":
            self._live(request)
        else:
            request.answer("refused", reason=f"A schedule knows nothing of {request.ask!r}.")
            request.close()

    def _stay(self, request: Request) -> None:
        """Try no more what is taken back; go back if it was followed too late for whoever asked."""
        undone = request.details.get("undoes")
        if (
            self._trial is None
            and undone is not None
            and self._control.facts.get("revision") == undone
        ):
            take_back = self._live if request.details.get("how") == "live" else self._renew
            take_back(request)
            return
        self._end_trial()
        self._finish("done", superseded=True)
        self._note(request)
        request.answer("done")
        request.close()

    def _live(self, request: Request) -> None:
        try:
            self._follow([str(name) for name in request.details.get("names", [])])
        except Exception as error:  # the border to the application's files: tasks go on as before
            reason = str(error)
            self._tell(f"The changed settings are not followed: {reason}")
            request.answer("refused", reason=reason)
            request.close()
            return
        self._note(request)
        request.answer("done")
        request.close()

    def _renew(self, request: Request) -> None:
        """Try the application as it is now; an earlier trial is out of date."""
        self._end_trial()
        self._finish("done", superseded=True)
        self._request = request
        try:
            self._trial = Trial(self._line)
        except OSError as error:
            self._answer(f"The tasks could not be read: {error}")

    def _answer(self, reason: str) -> None:
        """Tell whoever asked how the trial has ended, and begin anew unless there is a *reason*."""
        if reason:
            self._held_until = clock.monotonic() + TAKEN_BACK_SECONDS
            self._tell(f"The changed settings are not followed: {reason}")
            self._finish("refused", reason=reason)
            return
        request, self._request = self._request, None
        assert request is not None, "a trial has a request"  # noqa: S101  # a bug of ours
        self._note(request)
        request.answer("proved", then="restart")
        self._accepted.append(request)
        self._begin_anew()

    def _finish(self, state: str, **facts: object) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.answer(state, **facts)
            request.close()

    def _end_trial(self) -> None:
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.end()

    def _note(self, request: Request) -> None:
        self._control.facts["revision"] = request.details.get("revision")
