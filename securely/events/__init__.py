"""Events: tell what happened, and let listeners react.

An event is an object of any class, or a name with a payload. Listeners are functions, methods,
or classes that the container builds; they hear an event by its class, by a base class, by its
name or by a wildcard, at once or on the queue.

Files: contracts (Listener, Subscriber, ListenerRunner), dispatcher (Dispatcher), dispatchable
(Dispatchable), target (what may listen), registry (who listens to what), delivery (how an event
reaches a listener), discovery (listeners found by annotation), commands, provider, fake,
exceptions, options.
"""

from __future__ import annotations

from securely.events.contracts import Listener, ListenerRunner, Subscriber
from securely.events.dispatchable import Dispatchable
from securely.events.dispatcher import Dispatcher
from securely.events.exceptions import (
    EventError,
    InvalidListener,
    NoListenerRunner,
    UseAsyncDispatch,
)
from securely.events.target import listens_to

__all__ = [
    "Dispatchable",
    "Dispatcher",
    "EventError",
    "InvalidListener",
    "Listener",
    "ListenerRunner",
    "NoListenerRunner",
    "Subscriber",
    "UseAsyncDispatch",
    "listens_to",
]
