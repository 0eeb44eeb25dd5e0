"""EventWay: an event is dispatched."""

from __future__ import annotations

from securely.events import Dispatcher
from securely.schedule.definition.actions import EventAction
from securely.schedule.running.capture import capturing
from securely.schedule.running.output import Sink

__all__ = ["EventWay"]


class EventWay:
    """Dispatches events.

    Args:
        events: Tells their listeners.
    """

    def __init__(self, events: Dispatcher) -> None:
        self._events = events

    def run(self, action: EventAction, sink: Sink) -> None:
        """Dispatch the event; what its listeners print goes to *sink*.

        Raises:
            Exception: What a listener raised.
        """
        with capturing(sink):
            event = action.event
            self._events.dispatch(event() if isinstance(event, type) else event)
