"""NotBound (with near misses), CircularDependency (with the path), AsyncBinding, NotBooted.

    SecurelyError
    └── ContainerError              the container cannot do what was asked
        ├── NotBound                nothing is bound, and it cannot be built (a LookupError)
        │   └── NotInstantiable     it is abstract and nothing is bound to it (a TypeError)
        ├── CircularDependency      building it needs itself
        ├── AsyncBinding            its factory is async: use amake (a TypeError)
        ├── InvalidBinding          what was given cannot be bound (a TypeError)
        ├── CaptiveDependency       a singleton would keep a scoped object
        ├── UnusedContext           what `when` gives, nobody needs
        ├── AliasLoop               an alias that leads back to itself (a ValueError)
        └── NotBooted               no application is current (a RuntimeError)

NotBound is also punq's MissingDependencyError and InvalidBinding punq's InvalidRegistrationError,
so that code written for punq catches what it always caught.
"""

from __future__ import annotations

from typing import Any

import punq

from securely.exceptions import SecurelyError

__all__ = [
    "AliasLoop",
    "AsyncBinding",
    "CaptiveDependency",
    "CircularDependency",
    "ContainerError",
    "InvalidBinding",
    "NotBooted",
    "NotBound",
    "NotInstantiable",
    "UnusedContext",
]


class ContainerError(SecurelyError):
    """The container cannot do what was asked."""


class NotBound(ContainerError, punq.MissingDependencyError, LookupError):
    """Nothing is bound to a key, and it cannot be built without a binding.

    Attributes:
        key: The name of what is missing.
        reason: Why it cannot be built, as a clause.
        wanted_by: Which parameter of whom asked for it; empty when a caller did.
        path: How the container got there, from what was asked for to what is missing.
        near: The bound keys whose names are alike.
    """

    def __init__(
        self,
        key: str,
        reason: str,
        wanted_by: str = "",
        path: tuple[str, ...] = (),
        near: tuple[str, ...] = (),
    ) -> None:
        self.key = key
        self.reason = reason
        self.wanted_by = wanted_by
        self.path = path
        self.near = near
        super().__init__(self._message())

    def __reduce__(self) -> tuple[type[NotBound], tuple[Any, ...]]:
        return type(self), (self.key, self.reason, self.wanted_by, self.path, self.near)

    def _message(self) -> str:
        parts = [f"Cannot resolve {self.key}: {self.reason}."]
        if self.wanted_by:
            parts.append(f"It is wanted by {self.wanted_by}.")
        if len(self.path) > 1:
            parts.append(f"The path is {' → '.join(self.path)}.")
        if self.near:
            parts.append(f"Did you mean {' or '.join(self.near)}?")
        return " ".join(parts)


class NotInstantiable(NotBound, TypeError):
    """An abstract class or a Protocol is wanted, and nothing is bound to it."""


class CircularDependency(ContainerError):
    """Building something needs the thing itself.

    Attributes:
        path: The way round; the first and the last name are the same thing.
    """

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(
            f"Circular dependency: {' → '.join(path)}. "
            "Take one of them as Lazy[...], which is resolved at its first use."
        )

    def __reduce__(self) -> tuple[type[CircularDependency], tuple[tuple[str, ...]]]:
        return type(self), (self.path,)


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


class InvalidBinding(ContainerError, punq.InvalidRegistrationError, TypeError):
    """What was given cannot be bound."""


class CaptiveDependency(ContainerError):
    """A singleton would keep a scoped object beyond the end of its scope.

    Attributes:
        singleton: What is kept for good.
        scoped: What should end with its scope.
        path: How the one comes to hold the other.
    """

    def __init__(self, singleton: str, scoped: str, path: tuple[str, ...]) -> None:
        self.singleton = singleton
        self.scoped = scoped
        self.path = path
        super().__init__(
            f"The singleton {singleton} would keep the scoped {scoped} beyond its scope "
            f"({' → '.join(path)}). Make {singleton} scoped, or take Lazy[{scoped}] "
            "and resolve it at each use."
        )

    def __reduce__(self) -> tuple[type[CaptiveDependency], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.singleton, self.scoped, self.path)


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
