"""NotBound (with near misses), CircularDependency (with the path), AsyncBinding, NotBooted.

    SecurelyError
    └── ContainerError              the container cannot do what was asked
        ├── NotBound                nothing is bound, and it cannot be built (a LookupError)
        │   └── NotInstantiable     it is abstract and nothing is bound to it (a TypeError)
        ├── CircularDependency      building it needs itself
        ├── AsyncBinding            its factory is async: use amake (a TypeError)
        ├── LoopBlocked             a task of this very loop builds it: use amake (a RuntimeError)
        ├── ScopeEnded              a resource for a scope that is over (a RuntimeError)
        ├── InvalidBinding          what was given cannot be bound (a TypeError)
        ├── CaptiveDependency       a singleton would keep a scoped object
        ├── UnusedContext           what `when` gives, nobody needs
        ├── BoundOver               two places bind the same key, and one of them in vain
        ├── AliasLoop               an alias that leads back to itself (a ValueError)
        └── NotBooted               no application is current (a RuntimeError)

NotBound is also punq's MissingDependencyError and InvalidBinding punq's InvalidRegistrationError,
so that code written for punq catches what it always caught.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import punq

from securely.exceptions import SecurelyError

__all__ = [
    "AliasLoop",
    "AsyncBinding",
    "BoundOver",
    "CaptiveDependency",
    "CircularDependency",
    "ContainerError",
    "InvalidBinding",
    "LoopBlocked",
    "NotBooted",
    "NotBound",
    "NotInstantiable",
    "ScopeEnded",
    "UnusedContext",
]


class ContainerError(SecurelyError):
    """The container cannot do what was asked.

    Attributes:
        place: File and line to look at; empty where there is none.
        parameter: The name of the parameter that is concerned; empty where none is.
    """

    place: str = ""
    parameter: str = ""

    @property
    def fact(self) -> Hashable:
        """What is wrong, however one got there; two errors of one fact are one problem."""
        return str(self)


def _seen_at(place: str) -> str:
    return f" See {place}." if place else ""


class NotBound(ContainerError, punq.MissingDependencyError, LookupError):
    """Nothing is bound to a key, and it cannot be built without a binding.

    Attributes:
        key: The name of what is missing.
        reason: Why it cannot be built, as a clause.
        wanted_by: Which parameter of whom asked for it; empty when a caller did.
        path: How the container got there, from what was asked for to what is missing.
        near: The bound keys whose names are alike.
        place: Where it is wanted: file and line of the constructor or function, or of the binding.
        parameter: The name of the parameter that asked for it.
    """

    def __init__(
        self,
        key: str,
        reason: str,
        wanted_by: str = "",
        path: tuple[str, ...] = (),
        near: tuple[str, ...] = (),
        place: str = "",
        parameter: str = "",
    ) -> None:
        self.key = key
        self.reason = reason
        self.wanted_by = wanted_by
        self.path = path
        self.near = near
        self.place = place
        self.parameter = parameter
        super().__init__(self._message())

    def __reduce__(self) -> tuple[type[NotBound], tuple[Any, ...]]:
        given = (self.key, self.reason, self.wanted_by, self.path, self.near)
        return type(self), (*given, self.place, self.parameter)

    @property
    def fact(self) -> Hashable:
        """The parameter that lacks something, however one got to it."""
        if self.parameter:
            return self.key, self.reason, self.wanted_by, self.place
        return self.key, self.reason, self.place, self.path

    def _message(self) -> str:
        parts = [f"Cannot resolve {self.key}: {self.reason}."]
        if self.wanted_by:
            parts.append(f"It is wanted by {self.wanted_by}.")
        if len(self.path) > 1:
            parts.append(f"The path is {' → '.join(self.path)}.")
        if self.near:
            parts.append(f"Did you mean {' or '.join(self.near)}?")
        return " ".join(parts) + _seen_at(self.place)


class NotInstantiable(NotBound, TypeError):
    """An abstract class or a Protocol is wanted, and nothing is bound to it."""


class CircularDependency(ContainerError):
    """Building something needs the thing itself.

    Attributes:
        path: The way round; the first and the last name are the same thing.
        place: File and line of the parameter that closes it; empty where a factory does.
        parameter: The name of that parameter.
    """

    def __init__(self, path: tuple[str, ...], place: str = "", parameter: str = "") -> None:
        self.path = path
        self.place = place
        self.parameter = parameter
        super().__init__(
            f"Circular dependency: {' → '.join(path)}. "
            "Take one of them as Lazy[...], which is resolved at its first use."
            f"{_seen_at(place)}"
        )

    def __reduce__(self) -> tuple[type[CircularDependency], tuple[Any, ...]]:
        return type(self), (self.path, self.place, self.parameter)

    @property
    def fact(self) -> Hashable:
        """The things in the circle, wherever one enters it."""
        return frozenset(step.partition(" (")[0] for step in self.path)


class AsyncBinding(ContainerError, TypeError):
    """Something is built by an async factory and was asked for in sync code.

    Attributes:
        key: What is built by an async factory.
        path: How the container got there, from what was asked for.
    """

    def __init__(self, key: str, path: tuple[str, ...] = ()) -> None:
        self.key = key
        self.path = path
        way = f" The path is {' → '.join(path)}." if len(path) > 1 else ""
        wanted = path[0] if path else key
        super().__init__(
            f"{key} is built by an async factory: use `await app.amake({wanted})` "
            f"instead of `make`.{way}"
        )

    def __reduce__(self) -> tuple[type[AsyncBinding], tuple[str, tuple[str, ...]]]:
        return type(self), (self.key, self.path)


class LoopBlocked(ContainerError, RuntimeError):
    """What is wanted is being built by a task of the event loop that would have to wait for it.

    Attributes:
        key: What is being built.
        wanted: What was asked for.
    """

    def __init__(self, key: str, wanted: str) -> None:
        self.key = key
        self.wanted = wanted
        super().__init__(
            f"{key} is being built by a task of the event loop that runs in this thread, which "
            f"cannot go on while `make` waits: use `await app.amake({wanted})`."
        )

    def __reduce__(self) -> tuple[type[LoopBlocked], tuple[str, str]]:
        return type(self), (self.key, self.wanted)


class ScopeEnded(ContainerError, RuntimeError):
    """A resource was asked for in a scope that has ended, which would never finish it.

    Attributes:
        key: The resource.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"{key} is finished at the end of its scope, and the scope that is current here has "
            "ended already. Give a task that outlives it a scope of its own: "
            "`async with app.ascope():`."
        )

    def __reduce__(self) -> tuple[type[ScopeEnded], tuple[str]]:
        return type(self), (self.key,)


