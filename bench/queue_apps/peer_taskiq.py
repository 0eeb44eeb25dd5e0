"""taskiq's side, on a Redis stream: `python peer_taskiq.py push|latency …`."""

from __future__ import annotations

import asyncio
import os

from common import aproduce
from marks import mark
from taskiq_redis import RedisStreamBroker

broker = RedisStreamBroker(url=f"unix://{os.environ['BENCH_REDIS']}")


@broker.task
async def noop(number: int) -> None:
    mark(number)


async def main() -> None:
    import peer_taskiq  # the task's module, under the name that the worker imports

    await broker.startup()
    await aproduce(lambda number: peer_taskiq.noop.kicker().with_broker(broker).kiq(number))
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
