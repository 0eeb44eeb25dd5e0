"""Kinds: what a task does: command, call, job, exec, event; of the schedule, and behind manners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from inspect import (
    Parameter,
    getattr_static,
    isasyncgenfunction,
    isgeneratorfunction,
    isroutine,
    signature,
)
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, cast

from securely.schedule.definition.actions import (
    Action,
    CallAction,
    CommandAction,
    EventAction,
    ExecAction,
    JobAction,
)
from securely.schedule.definition.given import is_invoked, is_sendable, plain, shown
from securely.schedule.definition.lines import Parameters, arguments, command_words, program
from securely.schedule.exceptions import InvalidTask
from securely.schedule.task import Task

if TYPE_CHECKING:
    from securely.console import Command
    from securely.queue.job import Job, PendingDispatch

__all__ = ["Kinds"]

# Nobody listens for these.
_NO_EVENTS: Final = frozenset({bool, int, float, bytes, bytearray, list, tuple, dict, set})


class Kinds(ABC):
    """Defines tasks by what they do."""

    @abstractmethod
    def add(self, action: Action) -> Task:
        """Define a task that does *action*."""

    @abstractmethod
    def where(self) -> str:
        """Return the file and line that is defining something."""

    def command(
        self, command: str | Enum | Command | type[Command], parameters: Parameters = ()
    ) -> Task:
        """Run an artisan command, in a process of its own.

        Args:
            command: "report:send --daily"; or the class, whose description is the task's, too.
            parameters: The words behind it; or arguments and options by name, as in
                `{"user": 5, "--force": True, "--id": [1, 2]}`. No shell reads them.

        Raises:
            InvalidTask: It has no name, or a parameter is no text or number.
        """
        try:
            words = command_words(command)
            action = CommandAction(words[0], (*words[1:], *arguments(parameters)))
        except InvalidTask as error:
            raise self._placed(error, "command", command) from None
        task = self.add(action)
        said: object = getattr(command, "description", None)
        if isinstance(said, str) and said.strip() and task.manners.description is None:
            task.manners.description = said
        return task

    def call(
        self,
        function: Callable[..., object] | str,
        parameters: Mapping[str, object] | Sequence[object] | None = None,
    ) -> Task:
        """Call a function or a method in this process.

        Args:
            function: Of either colour; or "module:function"; or an object, or a class which the
                container makes, with `__call__` or `handle`. What it asks for is injected.
            parameters: By name, or in order.

        Raises:
            InvalidTask: It can not be called, or not with these.
        """
        called = self._callable(self._imported("call", function))
        if _is_generator(called):
            raise self._wrong(
                f"call({shown(called)}): it has a `yield`, and would not run when it is called;"
                " leave that out"
            )
        given: object = () if parameters is None else parameters
        if not isinstance(given, (Mapping, list, tuple)):
            raise self._wrong(f"call(…, {shown(given)}): give parameters as a dict, or as a list")
        by_name_or_order = cast("Mapping[str, object] | Sequence[object]", given)
        if isinstance(by_name_or_order, Mapping):
            self._check_names(called, by_name_or_order)
        return self.add(CallAction(called, by_name_or_order, self.where()))

    def job(
        self,
        job: Job | type[Job] | PendingDispatch[Any] | str,
        queue: str | Enum | None = None,
        connection: str | Enum | None = None,
    ) -> Task:
        """Dispatch a job: exactly once per tick.

        Args:
            job: The job; or its class, or "module:Class", which the container makes; or one with
                options: `SendReport.using(…)`.
            queue: Where it waits; None for its own choice.
            connection: As *queue*.

        Raises:
            InvalidTask: It is no job, or *queue* or *connection* is no name.
        """
        from securely.queue.job import Job

        wanted: Any = self._imported("job", job)
        inner: Any = wanted.job if _is_pending(wanted) else wanted
        kind: Any = inner if isinstance(inner, type) else type(inner)
        if not issubclass(kind, Job) or not hasattr(kind, "handle"):
            raise self._wrong(
                f"job({shown(wanted)}): that is no job; give one, or its class: a subclass of Job"
                " with a `handle`"
            )
        return self.add(
            JobAction(wanted, self._queue(queue), self._named("connection", connection))
        )

    def exec(
        self,
        command: str | PurePath | Sequence[str | PurePath],
        parameters: Parameters = (),
    ) -> Task:
        """Run a program, in a process of its own.

        Args:
            command: A program, or a text for the shell; with *parameters*, or as a list, nothing
                goes through a shell.
            parameters: Its arguments.

        Raises:
            InvalidTask: It is empty, or an argument is no text or number.
        """
        try:
            action = ExecAction(program(command, parameters))
        except InvalidTask as error:
            raise self._placed(error, "exec", command) from None
        return self.add(action)

    def event(self, event: object) -> Task:
        """Dispatch an event.

        Args:
            event: The event; or its class, which is made anew each time; or a name.

        Raises:
            InvalidTask: It is nothing that could be listened for.
        """
        is_blank = event is None or (isinstance(event, str) and not event.strip())
        if is_blank or type(event) in _NO_EVENTS or hasattr(event, "__await__"):
            raise self._wrong(f"event({shown(event)}): give an event, its class or a name")
        if isinstance(event, str) and not is_sendable(event):
            raise self._wrong(f"event({shown(event)}): give a name that can be printed")
        if isinstance(event, type):
            self._check_empty(event)
        return self.add(EventAction(event))

    # -- inside

    def _callable(self, function: Any) -> Callable[..., object]:
        """Return what is to be called of *function*."""
        if isinstance(function, type):
            if not (is_invoked(function) or hasattr(function, "handle")):
                raise self._wrong(
                    f"call({function.__qualname__}): its objects have neither `__call__` nor"
                    " `handle`; give a function"
                )
            return function
        if not callable(function):
            handle: object = getattr(function, "handle", None)
            if not callable(handle):
                raise self._wrong(f"call({shown(function)}): it can not be called; give a function")
            return handle
        if _is_unbound(function):
            raise self._wrong(
                f"call({function.__qualname__}): it is a method of no object; give that of one, as"
                " Report().send"
            )
        called: Callable[..., object] = function
        return called

    def _check_names(self, called: Any, given: Mapping[str, object]) -> None:
        """Refuse parameters by names that the function has not."""
        target = called
        if isinstance(called, type):
            of_class: Any = called
            target = getattr_static(of_class, "__call__") if is_invoked(called) else of_class.handle
        try:
            known = signature(target).parameters
        except (TypeError, ValueError):  # written in C, without a signature
            return
        takes_all = any(each.kind is Parameter.VAR_KEYWORD for each in known.values())
        for name in cast("Mapping[object, object]", given):
            if isinstance(name, type) or (isinstance(name, str) and (takes_all or name in known)):
                continue  # by a class: the container gives it where the class is asked for
            from securely.support.suggest import did_you_mean

            near = did_you_mean(name, known) if isinstance(name, str) else None
            hint = f'did you mean "{near}"?' if near else "give only those that it has"
            raise self._wrong(f"call({shown(called)}): it has no parameter {shown(name)}; {hint}")

    def _check_empty(self, event: type) -> None:
        """Refuse the class of an event that can not be made of nothing."""
        try:
            signature(event).bind()
        except TypeError as error:
            raise self._wrong(
                f"event({event.__qualname__}): it is made anew each time, of nothing, and there is"
                f" {error}; give the event itself"
            ) from None
        except ValueError:  # written in C, without a signature
            return

    def _queue(self, name: object) -> str | None:
        from securely.queue.delivery.refusals import queue_name
        from securely.queue.exceptions import NotQueueable

        found = self._named("queue", name)
        try:
            return None if found is None else queue_name(found)
        except NotQueueable:
            raise self._wrong(
                f"job(…, queue={shown(name)}): no queue can be called so; leave out blanks, commas"
                " and asterisks"
            ) from None

    def _named(self, what: str, name: object) -> str | None:
        """Return the name of a queue or a connection; None for none."""
        found = plain(name)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip() or not is_sendable(found):
            raise self._wrong(f"job(…, {what}={shown(name)}): give its name, or None")
        return found

    def _imported(self, method: str, path: Any) -> Any:
        """Return what a dotted name stands for; others as they are."""
        if not isinstance(path, str):
            return path
        from securely.support.importing import import_object

        try:
            return import_object(path)
        except (ImportError, AttributeError, ValueError) as error:
            told = " ".join(str(error).split())
            raise self._wrong(f"{method}({shown(path)}): {told}") from None

    def _placed(self, error: InvalidTask, method: str, what: object) -> InvalidTask:
        reason = error.reason
        if not reason.startswith(f"{method}("):
            reason = f"{method}({shown(what)}, …): {reason}"
        return type(error)(reason, error.task, error.place or self.where())

    def _wrong(self, reason: str) -> InvalidTask:
        return InvalidTask(reason, "", self.where())


def _is_pending(job: object) -> bool:
    from securely.queue.job import PendingDispatch

    return isinstance(job, PendingDispatch)


def _is_generator(called: Any) -> bool:
    """Return whether calling *called* runs nothing of it yet."""
    function: Any = called
    if isinstance(called, type):
        name = "__call__" if is_invoked(called) else "handle"
        function = getattr_static(cast("Any", called), name, None)
    elif not isinstance(called, partial) and not isroutine(called):  # an object with `__call__`
        function = getattr_static(cast("type[object]", type(called)), "__call__", None)
    return isgeneratorfunction(function) or isasyncgenfunction(function)


def _is_unbound(function: Any) -> bool:
    """Return whether *function* is the method of a class, and wants an object first."""
    code = getattr(function, "__code__", None)
    is_of_class = "." in getattr(function, "__qualname__", "").rpartition("<locals>.")[2]
    is_bound = getattr(function, "__self__", None) is not None
    return bool(
        is_of_class
        and not is_bound
        and code
        and code.co_varnames[: code.co_argcount][:1] == ("self",)
    )
