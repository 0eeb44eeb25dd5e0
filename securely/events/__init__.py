"""Events: tell what happened, and let listeners react.

An event is an object of any class, or a name with a payload. Listeners are functions, methods,
or classes that the container builds; they hear an event by its class, by a base class, by its
name or by a wildcard, at once or on the queue.

Files: contracts (Listener, Subscriber, ListenerRunner, Transactions), dispatcher (Dispatcher),
dispatchable (Dispatchable), target (what may listen), queueable (functions on the queue), registry
(who listens to what), delivery (how an event reaches a listener), deferral (what is held),
transactions (what waits for a commit), discovery (listeners found by annotation), kept (what it
found, in a file), commands, provider, fake, exceptions, options.
"""

from __future__ import annotations

from securely.events.contracts import (
    Listener,
    ListenerRunner,
    QueuedCall,
    Subscriber,
    Transactions,
)
from securely.events.dispatchable import Dispatchable
from securely.events.dispatcher import Dispatcher
from securely.events.exceptions import (
    CacheNotWritable,
    DispatchTooDeep,
    EventError,
    InvalidListener,
    NoListenerRunner,
    UseAsyncDispatch,
)
from securely.events.queueable import QueuedFunction, queueable
from securely.events.target import listens_to, on
from securely.events.transactions import OpenTransactions

__all__ = [
    "CacheNotWritable",
    "DispatchTooDeep",
    "Dispatchable",
    "Dispatcher",
    "EventError",
    "InvalidListener",
    "Listener",
    "ListenerRunner",
    "NoListenerRunner",
    "OpenTransactions",
    "QueuedCall",
    "QueuedFunction",
    "Subscriber",
    "Transactions",
    "UseAsyncDispatch",
    "listens_to",
    "on",
    "queueable",
]
