"""What a task does: one class per kind; how each is executed, `running/ways/` knows."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, cast

from securely.support.masking import mask_urls

if TYPE_CHECKING:
    from securely.queue.job import Job, PendingDispatch

__all__ = ["Action", "CallAction", "CommandAction", "EventAction", "ExecAction", "JobAction"]

# Deeper than what is given to tasks; what lies below tells none of them apart.
_DEPTH_MAX: Final = 8
# Python refuses to write out numbers of some thousand digits.
_BITS_MAX: Final = 1_000
# What is written alike in every process.
_PLAIN: Final = frozenset({bool, float, complex, str, bytes, types.NoneType})


@dataclass(frozen=True, slots=True)
class CommandAction:
    """An artisan command, in a process of its own.

    Attributes:
        name: The command's name.
        args: The words behind it, as the command line has them.
    """

    name: str
    args: tuple[str, ...] = ()
    kind: ClassVar[str] = "command"

    @property
    def summary(self) -> str:
        """What people see; it stands in the history and in logs, and no password of a URL does."""
        import shlex

        return mask_urls(shlex.join((self.name, *self.args)))

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from others."""
        return (self.name, *self.args)


@dataclass(frozen=True, slots=True)
class CallAction:
    """A function, a method or a class of the application, in this process.

    Attributes:
        function: What is called; "module:function" is imported when it is.
        parameters: By name, or in order; what else it asks for is injected.
        place: Where it is scheduled, which tells functions without a name apart.
    """

    function: Callable[..., object] | str
    parameters: Mapping[str, object] | Sequence[object] = ()
    place: str = ""
    kind: ClassVar[str] = "call"

    @property
    def path(self) -> str | None:
        """The dotted name that it has in its module; None where it has none of its own."""
        if isinstance(self.function, str):
            return self.function
        holder: Any = self.function
        while isinstance(holder, partial):
            holder = cast("Any", holder.func)
        if not hasattr(holder, "__qualname__"):  # an object with `__call__`
            return _name_of(cast("type[object]", type(holder)))
        bound = getattr(holder, "__self__", None)
        if bound is None or isinstance(bound, (type, types.ModuleType)):
            return _name_of(holder)
        owner = _name_of(cast("type[object]", type(bound)))
        return None if owner is None else f"{owner}.{holder.__name__}"

    @property
    def summary(self) -> str:
        """What people see."""
        return self.path or f"a function at {self.place}"

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from others."""
        holder: Any = self.function
        given: list[object] = []
        while isinstance(holder, partial):
            given += [*holder.args, holder.keywords]
            holder = cast("Any", holder.func)
        if not hasattr(holder, "__qualname__"):  # an object with `__call__`
            given.append(holder)
        return (self.path or self.place, _stable(self.parameters), _stable(given))


@dataclass(frozen=True, slots=True)
class JobAction:
    """A job that is dispatched.

    Attributes:
        job: The job, or its class, which the container makes; or a job with options.
        queue: Where it waits; None for its own choice.
        connection: As `queue`.
    """

    job: Job | type[Job] | PendingDispatch[Any]
    queue: str | None = None
    connection: str | None = None
    kind: ClassVar[str] = "job"

    @property
    def summary(self) -> str:
        """What people see."""
        from securely.queue.job import Job

        job = self._wanted
        if isinstance(job, Job) and type(job).display_name is not Job.display_name:
            with suppress(Exception):  # it is the application's, and no task is lost over a name
                return str(job.display_name())
        return _class_of(job)

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from others."""
        wanted = self._wanted
        options: object = None if wanted is self.job else getattr(self.job, "placement", None)
        return (self.queue, self.connection, _stable(wanted), _stable(options))

    @property
    def _wanted(self) -> object:
        """The job itself."""
        return self.job if hasattr(self.job, "handle") else cast("Any", self.job).job


@dataclass(frozen=True, slots=True)
class ExecAction:
    """A program, in a process of its own.

    Attributes:
        command: A text for the shell, or a program and its arguments.
    """

    command: str | tuple[str, ...]
    kind: ClassVar[str] = "exec"

    @property
    def summary(self) -> str:
        """What people see; it stands in the history and in logs, and no password of a URL does."""
        import shlex

        command = self.command if isinstance(self.command, str) else shlex.join(self.command)
        return mask_urls(command)

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from others."""
        return (self.command,)


@dataclass(frozen=True, slots=True)
class EventAction:
    """An event that is dispatched.

    Attributes:
        event: The event; or its class, which is made anew each time; or the name of one.
    """

    event: object
    kind: ClassVar[str] = "event"

    @property
    def summary(self) -> str:
        """What people see."""
        return self.event if isinstance(self.event, str) else _class_of(self.event)

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from others."""
        if isinstance(self.event, (str, type)):
            return (self.summary,)
        return (self.summary, _stable(self.event))


Action: TypeAlias = CommandAction | CallAction | JobAction | ExecAction | EventAction


def _class_of(value: object) -> str:
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _stable(value: object) -> str:
    """Return *value* as a text that other processes would write, too.

    Sets and dicts are sorted, and objects are told by what they hold: nothing depends on addresses
    in memory, or on how Python hashes texts.
    """
    return _told(value, ())


def _name_of(value: object) -> str | None:
    """Return the dotted name of a class or function; None where it has none of its own."""
    name: object = getattr(value, "__qualname__", None)
    if not isinstance(name, str) or "<" in name:
        return None
    module: object = getattr(value, "__module__", None)
    if not isinstance(module, str):  # of methods that are written in C
        module = getattr(getattr(value, "__objclass__", None), "__module__", "builtins")
    return f"{module}.{name}"


def _told(value: object, within: tuple[int, ...]) -> str:
    if isinstance(value, Enum):
        return f"{_name_of(type(value))}.{value.name}"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value.bit_length() < _BITS_MAX else hex(value)
    if type(value) in _PLAIN:
        return repr(value)
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return _called(value)
    if id(value) in within or len(within) >= _DEPTH_MAX:
        return "…"
    return _held(value, (*within, id(value)))


def _held(value: object, within: tuple[int, ...]) -> str:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        told = sorted(f"{_told(key, within)}: {_told(each, within)}" for key, each in pairs)
        return f"{{{', '.join(told)}}}"
    if isinstance(value, Set):
        items = cast("Set[object]", value)
        return f"{{{', '.join(sorted(_told(each, within) for each in items))}}}"
    if isinstance(value, (list, tuple)):
        listed = cast("list[object]", value)
        return f"[{', '.join(_told(each, within) for each in listed)}]"
    if isinstance(value, partial):
        held = cast("partial[object]", value)
        return f"{_told(held.func, within)}{_told((held.args, held.keywords), within)}"
    if isinstance(value, types.MethodType):
        return f"{_called(type(value.__self__))}.{value.__name__}"
    return _object(value, within)


def _object(value: object, within: tuple[int, ...]) -> str:
    kind = type(value)
    if not is_dataclass(value) and kind.__repr__ is not object.__repr__:
        try:
            text = repr(value)
        except Exception:  # somebody's own class
            text = " at 0x"
        # A set within it would be written in another order elsewhere.
        if " at 0x" not in text and "{" not in text:
            return f"{_called(kind)}({text})"
    state: dict[str, object] = {}
    for each in reversed(kind.__mro__):
        slots: Any = each.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else [*slots]:
            if hasattr(value, name) and not name.startswith("__"):
                state[name] = getattr(value, name)
    state.update(getattr(value, "__dict__", {}))
    return f"{_called(kind)}({_told(state, within)})"


def _called(value: object) -> str:
    return (
        _name_of(value)
        or f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    )
