"""Inject: what a parameter says of itself in Annotated; Give, Named, Tagged …; Lazy, Parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from securely.container.binding import Key, class_of, name_of
from securely.container.exceptions import NotBound
from securely.container.markers.classes import mark
from securely.container.signature import Parameter
from securely.support.missing import MISSING

__all__ = [
    "Give",
    "Inject",
    "Lazy",
    "Named",
    "Parameters",
    "Setting",
    "Tag",
    "Tagged",
    "is_inherited",
]

T = TypeVar("T")
C = TypeVar("C", bound=type)


class Inject(Generic[T]):
    """The base of markers: `key: Annotated[str, Setting("app.key")]`.

    A marker says where the value of its parameter comes from, and wins over the type. Written
    above a class, as a decorator, it says something of the class: :meth:`after` then gets each
    object of it.
    """

    def __call__(self, cls: C) -> C:
        """Mark *cls*, which stays as it is."""
        mark(cls, self)
        return cls

    def resolve(self, app: Any, parameter: Parameter) -> T:
        """Return the value for *parameter*; MISSING leaves it to the type.

        Args:
            app: The container that is building.
            parameter: The parameter that bears the marker.

        Raises:
            NotBound: A class of yours does not say how.
        """
        raise NotBound(
            name_of(type(self)),
            "the marker has no method `resolve`, and nobody has said when_has(…) of it",
            f'the parameter "{parameter.text}"',
            parameter=parameter.name,
        )

    def after(self, value: T, app: Any) -> None:
        """Do something with the value before it is passed on; nothing, unless overridden."""

    def needs(self, app: Any, parameter: Parameter) -> Sequence[Key]:
        """Return the keys that :meth:`resolve` would make, for `container:check`; mostly none.

        Raises:
            LookupError: It can be told without building that there is no value.
        """
        if is_inherited(self, "resolve"):
            self.resolve(app, parameter)  # which says what is missing
        return ()


def is_inherited(marker: Any, method: str) -> bool:
    """Tell whether *marker* has *method* from the base of all markers."""
    cls = class_of(marker)
    return getattr(cls, method) is getattr(Inject, method)


class Give(Inject[Any]):
    """Build this class, whatever is bound to the annotation.

    Example:
        `def __init__(self, clock: Annotated[Clock, Give(WallClock)])`
    """

    def __init__(self, key: Key, **overrides: Any) -> None:
        self.key = key
        self.overrides = overrides

    def resolve(self, app: Any, parameter: Parameter) -> Any:
        """Make the key."""
        return app.make(self.key, **self.overrides)

    def needs(self, app: Any, parameter: Parameter) -> Sequence[Key]:
        """Return the key; with values for its parameters, nothing is known of it beforehand."""
        return () if self.overrides else (self.key,)


class Named(Inject[Any]):
    """The instance of that name, from whoever manages the type: a store, a channel, a connection.

    Example:
        `def __init__(self, cache: Annotated[Repository, Named("disk")])`
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def resolve(self, app: Any, parameter: Parameter) -> Any:
        """Ask the manager that is bound to the type.

        Raises:
            NotBound: What is bound to the type manages nothing.
        """
        from securely.support.manager import Manager, named

        [key, *_] = parameter.keys
        manager: Any = app.make(key)
        cls = class_of(manager)
        if not issubclass(cls, Manager):
            raise NotBound(
                f'{name_of(key)} "{self.name}"',
                f"{name_of(cls)} is bound to {name_of(key)}, and manages no named ones",
                f'the parameter "{parameter.text}"',
                parameter=parameter.name,
            )
        return named(manager, self.name)

    def needs(self, app: Any, parameter: Parameter) -> Sequence[Key]:
        """Return the type, to which its manager must be bound."""
        return parameter.keys[:1]


class Tag(str, Generic[T]):
    """The name of a tag that says what bears it, so that `tagged` is typed.

    Example:
        >>> from securely.container import Container
        >>> class Report: ...
        >>> REPORTS = Tag[Report]("reports")
        >>> app = Container()
        >>> app.tag(Report, REPORTS)
        >>> [type(report).__name__ for report in app.tagged(REPORTS)]
        ['Report']
    """

    __slots__ = ()


class Tagged(Inject[list[Any]]):
    """Everything that bears a tag, as a list."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def resolve(self, app: Any, parameter: Parameter) -> list[Any]:
        """Make everything that bears the tag, in the order of tagging."""
        return list(app.tagged(self.tag))

    def needs(self, app: Any, parameter: Parameter) -> Sequence[Key]:
        """Return everything that bears the tag."""
        keys: Sequence[Key] = app.tagged(self.tag).keys
        return keys


class Setting(Inject[Any]):
    """A setting of the configuration, read when the consumer is built."""

    def __init__(self, key: str, default: object = MISSING) -> None:
        self.key = key
        self.default = default

    def resolve(self, app: Any, parameter: Parameter) -> Any:
        """Read the setting; the marker's default, then the parameter's, stand in for it.

        Raises:
            LookupError: There is no such setting and no default.
        """
        return self._found(app.make("config"), parameter)

    def needs(self, app: Any, parameter: Parameter) -> Sequence[Key]:
        """Return nothing; look the setting up, if the configuration is there."""
        if app.resolved("config"):
            self._found(app.make("config"), parameter)
        return ()

    def _found(self, config: Any, parameter: Parameter) -> Any:
        default = parameter.default if self.default is MISSING else self.default
        found = config.get(self.key, MISSING) if config.has(self.key) else default
        if found is MISSING:
            raise LookupError(
                f'There is no setting "{self.key}" for the parameter "{parameter.name}". '
                "Add it to the configuration, or give a default."
            )
        return found


class Lazy(Generic[T]):
    """Something that is resolved at its first use, and then kept.

    Take `Lazy[Clock]` where taking `Clock` would be a cycle, or is dear and seldom needed. What is
    shared is asked for at each use: so a singleton may take the `Lazy` of a scoped object, and
    gets that of the scope it is in.

    Args:
        resolve: Makes the object.
        is_shared: Tells whether somebody else keeps it.
        aresolve: Async twin of *resolve*; *resolve* itself stands in for it.

    Example:
        >>> lazy = Lazy(lambda: 42)
        >>> lazy()
        42
    """

    def __init__(
        self,
        resolve: Callable[[], T],
        is_shared: Callable[[], bool] = lambda: False,
        aresolve: Callable[[], Awaitable[T]] | None = None,
    ) -> None:
        self._resolve = resolve
        self._aresolve = aresolve
        self._is_shared = is_shared
        self._value: Any = MISSING

    def __call__(self) -> T:
        """Return the object."""
        if self._value is not MISSING:
            return self._value  # type: ignore[no-any-return]  # it is what _resolve returned
        return self._kept(self._resolve())

    async def acall(self) -> T:
        """Async twin of calling it, for what an async factory builds."""
        if self._value is not MISSING or self._aresolve is None:
            return self()
        return self._kept(await self._aresolve())

    def _kept(self, value: T) -> T:
        if not self._is_shared():
            self._value = value
        return value

    def __repr__(self) -> str:
        value: object = self._value
        state = "not resolved" if value is MISSING else name_of(type(value))
        return f"<Lazy {state}>"


class Parameters(dict[str, Any]):
    """What `make` was given by name; a factory that wants all of it takes `params: Parameters`."""
