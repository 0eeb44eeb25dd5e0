"""What stands around a job's `handle`: limits, locks, conditions; for sync and async jobs alike.

A job names its middleware in `middleware()`, the outermost first. One of your own is a callable
`(job, next)`, or an object with such a method `handle`.

stage.py         Stage: one body in two colours; Waiting: one that puts its job off
limits.py        RateLimited, ConcurrencyLimit: so many in so much time, so many at a time
overlapping.py   WithoutOverlapping: one at a time
throttling.py    ThrottlesExceptions: a pause when a job has failed too often
conditions.py    Skip, Release, SkipIfBatchCancelled, FailOnException
timing.py        Timeout: a limit of its own for what stands within
remembering.py   Idempotent: done once, however often it is delivered
sending.py       Transactional: what a job dispatches is sent if it ends well
"""

from __future__ import annotations

from securely.queue.middleware.conditions import (
    FailOnException,
    Release,
    Skip,
    SkipIfBatchCancelled,
)
from securely.queue.middleware.limits import ConcurrencyLimit, RateLimited
from securely.queue.middleware.overlapping import WithoutOverlapping
from securely.queue.middleware.remembering import Idempotent
from securely.queue.middleware.sending import Transactional
from securely.queue.middleware.stage import Next, Stage
from securely.queue.middleware.throttling import ThrottlesExceptions
from securely.queue.middleware.timing import Timeout

__all__ = [
    "ConcurrencyLimit",
    "FailOnException",
    "Idempotent",
    "Next",
    "RateLimited",
    "Release",
    "Skip",
    "SkipIfBatchCancelled",
    "Stage",
    "ThrottlesExceptions",
    "Timeout",
    "Transactional",
    "WithoutOverlapping",
]
