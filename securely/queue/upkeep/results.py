"""Results: what jobs have returned, for who waits for it; the part of a Queue that waits."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from securely.queue.contracts import KeepsResults
from securely.queue.delivery.failure import unpack_error
from securely.queue.exceptions import ResultFailed, ResultPending, ResultUnknown
from securely.queue.upkeep.totals import Totals
from securely.support import clock
from securely.support.durations import Duration, seconds

__all__ = ["Results"]

_FIRST_PAUSE: Final = 0.005
_LAST_PAUSE: Final = 0.25
_ABSENT: Final = object()


class Results(Totals):
    """Waits for the results of jobs whose class says `store_result = True`."""

    def result(self, uuid: str, timeout: Duration = 60.0) -> object:
        """Return what `handle` of the job *uuid* has returned; wait for its end, if need be.

        Args:
            uuid: The id that its dispatch returned.
            timeout: How long to wait at most; 0 for not at all.

        Raises:
            ResultFailed: It has failed.
            ResultPending: It has not ended in time.
            ResultUnknown: There is no such job, its result is not kept, or not any more.
            InvalidPayload: What is kept was not written by this application.
            QueueUnavailable: The store cannot be used.
        """
        limit, pause = seconds(timeout), _FIRST_PAUSE
        end = clock.monotonic() + limit
        while (found := self._look(uuid)) is _ABSENT:
            left = end - clock.monotonic()
            if left <= 0:
                raise ResultPending(uuid, limit)
            clock.sleep(min(pause, left))
            pause = min(pause * 2, _LAST_PAUSE)
        return found

    async def aresult(self, uuid: str, timeout: Duration = 60.0) -> object:  # noqa: ASYNC109  # the twin's
        """Async twin of :meth:`result`."""
        limit, pause = seconds(timeout), _FIRST_PAUSE
        end = clock.monotonic() + limit
        while (found := await asyncio.to_thread(self._look, uuid)) is _ABSENT:
            left = end - clock.monotonic()
            if left <= 0:
                raise ResultPending(uuid, limit)
            await clock.asleep(min(pause, left))
            pause = min(pause * 2, _LAST_PAUSE)
        return found

    def unpack_result(self, uuid: str, packed: bytes) -> object:
        """Return what the job *uuid* has returned, as its connection keeps it."""
        raise NotImplementedError

    def _look(self, uuid: str) -> object:
        """Return the result, or that there is none yet."""
        if not hasattr(self.driver, "result"):
            raise ResultUnknown(uuid, self.driver.name)
        driver = cast(KeepsResults, self.driver)
        found = driver.result(uuid)
        if found is None:
            if driver.holds(uuid):
                return _ABSENT
            # It may have ended between the two looks.
            found = driver.result(uuid)
        if found is None:
            raise ResultUnknown(uuid, self.driver.name)
        if found.value is None:
            error = unpack_error(found.error or b"{}")
            raise ResultFailed(uuid, error.type, error.message)
        return self.unpack_result(uuid, found.value)
