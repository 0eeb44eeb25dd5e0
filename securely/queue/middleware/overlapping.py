"""WithoutOverlapping: of all jobs with one key, one runs at a time."""

from __future__ import annotations

from copy import copy
from enum import Enum
from typing import Self

from securely.cache import CacheError, CacheManager, Lock
from securely.container import current
from securely.queue.delivery.interaction import Interaction, current_interaction
from securely.queue.job import Job
from securely.queue.middleware.stage import Proceed, Waiting, lifetime, report
from securely.support.durations import Duration, seconds
from securely.support.steps import Steps, call

__all__ = ["WithoutOverlapping"]


class WithoutOverlapping(Waiting):
    """Lets one job of a class and a key run at a time, over all workers that share the cache.

    Another one is put off: at once the first time, then for up to three seconds, or for as long as
    :meth:`release_after` says.

    The lock belongs to the job: when its worker has died, the next delivery of the same job goes
    in at once. On disk the lock ends with the worker's process. Everywhere it ends when the job's
    timeout has long passed; of a job without one, after a day.

    Args:
        key: What the jobs have in common, such as the id of an order.
        release_after: How long another job waits; None for at once, and then ever later.
        expire_after: How long the lock is held at most; None for the job's timeout and a margin.

    Source: Laravel 13, Illuminate\\Queue\\Middleware\\WithoutOverlapping.
    """

    def __init__(
        self,
        key: str | int | Enum = "",
        release_after: Duration | None = None,
        expire_after: Duration | None = None,
    ) -> None:
        super().__init__()
        self.key: str = str(key.value if isinstance(key, Enum) else key)
        self.prefix: str = "queue-overlap:"
        self._wait = None if release_after is None else seconds(release_after)
        self._lifetime = None if expire_after is None else seconds(expire_after)
        self._is_shared = False

    def expire_after(self, lifetime: Duration) -> Self:
        """Return this with a lock that is held for *lifetime* at most."""
        changed = copy(self)
        changed._lifetime = seconds(lifetime)
        return changed

    def shared(self) -> Self:
        """Return this with a key that jobs of all classes have in common."""
        changed = copy(self)
        changed._is_shared = True
        return changed

    def with_prefix(self, prefix: str) -> Self:
        """Return this with another beginning of the lock's name."""
        changed = copy(self)
        changed.prefix = prefix
        return changed

    def lock_key(self, job: Job) -> str:
        """Return the name of the lock that *job* needs."""
        if self._is_shared:
            return f"{self.prefix}{self.key}"
        return f"{self.prefix}{job.display_name()}:{self.key}"

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job* while it holds the lock, or put it off."""
        interaction = current_interaction("WithoutOverlapping")
        lock = self._lock(job, interaction)
        taken = yield from call(lock.acquire, lock.aacquire)
        # A delivery of this very job held it, and its worker died: it is ours.
        if not taken and not (yield from call(lock.refresh, lock.arefresh)):
            self.put_off(interaction)
            return None
        try:
            return (yield from proceed())
        finally:
            try:
                yield from call(lock.release, lock.arelease)
            except CacheError as error:  # what has run has run; the lock ends by itself
                report(error, "WithoutOverlapping")

    def _lock(self, job: Job, interaction: Interaction) -> Lock:
        cache = current().make(CacheManager)
        seconds = lifetime(self._lifetime, interaction)
        return cache.lock(self.lock_key(job), seconds, interaction.uuid, bound=True)
