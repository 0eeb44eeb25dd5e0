"""tag and tagged; when: the same need, answered differently."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Generic, TypeVar, overload

from securely.container.binding import Key, is_list, place
from securely.container.contextual import Context, Given
from securely.container.markers import Tag
from securely.container.verbs.hooks import Hooks

__all__ = ["TaggedObjects", "Tags"]

T = TypeVar("T")


class TaggedObjects(Generic[T]):
    """What bears one tag: sized without building anything, built anew at each iteration.

    `async for` builds also what has async factories.

    Attributes:
        keys: What bears the tag, in the order of tagging.
    """

    def __init__(self, app: Tags, keys: tuple[Key, ...]) -> None:
        self._app = app
        self.keys = keys

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[T]:
        for key in self.keys:
            yield self._app.make(key)

    async def __aiter__(self) -> AsyncIterator[T]:
        for key in self.keys:
            yield await self._app.amake(key)

    def __repr__(self) -> str:
        return f"<{len(self)} tagged objects>"


class Tags(Hooks):
    """Naming groups of keys, and giving one consumer something of its own."""

    def tag(self, keys: Key | Iterable[Key], *tags: str | Iterable[str]) -> None:
        """Put *keys*, one or several, under each of *tags*."""
        several = [keys] if isinstance(keys, type | str) else list(keys)
        for tag in tags:
            for name in [tag] if isinstance(tag, str) else tag:
                self._tags.setdefault(name, []).extend(several)

    @overload
    def tagged(self, tag: Tag[T]) -> TaggedObjects[T]: ...

    @overload
    def tagged(self, tag: str) -> TaggedObjects[Any]: ...

    def tagged(self, tag: str) -> TaggedObjects[Any]:
        """Return everything that bears *tag*, in the order of tagging; nothing is built yet.

        Example:
            >>> from securely.container import Container
            >>> app = Container()
            >>> app.tag([int, str], "empty")
            >>> list(app.tagged("empty"))
            [0, '']
        """
        return TaggedObjects(self, self._tagged(tag))

    def _tagged(self, tag: str) -> tuple[Key, ...]:
        above = self._parent._tagged(tag) if isinstance(self._parent, Tags) else ()
        return (*above, *self._tags.get(tag, ()))

    def when(self, *consumers: Key | list[Key]) -> Context:
        """Begin `when(A, B).needs(Clock).give(TestClock)`: only A and B get it.

        A consumer is a class whose constructor or called method is injected, or a function.
        """
        several: list[Key] = []
        for consumer in consumers:
            listed = consumer if is_list(consumer) else [consumer]
            several.extend(self.root(each) for each in listed)

        def add(need: Key, given: Given) -> None:
            for consumer in several:
                self._contextual.add(consumer, need, given)
            self.invalidate()

        return Context(add, place())
