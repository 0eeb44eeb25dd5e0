"""register, resolve, resolve_all, instantiate, child: punq's verbs, by punq's rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, overload

import punq

from securely.container.binding import Binding, Key, Lifetime, name_of
from securely.container.exceptions import AsyncBinding, InvalidBinding, NotBound
from securely.container.plans.resources import Color, color_of
from securely.container.scope import enter, leave, once
from securely.container.signature import Kind, Parameter, read, read_as_punq
from securely.container.verbs.calls import Calls
from securely.support.missing import MISSING

__all__ = ["Registrations"]

T = TypeVar("T")


class _Graph:
    """One `resolve`: what it has built, and which registrations it has not yet used.

    A transient object is one object within a graph, unless it was registered with cache=False;
    a registration is used once within a graph, so that one may wrap the one before it.
    """

    __slots__ = ("built", "left")

    def __init__(self) -> None:
        self.built: dict[Key, Any] = {}
        self.left: dict[Key, list[Binding]] = {}


class Registrations(Calls):
    """What code written for punq finds.

    Source: punq 0.9.0, Container.
    """

    @overload
    def register(
        self,
        service: type[Any],
        scope: punq.Scope = ...,
        cache: bool = ...,
        **kwargs: Any,
    ) -> Self: ...

    @overload
    def register(self, service: Any, *, instance: Any) -> Self: ...

    @overload
    def register(
        self,
        service: Any,
        factory: Any,
        scope: punq.Scope = ...,
        cache: bool = ...,
        **kwargs: Any,
    ) -> Self: ...

    def register(  # type: ignore[misc]  # pyright: ignore[reportInconsistentOverload]  # as punq's
        self,
        service: Any,
        factory: Any = punq.empty,
        instance: Any = punq.empty,
        scope: punq.Scope = punq.Scope.transient,
        cache: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Add a registration to those of *service*, as punq does.

        Raises:
            InvalidBinding: *service* is no class and nothing implements it, or *factory* can
                not be called.
            punq.InvalidForwardReferenceError: An annotation of it names nothing that is known.
        """
        if instance is not punq.empty:
            binding = Binding(service, None, Lifetime.INSTANCE, by_punq=True, shares=True)
            binding.cell.value = instance
        else:
            concrete = _implementation(service, factory)
            shared = scope is punq.Scope.singleton
            binding = Binding(
                service,
                concrete,
                Lifetime.SINGLETON if shared else Lifetime.TRANSIENT,
                by_punq=True,
                arguments=kwargs,
                shares=cache,
                parameters=self._read(concrete),
            )
        self.registrations.append(binding)
        self.invalidate()
        return self

    def _read(self, concrete: Any) -> tuple[Parameter, ...]:
        parameters = read_as_punq(concrete, self.names())
        for parameter in parameters:
            if parameter.failure:
                raise punq.InvalidForwardReferenceError(parameter.failure)
        return parameters

    @overload
    def resolve(self, service_key: type[T], **kwargs: Any) -> T: ...

    @overload
    def resolve(self, service_key: Any, **kwargs: Any) -> Any: ...

    def resolve(self, service_key: Any, **kwargs: Any) -> Any:
        """Build what was registered last for *service_key*, as punq does.

        Args:
            service_key: A class or any other key.
            kwargs: Values for parameters of that name, of it and of all it needs.

        Raises:
            NotBound: It, or something it needs, is not registered. (It is punq's
                MissingDependencyError, too.)
        """
        return self._resolved_in(_Graph(), service_key, kwargs, punq.empty)

    def resolve_all(self, service: type[T], **kwargs: Any) -> list[T]:
        """Build every registration of *service*, in the order they were made."""
        key, bindings = self.find(service)
        graph = _Graph()
        graph.left[key] = list(bindings)
        return [self._built_in(graph, each, kwargs) for each in bindings]

    def instantiate(self, service_key: type[T], **kwargs: Any) -> T:
        """Build *service_key*, though it is not registered, from what is."""
        binding = Binding(
            service_key,
            service_key,
            Lifetime.TRANSIENT,
            by_punq=True,
            parameters=self._read(service_key),
        )
        made: T = self._built_in(_Graph(), binding, kwargs)
        return made

    def child(self) -> Self:
        """Return a container that sees what is registered here, and keeps its own to itself."""
        return type(self)(self.registrations, auto_register=self._auto_register)

    def _resolved_in(self, graph: _Graph, key: Any, kwargs: Mapping[str, Any], default: Any) -> Any:
        if getattr(key, "__origin__", None) is list:
            return self.resolve_all(key.__args__[0])
        root, bindings = self.find(key)
        if root in graph.built:
            return graph.built[root]
        left = graph.left.setdefault(root, list(bindings))
        binding = left[-1] if left else None
        if binding is None:
            if default is not punq.empty:
                return default
            if not (self._auto_register and isinstance(root, type)) or bindings:
                raise self._unregistered(root, bool(bindings))
            self.register(root, cache=False)
            return self._resolved_in(_Graph(), root, kwargs, default)
        if binding.shares:
            left.pop()
        return self._built_in(graph, binding, kwargs)

    def _unregistered(self, key: Key, was_used: bool) -> NotBound:
        reason = (
            "it needs itself, and every registration of it is in use"
            if was_used
            else "nothing is registered for it"
        )
        return NotBound(name_of(key), reason, near=self.near(key))

    def _built_in(self, graph: _Graph, binding: Binding, kwargs: Mapping[str, Any]) -> Any:
        if binding.lifetime is Lifetime.INSTANCE:
            # Others of this graph may need it too: it is never used up.
            graph.built[binding.key] = binding.cell.value
            return binding.cell.value
        if not binding.by_punq and color_of(binding.concrete) is not Color.PLAIN:
            return self._planned_build(binding, kwargs)
        if binding.is_shared:
            label = name_of(binding.key)
            cell = self.cell_of(binding)()
            made = once(cell, label, lambda: self._constructed(graph, binding, kwargs))
        else:
            made = self._constructed(graph, binding, kwargs)
        if binding.shares:
            graph.built[binding.key] = made
        return made

    def _planned_build(self, binding: Binding, kwargs: Mapping[str, Any]) -> Any:
        _, node = self.planned(lambda compiler: compiler.bound_to(binding))
        if node.needs_await:
            raise AsyncBinding(node.needs_await, (name_of(binding.key),))
        return node.build(kwargs)

    def _constructed(self, graph: _Graph, binding: Binding, kwargs: Mapping[str, Any]) -> Any:
        token = enter(binding, name_of(binding.key))
        try:
            concrete = binding.concrete
            if self._leads_on(binding):
                made = self._resolved_in(graph, concrete, kwargs, punq.empty)
            elif binding.by_punq:
                made = concrete(**self._needs(graph, binding, kwargs))
            else:
                given = self._shared_needs(graph, binding, kwargs)
                node = self.arguments_of(concrete, frozenset(given), is_factory=True)
                values, named = node.arguments(given)
                made = concrete(*values, **named)
        finally:
            leave(token)
        extend = self.callbacks.extender(binding.key)
        made = made if extend is None else extend(made)
        tell = self.callbacks.after_hook(binding.key, None)
        self._resolved.add(binding.key)
        return made if tell is None else tell(made)

    def _leads_on(self, binding: Binding) -> bool:
        """Tell whether *binding* only names another key."""
        concrete = binding.concrete
        if binding.by_punq or concrete is binding.key:
            return False
        return isinstance(concrete, str) or (isinstance(concrete, type) and self.bound(concrete))

    def _needs(self, graph: _Graph, binding: Binding, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a registration by punq's rules: annotations are keys."""
        found: dict[str, Any] = {}
        for parameter in binding.parameters:
            name = parameter.name
            if name in kwargs:
                found[name] = kwargs[name]
            elif name in binding.arguments:
                found[name] = binding.arguments[name]
            elif parameter.annotation is not MISSING and _is_one(parameter):
                default = punq.empty if parameter.default is MISSING else parameter.default
                found[name] = self._resolved_in(graph, parameter.annotation, kwargs, default)
        return found

    def _shared_needs(
        self, graph: _Graph, binding: Binding, kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return those arguments of a binding that punq's rules give; the rest is Laravel's."""
        found: dict[str, Any] = {}
        for parameter in read(binding.concrete, self.names):
            if parameter.name in kwargs:
                found[parameter.name] = kwargs[parameter.name]
                continue
            if parameter.markers or not _is_one(parameter):
                continue
            for key in parameter.keys:
                if self.contextual_for((binding.concrete,), key) is None and self.bound(key):
                    found[parameter.name] = self._resolved_in(graph, key, kwargs, punq.empty)
                    break
        return found


def _is_one(parameter: Parameter) -> bool:
    return parameter.kind not in {Kind.SEVERAL, Kind.KEYWORDS}


def _implementation(service: Any, factory: Any) -> Any:
    if factory is punq.empty:
        if not isinstance(service, type):
            raise InvalidBinding(
                f"The service {service!r} can't be registered as its own implementation: "
                "it is no class. Give a factory or an instance."
            )
        return service
    if not callable(factory):
        raise InvalidBinding(
            f"Expected a callable factory for the service {service!r} but received {factory!r}."
        )
    return factory
