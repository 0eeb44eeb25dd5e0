"""EventFake: assert_dispatched, assert_nothing_dispatched, assert_listening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, overload

from securely.events.delivery import arguments
from securely.events.dispatcher import Dispatcher
from securely.events.target import EventKey, Target, event_name, is_event

__all__ = ["EventFake"]


class EventFake(Dispatcher):
    """A dispatcher that records events instead of telling anyone; listening goes on as before.

    Args:
        original: The dispatcher it stands in for, whose listeners it shares.
        only: What is recorded: classes with their subclasses, names, wildcards. All when empty.
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
        only: tuple[EventKey, ...] = (),
        except_: tuple[EventKey, ...] = (),
    ) -> None:
        super().__init__(original._container)
        self._original = original
        self._registry = original._registry
        self._delivery = original._delivery
        self._pushed = original._pushed
        self._undiscovered = original._undiscovered
        self._only = only
        self._except = except_
        self._recorded: list[tuple[object, object]] = []

    @overload
    def dispatch(
        self, event: object, payload: object = None, *, halt: Literal[False] = False
    ) -> list[object]: ...

    @overload
    def dispatch(self, event: object, payload: object = None, *, halt: Literal[True]) -> object: ...

    def dispatch(self, event: object, payload: object = None, *, halt: bool = False) -> object:
        """Record *event*; dispatch it if it is not among what is faked."""
        if not self._fakes(event):
            return super().dispatch(event, payload, halt=halt)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownVariableType]  # halt is a plain bool here
        if not (self._detours and self._hold(event, payload, halt)):
            self._recorded.append((event, payload))
        return None if halt else []

    @overload
    async def adispatch(
        self, event: object, payload: object = None, *, halt: Literal[False] = False
    ) -> list[object]: ...

    @overload
    async def adispatch(
        self, event: object, payload: object = None, *, halt: Literal[True]
    ) -> object: ...

    async def adispatch(
        self, event: object, payload: object = None, *, halt: bool = False
    ) -> object:
        """Async twin of :meth:`dispatch`."""
        if not self._fakes(event):
            return await super().adispatch(event, payload, halt=halt)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownVariableType]  # halt is a plain bool here
        return self.dispatch(event, payload, halt=halt)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownVariableType]  # as above

    def has_listeners(self, event: EventKey) -> bool:
        """Tell whether dispatching *event* would be noticed: what is faked always is."""
        return self._fakes(event) or super().has_listeners(event)

    def restore(self) -> None:
        """Put the original dispatcher back in its place."""
        self._original._end_fake()

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

    # Asserting

    def assert_dispatched(
        self, event: EventKey, where: Callable[..., bool] | int | None = None
    ) -> None:
        """Fail unless *event* was dispatched, and *where* says yes to one of them.

        A number instead of *where* is how many times, as in :meth:`assert_dispatched_times`.
        """
        if isinstance(where, int):
            self.assert_dispatched_times(event, where)
            return
        if not self.dispatched(event, where):
            self._fail(f'The expected event "{event_name(event)}" was not dispatched.')

    def assert_dispatched_once(self, event: EventKey) -> None:
        """Fail unless *event* was dispatched exactly once."""
        self.assert_dispatched_times(event, 1)

    def assert_dispatched_times(self, event: EventKey, times: int = 1) -> None:
        """Fail unless *event* was dispatched exactly that many *times*."""
        count = len(self.dispatched(event))
        if count != times:
            self._fail(
                f'The event "{event_name(event)}" was dispatched {count} times, not {times}.'
            )

    def assert_not_dispatched(
        self, event: EventKey, where: Callable[..., bool] | None = None
    ) -> None:
        """Fail if *event* was dispatched, and *where* says yes to one of them."""
        if self.dispatched(event, where):
            self._fail(f'The unexpected event "{event_name(event)}" was dispatched.')

    def assert_nothing_dispatched(self) -> None:
        """Fail if any event was recorded."""
        if self._recorded:
            self._fail(f"{len(self._recorded)} unexpected events were dispatched.")

    def assert_listening(self, event: EventKey, listener: object) -> None:
        """Fail unless *listener* hears *event*; queued ones count."""
        wanted = Target.of(listener)
        if not any(entry.target == wanted for entry in self.entries(event)):
            raise AssertionError(f'"{event_name(event)}" is not heard by "{wanted.name}".')

    def _fakes(self, event: Any) -> bool:
        if any(is_event(event, key) for key in self._except):
            return False
        return not self._only or any(is_event(event, key) for key in self._only)

    def _fail(self, message: str) -> None:
        names = [
            event_name(happened if isinstance(happened, str | type) else type(happened))
            for happened, _ in self._recorded
        ]
        raise AssertionError(f"{message} Dispatched: {', '.join(names) or 'nothing'}.")


def _values(payload: object) -> tuple[object, ...]:
    return arguments("", payload)[0]
