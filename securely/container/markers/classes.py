"""singleton, scoped, binds_to, binds_when: what a class says of itself, by decorators.

What is said is kept beside the class, not in it: a class that is decorated is the same object,
with the same attributes, and what derives from it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from securely.container.binding import Key, Lifetime, positional

__all__ = [
    "Choice",
    "Declaration",
    "binds_to",
    "binds_when",
    "declared",
    "mark",
    "scoped",
    "singleton",
]

C = TypeVar("C", bound=type)

_ANY = ("*",)
_declarations: WeakKeyDictionary[type, Declaration] = WeakKeyDictionary()


class Choice:
    """One class that may stand for another.

    Attributes:
        implementation: The class, or "package.module:Class".
        environments: Where it does; patterns.
        condition: Whether it does, given the container; None when the environment decides.
    """

    __slots__ = ("condition", "environments", "implementation")

    def __init__(
        self,
        implementation: type | str,
        environments: tuple[str, ...],
        condition: Callable[..., object] | None = None,
    ) -> None:
        self.implementation: type | str = implementation
        self.environments: tuple[str, ...] = environments
        self.condition: Callable[..., object] | None = condition


class Declaration:
    """All that one class says of itself.

    Attributes:
        lifetime: How long its objects are kept; transient unless it says so.
        choices: What may stand for it, in the order they are written.
        markers: What else it is marked with.
    """

    __slots__ = ("choices", "lifetime", "markers")

    def __init__(self) -> None:
        self.lifetime: Lifetime = Lifetime.TRANSIENT
        self.choices: tuple[Choice, ...] = ()
        self.markers: tuple[Any, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether it says how the class is built."""
        return bool(self.choices) or self.lifetime is not Lifetime.TRANSIENT

    @property
    def may_change(self) -> bool:
        """Whether a condition that does not hold now may hold later."""
        return any(choice.condition is not None for choice in self.choices)

    def implementation(self, app: Any) -> type | str | None:
        """Return what stands for the class; None when nothing does here and now.

        Source: Laravel 13, Container::resolveConcreteFromAttributes.
        """
        fallback: type | str | None = None
        for choice in self.choices:
            if choice.condition is not None:
                if choice.condition(app):
                    return choice.implementation
            elif choice.environments == _ANY:
                fallback = fallback or choice.implementation
            elif app.current_environment_is(*choice.environments):
                return choice.implementation
        return fallback


def declared(key: Key) -> Declaration | None:
    """Return what the class *key* says of itself; None when it says nothing, or is no class."""
    return _declarations.get(key) if isinstance(key, type) else None


def mark(cls: type, marker: object) -> None:
    """Note that *cls* bears *marker*."""
    said = _said(cls)
    said.markers = (marker, *said.markers)  # decorators are applied from the lowest up


def singleton(cls: C) -> C:
    """Have every `make` of this class give one object; `bind` and kin win over it.

    Example:
        >>> from securely.container import Container, singleton
        >>> @singleton
        ... class Clock: ...
        >>> app = Container()
        >>> app.make(Clock) is app.make(Clock)
        True
    """
    _said(cls).lifetime = Lifetime.SINGLETON
    return cls


def scoped(cls: C) -> C:
    """Have every `make` of this class give one object in each scope; `bind` and kin win over it."""
    _said(cls).lifetime = Lifetime.SCOPED
    return cls


def binds_to(implementation: type | str, env: str | Sequence[str] = "*") -> Callable[[C], C]:
    """Have *implementation* stand for this class, which may be abstract; `bind` wins over it.

    Several may be written: the first whose environment is the current one counts, and one for
    "*" where none is.

    Args:
        implementation: A class, or "package.module:Class", which is imported when it is needed.
        env: The environments in which it does; `*` in them stands for anything.
    """
    environments = (env,) if isinstance(env, str) else tuple(env)

    def decorate(cls: C) -> C:
        _choose(cls, Choice(implementation, environments))
        return cls

    return decorate


def binds_when(
    condition: Callable[[Any], object] | Callable[[], object], implementation: type | str
) -> Callable[[C], C]:
    """Have *implementation* stand for this class if *condition* says so; see :func:`binds_to`.

    Args:
        condition: Asked when the class is first needed; may take the container.
        implementation: A class, or "package.module:Class".
    """
    asked = positional(condition, 1)

    def decorate(cls: C) -> C:
        _choose(cls, Choice(implementation, (), asked))
        return cls

    return decorate


def _said(cls: type) -> Declaration:
    return _declarations.setdefault(cls, Declaration())


def _choose(cls: type, choice: Choice) -> None:
    said = _said(cls)
    said.choices = (choice, *said.choices)  # decorators are applied from the lowest up
