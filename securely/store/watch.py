"""Watch: tells when keys of a tree change, whichever process changes them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Final, Generic, Literal, TypeVar

from securely.store.codec import Codec
from securely.store.contracts import Change, Changes, Engine, Entry, Span
from securely.store.exceptions import Closed, EventsLost
from securely.support import clock
from securely.support.durations import Duration, seconds
from securely.support.missing import MISSING, Missing
from securely.support.steps import Steps, arun, call, run

__all__ = ["Event", "Watch"]

T = TypeVar("T")
V = TypeVar("V")

# A watch that has not looked for so long is forgotten: its process may have died.
_LEASE_SECONDS: Final = 60.0
# Between two looks: short at first, since changes come in swarms; then 20 in a second, each of
# some microseconds.
_PAUSE_FIRST: Final = 0.002
_PAUSE_MAX: Final = 0.05


@dataclass(frozen=True, slots=True)
class Event(Generic[V]):
    """What has happened to a key.

    Attributes:
        kind: "insert" for every write of a value, "remove" for a removal.
        key: The key.
        value: The value that was written; MISSING for a removal. A value of more than 16 KiB is
            the one that was there when the event was read, MISSING if the key had gone by then.
    """

    kind: Literal["insert", "remove"]
    key: Any
    value: V | Missing


class Watch(Generic[V]):
    """The changes of a tree, one after the other, from when it was made.

    It is for one reader. A context manager and an iterator in both colours: iterating ends when
    the watch is closed, and waits as long as nothing happens; :meth:`next` waits no longer than it
    is told.

    Example:
        >>> from securely.store import Database
        >>> tree = Database.temporary().tree("jobs")
        >>> with tree.watch_prefix("mail:") as watch:
        ...     tree.put("mail:1", "hello")
        ...     tree.put("other", "world")
        ...     watch.next(timeout=0), watch.next(timeout=0)
        (Event(kind='insert', key='mail:1', value='hello'), None)
    """

    def __init__(self, engine: Engine, codec: Codec[V], tree: str, span: Span) -> None:
        self._engine = engine
        self._codec = codec
        self._tree = tree
        self._span = span
        self._told: deque[Change] = deque()
        self._closed = False
        self._token, self._position = engine.follow(tree, _LEASE_SECONDS)

    def next(self, timeout: Duration | None = None) -> Event[V] | None:
        """Return the next change, or None when none came within *timeout*; None waits for ever.

        Raises:
            EventsLost: The watch was too slow; it goes on with what comes from now on.
            Corrupted: What was noted as a change is not a row that we have written.
            Closed: The watch was closed.
        """
        deadline = None if timeout is None else clock.monotonic() + seconds(timeout)
        pause = _PAUSE_FIRST
        while (event := run(self._look())) is None:
            rest = pause if deadline is None else min(pause, deadline - clock.monotonic())
            if rest <= 0:
                return None
            clock.sleep(rest)
            pause = min(2 * pause, _PAUSE_MAX)
        return event

    async def anext(self, timeout: Duration | None = None) -> Event[V] | None:  # noqa: ASYNC109  # the twin's
        """Async twin of :meth:`next`; one that is cancelled has taken no change."""
        deadline = None if timeout is None else clock.monotonic() + seconds(timeout)
        pause = _PAUSE_FIRST
        while (event := await arun(self._look())) is None:
            rest = pause if deadline is None else min(pause, deadline - clock.monotonic())
            if rest <= 0:
                return None
            await clock.asleep(rest)
            pause = min(2 * pause, _PAUSE_MAX)
        return event

    def close(self) -> None:
        """Watch no more; who waits in another thread or task is told that it is closed."""
        if not self._closed:
            self._closed = True
            self._told.clear()
            self._engine.unfollow(self._token)

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        await self._engine.aside(self.close)

    def __enter__(self) -> Watch[V]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Watch[V]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __iter__(self) -> Iterator[Event[V]]:
        return self

    def __next__(self) -> Event[V]:
        try:
            event = self.next()
        except Closed:
            raise StopIteration from None
        assert event is not None  # noqa: S101  # without a timeout it waits
        return event

    def __aiter__(self) -> AsyncIterator[Event[V]]:
        return self

    async def __anext__(self) -> Event[V]:
        try:
            event = await self.anext()
        except Closed:
            raise StopAsyncIteration from None
        assert event is not None  # noqa: S101  # as above
        return event

    def _look(self) -> Steps[Event[V] | None]:
        """Return the next change that is there already.

        What a step has found is noted when it is over, and never in its thread: a task that is
        cancelled while it looks has not heard of it, and its next look finds it again.
        """
        self._refuse_closed()
        if not self._told:
            found = yield from self._aside(self._changes)
            self._refuse_closed()
            if found.lost:
                self._token, self._position = yield from self._aside(self._again)
                raise EventsLost(self._tree)
            self._position = found.position
            self._told.extend(found.changes)
        if not self._told:
            return None
        change = self._told[0]
        large = None
        if isinstance(change.entry, Missing):
            large = yield from self._aside(self._present, change.key)
            self._refuse_closed()
        self._told.popleft()
        return self._event(change, large)

    def _aside(self, work: Callable[..., T], *args: object) -> Steps[T]:
        """Do *work*, which uses the engine, as a step."""
        aside: Callable[..., Awaitable[T]] = partial(self._engine.aside, work)
        return (yield from call(work, aside, *args))

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Closed("watch")

    def _changes(self) -> Changes:
        return self._engine.changes(self._token, self._span, self._position, _LEASE_SECONDS)

    def _again(self) -> tuple[str, int]:
        """Begin anew from what comes now on; the engine may have forgotten this watch."""
        self._engine.unfollow(self._token)
        return self._engine.follow(self._tree, _LEASE_SECONDS)

    def _present(self, key: bytes) -> Entry | None:
        return self._engine.get(self._tree, key)

    def _event(self, change: Change, large: Entry | None) -> Event[V]:
        """Return the event that *change* is; *large* is what it did not keep, if it is there."""
        key, entry = change
        shown = self._codec.key(key)
        if entry is None:
            return Event("remove", shown, MISSING)
        known = large if isinstance(entry, Missing) else entry
        value = MISSING if known is None else self._codec.open(key, *known)
        return Event("insert", shown, value)
