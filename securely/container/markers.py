"""Inject: what a parameter says of itself in Annotated; Give, Tagged, Setting; Lazy, Parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from securely.container.binding import Key, name_of
from securely.container.signature import Parameter
from securely.support.missing import MISSING

__all__ = ["Give", "Inject", "Lazy", "Parameters", "Setting", "Tagged"]

T = TypeVar("T")


class Inject(Generic[T]):
    """The base of markers: `key: Annotated[str, Setting("app.key")]`.

    A marker says where the value of its parameter comes from, and wins over the type.
    """

    def resolve(self, app: Any, parameter: Parameter) -> T:
        """Return the value for *parameter*; MISSING leaves it to the type.

        Args:
            app: The container that is building.
            parameter: The parameter that bears the marker.
        """
        raise NotImplementedError(f"{type(self).__qualname__} does not say how it is resolved.")

    def after(self, value: T, app: Any) -> None:
        """Do something with the value before it is passed on; nothing, unless overridden."""


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


class Tagged(Inject[list[Any]]):
    """Everything that bears a tag, as a list."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def resolve(self, app: Any, parameter: Parameter) -> list[Any]:
        """Make everything that bears the tag, in the order of tagging."""
        return list(app.tagged(self.tag))


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
        default = parameter.default if self.default is MISSING else self.default
        config = app.make("config")
        found = config.get(self.key, MISSING) if config.has(self.key) else default
        if found is MISSING:
            raise LookupError(
                f'There is no setting "{self.key}" for the parameter "{parameter.name}". '
                "Add it to the configuration, or give a default."
            )
        return found


class Lazy(Generic[T]):
    """Something that is resolved at its first use, and then kept.

    Take `Lazy[Clock]` where taking `Clock` would be a cycle, or is dear and seldom needed.

    Example:
        >>> lazy = Lazy(lambda: 42)
        >>> lazy()
        42
    """

    def __init__(self, resolve: Callable[[], T]) -> None:
        self._resolve = resolve
        self._value: Any = MISSING

    def __call__(self) -> T:
        """Return the object."""
        if self._value is MISSING:
            self._value = self._resolve()
        return self._value  # type: ignore[no-any-return]  # it is what _resolve returned

    def __repr__(self) -> str:
        value: object = self._value
        state = "not resolved" if value is MISSING else name_of(type(value))
        return f"<Lazy {state}>"


class Parameters(dict[str, Any]):
    """What `make` was given by name; a factory that wants all of it takes `params: Parameters`."""
