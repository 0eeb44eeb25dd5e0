"""What the container knows, how a key is looked up, and when a plan is made and dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from fnmatch import fnmatchcase
from typing import Any, TypeVar, overload
from weakref import WeakKeyDictionary, WeakSet

import punq

from securely.container.binding import (
    Binding,
    Key,
    Lifetime,
    Origin,
    Table,
    name_of,
    positional,
)
from securely.container.contextual import Contextual, Given
from securely.container.exceptions import AliasLoop, AsyncBinding, InvalidBinding
from securely.container.markers.classes import Declaration, declared
from securely.container.plans.nodes import Constant, compiled, is_plain
from securely.container.scope import Cell, Scope, current_scope, enter, exclusively, leave
from securely.container.signature import class_source, is_buildable
from securely.container.verbs.callbacks import Callbacks
from securely.support.forking import renew_after_fork
from securely.support.importing import ImportFailed, import_object
from securely.support.missing import MISSING
from securely.support.suggest import did_you_mean

__all__ = ["Core"]

T = TypeVar("T")

# A provider that loads while a plan is made changes what the plan rests on: it is made again.
# More rounds than providers that load each other in turn; a plan that never settles is still good.
_ROUNDS = 16


# What is being loaded in this context: who binds it asks whether it is bound.
_loads: ContextVar[tuple[Key, ...]] = ContextVar("securely_loads", default=())


class _Plans(dict[Any, Callable[[], Any]]):
    """The one table that `make` looks into: key -> what gives the object."""

    __slots__ = ("_make_plan",)

    def __init__(self, make_plan: Callable[[Key], Callable[[], Any]]) -> None:
        super().__init__()
        self._make_plan = make_plan

    def __missing__(self, key: Key) -> Callable[[], Any]:
        return self._make_plan(key)


class Core(punq.Container):
    """State and look-up; :class:`securely.container.Container` is what people use.

    punq's own `__init__` is not called: there is one table of bindings, and it is ours.
    """

    # A slot is read at a fixed offset; an instance with many attributes keeps the others in a
    # dict that the interpreter does not specialise (measured: a fifth of a look-up).
    __slots__ = ("_plans", "_shared")

    def __init__(self, registrations: Table | None = None, auto_register: bool = False) -> None:
        self.registrations: Table = Table(registrations)  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # ours stands in for punq's
        self.registrations.owner = self
        self._singletons = {}
        self._auto_register = auto_register
        self._parent: Core | None = registrations.owner if registrations is not None else None
        self._children: WeakSet[Core] = WeakSet()
        if self._parent is not None:
            self._parent._children.add(self)
        self._mutex = threading.RLock()
        renew_after_fork(self, "_mutex", threading.RLock)
        self._loading = Cell()
        self._environment: Callable[..., Any] | None = None
        self._lifetime = Scope(self)
        self._loose = Scope(self)
        self._reset()

    def _reset(self) -> None:
        """Forget everything but who the container is."""
        self.registrations.entries.clear()
        self._aliases: dict[Key, Key] = {}
        self._contextual = Contextual()
        self._tags: dict[str, list[Key]] = {}
        self._methods: dict[Any, Callable[..., Any]] = {}
        self._resolved: set[Key] = set()
        # Key, who bound it in vain, and who bound over that; each once, however often it happens.
        self._bound_over: dict[tuple[Key, Origin, Origin], None] = {}
        self._generation = 0
        self._seen: set[Key] = set()
        # What is built in another way when it is awaited.
        self._twins: set[Key] = set()
        self._nodes: dict[Any, Any] = {}
        self._calls: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()
        self.callbacks: Callbacks = Callbacks(self, self._callbacks_above)
        self._shared: dict[Key, Any] = {}
        self._plans = _Plans(self._plan)
        for cls in type(self).__mro__:
            if issubclass(cls, punq.Container) and cls is not Core:
                self._put(cls, self)

    def _callbacks_above(self) -> Callbacks | None:
        return None if self._parent is None else self._parent.callbacks

    def _put(self, key: Key, value: Any) -> None:
        binding = Binding(key, None, Lifetime.INSTANCE)
        binding.cell.value = value
        self._replace(binding)

    def _replace(self, binding: Binding) -> None:
        """Make *binding* the only one of its key, and note whom it replaces unused."""
        key, table = binding.key, self.registrations
        before = table.entries.get(key)
        if before and not (key in self._resolved or key in self._shared or key in self._plans):
            old = before[-1]
            is_meant = old.is_fallback or old.is_declared or old.origin == binding.origin
            is_used = old.cell.value is not MISSING and old.lifetime is not Lifetime.INSTANCE
            if not (is_meant or is_used):
                self._bound_over[key, old.origin, binding.origin] = None
        table.replace(binding)

    # Looking up.

    def load_missing(self, key: Key) -> bool:
        """Bind *key* if this container knows how; called for keys that nothing is bound to.

        Returns:
            Whether it bound something. An application loads the provider here.
        """
        return False

    def root(self, key: Key) -> Key:
        """Return what *key* is an alias of, in the end; itself, when it is none."""
        aliases = self._aliases
        if not aliases and self._parent is None:
            return key
        seen = [key]
        while True:
            target = self._alias_of(key)
            if target is None:
                return key
            if target in seen:
                raise AliasLoop((*(name_of(each) for each in seen), name_of(target)))
            seen.append(target)
            key = target

    def _alias_of(self, key: Key) -> Key | None:
        if key in self._aliases:
            return self._aliases[key]
        if self._parent is None or self.registrations.entries.get(key):
            return None
        return self._parent._alias_of(key)

    def find(self, key: Key) -> tuple[Key, list[Binding]]:
        """Return what *key* leads to and its bindings, the last of which counts."""
        root = self.root(key)
        found = self.registrations.find(root)
        if not found and self._load(root):
            root = self.root(key)
            found = self.registrations.find(root)
        if not found:
            said = declared(root)
            if said is not None and said.says_something:
                found = self._top()._declare(root, said)
        return root, found

    def _declare(self, cls: type, said: Declaration) -> list[Binding]:
        """Bind *cls* as it says itself; nothing, where what it says does not hold here.

        Raises:
            InvalidBinding: What it says stands for it cannot be imported.
        """
        concrete: Any = said.implementation(self)
        if isinstance(concrete, str):
            try:
                concrete = import_object(concrete)
            except ImportFailed as error:
                raise InvalidBinding(
                    f"Cannot bind {name_of(cls)} as it is declared: {error} "
                    f"See {class_source(cls)}."
                ) from error
        if concrete is None:
            if said.lifetime is Lifetime.TRANSIENT or not is_buildable(cls):
                return []
            concrete = cls
        binding = Binding(cls, concrete, said.lifetime)
        binding.is_declared, binding.origin = True, cls
        # Whoever comes first, of several threads: they share what is kept.
        return self.registrations.entries.setdefault(cls, [binding])

    def resolve_environment_using(self, callback: Callable[..., Any]) -> None:
        """Let *callback* say which environment this is, for what classes declare of themselves.

        Args:
            callback: Returns the name of the environment; or takes a list of patterns, and
                returns whether one of them fits.
        """
        top = self._top()
        top._environment = positional(callback, 1)
        for key, bindings in list(top.registrations.entries.items()):
            if bindings and bindings[-1].is_declared:
                del top.registrations.entries[key]
        top.invalidate()

    def current_environment_is(self, *patterns: str) -> bool:
        """Tell whether this is one of these environments; `*` in them stands for anything.

        Nobody knows the environment of a container that was not told how to find out.
        """
        resolve = self._top()._environment
        answer = None if resolve is None else resolve(list(patterns))
        if isinstance(answer, str):
            return any(fnmatchcase(answer, pattern) for pattern in patterns)
        return bool(answer)

    def _load(self, key: Key) -> bool:
        if self._parent is not None and self._parent._load(key):
            return True
        if type(self).load_missing is Core.load_missing or key in _loads.get():
            return False

        def load() -> bool:
            # Whoever was at it before may have brought it.
            if self.registrations.find(self.root(key)):
                return True
            token = _loads.set((*_loads.get(), key))
            try:
                return self.load_missing(key)
            finally:
                _loads.reset(token)

        return exclusively(self._loading, "providers", load)

    def bound(self, key: Key) -> bool:
        """Tell whether something is bound to *key*, as itself or as an alias, here or on demand."""
        root, found = self.find(key)
        return bool(found) or root is not key

    def is_shared(self, key: Key) -> bool:
        """Tell whether `make` gives the same object more than once."""
        bindings = self.find(key)[1]
        return bool(bindings) and bindings[-1].is_shared

    def owner_of(self, binding: Binding) -> Core:
        """Return the container that *binding* was made in: this one, or one above."""
        here: Core | None = self
        while here is not None:
            if binding in here.registrations.entries.get(binding.key, ()):
                return here
            here = here._parent
        return self  # pragma: no cover  # another thread has replaced it meanwhile

    def near(self, key: Key) -> tuple[str, ...]:
        """Return the names of bound keys that are like that of *key*."""
        names = {name_of(each) for each in [*self.registrations.bound_keys(), *self._aliases]}
        found = did_you_mean(name_of(key), names)
        return (found,) if found is not None else ()

    def names(self) -> Mapping[str, Any]:
        """Return what names in annotations may mean beside what their module knows."""
        found: dict[str, Any] = {}
        for key in self.registrations.bound_keys():
            if isinstance(key, str | type):
                found[key if isinstance(key, str) else key.__name__] = key
        return found

    def contextual_for(
        self, consumers: tuple[Key, ...], need: Key
    ) -> tuple[Key, Key, Given] | None:
        """Return what `when` gives one of *consumers* for *need*, or for an alias of it.

        Returns:
            The consumer and the need as `when` named them, and what is given.
        """
        here: Core | None = self
        while here is not None:
            for consumer in consumers if here._contextual.given else ():
                needs = here._contextual.given.get(consumer, {})
                for each, given in needs.items():
                    if each == need or self.root(each) == self.root(need):
                        return consumer, each, given
            here = here._parent
        return None

    # Where shared objects are kept.

    def _top(self) -> Core:
        return self if self._parent is None else self._parent._top()

    def _scope(self) -> Scope:
        """Return the scope of this context; outside of any, one that lives as long as we do."""
        top = self._top()
        scope = current_scope.get()
        while scope is not None and scope.owner is not top:
            scope = scope.outer
        return top._loose if scope is None else scope

    def cell_of(self, binding: Binding) -> Callable[[], Cell]:
        """Return what gives the cell of a shared *binding*, here and now."""
        if binding.lifetime is not Lifetime.SCOPED:
            return lambda: binding.cell
        return lambda: self._scope().cell(binding)

    def keeper_of(self, binding: Binding | None) -> Callable[[], Scope]:
        """Return what gives the scope at whose end the resources of *binding* are finished."""
        if binding is not None and binding.lifetime is Lifetime.SINGLETON:
            return lambda: self._lifetime
        return self._scope

    # Plans.

    def invalidate(self) -> None:
        """Drop every plan: something that plans rest on has changed."""
        with self._mutex:
            self._generation += 1
            # New tables, not emptied ones: who reads or fills the old ones harms nobody.
            self._shared = {}
            self._plans = _Plans(self._plan)
            self._nodes = {}
            self._calls = WeakKeyDictionary()
            if self._seen:
                self._seen = set()
            if self._twins:
                self._twins = set()
        if len(self._children):  # walking a weak set costs as much as all the rest
            for child in list(self._children):
                child.invalidate()

    def planned(
        self, what: Callable[[Any], Any], *, given: frozenset[str] | None = None
    ) -> tuple[Any, Any]:
        """Return the compiler and what it makes of *what*, from one state of the bindings."""
        from securely.container.plans.compiler import Compiler

        rounds = 0
        while True:
            rounds += 1
            generation = self._generation
            compiler = Compiler(self, given=given)
            made = what(compiler)
            if generation == self._generation or rounds == _ROUNDS:
                return compiler, made

    def _plan(self, key: Key) -> Callable[[], Any]:
        shared, plans = self._shared, self._plans
        compiler, node = self.planned(lambda compiler: compiler.node(key))
        if node.needs_await:
            raise AsyncBinding(node.needs_await, (name_of(key),))
        if compiler.has_twin:
            self._twins.add(key)
        if key not in self._seen:
            # Code is written at the second time only: most services are made once, and by the
            # second time what they share is there, so that it goes into the code as it is.
            return lambda: self._first(key, node, compiler)
        if isinstance(node, Constant):
            value = shared[key] = node.value
            return lambda: value
        plan = plans[key] = compiled(node)
        return plan

    def _first(self, key: Key, node: Any, compiler: Any) -> Any:
        if compiler.story is None or not is_plain(node):
            value = node.build()
        else:
            # A constructor may ask for what it is part of, by a facade. That is seen the first
            # time, since then the first time never ends.
            token = enter(compiler.story.identity, compiler.story.label)
            try:
                value = node.build()
            finally:
                leave(token)
        self._seen.add(key)
        self._resolved.update(compiler.keys)
        return value

    def node_of(self, key: Key, *, given: frozenset[str] | None = None) -> Any:
        """Return the node of *key*, for what flat code cannot do: overrides and awaiting."""
        kept = self._nodes.get((key, given))
        if kept is not None:
            return kept
        nodes = self._nodes
        compiler, node = self.planned(lambda compiler: compiler.node(key), given=given)
        self._resolved.update(compiler.keys)
        if given is not None or node.needs_await or compiler.has_twin:
            nodes[key, given] = node
        return node

    @overload
    def make(self, key: Callable[..., T], /, **overrides: object) -> T: ...

    @overload
    def make(self, key: str, /, **overrides: object) -> Any: ...

    def make(self, key: Any, /, **overrides: object) -> Any:
        """Return what is bound to *key*, or build the class that *key* is.

        Args:
            key: A class (also an abstract one or a Protocol), or a name.
            overrides: Values for parameters of that name of its constructor or factory. A shared
                object is then built anew, and not kept. A name that nobody asks for is ignored.

        Raises:
            NotBound: Nothing is bound, and it cannot be built; the message says where and why.
            CircularDependency: Building it needs itself.
            AsyncBinding: It is built by an async factory: use :meth:`amake`.

        Example:
            >>> from securely.container import Container
            >>> class Clock: ...
            >>> class Watch:
            ...     def __init__(self, clock: Clock) -> None:
            ...         self.clock = clock
            >>> isinstance(Container().make(Watch).clock, Clock)
            True
        """
        if overrides:
            return self._make_with(key, overrides)
        # What is shared and there is returned without the call that a plan costs (a fifth).
        shared = self._shared
        return shared[key] if key in shared else self._plans[key]()

    @overload
    async def amake(self, key: Callable[..., T], /, **overrides: object) -> T: ...

    @overload
    async def amake(self, key: str, /, **overrides: object) -> Any: ...

    async def amake(self, key: Any, /, **overrides: object) -> Any:
        """Async twin of :meth:`make`."""
        if not overrides and (
            key in self._shared or (key in self._plans and key not in self._twins)
        ):
            return self.make(key)
        node = self.node_of(key, given=_names(overrides))
        return await node.abuild(overrides or None)

    def _make_with(self, key: Key, overrides: Mapping[str, Any]) -> Any:
        node = self.node_of(key, given=_names(overrides))
        if node.needs_await:
            raise AsyncBinding(node.needs_await, (name_of(key),))
        return node.build(overrides)


def _names(overrides: Mapping[str, object]) -> frozenset[str] | None:
    return frozenset(overrides) if overrides else None
