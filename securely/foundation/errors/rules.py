"""Rules: functions that are called with errors of the kinds that their first parameter names."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from securely.foundation.exceptions import UntypedCallback

__all__ = ["Reporting", "Rule", "kinds_of"]

E = TypeVar("E", bound=BaseException)
Kinds = tuple[type[BaseException], ...]


class Rule:
    """A function and the kinds of error that it is called with.

    Args:
        function: What is called.
        kinds: Of which errors; read from its first parameter when None.

    Raises:
        UntypedCallback: The parameter does not say which.
    """

    def __init__(self, function: Callable[..., Any], kinds: Kinds | None = None) -> None:
        self.function = function
        self.kinds: Kinds = kinds_of(function) if kinds is None else kinds

    def fits(self, error: BaseException) -> bool:
        """Tell whether the function is one for *error*."""
        return isinstance(error, self.kinds)


class Reporting(Rule, Generic[E]):
    """A reporter that was registered; it can still be called, so `@errors.report` decorates.

    Source: Laravel 13, ReportableHandler.
    """

    def __init__(self, function: Callable[[E], object], kinds: Kinds | None = None) -> None:
        super().__init__(function, kinds)
        self.stops: bool = False

    def stop(self) -> Reporting[E]:
        """Do nothing else with what this reporter was told: the log does not hear of it."""
        self.stops = True
        return self

    def __call__(self, error: E) -> object:
        """Call the reporter itself."""
        return self.function(error)


def kinds_of(function: Callable[..., Any]) -> Kinds:
    """Return the kinds of error that the first parameter of *function* is annotated with.

    Raises:
        UntypedCallback: It has no annotation, or one that names no exceptions.
    """
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is None:
        raise UntypedCallback(_name(function))
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        hint = get_type_hints(target).get(first.name)
    except NameError:
        hint = None  # a name that is not there yet; the message asks for one that is
    kinds = _members(hint)
    if not kinds:
        raise UntypedCallback(_name(function))
    return kinds


def _members(hint: Any) -> Kinds:
    is_union = get_origin(hint) in (Union, types.UnionType)
    members = get_args(hint) if is_union else (hint,)
    if all(isinstance(each, type) and issubclass(each, BaseException) for each in members):
        return tuple(members)
    return ()


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", type(function).__qualname__)
