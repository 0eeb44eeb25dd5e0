"""Makes the plan of a key: follows bindings, finds cycles, and tells everything it cannot do."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from securely.container.binding import Binding, Key, Lifetime, name_of
from securely.container.contextual import Given, ParameterName
from securely.container.exceptions import (
    CaptiveDependency,
    CircularDependency,
    ContainerError,
    NotBound,
    NotInstantiable,
)
from securely.container.markers.classes import declared
from securely.container.plans.arguments import Arguments
from securely.container.plans.frames import Frame, Held, Promise
from securely.container.plans.nodes import (
    Before,
    Constant,
    Construct,
    Finish,
    Guard,
    Node,
    Once,
    Resource,
    Slot,
    Until,
)
from securely.container.plans.resources import Color, color_of, opener
from securely.container.plans.self_building import ByItself, Unless, builds_itself
from securely.container.scope import building, joined
from securely.container.signature import (
    Parameter,
    is_buildable,
    is_service,
    read,
    unwrapped,
)
from securely.container.verbs.core import Core
from securely.support.missing import MISSING

__all__ = ["Compiler"]


class Compiler:
    """Plans one key, or one call.

    Args:
        container: Whose bindings count.
        cold: Plan shared objects as if none had been built; for reports.
        given: Parameters that will be given by name. What is asked for is then planned anew,
            though it is kept.
        problems: Where faults are collected; they are raised when there is no list.
        explored: What has been planned already, cold: by binding or class. It is not planned
            again, since one thing may be reached on more ways than there are things.
    """

    def __init__(
        self,
        container: Core,
        *,
        cold: bool = False,
        given: frozenset[str] | None = None,
        problems: list[ContainerError] | None = None,
        explored: dict[object, Frame] | None = None,
    ) -> None:
        self.container = container
        self.cold = cold
        self.given = given
        self.problems = problems
        self.explored: dict[object, Frame] = {} if explored is None else explored
        self._kept: dict[tuple[Binding, bool], Node] = {}
        self.keys: list[Key] = []
        self.used: set[tuple[Key, Key]] = set()
        self.promises: list[Promise] = []
        # Whether something in it is built in another way when it is awaited.
        self.has_twin: bool = False
        self.story: Frame | None = None
        self.frames: list[Frame] = []
        self._arguments = Arguments(self)

    # What is asked for.

    def node(self, key: Key, *, parameter: Parameter | None = None, silent: bool = False) -> Node:
        """Return the plan of *key*.

        Args:
            key: What is to be built.
            parameter: What asks for it; None when a person named it.
            silent: Leave out its hooks: it stands behind another key, which has its own.

        Raises:
            NotBound: Nothing is bound, and it cannot be built by itself.
            CircularDependency: It needs itself.
        """
        container = self.container
        root, bindings = container.find(key)
        if not bindings:
            node = self._unbound(root, parameter, silent)
        else:
            busy = [frame.identity for frame in self.frames]
            # Of several registrations, one may wrap the one before it (punq's chains).
            binding = next((each for each in reversed(bindings) if each not in busy), None)
            if binding is None:
                return self._cycle(root, parameter, lambda frame: frame.identity is bindings[-1])
            node = self._bound(root, binding, parameter, silent)
        announce = None if silent or self.cold else container.callbacks.before_hook(root)
        return node if announce is None else Before(node, announce)

    def fail(self, error: ContainerError) -> Node:
        """Raise *error*; or, when faults are collected, note it and go on with nothing."""
        if self.problems is None:
            raise error
        if all((type(error), error.fact) != (type(each), each.fact) for each in self.problems):
            self.problems.append(error)
        return Constant(None)

    def path(self, *last: str) -> tuple[str, ...]:
        """Return the way here as words, what is built outside of this plan first."""
        return (*joined([], building()), *map(str, self.frames), *last)

    @property
    def way(self) -> tuple[str, ...]:
        """The way here from what was asked for."""
        return tuple(map(str, self.frames))

    def missing(self, key: Key, parameter: Parameter | None, reason: str) -> Node:
        """Tell that *key* cannot be resolved, and why."""
        label = name_of(key)
        owner = self.frames[-1].label if self.frames else ""
        wanted = f'the parameter "{parameter.text}" of {owner}' if parameter and owner else ""
        abstract = is_service(key) and not is_buildable(key)
        cls = NotInstantiable if abstract else NotBound
        last = f"{label} (param {parameter.name})" if parameter is not None else label
        near = self.container.near(key)
        place = self.frames[-1].place if self.frames else ""
        name = parameter.name if parameter is not None else ""
        way = self.path(last)
        return self.fail(cls(label, reason, wanted, way, near, place=place, parameter=name))

    def promise(self, key: Key, parameter: Parameter) -> None:
        """Note that *key* may be asked for later, by who is being planned."""
        self.promises.append(Promise(self.frames[-1], key, parameter))

    def kept(self, promise: Promise) -> None:
        """Plan what was promised; it is no part of who asks for it."""
        owner = Frame(promise.owner.label, None, promise)
        owner.label, owner.target = promise.owner.label, promise.owner.target
        with self.step(owner):
            self.node(promise.key, parameter=promise.parameter)

    @contextmanager
    def step(self, frame: Frame) -> Generator[Frame]:
        """Plan what *frame* needs."""
        if self.frames:
            self.frames[-1].needs.append(frame)
        else:
            self.story = frame
        self.frames.append(frame)
        try:
            yield frame
        finally:
            self.frames.pop()

    # What is bound.

    def _bound(self, key: Key, binding: Binding, parameter: Parameter | None, silent: bool) -> Node:
        if binding.lifetime is Lifetime.INSTANCE:
            with self.step(Frame(key, parameter, binding)):
                pass  # it needs nothing, but belongs to the story
            return Constant(binding.cell.value)
        if binding.is_shared and not self.cold and self.given is None:
            if binding.cell.value is not MISSING:
                return Constant(binding.cell.value)
            owner = self.container.owner_of(binding)
            if owner is not self.container:
                return cast("Node", owner.node_of(key))
            if (binding, silent) not in self._kept:
                self._kept[binding, silent] = self._planned(key, binding, parameter, silent)
            return self._kept[binding, silent]
        return self._planned(key, binding, parameter, silent)

    def _planned(
        self, key: Key, binding: Binding, parameter: Parameter | None, silent: bool
    ) -> Node:
        with self.step(Frame(key, parameter, binding)) as frame:
            if self._is_explored(frame):
                return Constant(None)
            node = self._concrete(key, binding)
            node = self._extended(node, key)
            then = None if silent or self.cold else self.container.callbacks.after_hook(key, None)
            if not binding.is_shared:
                return self._finished(node, key, then)
            cell = self.container.cell_of(binding)
            marked = self._finished(node, key, None)
            kept = Once(marked, cell, name_of(key), then, self.way)
            if not builds_itself(binding.concrete):
                return kept
            return Unless(kept, binding.concrete, self._constructor(binding.concrete))

    def _concrete(self, key: Key, binding: Binding) -> Node:
        concrete = binding.concrete
        if isinstance(concrete, str) or (
            isinstance(concrete, type) and concrete is not key and not binding.by_punq
        ):
            return self.node(concrete, silent=True)
        if isinstance(concrete, type):
            if not is_buildable(concrete):
                return self.missing(concrete, None, _abstract(concrete))
            return self.construct(concrete, (concrete,), binding)
        return self.construct(concrete, (concrete, key), binding)

    def _unbound(self, key: Key, parameter: Parameter | None, silent: bool) -> Node:
        if any(frame.identity is key for frame in self.frames):
            return self._cycle(key, parameter, lambda frame: frame.identity is key)
        # Nobody wants an empty Path made up for a parameter; but who names one gets it.
        if not is_service(key) and not (isinstance(key, type) and parameter is None):
            return self.missing(key, parameter, "nothing is bound to it")
        if not is_buildable(key):
            return self.missing(key, parameter, _abstract(key))
        with self.step(Frame(key, parameter, key)) as frame:
            if self._is_explored(frame):
                return Constant(None)
            node = self._extended(self.construct(key, (key,), None), key)
            then = None if silent or self.cold else self.container.callbacks.after_hook(key, key)
            return self._changeable(self._finished(node, key, then), key)

    def _changeable(self, node: Node, key: Key) -> Node:
        """Return *node*, unless what *key* declares may come to stand for it while it runs."""
        said, container = declared(key), self.container
        if self.cold or said is None or not said.may_change:
            return node

        def changed() -> bool:
            is_bound = container.bound(key)
            if is_bound:
                container.invalidate()  # plans that were made before rest on the class itself
            return is_bound

        make = partial(container.make, key)
        return Until(node, changed, make, partial(container.amake, key))

    def _extended(self, node: Node, key: Key) -> Node:
        extend = None if self.cold else self.container.callbacks.extender(key)
        return node if extend is None else Finish(node, extend)

    def _finished(self, node: Node, key: Key, then: Callable[[Any], Any] | None) -> Node:
        if then is not None:
            node = Finish(node, then)
        self.keys.append(key)
        return node

    # What is constructed.

    def construct(
        self,
        target: Callable[..., Any],
        consumers: tuple[Key, ...],
        binding: Binding | None,
    ) -> Node:
        """Return a call of *target* with its parameters filled in."""
        if builds_itself(target):
            return self._by_itself(cast("type", target), consumers, binding)
        return self._marked(self._called(target, consumers, binding), target)

    def _called(
        self, target: Callable[..., Any], consumers: tuple[Key, ...], binding: Binding | None
    ) -> Node:
        given: Mapping[str, Any] = binding.arguments if binding is not None else {}
        is_factory = not isinstance(target, type)
        self.frames[-1].target = target
        slots = self.slots(target, consumers, given, is_factory=is_factory)
        color = color_of(target)
        label = self.frames[-1].label
        node: Node = Construct(target, slots, label if color is Color.COROUTINE else "")
        if color.is_resource:
            keeper = self.container.keeper_of(binding)
            node = Resource(node, *opener(color, keeper, label), label if color.is_async else "")
        takes_container = any(
            isinstance(slot.node, Constant) and slot.node.value is self.container for slot in slots
        )
        # A shared object notices by its cell that it is being built.
        if (is_factory or takes_container) and not (binding and binding.is_shared):
            node = Guard(node, binding or target, label, self.way)
        return node

    def _by_itself(self, cls: type, consumers: tuple[Key, ...], binding: Binding | None) -> Node:
        """Return a call of the `__build__` of *cls*, and of its twin."""
        late, nodes = self.given, list[Node | None]()
        for name in ("__build__", "__abuild__"):
            builder, self.given = getattr(cls, name, None), late
            call = self._called(builder, (cls, *consumers), binding) if builder else None
            nodes.append(call)
        self.given = None
        self.has_twin = self.has_twin or None not in nodes
        node = ByItself(nodes[0], nodes[1], cls, self.way)
        return Unless(self._marked(node, cls), cls, self._constructor(cls))

    def _constructor(self, cls: type) -> Callable[[frozenset[str]], Node]:
        """Return what plans the constructor of *cls*, if that is ever wanted."""

        def plan(compiler: Compiler) -> Node:
            with compiler.step(Frame(cls, None, cls)):
                return compiler._called(cls, (cls,), None)

        return lambda given: cast("Node", self.container.planned(plan, given=given)[1])

    def _marked(self, node: Node, target: Any) -> Node:
        """Return *node*, followed by what the markers of its class want to do with the object."""
        said = None if self.cold else declared(target)
        for marker in said.markers if said is not None else ():
            tell = self.container.callbacks.marker_hook(marker)
            node = node if tell is None else Finish(node, tell)
        return node

    def bound_to(self, binding: Binding, parameter: Parameter | None = None) -> Node:
        """Return the plan of one *binding*, though it be not the one that counts."""
        if self.cold and any(frame.identity is binding for frame in self.frames):
            return Constant(None)  # one of several that is made of the others
        return self._bound(binding.key, binding, parameter, True)

    def alone(self, cls: type) -> Node:
        """Return a call of *cls* itself, whatever is bound to it."""
        with self.step(Frame(cls, None, cls)):
            return self.construct(cls, (cls,), None)

    def method(self, cls: type, name: str, given: frozenset[str]) -> None:
        """Plan the arguments of a method of *cls*, but those *given*; it has no object yet."""
        function = getattr(cls, name)
        parameters = read(function, self.container.names)
        static = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
        if static is function:  # no classmethod, and nothing bound: it takes the object first
            parameters = parameters[1:]
        with self.step(Frame(function, None, function)):
            self.frames[-1].target = function
            self._arguments.slots(parameters, (cls, unwrapped(function)), {}, given, False)

    def call(
        self,
        function: Any,
        consumers: tuple[Key, ...],
        *,
        is_factory: bool = False,
        given: frozenset[str] | None = None,
    ) -> Construct:
        """Return how the arguments of a call of *function* are built; it is not called."""
        self.given = given if given is not None else self.given
        with self.step(Frame(unwrapped(function), None, function)):
            self.frames[-1].target = function
            return Construct(_uncalled, self.slots(function, consumers, {}, is_factory=is_factory))

    def slots(
        self,
        target: Any,
        consumers: tuple[Key, ...],
        given: Mapping[str, Any],
        *,
        is_factory: bool = False,
    ) -> list[Slot]:
        """Return the parameters of *target*, each with where its value comes from."""
        parameters = read(target, self.container.names)
        # They are given to what was asked for, not to what that needs.
        late, self.given = self.given or frozenset(), None
        if is_factory:
            consumers = (*consumers, unwrapped(target))
        return self._arguments.slots(parameters, consumers, given, late, is_factory)

    def instead(self, need: Key, node: Node) -> Node:
        """Return *node*, which `when` gives for *need*, with what is said of *need* around it."""
        container = self.container
        node = self._extended(node, need)
        then = None if self.cold else container.callbacks.after_hook(need, None)
        node = node if then is None else Finish(node, then)
        announce = None if self.cold else container.callbacks.before_hook(need)
        return node if announce is None else Before(node, announce)

    def given_to(self, consumers: tuple[Key, ...], need: Key | ParameterName) -> Given | None:
        """Return what `when` gives one of *consumers* for *need*."""
        found = self.container.contextual_for(consumers, need)
        if found is None:
            return None
        consumer, name, given = found
        self.used.add((consumer, name))
        return given

    # What is wrong.

    def _is_explored(self, frame: Frame) -> bool:
        """Return whether a report knows what *frame* leads to; note that it does from now on."""
        if not self.cold:
            return False
        if frame.lifetime is Lifetime.SCOPED:
            self._hold(Held((), frame.label, *self._held_by()))
        before = self.explored.setdefault(frame.identity, frame)
        if before is frame:
            return False
        frame.is_above = bool(before.needs)
        if frame.lifetime is Lifetime.TRANSIENT:
            for held in before.scoped:
                self._hold(held)
        return True

    def _hold(self, held: Held) -> None:
        """Note that all above get something scoped; a singleton would keep it too long."""
        steps = (str(self.frames[-1]), *held.steps)
        for frame in reversed(self.frames[:-1]):
            if frame.lifetime is Lifetime.SINGLETON:
                way = (*self.path(), *held.steps)
                self.fail(CaptiveDependency(frame.label, held.label, way, *held[2:]))
            if frame.lifetime is not Lifetime.TRANSIENT:
                return
            frame.scoped.append(held._replace(steps=steps))
            steps = (str(frame), *steps)

    def _cycle(self, key: Key, parameter: Parameter | None, first: Callable[[Frame], bool]) -> Node:
        start = next(index for index, frame in enumerate(self.frames) if first(frame))
        way = [self.frames[start].label, *map(str, self.frames[start + 1 :])]
        last = f"{name_of(key)} (param {parameter.name})" if parameter else name_of(key)
        place, name = self.frames[-1].place, parameter.name if parameter else ""
        return self.fail(CircularDependency((*way, last), place, name))

    def _held_by(self) -> tuple[str, str]:
        """Return place and name of the parameter that gets what is being planned."""
        for holder, held in zip(self.frames[-2::-1], self.frames[::-1], strict=False):
            if holder.target is not None:
                return holder.place, held.via
        return self.frames[-1].place, self.frames[-1].via


def _uncalled(*_: Any, **__: Any) -> Any:
    raise AssertionError  # pragma: no cover  # only the arguments of this call are built


def _abstract(cls: Any) -> str:
    if cls.__dict__.get("_is_protocol", False):
        return "it is a Protocol, and nothing is bound to it"
    return "it is abstract, and nothing is bound to it"
