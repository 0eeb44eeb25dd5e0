"""extend, rebinding and refresh, before_resolving, resolving, after_resolving, when_has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

from securely.container.binding import Key, Lifetime, name_of, positional
from securely.container.exceptions import InvalidBinding
from securely.container.plans.resources import color_of
from securely.container.verbs.core import Core
from securely.support.missing import MISSING

__all__ = ["Hooks"]

Callback = Callable[..., Any]
F = TypeVar("F", bound=Callback)

# What a hook may be called with: (object, container).
_OBJECT_AND_APP = 2
# What a hook before resolving may be called with: (key, overrides, container).
_KEY_OVERRIDES_AND_APP = 3
# What a hook of a marker may be called with: (marker, object, container).
_MARKER_OBJECT_AND_APP = 3


class Hooks(Core):
    """Being told, and changing what is built."""

    @overload
    def extend(self, key: Key, extender: F) -> F: ...

    @overload
    def extend(self, key: Key) -> Callable[[F], F]: ...

    def extend(self, key: Key, extender: Any = None) -> Any:
        """Have *extender* replace what is built for *key*: it gets (object, container).

        Without *extender* it is a decorator. An object that is there already is extended now.

        Example:
            >>> from securely.container import Container
            >>> app = Container()
            >>> app.bind("greeting", lambda: "hello")
            >>> _ = app.extend("greeting", lambda text: text.upper())
            >>> app.make("greeting")
            'HELLO'
        """
        if extender is None:

            def decorate(function: F) -> F:
                return self.extend(key, function)

            return decorate
        root = self.root(key)
        extend = _synchronous(extender, _OBJECT_AND_APP, "extend")
        self.find(root)
        binding = self.registrations.last(root)
        built = binding is not None and binding.cell.value is not MISSING
        if binding is not None and built:
            binding.cell.value = extend(binding.cell.value, self)
        if binding is None or binding.lifetime is not Lifetime.INSTANCE:
            self.callbacks.extenders.setdefault(root, []).append(extend)
        self.invalidate()
        if built or self.resolved(root):
            self._rebound(root)
        return extender

    def forget_extenders(self, key: Key) -> None:
        """Drop the extenders of *key*; what they have made already stays as it is."""
        self.callbacks.extenders.pop(self.root(key), None)
        self.invalidate()

    def rebinding(self, key: Key, callback: Callback) -> Any:
        """Call *callback* with (object, container) whenever *key* gets another binding.

        Returns:
            The object that is bound now; None when nothing is.
        """
        root = self.root(key)
        listener = _synchronous(callback, _OBJECT_AND_APP, "rebinding")
        self.callbacks.rebinding.setdefault(root, []).append(listener)
        return self.make(key) if self.bound(key) else None

    def refresh(self, key: Key, setter: Callback) -> Any:
        """Call *setter*, a method of who holds the object, with each new object of *key*.

        Returns:
            The object that is bound now; None when nothing is. *setter* is not called with it.
        """
        return self.rebinding(key, setter)

    def before_resolving(self, *what: Any) -> Any:
        """Call a hook with (key, overrides, container) before each `make`, found or built.

        Args:
            what: `(callback)` for every key, or `(key, callback)`. With no callback, or with a
                class alone, it is a decorator.
        """
        return self._hook("before", what, _KEY_OVERRIDES_AND_APP)

    def resolving(self, *what: Any) -> Any:
        """Call a hook with (object, container) when something has been built.

        Args:
            what: `(callback)` for everything; `(key, callback)` for that key and, when it is a
                class, for all its instances. With a class alone it is a decorator.
        """
        return self._hook("resolving", what, _OBJECT_AND_APP)

    def after_resolving(self, *what: Any) -> Any:
        """Call a hook as :meth:`resolving` does, after all of those."""
        return self._hook("after", what, _OBJECT_AND_APP)

    def when_has(self, marker: type[Any], handler: F) -> F:
        """Resolve parameters that bear a *marker* in Annotated by *handler*(marker, container)."""
        self.callbacks.handlers[marker] = _synchronous(handler, _OBJECT_AND_APP, "when_has")
        self.invalidate()
        return handler

    def after_resolving_marker(self, marker: type[Any], callback: F) -> F:
        """Call *callback* with (marker, object, container) when something marked is resolved.

        Args:
            marker: Its class: that of what stands in Annotated, or above a class.
            callback: Gets the value of each parameter, and each object of a class, that bears one.

        Source: Laravel 13, Container::afterResolvingAttribute.
        """
        told = _synchronous(callback, _MARKER_OBJECT_AND_APP, "after_resolving_marker")
        self.callbacks.marked.append((marker, told))
        self.invalidate()
        return callback

    def _hook(self, kind: str, what: Sequence[Any], takes: int) -> Any:
        if len(what) == 1 and not isinstance(what[0], type | str):
            what = (None, what[0])
        if len(what) < _OBJECT_AND_APP:
            wanted = what[0] if what else None

            def decorate(function: F) -> F:
                self._hook(kind, (wanted, function), takes)
                return function

            return decorate
        wanted, callback = what[0], what[1]
        key = None if wanted is None else self.root(wanted)
        verb = "resolving" if kind == "resolving" else f"{kind}_resolving"
        getattr(self.callbacks, kind).append((key, _synchronous(callback, takes, verb)))
        self.invalidate()
        return callback

    def resolved(self, key: Key) -> bool:
        """Tell whether *key* has been built, or is bound to an object."""
        root = self.root(key)
        binding = self.registrations.last(root)
        if binding is not None and binding.cell.value is not MISSING:
            return True
        return root in self._resolved

    def _rebound(self, key: Key) -> None:
        callbacks = list(self.callbacks.rebinding.get(key, ()))
        if callbacks:
            made = self.make(key)
            for callback in callbacks:
                callback(made, self)


def _synchronous(callback: Callback, takes: int, verb: str) -> Callback:
    """Return *callback* as one that may be called with *takes* values; `make` cannot await it.

    Raises:
        InvalidBinding: It is a coroutine function.
    """
    if color_of(callback).is_async:
        raise InvalidBinding(
            f"{verb} was given {name_of(callback)}, which is async: `make` could not await it. "
            "Take a function without `async`; what has to be awaited belongs in an async factory."
        )
    return positional(callback, takes)
