"""RateLimiter: so many attempts in so much time; says how many are left, and when to come back.

An attempt is counted first and judged then: of any number that come at once, exactly as many are
let through as the limit says, over all processes that share the store.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast, overload

from securely.cache.exceptions import UnknownLimiter
from securely.cache.repository import Repository
from securely.support import clock
from securely.support.durations import Duration, seconds
from securely.support.missing import Missing
from securely.support.steps import Steps, arun, async_step, call, run, sync_step

__all__ = ["Limit", "RateLimiter", "Verdict"]

T = TypeVar("T")

# Seconds in each.
_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0
_DAY: Final = 86_400.0
# How long a bucket may be held by another: it is looked into, and no more.
_BUCKET_SECONDS: Final = 5.0
# By how much of an attempt sums of parts may be off.
_ROUNDING: Final = 1e-6


class Verdict(NamedTuple):
    """What a limiter says of an attempt.

    Attributes:
        allowed: Whether it may be.
        limit: How many may be in the time.
        remaining: How many more may be now.
        retry_after: Seconds until the next one may be; 0 when it is let through.
    """

    allowed: bool
    limit: int
    remaining: int
    retry_after: float


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts in so much time, for each key.

    Attributes:
        max_attempts: How many; None for any number.
        decay_seconds: In how much time.
        key: For whom it is counted; empty for all together.
        algorithm: How time passes: a *fixed* window begins with the first attempt; a *sliding*
            one weighs the window before by what of it is still within; a *bucket* fills steadily.
        respond: Makes the answer to an attempt that is refused.
        counts: Says of an answer whether the attempt counts.

    Raises:
        ValueError: There are fewer than no attempts, or no time.

    Example:
        >>> Limit.per_minute(60).by("ann")
        Limit(60 in 60 s by 'ann')
    """

    max_attempts: int | None
    decay_seconds: float = _MINUTE
    key: str = ""
    algorithm: Literal["fixed", "sliding", "bucket"] = "fixed"
    respond: Callable[..., Any] | None = None
    counts: Callable[..., bool] | None = None

    def __post_init__(self) -> None:
        for number in (self.max_attempts, self.decay_seconds):
            # A boolean is an integer to Python and a mistake to whoever wrote it.
            if number is not None and (
                isinstance(number, bool) or not isinstance(number, (int, float))  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            ):
                raise TypeError(f"A limit is made of numbers, not of {number!r:.100}.")
        if self.max_attempts is not None and self.max_attempts < 0:
            raise ValueError(
                f"A limit lets none (0) or some attempts through, not {self.max_attempts}. "
                "Limit.none() refuses nothing."
            )
        if not 0 < self.decay_seconds < math.inf:
            raise ValueError(
                f"A limit counts attempts in some time, not in {self.decay_seconds:g} seconds."
            )

    @staticmethod
    def per_second(attempts: int, seconds: float = 1) -> Limit:
        """Return a limit of *attempts* in a second, or in so many."""
        return Limit(attempts, seconds)

    @staticmethod
    def per_minute(attempts: int, minutes: float = 1) -> Limit:
        """Return a limit of *attempts* in a minute, or in so many."""
        return Limit(attempts, minutes * _MINUTE)

    @staticmethod
    def per_minutes(minutes: float, attempts: int) -> Limit:
        """Return a limit of *attempts* in so many *minutes*."""
        return Limit(attempts, minutes * _MINUTE)

    @staticmethod
    def per_hour(attempts: int, hours: float = 1) -> Limit:
        """Return a limit of *attempts* in an hour, or in so many."""
        return Limit(attempts, hours * _HOUR)

    @staticmethod
    def per_day(attempts: int, days: float = 1) -> Limit:
        """Return a limit of *attempts* in a day, or in so many."""
        return Limit(attempts, days * _DAY)

    @staticmethod
    def none() -> Limit:
        """Return a limit that refuses nothing."""
        return Limit(None)

    def by(self, key: object) -> Limit:
        """Return this limit, counted for *key* alone."""
        return replace(self, key=str(key))

    def sliding(self) -> Limit:
        """Return this limit over a window that moves along."""
        return replace(self, algorithm="sliding")

    def bucket(self) -> Limit:
        """Return this limit as a bucket of so many tokens, which fills in its time."""
        return replace(self, algorithm="bucket")

    def response(self, respond: Callable[..., Any]) -> Limit:
        """Return this limit with what makes the answer to an attempt that is refused."""
        return replace(self, respond=respond)

    def after(self, counts: Callable[..., bool]) -> Limit:
        """Return this limit with what says of an answer whether the attempt counts."""
        return replace(self, counts=counts)

    def __repr__(self) -> str:
        if self.max_attempts is None:
            return "Limit(none)"
        whom = f" by {self.key!r}" if self.key else ""
        kind = "" if self.algorithm == "fixed" else f", {self.algorithm}"
        return f"Limit({self.max_attempts} in {self.decay_seconds:g} s{whom}{kind})"


