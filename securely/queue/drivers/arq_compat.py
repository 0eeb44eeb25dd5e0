"""Our jobs under a stock arq worker: `arq securely.queue.drivers.arq_compat.WorkerSettings`.

It boots the application of the current directory and runs each job as an executor would. What it
cannot give: no process is killed for its time, there is no fencing, and a job whose worker dies
comes back after arq's timeout, not after the lease.
"""

from __future__ import annotations

import asyncio
import base64
import os
from typing import Any, Final

from arq.connections import RedisSettings
from arq.worker import Retry, func

from securely.container import current
from securely.queue.contracts import (
    Defaults,
    Delivery,
    FailedJob,
    Kind,
    Outcome,
    Runner,
    Verdict,
)
from securely.queue.crew.loading import Place, load_application
from securely.queue.delivery.failure import unpack_error
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_functions import names_of
from securely.queue.drivers.arq_pool import set_of
from securely.queue.drivers.arq_wire import (
    FUNCTION,
    Fixed,
    decode_fixed,
    deserialize,
    serialize,
    settlement,
)
from securely.queue.exceptions import QueueUnavailable, RecordedFailure
from securely.queue.manager import QueueManager
from securely.support import clock

__all__ = ["StockWorker", "worker_settings"]

_ENDLESS: Final = 2**31  # tries: our runner counts them


class StockWorker:
    """What a stock arq worker calls for each job of ours.

    Args:
        connection: Where the jobs are.
        runner: Runs them.
        timeout: Seconds after which arq gives a job up; ours end a little earlier.
    """

    def __init__(self, connection: ArqConnection, runner: Runner, timeout: float) -> None:
        self._connection = connection
        self._runner = runner
        self._timeout = timeout

    async def run(self, ctx: dict[str, Any], frame: str, fixed: str, queue: str) -> None:
        """Run one job, settle it with all that follows, and tell arq how it ended.

        Raises:
            Retry: It is to be tried again.
            RecordedFailure: It has failed, and is kept with the failed jobs.
        """
        uuid = str(ctx["job_id"])
        delivery = await self._delivery(ctx, decode_fixed(fixed), queue, base64.b64decode(frame))
        outcome = await self._outcome(delivery)
        await self._settle(uuid, outcome)
        if outcome.kind in {Kind.RELEASE, Kind.RETURN}:
            raise Retry(outcome.delay)
        if outcome.kind is Kind.FAIL:
            if outcome.has_hook:
                await asyncio.to_thread(
                    self._runner.run_failed_hook, self._failed(uuid, delivery, outcome)
                )
            error = unpack_error(outcome.error or b"{}")
            raise RecordedFailure(error.type, error.message, error.trace)

    async def _delivery(
        self, ctx: dict[str, Any], fixed: Fixed, queue: str, payload: bytes
    ) -> Delivery:
        meta = f"{self._connection.server.prefix}@job:{ctx['job_id']}"
        row: list[bytes | None] = await ctx["redis"].hmget(meta, "n", "x", "l", "d")
        exceptions, lost, deferrals = (int(count or 0) for count in row[1:])
        return Delivery(
            int(row[0] or 0),
            1,
            queue,
            fixed.name,
            int(ctx["job_try"]),
            exceptions,
            lost,
            deferrals,
            fixed.timeout,
            fixed.max_lost,
            payload,
            Verdict.LOST if lost and lost >= fixed.max_lost else Verdict.RUN,
        )

    async def _outcome(self, delivery: Delivery) -> Outcome:
        runner = self._runner
        if not runner.is_async(delivery):
            return await asyncio.to_thread(runner.run, delivery)
        limit = min(delivery.timeout or self._timeout, self._timeout)
        try:
            async with asyncio.timeout(limit):
                return await runner.arun(delivery)
        except TimeoutError:
            return runner.run(delivery._replace(verdict=Verdict.TIMED_OUT))

    async def _settle(self, uuid: str, outcome: Outcome) -> None:
        # arq's worker writes "1" for a token, and removes its own keys after us.
        settled = settlement(uuid, outcome._replace(token=1, has_hook=False))
        arguments = {"what": "settle_stock", "keep": 0, "outcome": settled}
        await self._connection.server.arun("admin", arguments)

    def _failed(self, uuid: str, delivery: Delivery, outcome: Outcome) -> FailedJob:
        return FailedJob(
            id=delivery.id,
            uuid=uuid,
            connection=self._connection.name,
            queue=delivery.queue,
            name=delivery.name,
            payload=delivery.payload,
            error=outcome.error or b"{}",
            attempts=delivery.attempts,
            failed_at=clock.timestamp(),
        )


def worker_settings(
    base_path: str | None = None,
    *,
    connection: str | None = None,
    queue: str | None = None,
    timeout: float = 300.0,
) -> dict[str, Any]:
    """Return the settings of a stock arq worker for our jobs.

    Args:
        base_path: The application's directory; the current one by default.
        connection: The connection's name; by default the default one, or else the first of arq.
        queue: Which queue; by default the connection's. A stock worker serves one.
        timeout: Seconds after which arq takes a job for lost.

    Raises:
        QueueUnavailable: The connection is not one of arq.
    """
    loaded = load_application(Place(base_path or os.getcwd()))  # noqa: PTH109  # as arq has it
    queues = current().make(QueueManager)
    found = queues.connection(connection)
    driver = found.driver
    if not isinstance(driver, ArqConnection):
        reason = 'it is not one of arq. Name one with worker_settings(connection="…")'
        raise QueueUnavailable(found.name, reason)
    loaded.runner.configure(Defaults(connection=driver.name, timeout=timeout))
    served = queue or found.default_queue
    stock = StockWorker(driver, loaded.runner, timeout)
    functions = [func(stock.run, name=FUNCTION, timeout=timeout + 5, max_tries=_ENDLESS)]
    for path in driver.functions:
        functions += [func(path, name=name) for name in names_of(path)]

    async def end(_: dict[str, Any]) -> None:
        loaded.close()

    return {
        "functions": functions,
        "queue_name": set_of(served, driver.server.prefix),
        "redis_settings": _redis_settings(driver),
        "job_serializer": serialize,
        "job_deserializer": deserialize,
        "max_tries": _ENDLESS,
        "on_shutdown": end,
    }


def _redis_settings(connection: ArqConnection) -> RedisSettings:
    """Return where the jobs of *connection* are, in arq's words."""
    address, sentinels = connection.server.address, connection.server.sentinels
    return RedisSettings(
        host=address.host if sentinels is None else list(sentinels.places),
        port=address.port,
        unix_socket_path=address.path,
        database=address.database,
        username=address.username,
        password=address.password,
        ssl=address.tls,
        conn_timeout=max(1, round(address.connect_timeout_seconds)),
        sentinel=sentinels is not None,
        sentinel_master="mymaster" if sentinels is None else sentinels.service,
    )


def __getattr__(name: str) -> Any:
    # Made when arq asks for it: whoever imports this module boots no application.
    if name == "WorkerSettings":
        return worker_settings()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
