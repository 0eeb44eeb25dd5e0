"""What can go wrong when events meet their listeners.

EventError
├── CacheNotWritable    the file of `event:cache` cannot be written or removed
├── DispatchTooDeep     listeners dispatch events whose listeners dispatch events, without end
├── InvalidListener     a listener cannot be called, or does not say what it listens to
├── NoListenerRunner    a listener wants to be queued and there is no queue
└── UseAsyncDispatch    an async listener met a sync dispatch inside a running loop
"""

from __future__ import annotations

from securely.exceptions import SecurelyError

__all__ = [
    "CacheNotWritable",
    "DispatchTooDeep",
    "EventError",
    "InvalidListener",
    "NoListenerRunner",
    "UseAsyncDispatch",
]


class EventError(SecurelyError):
    """The root of what the events component raises."""


class CacheNotWritable(EventError, OSError):
    """The file of `event:cache` cannot be written or removed."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f'The file "{path}" of the discovered listeners cannot be written: {reason}. '
            "Make it and its folder writable for the user that runs this process."
        )

    def __reduce__(self) -> tuple[type[CacheNotWritable], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class DispatchTooDeep(EventError, RecursionError):
    """Listeners dispatch events whose listeners dispatch events, without end."""

    def __init__(self, events: tuple[str, ...], limit: int) -> None:
        self.events = events
        self.limit = limit
        super().__init__(
            f"Events were dispatched within each other, {limit} deep: {' -> '.join(events)} -> … "
            "Let one of these listeners not dispatch, or queue it."
        )

    def __reduce__(self) -> tuple[type[DispatchTooDeep], tuple[tuple[str, ...], int]]:
        return type(self), (self.events, self.limit)


class InvalidListener(EventError, TypeError):
    """A listener cannot be called, or does not say what it listens to."""

    def __init__(self, listener: str, reason: str) -> None:
        self.listener = listener
        self.reason = reason
        super().__init__(f'The listener "{listener}" {reason}')

    def __reduce__(self) -> tuple[type[InvalidListener], tuple[str, str]]:
        return type(self), (self.listener, self.reason)


class NoListenerRunner(EventError, RuntimeError):
    """A listener wants to be queued and there is no queue."""

    def __init__(self, listener: str) -> None:
        self.listener = listener
        super().__init__(
            f'The listener "{listener}" has queued = True, but nothing runs queued listeners. '
            "Add the queue's provider, or remove the attribute to run it at once."
        )

    def __reduce__(self) -> tuple[type[NoListenerRunner], tuple[str]]:
        return type(self), (self.listener,)


class UseAsyncDispatch(EventError, RuntimeError):
    """An async listener met a sync dispatch inside a running loop."""

    def __init__(self, event: str, listener: str) -> None:
        self.event = event
        self.listener = listener
        super().__init__(
            f'The listener "{listener}" of "{event}" is async, and a loop is running, so a sync '
            "dispatch cannot wait for it. Use `await events.adispatch(...)` here, or set "
            'events.in_loop to "portal".'
        )

    def __reduce__(self) -> tuple[type[UseAsyncDispatch], tuple[str, str]]:
        return type(self), (self.event, self.listener)
