"""Tells the processes that run of a change, and watches whether they can follow."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from securely.settings.hooks.notice import Notice
from securely.support import clock
from securely.support.control import Conversation, Process, processes

__all__ = ["Told", "announce", "failures", "listed"]

_NOTE_SECONDS: Final = 1.0  # for one that has nothing to do; what is asked of it stays with it
_PAUSE_SECONDS: Final = 0.05  # between looks for a process that begins anew
_PROCESSES_AT_ONCE: Final = 32  # each has a thread that waits for it


@dataclass(frozen=True, slots=True)
class Told:
    """What a process has made of a change.

    Attributes:
        pid: Its number.
        kind: What it is: ``queue:work``; empty if it never said.
        state: ``followed``; ``following`` where it finishes its work first; ``stopped`` where it
            was told to stop meanwhile; ``refused``, ``silent`` or ``ended``.
        reason: Why not.
    """

    pid: int
    kind: str
    state: str
    reason: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether the change is not to stay, because of this process."""
        return self.state in {"refused", "silent", "ended"}

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.kind or 'A process'} ({self.pid}) {_WORDS[self.state]}{why}"


_WORDS: Final = {
    "followed": "has followed",
    "following": "follows when its running work is done",
    "stopped": "was told to stop before it had followed",
    "refused": "cannot follow",
    "silent": "did not answer in time",
    "ended": "has ended",
}


def announce(
    folder: Path, notice: Notice, seconds: tuple[float, float], unchanged: Container[int] = ()
) -> list[Told]:
    """Tell all processes of *folder* at once, and return what each has made of it.

    Args:
        folder: The register of the application's processes.
        notice: What has changed.
        seconds: How long each has to show that it can follow; and how long it is watched from
            then on, while it has not followed yet.
        unchanged: The numbers of those that have not followed what *notice* undoes: they end
            their trials, and note the revision.

    Raises:
        PermissionError: They are another user's.
    """
    living = processes(folder)
    if not living:
        return []
    from concurrent.futures import ThreadPoolExecutor  # not before there is somebody to tell

    with ThreadPoolExecutor(min(len(living), _PROCESSES_AT_ONCE)) as pool:
        pids = frozenset(one.pid for one in living)
        talks = [_Talk(one, folder, pids, seconds, one.pid in unchanged) for one in living]
        found = [each.result() for each in [pool.submit(talk.tell, notice) for talk in talks]]
        return [told for told in found if told is not None]


def listed(folder: Path) -> list[dict[str, Any]]:
    """Return what each process of *folder* says of itself; only its number where it is busy.

    Raises:
        PermissionError: They are another user's.
    """
    return [one.status() or {"pid": one.pid} for one in processes(folder)]


class _Talk:
    """What is said to one process, and answered.

    Args:
        process: The one.
        folder: The register of the application's processes.
        pids: The numbers of all that are told.
        seconds: How long it may take to show that it can follow, and to follow.
        is_unchanged: It is as it is to be.
    """

    def __init__(
        self,
        process: Process,
        folder: Path,
        pids: Container[object],
        seconds: tuple[float, float],
        is_unchanged: bool,
    ) -> None:
        self._process = process
        self._folder = folder
        self._pids = pids
        self._timeout, self._verify_for = seconds
        self._is_unchanged = is_unchanged
        if is_unchanged:
            self._timeout = min(self._timeout, _NOTE_SECONDS)
        self._kind = ""
        self._parent: object = None
        self._is_leaving = False

    def tell(self, notice: Notice) -> Told | None:
        """Tell the process; None where it had ended before."""
        ask = "note" if self._is_unchanged else "live" if notice.how == "live" else "renew"
        try:
            talk = self._process.ask(
                ask,
                revision=notice.revision,
                names=notice.names,
                how=notice.how,
                undoes=notice.undoes,
            )
        except (ConnectionError, FileNotFoundError):
            return None
        except TimeoutError:
            return self._told("silent")
        try:
            return self._listen(talk, notice)
        except EOFError:
            return self._after_its_end(notice)
        finally:
            talk.close()

    def _listen(self, talk: Conversation, notice: Notice) -> Told:
        deadline = clock.monotonic() + self._timeout
        has_shown = False
        while True:
            answer = talk.hear(max(0.0, deadline - clock.monotonic()))
            if answer is None:
                return self._told("following" if has_shown else "silent")
            match answer["state"]:
                case "taken":
                    self._kind = str(answer.get("kind", ""))
                    self._parent = answer.get("attached")
                case "proved":
                    has_shown = True
                    self._is_leaving = answer.get("then") != "reload"
                    deadline = clock.monotonic() + self._verify_for
                case "refused":
                    return self._told("refused", str(answer.get("reason", "")))
                case "stopped":
                    return self._with_its_parent()
                case _:
                    return self._told("followed")

    def _after_its_end(self, notice: Notice) -> Told:
        """Find the process again that has begun anew; it has the same number."""
        if self._parent is not None:
            return self._with_its_parent()
        if not self._is_leaving:
            return self._told("ended", "it was following the change")
        deadline = clock.monotonic() + self._timeout
        while clock.monotonic() < deadline and self._process.exists():
            for one in processes(self._folder):
                if one.pid == self._process.pid and one.key != self._process.key:
                    return self._told("followed")
            clock.sleep(_PAUSE_SECONDS)
        return self._told("ended", "it did not begin anew")

    def _with_its_parent(self) -> Told:
        """Return what has come of a process that was told to stop.

        It ends with the one it belongs to. If that one is told, too, the change is watched there.
        """
        return self._told("followed" if self._parent in self._pids else "stopped")

    def _told(self, state: str, reason: str = "") -> Told:
        return Told(self._process.pid, self._kind, state, reason)


def failures(told: Sequence[Told]) -> list[str]:
    """Return in words which processes could not follow, and why."""
    return [str(one) for one in told if one.has_failed]
