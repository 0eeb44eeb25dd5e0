"""Frame: a step of the way to what is planned. Held, Promise: what is found on it."""

from __future__ import annotations

from typing import Any, NamedTuple

from securely.container.binding import Binding, Key, Lifetime, name_of
from securely.container.signature import Parameter, source_of

__all__ = ["Frame", "Held", "Promise"]


class Held(NamedTuple):
    """A scoped object that something gets, over transient ones.

    Attributes:
        steps: The way to it.
        label: What it is.
        place: File and line of the parameter that gets it.
        parameter: The name of that parameter.
    """

    steps: tuple[str, ...]
    label: str
    place: str
    parameter: str


class Frame:
    """One step of the way from what was asked for to what is being planned.

    Attributes:
        label: What is planned.
        via: The parameter that asked for it; empty at the first.
        identity: The binding or class that plans it; twice the same on one way is a cycle.
        binding: The binding; None when there is none.
        lifetime: How long the object is kept.
        target: The class or factory whose parameters are filled in; None when it is another key.
        needs: The steps that follow from it.
        is_above: Whether what it needs has been planned before, at another place.
        scoped: What is scoped under it, and would be held by who keeps it.
    """

    __slots__ = (
        "binding",
        "identity",
        "is_above",
        "label",
        "lifetime",
        "needs",
        "scoped",
        "target",
        "via",
    )

    def __init__(self, key: Key, parameter: Parameter | None, identity: object) -> None:
        self.label: str = name_of(key)
        self.via: str = parameter.name if parameter is not None else ""
        self.identity: object = identity
        self.binding: Binding | None = identity if isinstance(identity, Binding) else None
        self.lifetime: Lifetime = self.binding.lifetime if self.binding else Lifetime.TRANSIENT
        self.target: Any = None
        self.needs: list[Frame] = []
        self.is_above: bool = False
        self.scoped: list[Held] = []

    def __str__(self) -> str:
        return f"{self.label} (param {self.via})" if self.via else self.label

    @property
    def place(self) -> str:
        """File and line of the parameters, or else of the binding."""
        if self.target is not None:
            return source_of(self.target)
        return self.binding.place if self.binding is not None else ""


class Promise(NamedTuple):
    """What somebody may ask for later: it must be possible, too.

    Attributes:
        owner: Who asks.
        key: For what.
        parameter: By which of its parameters.
    """

    owner: Frame
    key: Key
    parameter: Parameter
