"""Pending: when and how tasks run that are yet to be named: of a group, or of a decorator."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from securely.schedule.definition.actions import Action
from securely.schedule.definition.conduct import Conduct
from securely.schedule.definition.frequencies import Frequencies, Shaped
from securely.schedule.definition.given import is_definer, needs_nothing, shown
from securely.schedule.definition.kinds import Kinds
from securely.schedule.definition.manners import Manners
from securely.schedule.exceptions import InvalidTask
from securely.schedule.task import Task

__all__ = ["Definer", "Pending"]

F = TypeVar("F", bound=Callable[..., object])


class Definer(Protocol):
    """Where tasks are defined: the schedule, as groups see it."""

    def add(self, action: Action, /) -> Task:
        """Define a task."""
        ...

    def where(self) -> str:
        """Return the file and line that is defining something."""
        ...

    def enter(self, manners: Manners, /) -> None:
        """Let tasks that are defined from now on take over *manners*."""
        ...

    def leave(self) -> None:
        """End the innermost group."""
        ...


class Pending(Kinds, Frequencies["Pending"], Conduct["Pending"], Shaped):
    """When and how, without what: it defines tasks, decorates functions, and holds for groups.

    Args:
        schedule: Where tasks are defined.
        manners: What tasks take over.
        place: The file and line where it was begun.
    """

    def __init__(self, schedule: Definer, manners: Manners, place: str) -> None:
        self.manners: Manners = manners
        self._schedule = schedule
        self._place = place

    def __call__(self, function: F) -> F:
        """Schedule a call of *function*, and return that."""
        self.call(function)
        return function

    def group(self, define: Callable[[], object] | Callable[[Any], object]) -> None:
        """Let all tasks that *define* defines take this over.

        Args:
            define: Called at once, with the schedule if it has a parameter for it.

        Raises:
            InvalidTask: It is no function, or a coroutine function.
        """
        if not is_definer(define):
            raise self.wrong(
                InvalidTask(f"group({shown(define)}): give a function, and no async one")
            )
        call = cast("Callable[..., object]", define)
        given = () if needs_nothing(call) else (self._schedule,)
        with self:
            call(*given)

    def __enter__(self) -> Pending:
        self._schedule.enter(self.manners)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._schedule.leave()

    def add(self, action: Action) -> Task:
        """Define a task that takes this over."""
        with self:
            return self._schedule.add(action)

    def where(self) -> str:
        """Return the file and line that is defining something."""
        return self._schedule.where()

    def shaped(self) -> Pending:
        """Return this: its methods change it."""
        return self

    def wrong(self, error: InvalidTask) -> InvalidTask:
        """Return *error*, with its place."""
        named = error.task or self.manners.name or ""
        return type(error)(error.reason, named, error.place or self._place)
