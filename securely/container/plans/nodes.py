"""The parts of a plan; each builds its object, and can be written as flat code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from securely.container.markers import Parameters
from securely.container.scope import Cell, aonce, enter, leave, once
from securely.container.signature import Kind, Parameter
from securely.support.missing import MISSING

__all__ = [
    "Before",
    "Call",
    "Constant",
    "Construct",
    "Finish",
    "Guard",
    "Node",
    "Once",
    "Overrides",
    "Plan",
    "Resource",
    "Slot",
    "Until",
    "Writer",
    "compiled",
    "compiled_call",
    "is_plain",
]

Plan: TypeAlias = Callable[[], Any]
Given: TypeAlias = Mapping[str, Any] | None


class Writer:
    """Collects the objects that flat code names."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def name(self, value: object) -> str:
        """Return the name of *value* in the code."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name


class Node:
    """One step of a plan.

    Attributes:
        needs_await: What must be awaited to build it; empty when nothing must.
    """

    __slots__ = ("needs_await",)

    def __init__(self) -> None:
        self.needs_await: str = ""

    def build(self, given: Given = None) -> Any:
        """Build the object; *given* are values for the parameters of its constructor or factory."""
        raise NotImplementedError

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        return self.build(given)

    def emit(self, writer: Writer) -> str:
        """Return an expression that builds the object."""
        return f"{writer.name(self.build)}()"


class Constant(Node):
    """An object that is there."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value: Any = value

    def build(self, given: Given = None) -> Any:
        """Return it."""
        return self.value

    def emit(self, writer: Writer) -> str:
        """Return its name."""
        return writer.name(self.value)


