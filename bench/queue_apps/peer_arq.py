"""Stock arq's side, tuned: `python peer_arq.py push|latency …`; `arq peer_arq.Worker` works."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from arq import create_pool
from arq.connections import RedisSettings
from common import aproduce
from marks import mark

QUIET = {"version": 1, "loggers": {"arq": {"level": "WARNING"}}}
SETTINGS = RedisSettings(unix_socket_path=os.environ["BENCH_REDIS"])


async def noop(context: dict[str, Any], number: int) -> None:
    mark(number)


class Worker:
    """What a fast arq worker is told: 100 jobs at once, a poll each 10 ms, no results."""

    functions = (noop,)
    redis_settings = SETTINGS
    max_jobs = 100
    queue_read_limit = 500
    poll_delay = 0.01
    keep_result = 0


async def main() -> None:
    pool = await create_pool(SETTINGS)
    await aproduce(lambda number: pool.enqueue_job("noop", number))


if __name__ == "__main__":
    asyncio.run(main())
