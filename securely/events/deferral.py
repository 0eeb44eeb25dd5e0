"""Blocks that defer: what they hold, and which of them an event falls into."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

from securely.events.target import EventKey, is_event

__all__ = ["Held", "Manner", "deferring", "hold", "manner_of", "undeferred"]


class Manner(NamedTuple):
    """How one dispatch is done.

    Attributes:
        halt: It ends with the first answer that is not None.
        collect_errors: Every listener is told, whatever others raised.
        concurrent: All listeners are told at once.
    """

    halt: bool = False
    collect_errors: bool = False
    concurrent: bool = False

    @property
    def nothing(self) -> object:
        """What a dispatch returns that has told nobody."""
        return None if self.halt else []


# The usual ones, made once.
_PLAIN: Final = Manner()
_HALTING: Final = Manner(halt=True)


def manner_of(halt: bool, collect_errors: bool, concurrent: bool) -> Manner:
    """Return the manner of these."""
    if collect_errors or concurrent:
        return Manner(halt, collect_errors, concurrent)
    return _HALTING if halt else _PLAIN


class Held(NamedTuple):
    """An event that is told later.

    Attributes:
        event: An object, a class or a name.
        payload: What comes with a name.
        manner: How it is dispatched.
        record: What takes it instead of the listeners: the fake that was there when it happened.
    """

    event: object
    payload: object
    manner: Manner
    record: Callable[[object, object], None] | None


class _Block:
    """One block that defers: what it wants to hold, and what it holds."""

    __slots__ = ("held", "only", "open", "owner")

    def __init__(self, owner: object, only: tuple[EventKey, ...]) -> None:
        self.owner = owner
        self.only = only
        self.held: list[Held] = []
        # A task that was started in the block may outlive it; then nobody tells what it adds.
        self.open = True

    def wants(self, event: object) -> bool:
        """Tell whether *event* is one of those to hold."""
        return not self.only or any(is_event(event, key) for key in self.only)


_blocks: ContextVar[tuple[_Block, ...]] = ContextVar("securely_deferrals", default=())


def hold(owner: object, held: Held) -> bool:
    """Keep *held* for the innermost block of *owner* in this context, if it wants it."""
    for block in reversed(_blocks.get()):
        if block.owner is owner and block.open:
            if block.wants(held.event):
                block.held.append(held)
                return True
            return False
    return False


@contextmanager
def deferring(owner: object, only: tuple[EventKey, ...]) -> Generator[list[Held]]:
    """Hold what *owner* dispatches in the block, and give the list of it."""
    block = _Block(owner, only)
    token = _blocks.set((*_blocks.get(), block))
    try:
        yield block.held
    finally:
        block.open = False
        _blocks.reset(token)


@contextmanager
def undeferred(owner: object) -> Generator[None]:
    """Let events pass that an inner block tells at its end, whatever the outer one holds."""
    token = _blocks.set(tuple(each for each in _blocks.get() if each.owner is not owner))
    try:
        yield
    finally:
        _blocks.reset(token)
