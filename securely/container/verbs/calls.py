"""call and acall: any callable, with its parameters injected; wrap and factory."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from securely.container.binding import Key, name_of
from securely.container.exceptions import AsyncBinding
from securely.container.signature import Kind, Parameter, read, unwrapped
from securely.container.verbs.tags import Tags

__all__ = ["Calls"]

T = TypeVar("T")

# What is given by name when nothing is.
_NOTHING: frozenset[str] = frozenset()


class Calls(Tags):
    """Calling what an application wrote."""

    def call(
        self,
        function: Callable[..., T],
        /,
        *args: object,
        overrides: Mapping[Any, object] | None = None,
        **named: object,
    ) -> T:
        """Call *function* and give it what its parameters ask for.

        A class with `__call__` is made first, and then called; another class is made.

        Args:
            function: Any callable. If it is a coroutine function, its coroutine is returned.
            args: Passed to `*args` where the function has one, else to its first parameters.
            overrides: Objects instead of what would be injected, by class or by name.
            named: Values for parameters of that name.

        Raises:
            NotBound: A parameter cannot be resolved; the message names it and the function.

        Example:
            >>> from securely.container import Container
            >>> Container().call(lambda text, times=2: text * times, text="ab")
            'abab'
        """
        if isinstance(function, type):
            if not _is_invoked(function):
                given, _ = _given(read(function, self.names), args, overrides, named)
                made: T = self._make_with(function, given) if given else self.make(function)
                return made
            function = self.make(function)
        instead = self._instead_of(function)
        if instead is not None:
            return instead()  # type: ignore[no-any-return]  # it stands for the function
        if not (args or overrides or named):
            return self._called(function)  # type: ignore[no-any-return]  # it is what it returns
        given, rest = _given(read(function, self.names), args, overrides, named)
        values, keywords = self._ready(function, frozenset(given)).arguments(given)
        return function(*values, *rest, **keywords)

    async def acall(
        self,
        function: Callable[..., Any],
        /,
        *args: object,
        overrides: Mapping[Any, object] | None = None,
        **named: object,
    ) -> Any:
        """Async twin of :meth:`call`; the function may be sync or async."""
        if isinstance(function, type):
            if not _is_invoked(function):
                given, _ = _given(read(function, self.names), args, overrides, named)
                return await self.amake(function, **given)
            function = await self.amake(function)
        instead = self._instead_of(function)
        if instead is not None:
            result = instead()
        else:
            parameters = read(function, self.names)
            given, rest = _given(parameters, args, overrides, named)
            node = self.arguments_of(function, frozenset(given))
            values, keywords = await node.aarguments(given)
            result = function(*values, *rest, **keywords)
        return await result if hasattr(result, "__await__") else result

    def bind_method(self, method: Callable[..., Any], instead: Callable[..., Any]) -> None:
        """Have `call` answer *method* of a class with *instead*(object, container)."""
        self._methods[unwrapped(method)] = instead

    def has_method_binding(self, method: Callable[..., Any]) -> bool:
        """Tell whether :meth:`bind_method` was called for *method*."""
        return unwrapped(method) in self._methods

    def wrap(self, function: Callable[..., T], **named: object) -> Callable[[], T]:
        """Return a function that calls *function*, injected, each time it is called."""
        given: dict[str, Any] = named
        return lambda: self.call(function, **given)

    @overload
    def factory(self, key: Callable[..., T], /) -> Callable[[], T]: ...

    @overload
    def factory(self, key: str, /) -> Callable[[], Any]: ...

    def factory(self, key: Key, /) -> Callable[[], Any]:
        """Return a function that makes *key* each time it is called."""
        return lambda: self.make(key)

    def _called(self, function: Any) -> Any:
        """Call *function* with nothing but what is injected; from the second time as flat code."""
        node = self._ready(function, _NOTHING)
        if node.caller is not None:
            return node.caller(function)
        if node.was_used:
            from securely.container.plans.nodes import compiled_call

            node.caller = compiled_call(node)
            return node.caller(function)
        node.was_used = True
        values, keywords = node.arguments()
        return function(*values, **keywords)

    def _ready(self, function: Any, names: frozenset[str]) -> Any:
        node = self.arguments_of(function, names)
        if node.needs_await:
            raise AsyncBinding(node.needs_await, (name_of(unwrapped(function)),))
        return node

    def _instead_of(self, function: Any) -> Callable[[], Any] | None:
        instead = self._methods.get(unwrapped(function)) if self._methods else None
        if instead is None:
            return None
        return lambda: instead(getattr(function, "__self__", None), self)

    def arguments_of(
        self, function: Any, names: frozenset[str], *, is_factory: bool = False
    ) -> Any:
        """Return the node that builds the arguments of *function*; kept while it lives.

        Args:
            function: A class or any callable.
            names: Parameters that will be given.
            is_factory: Whether it may take the container in a parameter without annotation.
        """
        owner = getattr(function, "__self__", None) if _is_method(function) else None
        consumer = owner if owner is None or isinstance(owner, type) else type(owner)
        key = function.__func__ if _is_method(function) else function
        variant = (consumer, names, is_factory)
        try:
            kept = self._calls.get(key)
            if kept is None:
                kept = self._calls.setdefault(key, {})
        except TypeError:  # it cannot be referred to weakly, or compared
            kept = {}
        if variant in kept:
            return kept[variant]
        consumers = (unwrapped(function),) if consumer is None else (consumer, unwrapped(function))
        compiler, node = self.planned(
            lambda compiler: compiler.call(function, consumers, is_factory=is_factory),
            given=names,
        )
        self._resolved.update(compiler.keys)
        kept[variant] = node
        return node


def _is_method(function: Any) -> bool:
    return isinstance(function, types.MethodType)


def _is_invoked(cls: type) -> bool:
    return any("__call__" in vars(base) for base in cls.__mro__)


def _given(
    parameters: tuple[Parameter, ...],
    args: tuple[object, ...],
    overrides: Mapping[Any, object] | None,
    named: dict[str, object],
) -> tuple[dict[str, object], tuple[object, ...]]:
    """Return what is given by name, and what is left for `*args`."""
    given = named
    for key, value in (overrides or {}).items():
        if isinstance(key, str):
            given.setdefault(key, value)
            continue
        for parameter in parameters:
            if key in parameter.keys:
                given.setdefault(parameter.name, value)
    if not args or any(each.kind is Kind.SEVERAL for each in parameters):
        return given, args
    free = [
        each.name
        for each in parameters
        if each.kind in {Kind.POSITIONAL_ONLY, Kind.POSITIONAL} and each.name not in given
    ]
    given.update(zip(free, args, strict=False))
    return given, args[len(free) :]
