"""Schedule: what runs when: tasks are defined here, and found."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from inspect import signature
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeGuard, cast

from securely.schedule.definition.actions import Action
from securely.schedule.definition.conduct import Conduct
from securely.schedule.definition.frequencies import Frequencies
from securely.schedule.definition.given import is_definer, needs_nothing, shown
from securely.schedule.definition.kinds import Kinds
from securely.schedule.definition.manners import Manners
from securely.schedule.definition.pending import Pending
from securely.schedule.exceptions import InvalidTask, UnknownTask
from securely.schedule.task import Task

__all__ = ["Schedule"]

# Frames of these are passed over when the place of a definition is told.
_OURS: Final = ("securely.schedule", "securely.console", "securely.container", "securely.facades")

_MINUTE: Final = 60  # seconds

# What a group can say: when and how tasks run, each by the name of its method.
_METHODS: Final = frozenset(
    name
    for shape in (Frequencies, Conduct)
    for name in vars(shape)
    if not name.startswith("_") and name != "shaped"
)


class Schedule(Kinds, Frequencies[Pending], Conduct[Pending]):
    """Where tasks are defined: the facade `Schedule`.

    Args:
        zone: The time zone of tasks that name none.
        base: The application's folder: places of definitions are told below it.
        grace_seconds: How late a tick may be run, of tasks that say nothing themselves.
        host: The name of this machine.
        has_mailer: Tells whether the output of tasks can be mailed.

    Example:
        >>> schedule = Schedule()
        >>> schedule.command("report:send --daily").weekdays().at("8:00").expression
        '0 8 * * 1-5'
    """

    def __init__(
        self,
        zone: tzinfo = UTC,
        base: Path | None = None,
        *,
        grace_seconds: float = 60.0,
        host: str = "",
        has_mailer: Callable[[], bool] = lambda: False,
    ) -> None:
        self.default_zone: tzinfo = zone
        self.grace_seconds: float = grace_seconds
        self.host: str = host
        self._base = base
        self._has_mailer = has_mailer
        self._tasks: list[Task] = []
        self._groups: list[Manners] = []
        self._later: list[Callable[[Schedule], object]] = []
        self._failure: Exception | None = None
        self._failed_at: TracebackType | None = None

    # -- groups

    def group(
        self,
        define: Callable[[], object] | Callable[[Schedule], object] | None = None,
        /,
        **manners: object,
    ) -> Pending:
        """Return what tasks have in common that are defined in its block.

        Args:
            define: Called within the group at once, with the schedule if it has a parameter for it.
            manners: Methods by name, with their argument: True for none, a tuple for several, a
                dict for named ones.

        Raises:
            InvalidTask: There is no such method, or it takes other arguments.

        Example:
            >>> schedule = Schedule()
            >>> with schedule.group(daily_at="2:00", on_one_server=True):
            ...     schedule.command("stats").expression
            '0 2 * * *'
        """
        pending = self.shaped()
        for method, argument in manners.items():
            self._apply(pending, method, argument)
        if define is not None:
            pending.group(define)
        return pending

    def enter(self, manners: Manners) -> None:
        """Let tasks that are defined from now on take over *manners*; what a block calls."""
        self._groups.append(manners)

    def leave(self) -> None:
        """End the innermost group."""
        self._groups.pop()

    def shaped(self) -> Pending:
        """Return what a method of this begins: manners without a task."""
        return Pending(self, self._common(), self.where())

    def add(self, action: Action) -> Task:
        """Define a task that does *action*, with what its group has in common."""
        task = Task(action, self._common(), self.where(), self.default_zone)
        self._tasks.append(task)
        return task

    def where(self) -> str:
        """Return the file and line of the application that is defining something."""
        frame = sys._getframe()  # pyright: ignore[reportPrivateUsage]  # as inspect does
        while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__")):
            frame = frame.f_back
        path = frame.f_code.co_filename
        if self._base is not None:
            with suppress(ValueError):  # elsewhere: it is told as it is
                path = str(Path(path).relative_to(self._base))
        return f"{path}:{frame.f_lineno}"

    # -- what there is

    def define(self, definition: Callable[[Schedule], object]) -> None:
        """Have *definition* called with this schedule when its tasks are first asked for.

        Raises:
            InvalidTask: It is no function, or a coroutine function.
        """
        if not is_definer(definition):
            raise self._wrong(
                f"with_schedule({shown(definition)}): give a function, and no async one"
            )
        self._later.append(definition)

    def tasks(self) -> list[Task]:
        """Return all tasks, in the order of their definition.

        Raises:
            InvalidTask: One can not work, or two have the same name.
            Exception: What a definition has raised, each time.
        """
        if self._failure is not None:
            # With the first traceback: each raise would add to it.
            raise self._failure.with_traceback(self._failed_at)
        while self._later:
            # Taken out first: it may itself ask for the tasks.
            self._define(self._later.pop(0))
        self._number()
        has_mailer = self._has_mailer() if any(task.manners.mails for task in self._tasks) else True
        for task in self._tasks:
            task.check(has_mailer=has_mailer)
        return [*self._tasks]

    def find(self, name: str) -> Task:
        """Return the task of this id or name; or the only one that does what *name* says.

        Raises:
            UnknownTask: There is none, or several do that.
        """
        tasks = self.tasks()
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise UnknownTask(shown(name))
        for task in tasks:
            if name in {task.id, task.manners.name}:
                return task
        same = [task for task in tasks if name in {task.summary, task.action.summary}]
        if not same:  # the name of a command alone
            same = [task for task in tasks if getattr(task.action, "name", None) == name]
        if len(same) == 1:
            return same[0]
        from securely.support.suggest import did_you_mean

        if same:
            raise UnknownTask(name, several=tuple(task.id for task in same))
        raise UnknownTask(name, did_you_mean(name, [task.summary for task in tasks]))

    def due(self, at: datetime) -> list[Task]:
        """Return the tasks that have a tick in the minute of *at*, whatever their conditions.

        Args:
            at: The moment; one without a time zone is by the clock of the schedule.
        """
        if at.tzinfo is None:
            at = at.replace(tzinfo=self.default_zone)
        minute = int(at.timestamp()) // _MINUTE * _MINUTE
        return [
            task
            for task in self.tasks()
            if (tick := task.timing.next(minute - 1)) is not None and tick < minute + _MINUTE
        ]

    # -- inside

    def _define(self, definition: Callable[[Schedule], object]) -> None:
        """Call *definition*; if it raises, that is raised each time: some tasks are not known."""
        try:
            if needs_nothing(definition):
                cast("Callable[[], object]", definition)()
            else:
                definition(self)
        except Exception as error:
            self._failure, self._failed_at = error, error.__traceback__
            raise

    def _common(self) -> Manners:
        return self._groups[-1].copy() if self._groups else Manners()

    def _number(self) -> None:
        """Tell tasks that do the same apart; refuse two that were given the same name."""
        seen: dict[str, Task] = {}
        counts: dict[str, int] = {}
        for task in self._tasks:
            first = seen.setdefault(task.base_id, task)
            counts[task.base_id] = task.ordinal = counts.get(task.base_id, 0) + 1
            if first is not task and task.manners.name:
                raise task.wrong(
                    InvalidTask(f"{first.place} has given this name to another task already")
                )

    def _apply(self, pending: Pending, method: str, argument: object) -> None:
        change: Any = getattr(pending, method) if method in _METHODS else None
        if change is None:
            from securely.support.suggest import did_you_mean

            near = did_you_mean(method, sorted(_METHODS))
            hint = f' Did you mean "{near}"?' if near else ""
            raise self._wrong(f'group({method}=…): tasks have no method "{method}".{hint}')
        arguments: tuple[object, ...] = ()
        named: dict[str, object] = {}
        if _is_tuple(argument):
            arguments = argument
        elif _is_dict(argument) and method != "with_attributes":
            named = argument
        elif argument is not True or not needs_nothing(change):
            arguments = (argument,)
        try:
            signature(change).bind(*arguments, **named)
        except TypeError as error:
            raise self._wrong(
                f"group({method}={shown(argument)}): {error}; give True for no"
                " argument, a tuple for several, a dict for named ones"
            ) from None
        change(*arguments, **named)


def _is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(value, tuple)


def _is_dict(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_ours(module: object) -> bool:
    """Return whether frames of *module* are passed over when a place is told."""
    return isinstance(module, str) and any(
        module == each or module.startswith(f"{each}.") for each in _OURS
    )


def _missing(subject: object, name: str) -> object:
    """Say what was meant by a method that there is not: by `dailyAt`, `daily_at`.

    Raises:
        AttributeError: Always.
    """
    text = f"{type(subject).__name__!r} object has no attribute {name!r}"
    if not name.startswith("_"):
        from securely.support.suggest import did_you_mean

        word = re.sub("(?<!^)(?=[A-Z])", "_", name).lower()  # Laravel's words
        near = word if word in _METHODS else did_you_mean(word, sorted(_METHODS))
        text += f'. Did you mean "{near}"?' if near else ""
    raise AttributeError(text)


for _kind in (Pending, Schedule, Task):
    # Not in their bodies: there, a checker would take every name for one that they have.
    setattr(_kind, "__getattr__", _missing)  # noqa: B010  # as above
