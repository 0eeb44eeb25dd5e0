"""Listeners found by their annotations."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Iterator
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, NamedTuple, cast

from securely.events.exceptions import InvalidListener
from securely.events.target import EventKey, event_name, events_of, is_marked
from securely.support.importing import dotted

__all__ = ["Discovered", "discover"]


class Discovered(NamedTuple):
    """A listener that was found, and what it listens to."""

    event: EventKey
    listener: object

    def named(self) -> tuple[str, str]:
        """Return both as dotted names, which `listen` takes too: so a cache can keep them."""
        if isinstance(self.listener, tuple):
            owner, method = cast("tuple[type[Any], str]", self.listener)
            return event_name(self.event), f"{dotted(owner)}@{method}"
        return event_name(self.event), dotted(self.listener)


def discover(package: str) -> list[Discovered]:
    """Return the listeners in the modules of *package*, in the order of their names.

    A class listens with each method whose name begins with ``handle``, and with ``__call__``,
    where the first parameter is annotated with the event or `listens_to` marks it. A function
    listens if it is marked. A class with ``discover = False`` is left alone. A package that
    does not exist has no listeners.

    Raises:
        ImportError: A module of the package does not import.
    """
    return [found for module in _modules(package) for found in _in_module(module)]


def _modules(package: str) -> Iterator[ModuleType]:
    if not _exists(package):
        return
    root = importlib.import_module(package)
    yield root
    paths = getattr(root, "__path__", None)
    if paths is not None:
        for info in sorted(walk_packages(paths, f"{package}."), key=lambda info: info.name):
            yield importlib.import_module(info.name)


def _exists(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError as error:
        # Only the package or a parent of it may be missing; what they import may not.
        if error.name is not None and f"{package}.".startswith(f"{error.name}."):
            return False
        raise


def _in_module(module: ModuleType) -> Iterator[Discovered]:
    for value in list(vars(module).values()):
        if getattr(value, "__module__", None) != module.__name__:
            continue  # imported from elsewhere
        if isinstance(value, type):
            yield from _in_class(cast("type[Any]", value))
        elif inspect.isfunction(value) and is_marked(value):
            yield from (Discovered(event, value) for event in events_of(value))


def _in_class(owner: type[Any]) -> Iterator[Discovered]:
    if getattr(owner, "discover", True) is False or inspect.isabstract(owner):
        return
    if is_marked(owner):
        yield from (Discovered(event, owner) for event in events_of(owner))
        return
    names = dict.fromkeys(name for base in reversed(owner.__mro__) for name in vars(base))
    for name in names:
        if not (name.startswith("handle") or name == "__call__"):
            continue
        method = getattr(owner, name)
        if not inspect.isroutine(method):
            continue
        try:
            events = events_of((owner, name))
        except InvalidListener:
            continue  # a helper that happens to be called handle…, with nothing to listen to
        yield from (Discovered(event, (owner, name)) for event in events)
