"""Manager: named instances, built on first use, `extend()`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar, cast

from securely.exceptions import ConfigurationError
from securely.support.forking import renew_after_fork
from securely.support.importing import import_object
from securely.support.suggest import did_you_mean

__all__ = ["Definition", "Driver", "Manager", "UndefinedInstance", "UnknownDriver", "named"]

T = TypeVar("T")


class Definition(Protocol):
    """How one named instance is configured: the driver's name, and what that driver wants."""

    @property
    def driver(self) -> str:
        """The name of the driver, as in the configuration."""
        ...


# What builds an instance: its name and its definition. `Any`, because each driver narrows
# the definition to its own options.
Driver: TypeAlias = Callable[[str, Any], T]


class UndefinedInstance(ConfigurationError, LookupError):
    """A name is asked for that the configuration does not define."""

    def __init__(self, kind: str, name: str, defined: tuple[str, ...]) -> None:
        self.kind = kind
        self.name = name
        self.defined = defined
        super().__init__(
            f'{kind} "{name}" is not defined. '
            f"Defined: {', '.join(defined) or 'none'}.{_nearest(name, defined)}"
        )

    def __reduce__(self) -> tuple[type[UndefinedInstance], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.kind, self.name, self.defined)


class UnknownDriver(ConfigurationError, LookupError):
    """A definition names a driver that does not exist."""

    def __init__(self, kind: str, name: str, driver: str, known: tuple[str, ...]) -> None:
        self.kind = kind
        self.name = name
        self.driver = driver
        self.known = known
        super().__init__(
            f'{kind} "{name}" asks for the driver "{driver}", which does not exist. '
            f"Drivers: {', '.join(known) or 'none'}.{_nearest(driver, known)}"
        )

    def __reduce__(self) -> tuple[type[UnknownDriver], tuple[str, str, str, tuple[str, ...]]]:
        return type(self), (self.kind, self.name, self.driver, self.known)


def _nearest(word: str, choices: tuple[str, ...]) -> str:
    near = did_you_mean(word, choices)
    return f' Did you mean "{near}"?' if near else ""


class Manager(Generic[T]):
    """Named instances of one thing, each built once, on its first use.

    A component subclasses it, says what its things are called and which drivers it has, and
    offers a public method in its own word: ``store(name)``, ``connection(name)`` and so on.

    Args:
        default: The name that is meant when none is given.
        definitions: What the configuration says of each name.

    Example:
        >>> class Plain:
        ...     driver = "echo"
        >>> manager = Manager[str]("a", {"a": Plain()})
        >>> manager.extend("echo", lambda name, definition: name.upper())
        >>> manager._instance()
        'A'
    """

    kind: ClassVar[str] = "Instance"
    """What a named instance is called in messages: ``Cache store``."""

    drivers: ClassVar[Mapping[str, str]] = {}
    """Driver name to the dotted path of what builds it, imported on first use."""

    def __init__(self, default: str, definitions: Mapping[str, Definition]) -> None:
        self._default = default
        self._definitions: dict[str, Definition] = dict(definitions)
        self._instances: dict[str, T] = {}
        self._extensions: dict[str, Driver[T]] = {}
        # Reentrant: building one instance may ask for another (a stack of channels).
        self._building = threading.RLock()
        renew_after_fork(self, "_building", threading.RLock)

    @property
    def default(self) -> str:
        """The name that is meant when none is given."""
        return self._default

    def names(self) -> tuple[str, ...]:
        """Return the defined names, in the order of the configuration."""
        return tuple(self._definitions)

    def definition(self, name: str | None = None) -> Definition:
        """Return what the configuration says of *name*, or of the default.

        Raises:
            UndefinedInstance: Nothing of that name is defined (or the component's own error).
        """
        wanted = self._default if name is None else name
        try:
            return self._definitions[wanted]
        except KeyError:
            raise self._undefined(wanted) from None

    def extend(self, driver: str, factory: Driver[T]) -> None:
        """Let *factory*, given name and definition, build the instances of *driver*.

        It wins over a driver of ours with that name; what has been built already stays.
        """
        self._extensions[driver] = factory

    def drop(self, name: str | None = None) -> None:
        """Drop the built instance of *name* (or the default); its next use builds a new one."""
        with self._building:
            self._instances.pop(self._default if name is None else name, None)

    def purge(self, name: str | None = None) -> None:
        """Close the built instance of *name* (or the default) and drop it."""
        with self._building:
            instance = self._instances.pop(self._default if name is None else name, None)
        _close(instance)

    def close(self) -> None:
        """Close every instance that has been built, and drop them all."""
        with self._building:
            instances = list(self._instances.values())
            self._instances.clear()
        for instance in instances:
            _close(instance)

    def _instance(self, name: str | None = None) -> T:
        """Return the instance of *name* (or the default), building it on its first use."""
        wanted = self._default if name is None else name
        # Reading a dict needs no lock; only the first use of a name pays for one.
        if (instance := self._instances.get(wanted)) is not None:
            return instance
        with self._building:
            if (instance := self._instances.get(wanted)) is None:
                instance = self._instances[wanted] = self._build(wanted, self.definition(wanted))
            return instance

    def _named(self, name: str) -> T:
        """Return what the manager's own word does: `store`, `channel` …; see :func:`named`."""
        return self._instance(name)

    def _built(self) -> Mapping[str, T]:
        """Return a copy of what has been built so far, by name."""
        return dict(self._instances)

    def _build(self, name: str, definition: Definition) -> T:
        """Build one instance, without keeping it. A component that injects more overrides this."""
        return self._driver(name, definition.driver)(name, definition)

    def _driver(self, name: str, driver: str) -> Driver[T]:
        """Return what builds the instances of *driver*, importing it where needed."""
        if (factory := self._extensions.get(driver)) is not None:
            return factory
        if (path := self.drivers.get(driver)) is not None:
            return cast(Driver[T], import_object(path))
        raise self._unknown_driver(name, driver)

    def _undefined(self, name: str) -> Exception:
        """Make the error of a name that is not defined; a component gives its own."""
        return UndefinedInstance(self.kind, name, self.names())

    def _unknown_driver(self, name: str, driver: str) -> Exception:
        """Make the error of a driver that does not exist; a component gives its own."""
        known = sorted({*self.drivers, *self._extensions})
        return UnknownDriver(self.kind, name, driver, tuple(known))


def _close(instance: object) -> None:
    close = getattr(instance, "close", None)
    if callable(close):
        close()


def named(manager: Manager[T], name: str) -> T:
    """Return the instance *name* of any manager, whatever its own word for that is."""
    return manager._named(name)  # pyright: ignore[reportPrivateUsage]  # managers have own words
