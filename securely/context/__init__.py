"""Context: what follows a command, request or job, into its log, its jobs and its processes.

Values are those of one task: tasks that it starts see a copy, and change nothing of it. Visible
values stand in every line of the log; hidden ones never do, and travel encrypted. A command, a
request or a job has one trace id, and what it queues or starts has the same.

Files: repository (Context), values (Values: one half of it), hidden (the long names of the other
half), state (what a task has), unit (the beginning and end of a command, request or job), carrying
(the written form), contracts (Encrypts, Failures), provider, exceptions.
"""

from __future__ import annotations

from securely.context.contracts import Encrypts, Failures
from securely.context.exceptions import (
    ContextError,
    ContextTooLarge,
    ContextUnreadable,
    EmptyStack,
    MissingValue,
    NotAStack,
    NotNumeric,
    ValueNotCarried,
)
from securely.context.repository import Context
from securely.context.values import Values

__all__ = [
    "Context",
    "ContextError",
    "ContextTooLarge",
    "ContextUnreadable",
    "EmptyStack",
    "Encrypts",
    "Failures",
    "MissingValue",
    "NotAStack",
    "NotNumeric",
    "ValueNotCarried",
    "Values",
]