class Call(Node):
    """Whatever a function returns."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__()
        self.function: Callable[[], Any] = function

    def build(self, given: Given = None) -> Any:
        """Call it."""
        return self.function()

    def emit(self, writer: Writer) -> str:
        """Return the call."""
        return f"{writer.name(self.function)}()"


class Overrides(Node):
    """All that `make` was given by name, for a factory that asks for it."""

    __slots__ = ()

    def build(self, given: Given = None) -> Any:
        """Return a copy, which the factory may keep."""
        return Parameters(given or {})


class Slot:
    """One parameter and where its value comes from; None leaves it to its default."""

    __slots__ = ("node", "parameter")

    def __init__(self, parameter: Parameter, node: Node | None) -> None:
        self.parameter: Parameter = parameter
        self.node: Node | None = node


class Construct(Node):
    """A call of a class or factory with built arguments."""

    __slots__ = ("caller", "is_async", "slots", "target", "was_used")

    def __init__(self, target: Callable[..., Any], slots: list[Slot], awaits: str = "") -> None:
        super().__init__()
        self.target: Callable[..., Any] = target
        self.slots: list[Slot] = slots
        self.caller: Callable[[Any], Any] | None = None
        self.was_used: bool = False
        self.is_async: bool = bool(awaits)
        self.needs_await: str = awaits or next(
            (slot.node.needs_await for slot in slots if slot.node and slot.node.needs_await), ""
        )

    def build(self, given: Given = None) -> Any:
        """Build the arguments, then call."""
        args, named = self.arguments(given)
        return self.target(*args, **named)

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        args, named = await self.aarguments(given)
        made = self.target(*args, **named)
        return await made if self.is_async else made

    def arguments(self, given: Given = None) -> tuple[list[Any], dict[str, Any]]:
        """Build what the call gets: positional arguments, and those by name."""
        return self._sorted([self._value(slot, given) for slot in self.slots], given)

    async def aarguments(self, given: Given = None) -> tuple[list[Any], dict[str, Any]]:
        """Async twin of :meth:`arguments`."""
        values = [await self._avalue(slot, given) for slot in self.slots]
        return self._sorted(values, given)

    def emit(self, writer: Writer) -> str:
        """Write the call and, within it, those that make its arguments."""
        return self.emit_call(writer, writer.name(self.target))

    def emit_call(self, writer: Writer, target: str) -> str:
        """Write the call of what is named *target*."""
        written: list[str] = []
        by_name = False
        for slot in self.slots:
            kind, name = slot.parameter.kind, slot.parameter.name
            if slot.node is None:
                by_name = True
                continue
            value = slot.node.emit(writer)
            if kind is Kind.SEVERAL:
                written.append(f"*{value}")
            elif kind is Kind.KEYWORD_ONLY or by_name:
                written.append(f"{name}={value}")
            else:
                written.append(value)
        return f"{target}({', '.join(written)})"

    @staticmethod
    def _value(slot: Slot, given: Given) -> Any:
        if given and slot.parameter.name in given and slot.parameter.kind is not Kind.KEYWORDS:
            return given[slot.parameter.name]
        node = slot.node
        if node is None:
            return MISSING
        return node.build(given) if isinstance(node, Overrides) else node.build()

    @classmethod
    async def _avalue(cls, slot: Slot, given: Given) -> Any:
        is_given = given and slot.parameter.name in given
        if is_given or slot.node is None or isinstance(slot.node, Constant | Overrides):
            return cls._value(slot, given)
        return await slot.node.abuild()

    def _sorted(self, values: list[Any], given: Given) -> tuple[list[Any], dict[str, Any]]:
        args: list[Any] = []
        named: dict[str, Any] = {}
        by_name = False
        for slot, value in zip(self.slots, values, strict=True):
            kind, name = slot.parameter.kind, slot.parameter.name
            if value is MISSING:
                by_name = True
            elif kind is Kind.SEVERAL:
                args.extend(value)
            elif kind is Kind.KEYWORD_ONLY or by_name:
                named[name] = value
            else:
                args.append(value)
        if given and self.slots and self.slots[-1].parameter.kind is Kind.KEYWORDS:
            known = {slot.parameter.name for slot in self.slots[:-1]}
            named.update((name, value) for name, value in given.items() if name not in known)
        return args, named


class Guard(Node):
    """A factory, or a class that takes the container: it may ask for what is being built."""

    __slots__ = ("key", "label", "node", "way")

    def __init__(self, node: Node, key: object, label: str, way: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.node: Node = node
        self.key: object = key
        self.label: str = label
        self.way: tuple[str, ...] = way
        self.needs_await: str = node.needs_await

    def build(self, given: Given = None) -> Any:
        """Build it, unless it is being built: the same again would never end."""
        if given:  # a factory may call itself with other values, and end
            return self.node.build(given)
        token = enter(self.key, self.label, self.way)
        try:
            return self.node.build()
        finally:
            leave(token)

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        if given:
            return await self.node.abuild(given)
        token = enter(self.key, self.label, self.way)
        try:
            return await self.node.abuild()
        finally:
            leave(token)

    def emit(self, writer: Writer) -> str:
        """Write a call of the guarded plan."""
        plan, key, label, way = compiled(self.node), self.key, self.label, self.way

        def guarded() -> Any:
            token = enter(key, label, way)
            try:
                return plan()
            finally:
                leave(token)

        return f"{writer.name(guarded)}()"


class Resource(Node):
    """A node whose result is finished in the scope: generators and context managers."""

    __slots__ = ("aopen", "node", "open")

    def __init__(
        self,
        node: Node,
        opened: Callable[[Any], Any],
        aopened: Callable[[Any], Awaitable[Any]],
        awaits: str,
    ) -> None:
        super().__init__()
        self.node: Node = node
        self.open: Callable[[Any], Any] = opened
        self.aopen: Callable[[Any], Awaitable[Any]] = aopened
        self.needs_await: str = node.needs_await or awaits

    def build(self, given: Given = None) -> Any:
        """Begin it, and have its end noted."""
        return self.open(self.node.build(given))

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        return await self.aopen(await self.node.abuild(given))


class Finish(Node):
    """What happens to an object of a key after it was made: extenders, hooks."""

    __slots__ = ("finish", "node")

    def __init__(self, node: Node, finish: Callable[[Any], Any]) -> None:
        super().__init__()
        self.node: Node = node
        self.finish: Callable[[Any], Any] = finish
        self.needs_await: str = node.needs_await

    def build(self, given: Given = None) -> Any:
        """Build and finish it."""
        return self.finish(self.node.build(given))

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        return self.finish(await self.node.abuild(given))

    def emit(self, writer: Writer) -> str:
        """Write the call around the object."""
        finish = writer.name(self.finish)
        return f"{finish}({self.node.emit(writer)})"


class Before(Node):
    """What happens before an object is built or looked up."""

    __slots__ = ("announce", "node")

    def __init__(self, node: Node, announce: Callable[[Mapping[str, Any]], None]) -> None:
        super().__init__()
        self.node: Node = node
        self.announce: Callable[[Mapping[str, Any]], None] = announce
        self.needs_await: str = node.needs_await

    def build(self, given: Given = None) -> Any:
        """Tell, then build."""
        self.announce(given or {})
        return self.node.build(given)

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        self.announce(given or {})
        return await self.node.abuild(given)


class Once(Node):
    """An object that is kept: for the life of the container, or of a scope.

    Args:
        node: How it is built.
        cell: Gives the place where it is kept, here and now.
        label: What it is called.
        then: What is told when it has been built.
        way: How one gets there from what was asked for.
    """

    __slots__ = ("cell", "label", "node", "then", "way")

    def __init__(
        self,
        node: Node,
        cell: Callable[[], Cell],
        label: str,
        then: Callable[[Any], Any] | None,
        way: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.node: Node = node
        self.cell: Callable[[], Cell] = cell
        self.label: str = label
        self.then: Callable[[Any], Any] | None = then
        self.way: tuple[str, ...] = way
        self.needs_await: str = node.needs_await

    def build(self, given: Given = None) -> Any:
        """Return what is kept; with *given*, build another that nobody keeps."""
        if given:
            made = self.node.build(given)
            return made if self.then is None else self.then(made)
        cell = self.cell()
        if cell.value is not MISSING:
            return cell.value
        if self.then is None:
            return once(cell, self.label, self.node.build, self.way)
        fresh: list[Any] = []

        def make() -> Any:
            fresh.append(self.node.build())
            return fresh[0]

        value = once(cell, self.label, make, self.way)
        if fresh:
            self.then(value)
        return value

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        if given:
            made = await self.node.abuild(given)
            return made if self.then is None else self.then(made)
        cell = self.cell()
        if cell.value is not MISSING:
            return cell.value
        fresh: list[Any] = []

        async def make() -> Any:
            fresh.append(await self.node.abuild())
            return fresh[0]

        value = await aonce(cell, self.label, make, self.way)
        if fresh and self.then is not None:
            self.then(value)
        return value


class Until(Node):
    """A class for which something else may come to stand; looked at each time.

    Args:
        node: How it is built meanwhile.
        changed: Tells whether something else stands for it now.
        make: Makes the class anew, whatever stands for it.
        amake: Async twin of *make*.
    """

    __slots__ = ("amake", "changed", "make", "node")

    def __init__(
        self,
        node: Node,
        changed: Callable[[], bool],
        make: Callable[..., Any],
        amake: Callable[..., Awaitable[Any]],
    ) -> None:
        super().__init__()
        self.node: Node = node
        self.changed: Callable[[], bool] = changed
        self.make: Callable[..., Any] = make
        self.amake: Callable[..., Awaitable[Any]] = amake
        self.needs_await: str = node.needs_await

    def build(self, given: Given = None) -> Any:
        """Build it, or what stands for it now."""
        return self.make(**(given or {})) if self.changed() else self.node.build(given)

    async def abuild(self, given: Given = None) -> Any:
        """Async twin of :meth:`build`."""
        if self.changed():
            return await self.amake(**(given or {}))
        return await self.node.abuild(given)


def is_plain(node: Node) -> bool:
    """Tell whether *node* calls a constructor, and nobody notes that it is at it."""
    while isinstance(node, Before | Finish):
        node = node.node
    return isinstance(node, Construct)


def compiled(node: Node) -> Plan:
    """Return a function without arguments that does what ``node.build()`` does, as flat code."""
    writer = Writer()
    expression = node.emit(writer)
    if expression == "k0()":
        plan: Plan = writer.names["k0"]
        return plan
    return _written(writer, "", expression)


def compiled_call(node: Construct) -> Callable[[Any], Any]:
    """Return a function that calls its argument with what *node* builds, as flat code."""
    writer = Writer()
    return _written(writer, "function, ", node.emit_call(writer, "function"))


def _written(writer: Writer, first: str, expression: str) -> Callable[..., Any]:
    # Names as defaults of parameters are locals of the plan: the fastest there is to look up.
    names = ", ".join(f"{name}={name}" for name in writer.names)
    found: dict[str, Any] = {}
    source = f"def plan({first}{names}):\n    return {expression}"
    exec(source, writer.names, found)  # noqa: S102  # no text of anybody's is in it but names of parameters
    plan: Callable[..., Any] = found["plan"]
    return plan