Limits: TypeAlias = Limit | Sequence[Limit] | None


class RateLimiter:
    """Counts attempts by key, and lets so many through.

    Args:
        cache: What the attempts are counted in.

    Example:
        >>> from securely.cache.drivers.array import ArrayStore
        >>> from securely.cache.repository import Repository
        >>> limiter = RateLimiter(Repository(ArrayStore()))
        >>> [limiter.attempt("login:ann", 2, lambda: "welcome") for _ in range(3)]
        ['welcome', 'welcome', False]
        >>> limiter.remaining("login:ann", 2), limiter.available_in("login:ann")
        (0, 60)

    Source: Laravel 13, Illuminate\\Cache\\RateLimiter.
    """

    def __init__(self, cache: Repository) -> None:
        self._cache = cache
        self._limiters: dict[str, Callable[..., Limits]] = {}

    # Limits that have a name.

    def for_(self, name: str, limits: Callable[..., Limits]) -> None:
        """Define the limiter *name*: *limits* returns one limit, several, or None for none.

        Raises:
            TypeError: It is no function.
        """
        if not callable(limits):
            raise TypeError(
                f'The rate limiter "{name}" is a function that returns its limits, not '
                f'{limits!r:.100}: for_("{name}", lambda: Limit.per_minute(60)).'
            )
        self._limiters[name] = limits

    def limiter(self, name: str) -> Callable[..., list[Limit]]:
        """Return what gives the limits of *name*, with keys that no other limit has.

        Raises:
            UnknownLimiter: It is not defined.
        """
        if name not in self._limiters:
            raise UnknownLimiter(name, self._limiters)
        limits = self._limiters[name]
        return lambda *args, **kwargs: _apart(name, limits(*args, **kwargs))

    def consume(self, limit: Limit, cost: int = 1) -> Verdict:
        """Count an attempt that costs *cost*, and say whether it may be.

        A limit that is :meth:`Limit.by` nobody counts for all together, and apart from limits of
        another number, time or algorithm. Those of one key count together.
        """
        return run(self._consume(limit, cost))

    async def aconsume(self, limit: Limit, cost: int = 1) -> Verdict:
        """Async twin of :meth:`consume`."""
        return await arun(self._consume(limit, cost))

    # Attempts by key, in a window that begins with the first.

    def attempt(
        self, key: str, max_attempts: int, callback: Callable[[], T], decay: Duration = _MINUTE
    ) -> T | bool:
        """Return what *callback* returns, True for None; False, when there were too many.

        An attempt whose callback raises has been made, and counts.

        Args:
            key: For whom it is counted.
            max_attempts: How many may be.
            callback: What is attempted.
            decay: In how much time.
        """
        return run(self._attempt(key, max_attempts, sync_step(callback, "aattempt"), decay))

    @overload
    async def aattempt(
        self,
        key: str,
        max_attempts: int,
        callback: Callable[[], Awaitable[T]],
        decay: Duration = _MINUTE,
    ) -> T | bool: ...
    @overload
    async def aattempt(
        self,
        key: str,
        max_attempts: int,
        callback: Callable[[], T],
        decay: Duration = _MINUTE,
    ) -> T | bool: ...
    async def aattempt(
        self,
        key: str,
        max_attempts: int,
        callback: Callable[[], Any],
        decay: Duration = _MINUTE,
    ) -> Any:
        """Async twin of :meth:`attempt`."""
        return await arun(self._attempt(key, max_attempts, async_step(callback), decay))

    def too_many_attempts(self, key: str, max_attempts: int) -> bool:
        """Tell whether *key* has had all of its attempts."""
        return self.attempts(key) >= max_attempts

    async def atoo_many_attempts(self, key: str, max_attempts: int) -> bool:
        """Async twin of :meth:`too_many_attempts`."""
        return await self.aattempts(key) >= max_attempts

    def hit(self, key: str, decay: Duration = _MINUTE) -> int:
        """Count an attempt; return how many there have been."""
        return self.increment(key, decay)

    async def ahit(self, key: str, decay: Duration = _MINUTE) -> int:
        """Async twin of :meth:`hit`."""
        return await self.aincrement(key, decay)

    def increment(self, key: str, decay: Duration = _MINUTE, amount: int = 1) -> int:
        """Count *amount* attempts; return how many there have been.

        Args:
            key: For whom.
            decay: How long the window is, if it begins now.
            amount: How many.
        """
        return self._cache.increment(key, amount, seconds(decay))

    async def aincrement(self, key: str, decay: Duration = _MINUTE, amount: int = 1) -> int:
        """Async twin of :meth:`increment`."""
        return await self._cache.aincrement(key, amount, seconds(decay))

    def decrement(self, key: str, decay: Duration = _MINUTE, amount: int = 1) -> int:
        """Take *amount* attempts back; return how many are left."""
        return self.increment(key, decay, -amount)

    async def adecrement(self, key: str, decay: Duration = _MINUTE, amount: int = 1) -> int:
        """Async twin of :meth:`decrement`."""
        return await self.aincrement(key, decay, -amount)

    def attempts(self, key: str) -> int:
        """Return how many attempts there have been in the window; those refused count, too."""
        return cast("int", self._cache.get(key, 0))

    async def aattempts(self, key: str) -> int:
        """Async twin of :meth:`attempts`."""
        return cast("int", await self._cache.aget(key, 0))

    def remaining(self, key: str, max_attempts: int) -> int:
        """Return how many attempts *key* has left."""
        return max(0, max_attempts - self.attempts(key))

    async def aremaining(self, key: str, max_attempts: int) -> int:
        """Async twin of :meth:`remaining`."""
        return max(0, max_attempts - await self.aattempts(key))

    def retries_left(self, key: str, max_attempts: int) -> int:
        """Return what :meth:`remaining` does, by Laravel's other name."""
        return self.remaining(key, max_attempts)

    async def aretries_left(self, key: str, max_attempts: int) -> int:
        """Async twin of :meth:`retries_left`."""
        return await self.aremaining(key, max_attempts)

    def available_in(self, key: str) -> int:
        """Return in how many whole seconds the window ends; 0 when there is none."""
        return _whole(self._cache.ttl(key))

    async def aavailable_in(self, key: str) -> int:
        """Async twin of :meth:`available_in`."""
        return _whole(await self._cache.attl(key))

    def reset_attempts(self, key: str) -> bool:
        """Count from 0 again; the window ends when it would have. Tell whether there was one."""
        return run(self._reset(key))

    async def areset_attempts(self, key: str) -> bool:
        """Async twin of :meth:`reset_attempts`."""
        return await arun(self._reset(key))

    def clear(self, key: str) -> None:
        """Forget the attempts of *key*, and its window."""
        self._cache.forget(key)

    async def aclear(self, key: str) -> None:
        """Async twin of :meth:`clear`."""
        await self._cache.aforget(key)

    def _attempt(
        self, key: str, max_attempts: int, body: Steps[T], decay: Duration
    ) -> Steps[T | bool]:
        if not isinstance(max_attempts, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise TypeError(f"So many attempts are a number, not {max_attempts!r:.100}.")
        made = yield from call(self.hit, self.ahit, key, decay)
        if made > max_attempts:
            return False
        answer = yield from body
        return True if answer is None else answer

    def _reset(self, key: str) -> Steps[bool]:
        left = yield from call(self._cache.ttl, self._cache.attl, key)
        if isinstance(left, Missing):
            return False
        return bool((yield from call(self._cache.put, self._cache.aput, key, 0, left)))

    def _consume(self, limit: Limit, cost: int) -> Steps[Verdict]:
        most = limit.max_attempts
        if most is None:
            return Verdict(True, 0, 0, 0.0)
        if not limit.key:
            limit = replace(limit, key=_measure(limit))
        if limit.algorithm == "sliding":
            return (yield from self._consume_sliding(limit, most, cost))
        if limit.algorithm == "bucket":
            return (yield from self._consume_bucket(limit, most, cost))
        made = yield from call(
            self.increment, self.aincrement, limit.key, limit.decay_seconds, cost
        )
        if made <= most:
            return Verdict(True, most, most - made, 0.0)
        left = yield from call(self._cache.ttl, self._cache.attl, limit.key)
        # The window may have ended since; and a number that another has put there may have no end.
        wait = 0.0 if left is None or isinstance(left, Missing) else left
        return Verdict(False, most, 0, wait)

    def _consume_sliding(self, limit: Limit, most: int, cost: int) -> Steps[Verdict]:
        """Weigh the window before by the part of it that lies within the last *decay* seconds."""
        width = limit.decay_seconds
        number, passed = divmod(clock.timestamp(), width)
        now, before = f"{limit.key}:{number:.0f}", f"{limit.key}:{number - 1:.0f}"
        made = yield from call(self.increment, self.aincrement, now, 2 * width, cost)
        earlier = yield from call(self.attempts, self.aattempts, before)
        weight = earlier * (1 - passed / width)
        if made + weight <= most + _ROUNDING:
            return Verdict(True, most, max(0, math.floor(most - made - weight)), 0.0)
        # An attempt that is refused does not keep the next from being let through.
        yield from call(self.increment, self.aincrement, now, 2 * width, -cost)
        if (room := most - made) >= 0:  # what the window before may still weigh
            return _refused(most, width * (1 - room / earlier) - passed)
        # This window is full; in the next one, what of it is still within may weigh this much.
        room, earlier = max(0, most - cost), made - cost
        more = width * (1 - room / earlier) if earlier > room else 0.0
        return _refused(most, width - passed + more)

    def _consume_bucket(self, limit: Limit, most: int, cost: int) -> Steps[Verdict]:
        """Take tokens out of a bucket that fills steadily; one process at a time looks into it."""
        guard = self._cache.lock(f"limiter:{limit.key}", _BUCKET_SECONDS)
        yield from call(guard.__enter__, guard.__aenter__)
        try:
            now, rate = clock.timestamp(), most / limit.decay_seconds
            kept = yield from call(self._cache.get, self._cache.aget, limit.key)
            tokens, filled = cast("list[float]", kept or [float(most), now])
            tokens = min(float(most), tokens + max(0.0, now - filled) * rate)
            if tokens < cost - _ROUNDING:
                # A bucket of none never fills.
                wait = (cost - tokens) / rate if rate else limit.decay_seconds
                return _refused(most, wait, math.floor(tokens))
            content = [max(0.0, tokens - cost), now]
            yield from call(
                self._cache.put, self._cache.aput, limit.key, content, limit.decay_seconds
            )
            return Verdict(True, most, max(0, math.floor(tokens - cost)), 0.0)
        finally:
            yield from call(guard.release, guard.arelease)


def _refused(most: int, wait: float, remaining: int = 0) -> Verdict:
    """Return that an attempt is refused; at the end of *wait*, rounded up, the next one is not."""
    return Verdict(False, most, remaining, math.ceil(wait * 1_000) / 1_000)


def _apart(name: str, limits: Limits) -> list[Limit]:
    """Return *limits* with keys of their own: two limits of one key would count together."""
    if limits is not None and not isinstance(limits, (Limit, Sequence)):  # pyright: ignore[reportUnnecessaryIsInstance]  # functions without annotations
        raise TypeError(f'The rate limiter "{name}" returned {limits!r:.100}, which is no Limit.')
    several = [] if limits is None else [limits] if isinstance(limits, Limit) else list(limits)
    keys = [limit.key for limit in several]
    found: list[Limit] = []
    for limit in several:
        key = f"{name}:{limit.key}"
        if keys.count(limit.key) > 1:
            key = f"{key}:{_measure(limit)}"
        found.append(replace(limit, key=key))
    return found


def _measure(limit: Limit) -> str:
    """Return what tells *limit* from others for the same."""
    kind = "" if limit.algorithm == "fixed" else f":{limit.algorithm}"
    return f"attempts:{limit.max_attempts}:decay:{limit.decay_seconds:g}{kind}"


def _whole(left: float | Missing | None) -> int:
    return 0 if left is None or isinstance(left, Missing) else math.ceil(left)
