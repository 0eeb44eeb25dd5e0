"""Binding and Table: what is bound to which key, in one place for Laravel's verbs and punq's."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import partial
from typing import Any, TypeAlias, TypeGuard

from securely.container.scope import Cell
from securely.container.signature import Parameter, class_source

__all__ = [
    "Binding",
    "Key",
    "Lifetime",
    "Origin",
    "Table",
    "class_of",
    "is_factory",
    "is_list",
    "is_ours",
    "name_of",
    "origin",
    "place",
    "positional",
    "written",
]

# A class, a string, or any other hashable annotation, as punq allows.
Key: TypeAlias = Any
# Who made a binding: a class, or file and line. It becomes text when somebody wants to read it.
Origin: TypeAlias = type | tuple[str, int]

# Frames of these files are ours; the line that a person wrote lies above them.
_OWN = __file__.rpartition("binding.py")[0]
_FRAMEWORK = _OWN.rstrip("\\/").rpartition("container")[0]
# Who binds by attributes of a class is meant by that class.
_BY_ATTRIBUTES = "bind_attributes"


class Lifetime(Enum):
    """How long what a binding builds is kept."""

    TRANSIENT = "transient"
    SINGLETON = "singleton"
    SCOPED = "scoped"
    INSTANCE = "instance"


class Binding:
    """One way to get one key.

    Attributes:
        key: What it answers for.
        concrete: A class, a factory, or another key; None for an instance.
        lifetime: How long what it builds is kept.
        by_punq: Whether punq's `register` made it, so that punq's rules build it.
        arguments: Values for parameters of that name, given when it was made.
        shares: punq's `cache`: whether one `resolve` uses one object.
        parameters: What punq's rules fill in, read when it was made.
        cell: The one object of a singleton or an instance.
        origin: Who made it.
        is_declared: Whether its class says so itself, by a decorator.
        is_fallback: Whether `bind_if` and kin made it, so that others may replace it.
    """

    __slots__ = (
        "arguments",
        "by_punq",
        "cell",
        "concrete",
        "is_declared",
        "is_fallback",
        "key",
        "lifetime",
        "origin",
        "parameters",
        "replaces",
        "shares",
    )

    def __init__(
        self,
        key: Key,
        concrete: Key,
        lifetime: Lifetime,
        *,
        by_punq: bool = False,
        arguments: Mapping[str, Any] | None = None,
        shares: bool = True,
        parameters: tuple[Parameter, ...] = (),
    ) -> None:
        self.key: Key = key
        self.concrete: Key = concrete
        self.lifetime: Lifetime = lifetime
        self.by_punq: bool = by_punq
        self.arguments: Mapping[str, Any] = arguments or {}
        self.shares: bool = shares
        self.parameters: tuple[Parameter, ...] = parameters
        self.replaces: bool = not by_punq
        self.cell: Cell = Cell()
        self.is_declared: bool = False
        self.is_fallback: bool = False
        self.origin: Origin = origin()

    @property
    def place(self) -> str:
        """File and line of what made it: a call, a provider or the class itself."""
        return written(self.origin)

    @property
    def is_shared(self) -> bool:
        """Whether more than one caller gets the same object."""
        return self.lifetime is not Lifetime.TRANSIENT

    def __repr__(self) -> str:
        return f"<Binding {name_of(self.key)} {self.lifetime.value} at {self.place}>"


class Table:
    """Every binding of one container, in the order they were made; the parent's come first.

    Args:
        parent: The table of the container that this one is a child of.
    """

    def __init__(self, parent: Table | None = None) -> None:
        self.parent = parent
        self.entries: dict[Key, list[Binding]] = {}
        # Whose table it is; set by the container, so that a child finds its parent.
        self.owner: Any = None

    def find(self, key: Key) -> list[Binding]:
        """Return all bindings of *key*, the last one is the one that counts."""
        own = self.entries.get(key)
        if self.parent is None:
            return own or []
        if not own:
            return self.parent.find(key)
        return own if own[0].replaces else [*self.parent.find(key), *own]

    def last(self, key: Key) -> Binding | None:
        """Return the binding of *key* that counts."""
        own = self.entries.get(key)
        if own:
            return own[-1]
        return None if self.parent is None else self.parent.last(key)

    def append(self, binding: Binding) -> None:
        """Add *binding* to those of its key."""
        # A new list, so that a thread that walks the old one is not disturbed.
        self.entries[binding.key] = [*self.entries.get(binding.key, ()), binding]

    def replace(self, binding: Binding) -> None:
        """Make *binding* the only one of its key."""
        self.entries[binding.key] = [binding]

    def bound_keys(self) -> Iterator[Key]:
        """Give every key that is bound here or above, once."""
        seen = set(self.entries)
        yield from list(self.entries)
        if self.parent is not None:
            yield from (key for key in self.parent.bound_keys() if key not in seen)


def name_of(key: object) -> str:
    """Return what to call *key* in a message: "Clock", '"cache"', "list[Clock]"."""
    if isinstance(key, str):
        return f'"{key}"'
    if isinstance(key, type) and not hasattr(key, "__origin__"):
        return key.__qualname__.rpartition("<locals>.")[2]
    name: object = getattr(key, "__qualname__", None)
    if isinstance(name, str) and not hasattr(key, "__origin__"):
        return name.rpartition("<locals>.")[2]
    return str(key).replace("typing.", "")


def class_of(value: object) -> type[Any]:
    """Return the class of *value*, in a way that both checkers understand."""
    return type(value)


def is_factory(value: object) -> bool:
    """Tell whether *value* is a function: an object that can be called may be meant as it is."""
    return isinstance(
        value, types.FunctionType | types.MethodType | types.BuiltinFunctionType | partial
    )


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Tell whether *value* is a list, in a way that both checkers understand."""
    return isinstance(value, list)


