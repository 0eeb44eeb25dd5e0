"""Task: one entry of the schedule: what it does, when, and how."""

from __future__ import annotations

import zlib
from datetime import tzinfo
from functools import partial
from hashlib import sha256
from typing import Final

from securely.schedule.cron import Cron, Interval, Timing
from securely.schedule.definition.actions import Action, CallAction
from securely.schedule.definition.conduct import Conduct
from securely.schedule.definition.frequencies import Frequencies, Shaped
from securely.schedule.definition.manners import (
    CatchUp,
    Condition,
    Hook,
    Mail,
    Manners,
    Output,
    Ping,
    When,
)
from securely.schedule.exceptions import InvalidExpression, InvalidTask

__all__ = ["CatchUp", "Condition", "Hook", "Mail", "Output", "Ping", "Task", "When"]

# Letters of an id that is made of what a task does: 48 bits, for the tasks of one application.
_ID_LETTERS: Final = 12

_CALLED_MAX: Final = 100  # characters of what a task is called that a message repeats

# So many ticks are looked through for one within the windows: a day of every minute, a year of one
# a day.
_TICKS_AHEAD: Final = 1_500

_PROCESSES: Final = frozenset({"command", "exec"})


class Task(Frequencies["Task"], Conduct["Task"], Shaped):
    """One entry of the schedule.

    Its methods say when and how it runs, and return it.

    Attributes:
        action: What it does.
        manners: When and how; changed by its methods.
        place: The file and line of its definition: "routes/console.py:12".
        ordinal: 2, 3 … for the second, third … task that does the same; 1 for the first.
    """

    def __init__(self, action: Action, manners: Manners, place: str, default_zone: tzinfo) -> None:
        self.action: Action = action
        self.manners: Manners = manners
        self.place: str = place
        self.ordinal: int = 1
        self._default_zone = default_zone
        self._own_id = ""
        self._timed: tuple[object, Timing] | None = None

    def __repr__(self) -> str:
        return f"<Task {self.summary!r} {self.expression_shown!r}>"

    # -- what it is called

    @property
    def base_id(self) -> str:
        """Its name; else made of what it does, so that another time changes nothing."""
        if self.manners.name:
            return self.manners.name
        if not self._own_id:  # once: what it was given may change while it is in use
            identity = repr((self.action.kind, *self.action.identity)).encode()
            digest = sha256(identity, usedforsecurity=False).hexdigest()
            self._own_id = f"{self.action.kind}-{digest[:_ID_LETTERS]}"
        return self._own_id

    @property
    def id(self) -> str:
        """What tells it from all other tasks."""
        return self.base_id if self.ordinal == 1 else f"{self.base_id}#{self.ordinal}"

    @property
    def summary(self) -> str:
        """What people see: its name, or what it does."""
        return self.manners.name or self.action.summary

    @property
    def text_description(self) -> str:
        """What it is for; empty if that was not said."""
        return self.manners.description or ""

    # -- when

    @property
    def expression(self) -> str:
        """Its cron expression."""
        return self.manners.expression

    @property
    def expression_shown(self) -> str:
        """Its expression, or its interval, as people see it."""
        if self.manners.every_seconds is not None:
            return self.timing.text
        repeat = self.manners.repeat_seconds
        return self.expression if repeat is None else f"{self.expression} {repeat}s"

    @property
    def repeat_seconds(self) -> int | None:
        """How often it is due within each of its minutes; None for once."""
        return self.manners.repeat_seconds

    @property
    def zone(self) -> tzinfo:
        """Whose clock counts."""
        return self.manners.zone or self._default_zone

    @property
    def zone_shown(self) -> str:
        """The name of its own time zone; empty where it has none."""
        zone = self.manners.zone
        return "" if zone is None else str(zone)

    @property
    def timing(self) -> Timing:
        """When it is due."""
        manners = self.manners
        key = (manners.expression, manners.repeat_seconds, manners.every_seconds, self.zone)
        if self._timed is None or self._timed[0] != key:
            self._timed = (key, self._timing())
        return self._timed[1]

    def next_run(self, after: float) -> int | None:
        """Return its next tick that lies within its windows; None where none comes soon."""
        at = self.timing.next(after)
        for _ in range(_TICKS_AHEAD):
            if at is None or all(each.is_open(self.zone, at) for each in self.manners.windows):
                return at
            at = self.timing.next(at)
        return None

    def delay_on(self, host: str) -> int:
        """Return by how many seconds it runs later on *host*, because of its jitter."""
        most = int(self.manners.jitter_seconds)
        return zlib.crc32(f"{host}:{self.id}".encode()) % (most + 1) if most else 0

    # -- how; what is not here is in `manners`

    @property
    def is_on_one_server(self) -> bool:
        """Whether one run per tick is wanted on all machines; jobs say so by themselves."""
        said = self.manners.is_on_one_server
        return self.action.kind == "job" if said is None else said

    @property
    def lock(self) -> str | None:
        """What is held while it runs; None where it may overlap."""
        if self.manners.overlap_seconds is None:
            return None
        return self.manners.lock_name or self.base_id

    @property
    def filters(self) -> list[Condition]:
        """What must be true for it to run: its windows, and its conditions."""
        windows = [
            Condition(partial(window.is_open, self.zone), window.words)
            for window in self.manners.windows
        ]
        return [*windows, *self.manners.filters]

    def shaped(self) -> Task:
        """Return the task: its methods change it."""
        return self

    def wrong(self, error: InvalidTask) -> InvalidTask:
        """Return *error*, with its name and place."""
        return type(error)(error.reason, error.task or self._called, error.place or self.place)

    def check(self, *, has_mailer: bool) -> None:
        """Refuse what can not work.

        Raises:
            InvalidTask: It would fail, or do something else than it says.
        """
        manners, kind = self.manners, self.action.kind
        nameless = isinstance(self.action, CallAction) and self.action.path is None
        if self.lock is not None and nameless and not (manners.name or manners.lock_name):
            raise self.wrong(
                InvalidTask("a function without a name of its own needs .name(…) not to overlap")
            )
        if manners.is_on_one_server and nameless and not manners.name:
            raise self.wrong(
                InvalidTask("a function without a name of its own needs .name(…) for one server")
            )
        if manners.is_in_background and kind not in _PROCESSES:
            raise self.wrong(
                InvalidTask(f"a {kind} runs in this process; only commands run in the background")
            )
        if manners.user is not None and kind not in _PROCESSES:
            raise self.wrong(InvalidTask(f"a {kind} runs as the user of this process"))
        if manners.mails and not has_mailer:
            raise self.wrong(
                InvalidTask('its output is to be mailed, and nothing is bound as "schedule.mailer"')
            )
        # (Here an expression is refused that its zone or its seconds spoil.)
        if self.timing.is_repeated and manners.catch_up != "skip":
            raise self.wrong(
                InvalidTask(
                    "what is due several times a minute does not catch up; take catch_up(…) away"
                )
            )

    @property
    def _called(self) -> str:
        """What people see, in one line that is not too long for a message."""
        told = " ".join(self.summary.split())
        return told if len(told) <= _CALLED_MAX else f"{told[:_CALLED_MAX]}…"

    def _timing(self) -> Timing:
        manners = self.manners
        if manners.every_seconds is not None:
            return Interval(manners.every_seconds)
        try:
            return Cron.parse(
                manners.expression, self.zone, manners.repeat_seconds, seed=self.base_id
            )
        except InvalidExpression as error:
            raise self.wrong(error) from None
