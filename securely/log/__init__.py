"""Log: messages with fields, written to channels.

A channel is one or several handlers with their own level and form; the default channel is the
manager itself. Fields of the context follow a request or job, secrets are masked, and logging
never raises into its caller: what cannot be written goes to the emergency log with the reason.

Files: contracts (Handler, Formatter), record (Record), levels (the eight), logger (Logger),
manager (LogManager), hub (what channels share), outbox (what waits for a thread that delivers),
context (fields that follow a task), masking (what is secret), formatters, emergency, bridge (the
standard library's `logging`), events, options, provider, fake, exceptions, drivers.
"""

from __future__ import annotations

from securely.log.contracts import Formatter, Handler
from securely.log.events import MessageLogged
from securely.log.exceptions import (
    ChannelLoop,
    LogError,
    UndefinedChannel,
    UnknownDriver,
    UnknownLevel,
)
from securely.log.logger import Logger
from securely.log.manager import LogManager
from securely.log.record import Record

__all__ = [
    "ChannelLoop",
    "Formatter",
    "Handler",
    "LogError",
    "LogManager",
    "Logger",
    "MessageLogged",
    "Record",
    "UndefinedChannel",
    "UnknownDriver",
    "UnknownLevel",
]