def origin() -> Origin:
    """Return file and line of the nearest caller outside of the container, or its provider."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # inspect.stack reads files
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OWN):
        if frame.f_code.co_name == _BY_ATTRIBUTES:
            return class_of(frame.f_locals["self"])
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def written(made_by: Origin) -> str:
    """Return *made_by* as "file:line"."""
    return class_source(made_by) if isinstance(made_by, type) else f"{made_by[0]}:{made_by[1]}"


def is_ours(made_by: Origin) -> bool:
    """Tell whether the framework is *made_by*."""
    if isinstance(made_by, type):
        return made_by.__module__.partition(".")[0] == __name__.partition(".")[0]
    return made_by[0].startswith(_FRAMEWORK)


def place() -> str:
    """Return "file:line" of the nearest caller outside of the container."""
    return written(origin())


def positional(callback: Callable[..., Any], given: int) -> Callable[..., Any]:
    """Return *callback* as one that may be called with *given* values and takes those it wants.

    Hooks are called with (object, container); most want the object alone.
    """
    code = getattr(getattr(callback, "__func__", callback), "__code__", None)
    if code is None or code.co_flags & 0x04:  # it takes *args, or is no Python function
        return (
            callback
            if code is not None or isinstance(callback, type)
            else _measured(callback, given)
        )
    bound = hasattr(callback, "__self__") and hasattr(callback, "__func__")
    takes = code.co_argcount - bound
    if takes >= given:
        return callback
    return lambda *values: callback(*values[:takes])


def _measured(callback: Callable[..., Any], given: int) -> Callable[..., Any]:
    import inspect

    try:
        parameters = inspect.signature(callback).parameters.values()
    except (TypeError, ValueError):  # written in C, and silent about what it takes
        return lambda *values: callback(*values[:1])
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return callback
    takes = sum(
        each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD} for each in parameters
    )
    return callback if takes >= given else lambda *values: callback(*values[:takes])
