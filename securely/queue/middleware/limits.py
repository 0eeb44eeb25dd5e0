"""RateLimited: so many jobs in so much time. ConcurrencyLimit: so many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from enum import Enum
from typing import Final, Self

from securely.cache import (
    CacheError,
    CacheManager,
    Funnel,
    Limit,
    LimiterTimeout,
    RateLimiter,
    Verdict,
)
from securely.container import current
from securely.queue.delivery.interaction import Interaction, current_interaction
from securely.queue.job import Job
from securely.queue.middleware.stage import Proceed, Waiting, lifetime, report
from securely.support.durations import Duration, seconds
from securely.support.steps import Steps, call

__all__ = ["ConcurrencyLimit", "RateLimited"]

# As in Laravel: clocks differ, and a job that comes a moment too early comes in vain.
_MARGIN_SECONDS: Final = 3.0


class RateLimited(Waiting):
    """Lets so many jobs run in so much time, as the limiter *name* says of each job.

    A job that comes too early is put off until the limit has room again, and three seconds; or for
    as long as :meth:`release_after` says. That consumes no try. Of several limits, all must have
    room.

    Args:
        name: What `RateLimiter.for_(name, limits)` has defined; *limits* is given the job.

    Source: Laravel 13, Illuminate\\Queue\\Middleware\\RateLimited.
    """

    def __init__(self, name: str | Enum) -> None:
        super().__init__()
        self.name: str = str(name.value if isinstance(name, Enum) else name)

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job* if its limits have room, or put it off.

        Raises:
            UnknownLimiter: Nobody has defined the limiter.
        """
        interaction = current_interaction("RateLimited")
        limiter = current().make(RateLimiter)
        verdict = yield from _judged(limiter, limiter.limiter(self.name)(job))
        if verdict is not None and not verdict.allowed:
            self.put_off(interaction, verdict.retry_after + _MARGIN_SECONDS)
            return None
        return (yield from proceed())


class ConcurrencyLimit(Waiting):
    """Lets so many jobs of one key run at a time, over all workers that share the cache.

    Another one is put off: at once the first time, then for up to three seconds, or for as long as
    :meth:`release_after` says. The place of a worker that dies is free again when its job's
    timeout has long passed; on disk at once.

    Args:
        key: What the jobs have in common; jobs of all classes share it.
        places: How many may run at a time.
    """

    def __init__(self, key: str | int | Enum, places: int) -> None:
        super().__init__()
        self.key: str = str(key.value if isinstance(key, Enum) else key)
        self.places: int = places
        self._lifetime: float | None = None

    def expire_after(self, lifetime: Duration) -> Self:
        """Return this with places that are held for *lifetime* at most."""
        changed = copy(self)
        changed._lifetime = seconds(lifetime)
        return changed

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job* while it has a place, or put it off."""
        interaction = current_interaction("ConcurrencyLimit")
        funnel = self._funnel(interaction)
        try:
            yield from call(funnel.__enter__, funnel.__aenter__)
        except LimiterTimeout:
            self.put_off(interaction)
            return None
        try:
            return (yield from proceed())
        finally:
            try:
                yield from call(funnel.__exit__, funnel.__aexit__)
            except CacheError as error:  # what has run has run; the place is free again by itself
                report(error, "ConcurrencyLimit")

    def _funnel(self, interaction: Interaction) -> Funnel:
        funnel = current().make(CacheManager).funnel(f"queue-concurrency:{self.key}")
        held_for = lifetime(self._lifetime, interaction)
        return funnel.limit(self.places).release_after(held_for).block(0)


def _judged(limiter: RateLimiter, limits: Sequence[Limit]) -> Steps[Verdict | None]:
    """Count an attempt against each of *limits*; return what the first that is full says.

    Of several, those with a fixed window are looked at first: a job that one of them keeps out
    must not use up the others.
    """
    if len(limits) > 1:
        for limit in limits:
            full = yield from _full(limiter, limit)
            if full is not None:
                return full
    for limit in limits:
        verdict = yield from call(limiter.consume, limiter.aconsume, limit)
        if not verdict.allowed:
            return verdict
    return None


def _full(limiter: RateLimiter, limit: Limit) -> Steps[Verdict | None]:
    most = limit.max_attempts
    if most is None or limit.algorithm != "fixed":
        return None
    key = limit.key
    if not (yield from call(limiter.too_many_attempts, limiter.atoo_many_attempts, key, most)):
        return None
    wait = yield from call(limiter.available_in, limiter.aavailable_in, key)
    return Verdict(False, most, 0, float(wait))
