"""Several stores, one after the other: each operation goes to the first that answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import TypeVar

from securely.cache.drivers.base import LayeredStore, Use
from securely.cache.events import CacheFailedOver
from securely.cache.exceptions import StoreUnavailable
from securely.cache.manager import Materials
from securely.cache.options import FailoverOptions
from securely.cache.repository import Repository
from securely.exceptions import ConfigurationError
from securely.support import clock
from securely.support.steps import Steps, arun, call, run

__all__ = ["FailoverStore"]

T = TypeVar("T")

# The failovers that are being built in this context: one must not wait for itself.
_building: ContextVar[tuple[str, ...]] = ContextVar("securely_cache_failovers", default=())


class FailoverStore(LayeredStore):
    """Stores in order: an operation goes to the first that answers, in both colours.

    A store that failed is left alone for a while, and asked again then; while it fails, that is
    reported once, and CacheFailedOver told once. What was written to another store meanwhile
    stays there. A lock is found, released, refreshed and detached wherever it is held. Only
    StoreUnavailable is a failure: what a store says of a value or a type, another would say as
    well.

    Args:
        names: The stores, the first one first.
        materials: Gives the stores by name, and who is told.
        retry_seconds: How long a store that failed is left alone.

    Source: Laravel 13, Illuminate\\Cache\\FailoverStore.
    """

    def __init__(
        self, names: Sequence[str], materials: Materials, *, retry_seconds: float = 5.0
    ) -> None:
        self._names = tuple(names)
        self._materials = materials
        self._retry_seconds = retry_seconds
        # Store -> when it may be tried again; all that are in a streak of failures.
        self._failing: dict[str, float] = {}

    @classmethod
    def build(cls, name: str, options: FailoverOptions, materials: Materials) -> FailoverStore:
        """Return the store *name* as its options have it.

        Raises:
            ConfigurationError: It is one of its own stores, or one of those leads back to it.
            UnknownStore: One of its stores is not defined.
        """
        way = (*_building.get(), name)
        if again := next((each for each in options.stores if each in way), None):
            path = " -> ".join((*way[way.index(again) :], again))
            raise ConfigurationError(
                f'The failover store "{name}" leads back to itself ({path}). '
                f'Take "{again}" out of cache.stores.{name}.stores.'
            )
        token = _building.set(way)
        try:
            for each in options.stores:
                materials.store(each)
        finally:
            _building.reset(token)
        return cls(options.stores, materials, retry_seconds=options.retry_seconds)

    def stats(self, prefix: str) -> dict[str, int | float | str]:
        """Return which store answers now, and why others do not; each is asked for a key.

        Raises:
            StoreUnavailable: None of them answers.
        """
        return run(self._stats(prefix))

    async def astats(self, prefix: str) -> dict[str, int | float | str]:
        """Async twin of :meth:`stats`."""
        return await arun(self._stats(prefix))

    def _stats(self, prefix: str) -> Steps[dict[str, int | float | str]]:
        answering: list[str] = []
        failing: dict[str, StoreUnavailable] = {}
        for name in self._names:
            place = self._materials.store(name).place
            try:
                # Past the repository: nobody is told of a key that nobody wants.
                yield from call(place.store.get, place.store.aget, place.prefix + prefix)
                answering.append(name)
            except StoreUnavailable as error:
                failing[name] = error
                yield from self._fail(name, error)
        if not answering:
            raise failing[self._names[-1]]
        reasons = {f"failing {name}": error.reason for name, error in failing.items()}
        return {"answering": answering[0], **reasons}

    def _perform(self, use: Use[T], keys: Sequence[str] | None = ()) -> Steps[T]:
        last: StoreUnavailable | None = None
        for name, inner in self._order():
            try:
                answer = yield from use(inner)
            except StoreUnavailable as error:
                last = error
                yield from self._fail(name, error)
            else:
                self._failing.pop(name, None)
                return answer
        assert last is not None  # noqa: S101  # there is at least one store
        raise last

    def _prune(self) -> Steps[int]:
        removed, answered = 0, False
        last: StoreUnavailable | None = None
        for name, inner in self._order():
            try:
                removed += yield from call(inner.prune, inner.aprune)
                answered = True
            except StoreUnavailable as error:
                last = error
                yield from self._fail(name, error)
        if last is not None and not answered:
            raise last
        return removed

    def _held(self, use: Use[T]) -> Steps[T]:
        # The lock was taken at the store that answered then, which need not be the first now.
        last: StoreUnavailable | None = None
        answers: list[T] = []
        for name, inner in self._order():
            try:
                answer = yield from use(inner)
            except StoreUnavailable as error:
                last = error
                yield from self._fail(name, error)
            else:
                if answer:
                    return answer
                answers.append(answer)
        if not answers:
            assert last is not None  # noqa: S101  # there is at least one store
            raise last
        return answers[0]

    def _order(self) -> Iterator[tuple[str, Repository]]:
        """Give the stores to try; those that have just failed come last, in their order."""
        now = clock.monotonic()
        resting = [name for name in self._names if self._failing.get(name, now) > now]
        for name in (*(each for each in self._names if each not in resting), *resting):
            yield name, self._materials.store(name)

    def _fail(self, name: str, error: StoreUnavailable) -> Steps[None]:
        """Note that *name* has failed; tell so, if it had answered before."""
        streak = name in self._failing
        self._failing[name] = clock.monotonic() + self._retry_seconds
        if not streak:
            self._materials.report(error)
        events = self._materials.events
        if not streak and events is not None and events.has_listeners(CacheFailedOver):
            told = CacheFailedOver(name, error)
            yield from call(events.dispatch, events.adispatch, told)
