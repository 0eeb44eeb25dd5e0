"""Idempotent: a job that has ended well is not run again, however often it is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from enum import Enum
from typing import Final, Self, cast

from securely.cache import CacheError, CacheManager
from securely.container import current
from securely.queue.delivery.interaction import current_interaction
from securely.queue.job import Job
from securely.queue.middleware.stage import Proceed, Stage, report
from securely.support.durations import Duration, seconds
from securely.support.importing import dotted
from securely.support.serializer import Unserializable
from securely.support.steps import Steps, call

__all__ = ["Idempotent"]

# Longer than a job may wait for its redelivery, and not for ever.
_DAY_SECONDS: Final = 86_400.0


class Idempotent(Stage):
    """Remembers in the cache that a job has ended well; a second delivery ends well without a run.

    What `handle` returned is remembered, too, where the cache can keep it, and returned again.
    A worker that dies between the end of `handle` and this note leaves none: what a job does
    before must still bear to be done twice.

    Args:
        key: What jobs of one class are to do once; None for this one job, however often it is
            delivered.
        remember_for: How long it is remembered.
    """

    def __init__(
        self, key: str | int | Enum | None = None, remember_for: Duration = _DAY_SECONDS
    ) -> None:
        self.key: str | None = None if key is None else str(getattr(key, "value", key))
        self._seconds = seconds(remember_for)
        self._is_shared = False

    def shared(self) -> Self:
        """Return this with a key that jobs of all classes have in common."""
        changed = copy(self)
        changed._is_shared = True
        return changed

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job*, unless that is done."""
        cache = current().make(CacheManager)
        name = f"queue-done:{self._done(job)}"
        kept = yield from call(cache.get, cache.aget, name)
        if kept is not None:
            return cast("Mapping[str, object]", kept).get("result")
        answer = yield from proceed()
        if current_interaction("Idempotent").decision is not None:
            return answer  # put back, failed or taken out: it has not ended well
        try:
            try:
                yield from call(cache.put, cache.aput, name, {"result": answer}, self._seconds)
            except Unserializable:
                yield from call(cache.put, cache.aput, name, {}, self._seconds)
        except CacheError as error:  # what has run has run
            report(error, "Idempotent")
        return answer

    def _done(self, job: Job) -> str:
        """Return what is done when *job* is."""
        if self.key is None:
            return current_interaction("Idempotent").uuid
        if self._is_shared:
            return self.key
        # Calls of functions and listeners are of one class of ours; what they call tells them
        # apart.
        is_ours = type(job).__module__.startswith("securely.")
        return f"{job.display_name() if is_ours else dotted(type(job))}:{self.key}"
