"""What may listen: functions, classes, methods and dotted names, made callable."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import UnionType
from typing import (
    Any,
    ClassVar,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from securely.events.exceptions import InvalidListener
from securely.events.queueable import QueuedFunction
from securely.support.importing import dotted, import_object

__all__ = [
    "EventKey",
    "Shape",
    "Target",
    "event_name",
    "events_of",
    "is_event",
    "is_interface",
    "is_kind",
    "is_marked",
    "keys_of",
    "listens_to",
    "marked_methods",
    "matches",
    "on",
]

EventKey: TypeAlias = type[Any] | str
F = TypeVar("F", bound=Callable[..., object])

_MARK = "__listens_to__"


def listens_to(*events: EventKey) -> Callable[[F], F]:
    """Say which *events* the decorated function, class or method listens to.

    Needed where the annotation of the first parameter does not say it: for events with a
    name, for wildcards, and for the methods of a subscriber.

    Example:
        >>> @listens_to("order.*")
        ... def note(name: str, payload: list[object]) -> None: ...
    """

    def mark(listener: F) -> F:
        setattr(listener, _MARK, events)
        return listener

    return mark


# The short name, for methods of a subscriber: `@on(OrderShipped)`.
on = listens_to


def event_name(key: EventKey) -> str:
    """Return the name by which wildcards see the event: of a class its dotted path."""
    return key if isinstance(key, str) else f"{key.__module__}.{key.__qualname__}"


def matches(pattern: str, name: str) -> bool:
    """Tell whether *name* fits *pattern*, in which ``*`` stands for any text, also none.

    Source: Laravel 13, Str::is.

    Example:
        >>> matches("order.*", "order.shipped"), matches("a*c", "ab")
        (True, False)
    """
    if "*" not in pattern:
        return pattern == name
    first, *middle, last = pattern.split("*")
    if not name.startswith(first) or not name.endswith(last, len(first)):
        return False
    place, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def is_event(event: object, key: EventKey) -> bool:
    """Tell whether a dispatched *event* is what *key* names: a class, a name or a wildcard."""
    if isinstance(event, str):
        return isinstance(key, str) and matches(key, event)
    kind = cast("type[Any]", event) if isinstance(event, type) else type(event)
    return is_kind(kind, key) if isinstance(key, type) else matches(key, event_name(kind))


def is_interface(key: object) -> bool:
    """Tell whether classes may be of the kind *key* without deriving from it.

    These are abstract base classes, which classes are registered with, and protocols that are
    `runtime_checkable`.
    """
    if not isinstance(key, ABCMeta):
        return False
    return bool(getattr(key, "_is_runtime_protocol", False)) or not getattr(
        key, "_is_protocol", False
    )


def is_kind(kind: type[Any], key: type[Any]) -> bool:
    """Tell whether objects of *kind* are what *key* names: by derivation or as an interface."""
    if key in kind.__mro__:
        return True
    if not is_interface(key):
        return False
    if not getattr(key, "_is_protocol", False):
        return issubclass(kind, key)
    members = _members(key)
    declared = {name for base in kind.__mro__ for name in vars(base).get("__annotations__", {})}
    return bool(members) and all(name in declared or hasattr(kind, name) for name in members)


def _members(protocol: type[Any]) -> set[str]:
    """Return what an object needs to be of *protocol*: its methods and attributes."""
    found: set[str] = set()
    for base in protocol.__mro__:
        if getattr(base, "_is_protocol", False) and base.__name__ not in {"Protocol", "Generic"}:
            names = [*vars(base), *vars(base).get("__annotations__", {})]
            found.update(name for name in names if not name.startswith("_"))
    return found


def is_marked(listener: object) -> bool:
    """Tell whether *listener* bears the mark of `listens_to`."""
    return callable(listener) and hasattr(listener, _MARK)


def events_of(listener: object) -> tuple[EventKey, ...]:
    """Return what *listener* listens to: what it is marked with, or its first annotation.

    Raises:
        InvalidListener: It is not marked, and its first parameter names no class.
    """
    target = Target.of(listener)
    function = target.code
    marked = getattr(listener, _MARK, None) or getattr(function, _MARK, None)
    if marked is not None:
        return cast("tuple[EventKey, ...]", marked)
    if not inspect.isroutine(function):
        function = cast("Any", function).__call__
    try:
        parameters = list(inspect.signature(function).parameters)
        hints = get_type_hints(function)
    except (NameError, TypeError, ValueError) as error:
        raise InvalidListener(target.name, f"has annotations that say nothing: {error}.") from error
    if target.owner is not None and _takes_self(target.owner, target.method):
        parameters = parameters[1:]
    annotation: object = hints.get(parameters[0]) if parameters else None
    keys = _classes(annotation)
    if not keys or str in keys:
        raise InvalidListener(
            target.name,
            "does not say what it listens to. Annotate its first parameter with the event's "
            "class, use @listens_to, or name the event: listen(OrderShipped, listener).",
        )
    return keys


def keys_of(events: object) -> Iterator[EventKey]:
    """Yield the events in *events*: one, a union, or several."""
    if isinstance(events, str | type):
        yield cast("EventKey", events)
    elif isinstance(events, UnionType):
        yield from events.__args__
    elif isinstance(events, Iterable):
        for event in cast("Iterable[object]", events):
            yield from keys_of(event)
    else:
        raise InvalidListener(repr(events), "is not an event: give a class, a name, or several.")


def marked_methods(owner: type[Any]) -> list[str]:
    """Return the methods of *owner* that `listens_to` marks, in the order of their writing."""
    names = dict.fromkeys(name for base in reversed(owner.__mro__) for name in vars(base))
    return [name for name in names if is_marked(getattr(owner, name, None))]


def _classes(annotation: object) -> tuple[type[Any], ...]:
    """Return the classes *annotation* stands for; a union stands for each of its members."""
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(key for member in get_args(annotation) for key in _classes(member))
    bare = get_origin(annotation) or annotation
    return (bare,) if isinstance(bare, type) and bare is not type(None) else ()


@dataclass(frozen=True, slots=True)
class Shape:
    """How many arguments a function takes, and what is left for the container.

    Attributes:
        required: How many of them have no default.
        limit: How many arguments it takes at most.
        injects: It has parameters without default that can only be given by name.
    """

    required: int
    limit: int
    injects: bool

    @property
    def takes_one(self) -> bool:
        """Whether one argument, given by its place, is enough and not too much."""
        return self.limit >= 1 and self.required <= 1 and not self.injects

    @classmethod
    def of(cls, function: Callable[..., object]) -> Shape:
        """Read the shape of *function*; one that does not tell takes what it is given."""
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return cls(0, _NO_LIMIT, injects=False)
        kinds = inspect.Parameter
        placed = [
            parameter
            for parameter in parameters
            if parameter.kind in {kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD}
        ]
        return cls(
            required=sum(parameter.default is kinds.empty for parameter in placed),
            limit=_NO_LIMIT
            if any(parameter.kind is kinds.VAR_POSITIONAL for parameter in parameters)
            else len(placed),
            injects=any(
                parameter.kind is kinds.KEYWORD_ONLY and parameter.default is kinds.empty
                for parameter in parameters
            ),
        )


_NO_LIMIT = 1_000_000  # more arguments than any payload has


class Target:
    """A listener in the one form that the dispatcher calls.

    Two targets are equal when they lead to the same code, however each was written down.
    """

    __slots__ = (
        *("_shape", "after_commit", "function", "is_async", "method", "owner", "queueable"),
        "queued",
    )

    def __init__(
        self,
        owner: type[Any] | None,
        method: str,
        function: Callable[..., object] | None,
        queueable: QueuedFunction | None = None,
    ) -> None:
        self.owner = owner
        self.method = method
        self.function = function
        self.queueable = queueable
        said = owner is not None and bool(getattr(owner, "queued", False))
        self.queued: bool = said or queueable is not None
        self.after_commit: bool = owner is not None and bool(getattr(owner, "after_commit", False))
        self.is_async: bool = not self.queued and _is_async(self.code)
        self._shape: Shape | None = None

    @classmethod
    def of(cls, listener: object) -> Target:
        """Make a target of a class, function, method, ``(class, "method")`` or dotted name.

        Raises:
            InvalidListener: Nothing in it can be called.
        """
        if isinstance(listener, str):
            path, _, method = listener.partition("@")
            found = import_object(path)
            return cls.of((found, method) if method else found)
        if isinstance(listener, tuple | list):
            return cls._of_pair(tuple(cast("list[object]", listener)))
        if isinstance(listener, QueuedFunction):
            return cls(None, "", listener.function, listener)
        if isinstance(listener, type):
            return cls(listener, _method_of(listener), None)
        if callable(listener):
            return cls(None, "", listener)
        handle = getattr(listener, "handle", None)
        if callable(handle):
            return cls(None, "", handle)
        raise InvalidListener(_say(listener), "cannot be called: give a class or a function.")

    @classmethod
    def _of_pair(cls, pair: tuple[object, ...]) -> Target:
        owner, method, *more = (*pair, None, None)[: max(2, len(pair))]
        if not isinstance(method, str) or more:
            raise InvalidListener(repr(pair), 'is not a pair: give (class, "method").')
        if isinstance(owner, str):
            owner = import_object(owner)
        function = getattr(owner, method, None)
        if not callable(function):
            raise InvalidListener(f"{_say(owner)}@{method}", "does not exist.")
        return cls(owner, method, None) if isinstance(owner, type) else cls(None, "", function)

    @property
    def code(self) -> Callable[..., object]:
        """The function behind it; of a class, its method without an instance."""
        if self.owner is None:
            return cast("Callable[..., object]", self.function)
        return cast("Callable[..., object]", getattr(self.owner, self.method))

    @property
    def name(self) -> str:
        """How lists and messages call it: ``module.Class@method`` or ``module.function``."""
        if self.owner is not None:
            return f"{dotted(self.owner)}@{self.method}"
        return _say(self.function)

    @property
    def place(self) -> str:
        """Where its code is written: ``file:line``; "" for code without a file."""
        code = self.code
        if not inspect.isroutine(code):
            code = cast("Any", type(code)).__call__
        try:
            file = inspect.getsourcefile(code)
            line = inspect.unwrap(code).__code__.co_firstlineno
        except (AttributeError, TypeError):
            return ""
        return f"{file}:{line}"

    def shape(self, function: Callable[..., object]) -> Shape:
        """Return what *function*, its code bound to an instance, takes; read once."""
        shape = self._shape
        if shape is None:
            shape = self._shape = Shape.of(function)
        return shape

    def shape_of_code(self) -> Shape:
        """Return what its code takes; of a method without the instance."""
        shape = Shape.of(self.code)
        if self.owner is None or shape.limit == 0:
            return shape
        return Shape(max(0, shape.required - 1), shape.limit - 1, shape.injects)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Target):
            return NotImplemented
        if self.owner is not None or other.owner is not None:
            return self.owner is other.owner and self.method == other.method
        return self.function is other.function or (
            inspect.ismethod(self.function) and self.function == other.function
        )

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # need not be: lists are short


def _method_of(listener: type[Any]) -> str:
    """Return the name of the method that listens: ``handle``, else ``__call__``."""
    if hasattr(listener, "handle"):
        return "handle"
    # Every class answers to `__call__` by its metaclass, so ask the classes themselves.
    if any("__call__" in vars(base) for base in listener.__mro__):
        return "__call__"
    raise InvalidListener(_say(listener), "has neither a method `handle` nor `__call__`.")


def _takes_self(owner: type[Any], method: str) -> bool:
    return inspect.isfunction(inspect.getattr_static(owner, method))


def _is_async(function: Callable[..., object]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        vars(type(function)).get("__call__")
    )


def _say(listener: object) -> str:
    """Return a readable name for anything given as listener."""
    if isinstance(listener, type) or hasattr(listener, "__qualname__"):
        return dotted(listener)
    return repr(listener) if isinstance(listener, str) else dotted(type(listener))