class InvalidBinding(ContainerError, punq.InvalidRegistrationError, TypeError):
    """What was given cannot be bound."""


class CaptiveDependency(ContainerError):
    """A singleton would keep a scoped object beyond the end of its scope.

    Attributes:
        singleton: What is kept for good.
        scoped: What should end with its scope.
        path: How the one comes to hold the other.
        place: File and line of the parameter that would hold it.
        parameter: The name of that parameter.
    """

    def __init__(
        self,
        singleton: str,
        scoped: str,
        path: tuple[str, ...],
        place: str = "",
        parameter: str = "",
    ) -> None:
        self.singleton = singleton
        self.scoped = scoped
        self.path = path
        self.place = place
        self.parameter = parameter
        super().__init__(
            f"The singleton {singleton} would keep the scoped {scoped} beyond its scope "
            f"({' → '.join(path)}). Make {singleton} scoped, or take Lazy[{scoped}], "
            f"which gives each scope its own.{_seen_at(place)}"
        )

    def __reduce__(self) -> tuple[type[CaptiveDependency], tuple[Any, ...]]:
        return type(self), (self.singleton, self.scoped, self.path, self.place, self.parameter)

    @property
    def fact(self) -> Hashable:
        """Who keeps what, however it comes to that."""
        return self.singleton, self.scoped, self.place


class UnusedContext(ContainerError):
    """What `when` gives to a consumer, the consumer does not need.

    Attributes:
        consumer: To whom it is given.
        need: What it would be given for.
        place: File and line of the `when`.
    """

    def __init__(self, consumer: str, need: str, place: str) -> None:
        self.consumer = consumer
        self.need = need
        self.place = place
        super().__init__(
            f"when({consumer}) gives something for {need}, which {consumer} does not need. "
            f"Remove it, or correct the name: {place}."
        )

    def __reduce__(self) -> tuple[type[UnusedContext], tuple[str, str, str]]:
        return type(self), (self.consumer, self.need, self.place)


class BoundOver(ContainerError):
    """A key is bound in two places, and the first binding is never used.

    Attributes:
        key: The name of what is bound twice.
        first: File and line of the binding that was never used.
        place: File and line of the one that replaced it.
    """

    def __init__(self, key: str, first: str, place: str) -> None:
        self.key = key
        self.first = first
        self.place = place
        super().__init__(
            f"{key} is bound twice: the binding at {first} is never used, because {place} binds "
            "over it. Remove one of them, or say that it is meant: the first may be a fallback "
            f"(bind_if), or the second may begin with `del app[{key}]`."
        )

    def __reduce__(self) -> tuple[type[BoundOver], tuple[str, str, str]]:
        return type(self), (self.key, self.first, self.place)


class AliasLoop(ContainerError, ValueError):
    """An alias would lead back to itself.

    Attributes:
        path: The way round; the first and the last name are the same.
    """

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(f"An alias leads back to itself: {' → '.join(path)}.")

    def __reduce__(self) -> tuple[type[AliasLoop], tuple[tuple[str, ...]]]:
        return type(self), (self.path,)


class NotBooted(ContainerError, RuntimeError):
    """No application is current here."""

    def __init__(self) -> None:
        super().__init__("No application is running. Create one, or use `with app.active():`.")

    def __reduce__(self) -> tuple[type[NotBooted], tuple[()]]:
        return type(self), ()
