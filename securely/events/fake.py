"""EventFake: assert_dispatched, assert_nothing_dispatched, assert_listening."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar, overload

from securely.events.deferral import Manner
from securely.events.delivery import arguments
from securely.events.dispatcher import Dispatcher, Faked
from securely.events.target import EventKey, Shape, Target, event_name, events_of, is_event

__all__ = ["EventFake", "flat"]

Where = TypeVar("Where")


def flat(events: Faked | Iterable[Any]) -> tuple[Faked, ...]:
    """Return the events in *events*: one, or several, which may be in lists."""
    if isinstance(events, str | type) or callable(events):
        return (events,)
    return tuple(each for event in events for each in flat(event))


class EventFake(Dispatcher):
    """A dispatcher that records events instead of telling anyone; listening goes on as before.

    From when it is made until :meth:`restore` it stands in for *original*: what is dispatched
    there, or through another fake of it, is recorded here, if no later fake records it. What is
    dispatched through this one goes the same way; so who was given a fake that is over has the
    original again.

    Args:
        original: The dispatcher it stands in for, whose listeners it shares.
        only: What is recorded: classes with their subclasses, names, wildcards, and functions that
            say yes. All when empty.
        except_: What is dispatched all the same.

    Example:
        >>> from securely.container import Container
        >>> events = Dispatcher(Container()).fake()
        >>> _ = events.dispatch("greeted", ["Ann"])
        >>> events.assert_dispatched("greeted", lambda name: name == "Ann")
    """

    def __init__(
        self,
        original: Dispatcher,
        only: tuple[Faked, ...] = (),
        except_: tuple[Faked, ...] = (),
    ) -> None:
        super().__init__(original._container)
        original = original._root
        self._original = original
        self._registry = original._registry
        self._delivery = original._delivery
        self._pushed = original._pushed
        self._kept = original._kept
        self._packages = original._packages
        self._undiscovered = original._undiscovered
        self._only = only
        self._except = except_
        self._recorded: list[tuple[object, object]] = []
        original._begin_fake(self)

    @property
    def _root(self) -> Dispatcher:
        return self._original

    @overload
    def dispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[False] = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> list[object]: ...

    @overload
    def dispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[True],
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object: ...

    def dispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: bool = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object:
        """Record *event*; dispatch it if it is not among what is faked."""
        manner = Manner(halt, collect_errors, concurrent)
        return self._original.dispatch(event, payload, **manner._asdict())

    @overload
    async def adispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[False] = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> list[object]: ...

    @overload
    async def adispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[True],
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object: ...

    async def adispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: bool = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object:
        """Async twin of :meth:`dispatch`."""
        manner = Manner(halt, collect_errors, concurrent)
        return await self._original.adispatch(event, payload, **manner._asdict())

    def until(self, event: object, payload: object = None) -> object:
        """Record *event*, or ask for its first answer if it is not among what is faked."""
        return self._original.until(event, payload)

    async def auntil(self, event: object, payload: object = None) -> object:
        """Async twin of :meth:`until`."""
        return await self._original.auntil(event, payload)

    def has_listeners(self, event: EventKey) -> bool:
        """Tell whether dispatching *event* would be noticed: what is faked always is."""
        return self._original.has_listeners(event)

    def restore(self) -> None:
        """End this fake: the one before it, or the original dispatcher, is in its place again."""
        self._original._end_fake(self)

    # Recording

    def records(self, event: object, payload: object) -> bool:
        """Tell whether *event* is among what is recorded here instead of dispatched."""
        if any(_names(key, event, payload) for key in self._except):
            return False
        return not self._only or any(_names(key, event, payload) for key in self._only)

    def record(self, event: object, payload: object) -> None:
        """Record *event*, once it would have been told: after the commit where it asks for that."""
        plan = self._plan(event)
        transactions = self._delivery.transactions() if plan.after_commit else None
        if transactions is None:
            self._recorded.append((event, payload))
            return

        async def arecord() -> None:
            self._recorded.append((event, payload))

        transactions.after_commit(lambda: self._recorded.append((event, payload)), arecord)

    # Looking

    def dispatched(self, event: EventKey, where: Callable[..., bool] | None = None) -> list[object]:
        """Return the recorded objects of class *event*, or the payloads of the name *event*.

        Args:
            event: A class (subclasses count), a name or a wildcard.
            where: Takes the object, or the values of the payload; picks those it says yes to.
        """
        found: list[object] = []
        for happened, payload in self._recorded:
            if not is_event(happened, event):
                continue
            named = isinstance(happened, str | type)
            values = _values(payload) if named else (happened,)
            if where is None or where(*values):
                found.append(payload if named else happened)
        return found

    def has_dispatched(self, event: EventKey) -> bool:
        """Tell whether *event* was dispatched."""
        return bool(self.dispatched(event))

    def dispatched_events(self) -> list[tuple[object, object]]:
        """Return everything that was recorded, in order: the event, and of a name its payload."""
        return list(self._recorded)

    # Asserting

    def assert_dispatched(
        self, event: EventKey | Callable[..., bool], where: Callable[..., bool] | int | None = None
    ) -> None:
        """Fail unless *event* was dispatched, and *where* says yes to one of them.

        Args:
            event: A class, a name or a wildcard; or a function alone, which is *where* for the
                event that the annotation of its first parameter names.
            where: Takes the object, or the values of the payload. A number is how many times, as
                in :meth:`assert_dispatched_times`.

        Raises:
            InvalidListener: A function alone does not say which event it is for.
        """
        keys, where = _asked(event, where)
        if isinstance(where, int):
            for key in keys:
                self.assert_dispatched_times(key, where)
        elif not any(self.dispatched(key, where) for key in keys):
            self._fail(f'The expected event "{_told(keys)}" was not dispatched.')

    def assert_dispatched_once(self, event: EventKey) -> None:
        """Fail unless *event* was dispatched exactly once."""
        self.assert_dispatched_times(event, 1)

    def assert_dispatched_times(self, event: EventKey, times: int = 1) -> None:
        """Fail unless *event* was dispatched exactly that many *times*."""
        count = len(self.dispatched(event))
        if count != times:
            often = "once" if count == 1 else f"{count} times"
            self._fail(f'The event "{event_name(event)}" was dispatched {often}, not {times}.')

    def assert_not_dispatched(
        self, event: EventKey | Callable[..., bool], where: Callable[..., bool] | None = None
    ) -> None:
        """Fail if *event* was dispatched, and *where* says yes to one of them.

        The arguments are those of :meth:`assert_dispatched`.

        Raises:
            InvalidListener: A function alone does not say which event it is for.
        """
        keys, where = _asked(event, where)
        if any(self.dispatched(key, where) for key in keys):
            self._fail(f'The unexpected event "{_told(keys)}" was dispatched.')

    def assert_nothing_dispatched(self) -> None:
        """Fail if any event was recorded."""
        if self._recorded:
            count = len(self._recorded)
            told = "1 unexpected event was" if count == 1 else f"{count} unexpected events were"
            self._fail(f"{told} dispatched.")

    def assert_listening(self, event: EventKey, listener: object) -> None:
        """Fail unless *listener* hears *event*; queued ones count, `queueable` or not."""
        wanted = Target.of(listener)
        if not any(entry.target == wanted for entry in self.entries(event)):
            raise AssertionError(f'"{event_name(event)}" is not heard by "{wanted.name}".')

    def _fail(self, message: str) -> None:
        names = [
            event_name(happened if isinstance(happened, str | type) else type(happened))
            for happened, _ in self._recorded
        ]
        raise AssertionError(f"{message} Dispatched: {', '.join(names) or 'nothing'}.")


def _asked(
    event: EventKey | Callable[..., bool], where: Where
) -> tuple[tuple[EventKey, ...], Where | Callable[..., bool]]:
    """Return which events an assertion asks about, and what they have to fit."""
    if isinstance(event, str | type):
        return (event,), where
    return events_of(event), event


def _told(keys: tuple[EventKey, ...]) -> str:
    return " | ".join(map(event_name, keys))


def _values(payload: object) -> tuple[object, ...]:
    return arguments("", payload)[0]


def _names(key: Faked, event: object, payload: object) -> bool:
    """Tell whether *event* is what *key* names, or what the function *key* says yes to."""
    if isinstance(key, str | type):
        return is_event(event, key)
    given = (event, *_values(payload)) if isinstance(event, str) else (event,)
    return bool(key(*given[: Shape.of(key).limit]))
