"""Where the value of each parameter comes from, in Laravel's order."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeGuard, cast

from securely.container.binding import Binding, Key, is_factory, is_list
from securely.container.contextual import Given, ParameterName
from securely.container.exceptions import AsyncBinding, NotBound
from securely.container.markers import Give, Inject, Lazy, Parameters
from securely.container.plans.nodes import (
    Call,
    Constant,
    Construct,
    Finish,
    Node,
    Overrides,
    Slot,
)
from securely.container.signature import Kind, Parameter, is_service, origin_of
from securely.container.verbs.core import Core
from securely.support.missing import MISSING

__all__ = ["Arguments", "Planner"]


# What a factory may take without annotation: the container, then what `make` was given by name.
_UNTYPED_MAX = 2


class Planner(Protocol):
    """What fills in parameters needs of who plans."""

    @property
    def container(self) -> Core:
        """Whose bindings count."""
        ...

    @property
    def cold(self) -> bool:
        """Whether it only reports."""
        ...

    def node(self, key: Key, *, parameter: Parameter | None = None, silent: bool = False) -> Node:
        """Return the plan of *key*."""
        ...

    def construct(
        self, target: Callable[..., Any], consumers: tuple[Key, ...], binding: None
    ) -> Node:
        """Return a call of *target*."""
        ...

    def given_to(self, consumers: tuple[Key, ...], need: Key) -> Given | None:
        """Return what `when` gives one of *consumers*."""
        ...

    def instead(self, need: Key, node: Node) -> Node:
        """Return *node*, which `when` gives for *need*, with its extenders and hooks."""
        ...

    def bound_to(self, binding: Binding, parameter: Parameter | None = None) -> Node:
        """Return the plan of one binding."""
        ...

    def missing(self, key: Key, parameter: Parameter | None, reason: str) -> Node:
        """Tell that *key* cannot be resolved."""
        ...

    def promise(self, key: Key, parameter: Parameter) -> None:
        """Note that *key* may be asked for later."""
        ...


class Arguments:
    """Fills in the parameters of one call after the other.

    The order: what was given by name, the marker in Annotated, `when`, a binding of the type,
    the default, nothing for `*args`, a class that can be built, None where None is allowed.
    """

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def slots(
        self,
        parameters: tuple[Parameter, ...],
        consumers: tuple[Key, ...],
        given: Mapping[str, Any],
        late: frozenset[str],
        is_factory: bool,
    ) -> list[Slot]:
        """Return each parameter with where its value comes from.

        Args:
            parameters: Of whom.
            consumers: Under which names `when` may know it.
            given: Values for parameters of that name.
            late: Names of parameters whose values come with the call.
            is_factory: Whether it may take the container in a parameter without annotation.
        """
        spread = any(each.kind is Kind.SEVERAL for each in parameters)
        slots: list[Slot] = []
        untyped = 0
        for parameter in parameters:
            if parameter.kind is Kind.KEYWORDS or parameter.name in late:
                slots.append(Slot(parameter, None))
                continue
            if parameter.name in given:
                slots.append(Slot(parameter, Constant(given[parameter.name])))
                continue
            node = self._named(parameter, consumers)
            if node is None and is_factory and _is_bare(parameter) and untyped < _UNTYPED_MAX:
                # `lambda app: …` and `lambda app, params: …`, as Laravel's closures.
                node = Constant(self._planner.container) if untyped == 0 else Overrides()
                untyped += 1
            if node is None:
                node = self._typed(parameter, consumers)
            if parameter.markers and not self._planner.cold:
                node = self._heard(node, parameter)
            if node is None and (spread or parameter.kind is Kind.POSITIONAL_ONLY):
                node = Constant(() if parameter.kind is Kind.SEVERAL else parameter.default)
            slots.append(Slot(parameter, node))
        return slots

    def _named(self, parameter: Parameter, consumers: tuple[Key, ...]) -> Node | None:
        """Return what was said of this very parameter: a marker or `needs_param`."""
        for each in parameter.markers:
            marker = _made(each)
            handler = self._planner.container.callbacks.handler_of(marker)
            if isinstance(marker, Inject) or handler is not None:
                return self._marked(marker, handler, parameter, consumers)
        return self._by_name(parameter, consumers)

    def _by_name(self, parameter: Parameter, consumers: tuple[Key, ...]) -> Node | None:
        given = self._planner.given_to(consumers, ParameterName(parameter.name))
        return None if given is None else self._given(given, parameter)

    def _marked(
        self,
        marker: Any,
        handler: Callable[..., Any] | None,
        parameter: Parameter,
        consumers: tuple[Key, ...],
    ) -> Node:
        container = self._planner.container
        if self._planner.cold:
            if handler is None:
                self._foretell(marker, parameter)
            return Constant(None)
        if type(marker) is Give and handler is None and not marker.overrides:
            # It is planned with the rest: so it may be async, and a cycle is seen beforehand.
            return self._planner.node(marker.key, parameter=parameter)

        def resolve() -> Any:
            value = (
                marker.resolve(container, parameter)
                if handler is None
                else handler(marker, container)
            )
            if value is MISSING:
                node = self._by_name(parameter, consumers) or self._typed(parameter, consumers)
                if node is not None and node.needs_await:
                    raise AsyncBinding(node.needs_await)
                value = parameter.default if node is None else node.build()
            return value

        return Call(resolve)

    def _heard(self, node: Node | None, parameter: Parameter) -> Node | None:
        """Return *node*, followed by what the markers of *parameter* want to do with its value."""
        for each in parameter.markers:
            tell = self._planner.container.callbacks.marker_hook(_made(each))
            if tell is None:
                continue
            if node is None and parameter.default is not MISSING:
                node = Constant(parameter.default)
            node = node if node is None else Finish(node, tell)
        return node

    def _foretell(self, marker: Inject[Any], parameter: Parameter) -> None:
        """Plan what *marker* would make, without asking it for the value."""
        try:
            keys = marker.needs(self._planner.container, parameter)
        except LookupError as error:
            wanted = parameter.keys[0] if parameter.keys else parameter.name
            reason = error.reason if isinstance(error, NotBound) else str(error).rstrip(".")
            self._planner.missing(wanted, parameter, reason)
            return
        for key in keys:
            self._planner.node(key, parameter=parameter)

    def _typed(self, parameter: Parameter, consumers: tuple[Key, ...]) -> Node | None:
        """Return what the type says; None leaves the parameter to its default."""
        planner, container = self._planner, self._planner.container
        for need in self._needs(parameter):
            given = planner.given_to(consumers, need)
            if given is not None:
                return self._given(given, parameter, container.root(need))
        for key in self._candidates(parameter):
            if container.bound(key):
                return planner.node(key, parameter=parameter)
        found = self._several(parameter) or self._wrapped(parameter)
        if found is not None or parameter.default is not MISSING:
            return found
        if parameter.kind is Kind.SEVERAL:
            return Constant(())
        return self._last_resort(parameter)

    def _last_resort(self, parameter: Parameter) -> Node:
        planner = self._planner
        if parameter.failure:
            return planner.missing(
                parameter.annotation,
                parameter,
                f"its annotation has no meaning at run time ({parameter.failure}); "
                "import the name where the class is defined, not under TYPE_CHECKING",
            )
        services = [key for key in parameter.keys if is_service(_origin(key))]
        if len(parameter.keys) == 1 and services:
            return planner.node(_origin(services[0]), parameter=parameter)
        if parameter.is_nullable:
            return Constant(None)
        if parameter.annotation is MISSING:
            return planner.missing(
                parameter.name, parameter, "it has no annotation, no default and no value was given"
            )
        return planner.missing(
            parameter.annotation,
            parameter,
            "nothing is bound to it, the parameter has no default, and no value was given",
        )

    @staticmethod
    def _candidates(parameter: Parameter) -> list[Key]:
        """Return what one object may be resolved from: Repository[int], then Repository."""
        if parameter.kind is Kind.SEVERAL:
            return []
        keys = [key for key in parameter.keys if _is_hashable(key)]
        return [*keys, *(_origin(key) for key in keys if is_service(_origin(key)))]

    def _needs(self, parameter: Parameter) -> list[Key]:
        needs = [key for key in parameter.keys if _is_hashable(key)]
        if parameter.element is not MISSING:
            needs.append(parameter.element)
        return needs

    def _several(self, parameter: Parameter) -> Node | None:
        """Return all registrations of the element, for `list[T]`, `Sequence[T]`, `*args: T`."""
        container = self._planner.container
        element = parameter.element
        if parameter.kind is Kind.SEVERAL and element is MISSING and len(parameter.keys) == 1:
            element = parameter.keys[0]
        if element is MISSING or not _is_hashable(element) or isinstance(element, type(...)):
            return None
        bindings = container.find(element)[1]
        for binding in bindings if self._planner.cold else ():
            self._planner.bound_to(binding, parameter)
        # Those that fit none of the registered: a list of numbers is a value, not services.
        if not bindings:
            is_empty = is_service(element) and parameter.default is MISSING
            return Call(_shape_of(parameter)) if is_empty else None
        shape = _shape_of(parameter)
        return Call(lambda: shape(container.resolve_all(element)))

    def _wrapped(self, parameter: Parameter) -> Node | None:
        """Return what gives the object later, for `Lazy[T]` and `Callable[[], T]`."""
        container = self._planner.container
        for key in parameter.keys:
            origin, arguments = origin_of(key), typing.get_args(key)
            if key is Parameters:
                return Overrides()
            if origin is Lazy:
                wanted = arguments[0]
                self._planner.promise(wanted, parameter)
                make, amake = partial(container.make, wanted), partial(container.amake, wanted)
                return Call(partial(Lazy, make, partial(container.is_shared, wanted), amake))
            if (
                getattr(origin, "__name__", "") == "Callable"
                and arguments[0] == []
                and parameter.default is MISSING
                and (is_service(arguments[1]) or container.bound(arguments[1]))
            ):
                self._planner.promise(arguments[1], parameter)
                return Constant(partial(container.make, arguments[1]))
        return None

    def _given(self, given: Given, parameter: Parameter, need: Key | None = None) -> Node:
        """Return what `when` gives: an object, a marker, a key, a factory, or a list of these.

        Args:
            given: What was said.
            parameter: Whom it is given to.
            need: The key that it stands for; None when it is given to a name.
        """
        container, value = self._planner.container, given.value
        if parameter.kind is Kind.SEVERAL and not (is_list(value) or _is_marker(value)):
            return self._all([value])
        if _is_marker(value):
            if self._planner.cold:
                self._foretell(value, parameter)
                return Constant(None)
            return Call(partial(_resolved, value, container, parameter))
        if given.is_value:
            return Constant(value)
        if is_list(value):
            return self._all(value)
        is_planned = isinstance(value, type | str) or is_factory(value)
        node = self._one(value, silent=need is not None)
        return self._planner.instead(need, node) if need is not None and is_planned else node

    def _all(self, values: list[Any]) -> Node:
        # A call like any other: so one of them may be async.
        each = Parameter("each", Kind.POSITIONAL_ONLY, MISSING, MISSING)
        slots = [Slot(each, self._one(value)) for value in values]
        return Construct(lambda *made: list(made), slots)

    def _one(self, value: Any, *, silent: bool = False) -> Node:
        if isinstance(value, type | str):
            key: Key = value
            return self._planner.node(key, silent=silent)
        if is_factory(value):
            return self._planner.construct(value, (value,), None)
        return Constant(value)


def _made(marker: Any) -> Any:
    """Return *marker* as an object: its class alone is enough where it takes no arguments."""
    is_class = isinstance(marker, type) and issubclass(marker, Inject)
    return cast("Any", marker() if is_class else marker)


def _is_marker(value: object) -> TypeGuard[Inject[Any]]:
    return isinstance(value, Inject)


def _resolved(marker: Inject[Any], container: Core, parameter: Parameter) -> Any:
    return marker.resolve(container, parameter)


def _origin(key: Key) -> Key:
    """Return the class of a generic: Repository for Repository[int]."""
    return origin_of(key) or key


def _is_bare(parameter: Parameter) -> bool:
    return (
        parameter.annotation is MISSING
        and parameter.default is MISSING
        and parameter.kind in {Kind.POSITIONAL_ONLY, Kind.POSITIONAL}
    )


def _is_hashable(key: object) -> bool:
    try:
        hash(key)
    except TypeError:  # Literal of a list, Annotated with a dict …
        return False
    return True


def _shape_of(parameter: Parameter) -> Callable[..., Any]:
    origin = origin_of(parameter.keys[0]) if len(parameter.keys) == 1 else None
    return origin if origin in {tuple, set, frozenset} else list
