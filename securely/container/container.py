"""Container: bind, singleton, scoped, instance, alias, get, forget, scope; the rest is in verbs."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Self, TypeVar, overload

from securely.container.binding import Binding, Key, Lifetime, class_of, name_of
from securely.container.exceptions import AliasLoop, InvalidBinding
from securely.container.scope import ScopeBlock, aclose, building, close
from securely.container.verbs.reports import Reports
from securely.support.missing import MISSING

__all__ = ["Container"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Container(Reports):
    """Knows how to make what an application is made of.

    It is a punq container with Laravel's verbs. Both share one table of bindings: `bind`,
    `singleton` and `scoped` replace, `register` appends; `make` follows Laravel's rules,
    `resolve` and `resolve_all` follow punq's.

    Args:
        registrations: The table of a parent, for a child container.
        auto_register: punq's: whether `resolve` builds classes that nobody registered.

    Example:
        >>> app = Container()
        >>> @app.singleton
        ... class Clock: ...
        >>> app.make(Clock) is app.make(Clock)
        True
    """

    # Binding.

    @overload
    def bind(self, key: F, /) -> F: ...

    @overload
    def bind(self, key: Key, concrete: Key = None) -> Any: ...

    def bind(self, key: Key, concrete: Key = None) -> Any:
        """Have each `make` of *key* give a new object.

        Args:
            key: A class or a name. A function alone binds what its return annotation says; of a
                union, each member.
            concrete: A class, a factory whose parameters are injected, or another key; *key*
                itself, when there is none.

        Returns:
            *key*, when it stands alone: so it is a decorator of functions and of classes.

        Raises:
            InvalidBinding: *concrete* is nothing of the kind.
        """
        return self._bind(key, concrete, Lifetime.TRANSIENT)

    @overload
    def singleton(self, key: F, /) -> F: ...

    @overload
    def singleton(self, key: Key, concrete: Key = None) -> Any: ...

    def singleton(self, key: Key, concrete: Key = None) -> Any:
        """Have all `make` of *key* give one object, which is built at the first."""
        return self._bind(key, concrete, Lifetime.SINGLETON)

    @overload
    def scoped(self, key: F, /) -> F: ...

    @overload
    def scoped(self, key: Key, concrete: Key = None) -> Any: ...

    def scoped(self, key: Key, concrete: Key = None) -> Any:
        """Have all `make` of *key* give one object in each :meth:`scope`.

        Outside of any scope it is kept until :meth:`forget_scoped_instances`.
        """
        return self._bind(key, concrete, Lifetime.SCOPED)

    def bind_if(self, key: Key, concrete: Key = None) -> None:
        """Call :meth:`bind`, unless something is bound to *key*; others may bind over it."""
        self._bind_if(key, concrete, Lifetime.TRANSIENT)

    def singleton_if(self, key: Key, concrete: Key = None) -> None:
        """Call :meth:`singleton`, unless something is bound to *key*; others may bind over it."""
        self._bind_if(key, concrete, Lifetime.SINGLETON)

    def scoped_if(self, key: Key, concrete: Key = None) -> None:
        """Call :meth:`scoped`, unless something is bound to *key*; others may bind over it."""
        self._bind_if(key, concrete, Lifetime.SCOPED)

    def instance(self, key: Key, value: T) -> T:
        """Have *key* give *value*, which is returned; None is a value, too."""
        was_bound = self.bound(key)
        self._aliases.pop(key, None)
        self._put(key, value)
        self.invalidate()
        if was_bound:
            self._rebound(key)
        return value

    def alias(self, key: Key, alias: Key) -> None:
        """Give *key* another name.

        Raises:
            AliasLoop: *key* leads to *alias* already, or is it.
        """
        path = [alias, key]
        while path[-1] in self._aliases and path[-1] != alias:
            path.append(self._aliases[path[-1]])
        if path[-1] == alias:
            raise AliasLoop(tuple(name_of(each) for each in path))
        self._aliases[alias] = key
        self.invalidate()

    def is_alias(self, key: Key) -> bool:
        """Tell whether *key* is another name of something."""
        return self._alias_of(key) is not None

    def get_alias(self, key: Key) -> Key:
        """Return what *key* is a name of, in the end; itself, when it is no alias."""
        return self.root(key)

    def _bind(
        self, key: Key, concrete: Key, lifetime: Lifetime, *, is_fallback: bool = False
    ) -> Any:
        if concrete is None and isinstance(key, types.FunctionType):
            for each in _returned(key):
                self._bind(each, key, lifetime)
            return key
        is_alone = concrete is None
        if is_alone:
            concrete = key
        if not (isinstance(concrete, str) or callable(concrete)):
            raise InvalidBinding(
                # Not the object itself: it may hold a secret.
                f"Cannot bind {name_of(key)} to an object of type {class_of(concrete).__name__}: "
                "give a class, a factory or a key. "
                f"An object is bound with app.instance({name_of(key)}, …)."
            )
        was_resolved = self.resolved(key)
        self._aliases.pop(key, None)
        binding = Binding(key, concrete, lifetime)
        binding.is_fallback = is_fallback
        self._replace(binding)
        self.invalidate()
        if was_resolved:
            self._rebound(key)
        return key if is_alone else None

    def _bind_if(self, key: Key, concrete: Key, lifetime: Lifetime) -> None:
        made_by_function = concrete is None and isinstance(key, types.FunctionType)
        for each in _returned(key) if made_by_function else (key,):
            if not self.bound(each):
                self._bind(each, key if made_by_function else concrete, lifetime, is_fallback=True)

    # Asking.

    @overload
    def get(self, key: Callable[..., T], /) -> T: ...

    @overload
    def get(self, key: str, /) -> Any: ...

    def get(self, key: Key, /) -> Any:
        """Return what :meth:`make` does.

        Raises:
            NotBound: Nothing is bound to *key*, and it cannot be built.
        """
        return self.make(key)

    def has(self, key: Key) -> bool:
        """Tell whether something is bound to *key*; a class that is merely buildable is not."""
        return self.bound(key)

    def __contains__(self, key: Key) -> bool:
        return self.bound(key)

    @overload
    def __getitem__(self, key: Callable[..., T], /) -> T: ...

    @overload
    def __getitem__(self, key: str, /) -> Any: ...

    def __getitem__(self, key: Key, /) -> Any:
        return self.make(key)

    def __setitem__(self, key: Key, value: object) -> None:
        """Bind *value*: a function as a factory, anything else as it is."""
        if isinstance(value, types.FunctionType | types.MethodType):
            self.bind(key, value)
        else:
            self.instance(key, value)

    def __delitem__(self, key: Key) -> None:
        self.registrations.entries.pop(self.root(key), None)
        self._resolved.discard(self.root(key))
        self.invalidate()

    def bindings(self) -> Mapping[Key, Binding]:
        """Return what has been bound to a class, a factory or a key, and counts; no instances."""
        found = {key: self.registrations.last(key) for key in self.registrations.bound_keys()}
        return {
            key: binding
            for key, binding in found.items()
            if binding is not None and binding.lifetime is not Lifetime.INSTANCE
        }

    def currently_resolving(self) -> str | None:
        """Return the name of what is being built in this context; None when nothing is.

        Only factories, shared objects, and classes that take the container are noted: nobody
        else can ask.
        """
        stack = building()
        return stack[-1].label if stack else None

    # Forgetting.

    def forget_instance(self, key: Key) -> None:
        """Drop the object that is kept for *key*; its binding stays."""
        root = self.root(key)
        for binding in self.registrations.entries.get(root, []):
            if binding.lifetime is Lifetime.INSTANCE:
                self.registrations.entries.pop(root, None)
                self._resolved.add(root)
            else:
                binding.cell.value = MISSING
        self._scope().cells.pop(self.registrations.last(root), None)
        self.invalidate()

    def forget_instances(self) -> None:
        """Drop every object that is kept; bindings stay. The container itself stays, too."""
        for key in list(self.registrations.entries):
            binding = self.registrations.last(key)
            if binding is not None and binding.cell.value is not self:
                self.forget_instance(key)

    def forget_scoped_instances(self) -> None:
        """Drop the scoped objects of the current scope, and finish what was opened for them."""
        self._scope().close()

    async def aforget_scoped_instances(self) -> None:
        """Async twin of :meth:`forget_scoped_instances`."""
        await self._scope().aclose()

    def flush(self) -> None:
        """Forget every binding, object, alias, tag and callback."""
        generation = self._generation
        self._reset()
        self._generation = generation
        self.invalidate()

    # Living.

    def scope(self) -> AbstractContextManager[Self]:
        """Keep scoped objects, and what their factories opened, until the end of the block.

        Scopes are per context: concurrent tasks and threads have their own.
        """
        return ScopeBlock(self, self._top())

    def ascope(self) -> AbstractAsyncContextManager[Self]:
        """Async twin of :meth:`scope`."""
        return ScopeBlock(self, self._top())

    def close(self) -> None:
        """Finish what singletons and unscoped factories have opened, in the reverse order.

        Raises:
            ExceptionGroup: Of what finishing raised.
        """
        close(self._loose, self._lifetime)

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        await aclose(self._loose, self._lifetime)

    def active(self) -> AbstractContextManager[Container]:
        """Make this container current within a `with` block: facades use it there."""
        from securely.container.current import activated

        return activated(self)


def _returned(factory: types.FunctionType) -> tuple[Key, ...]:
    """Return the classes that *factory* says it returns."""
    from securely.container.signature import returned

    keys = returned(factory)
    if not keys:
        raise InvalidBinding(
            f"Cannot tell what {factory.__qualname__} is a factory of: "
            "give it a return annotation, or bind(key, factory)."
        )
    return keys
