"""What both producers do: push one by one, in bulk, or one at a time and wait for it to run."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from marks import read


def produce(push: Callable[[int], object], bulk: Callable[[Sequence[int]], object]) -> None:
    how, count = sys.argv[1], int(sys.argv[2])
    if how == "latency":
        print(json.dumps(latencies(push, count)))
        return
    push(0)  # opens the store: that is paid once, and not by each push
    began = time.perf_counter()
    if how == "push":
        for number in range(count):
            push(number)
    else:
        for first in range(0, count, 100):
            bulk(range(first, min(first + 100, count)))
    print(json.dumps(count / (time.perf_counter() - began)))


def latencies(push: Callable[[int], object], count: int) -> list[float]:
    """Return the milliseconds from before a push to the start of its job, on an idle worker."""
    found: list[float] = []
    for number in range(1, count + 1):
        began = time.monotonic_ns()
        push(number)
        while not (ran := read(number)):
            time.sleep(0.0002)
        found.append((ran - began) / 1e6)
        time.sleep(random.uniform(0.02, 0.08))
    return found[2:]


async def aproduce(push: Callable[[int], Awaitable[object]]) -> None:
    """Push one by one, or one at a time and wait for it to run, with an async producer."""
    how, count = sys.argv[1], int(sys.argv[2])
    if how == "latency":
        print(json.dumps(await alatencies(push, count)))
        return
    await push(0)
    began = time.perf_counter()
    for number in range(count):
        await push(number)
    print(json.dumps(count / (time.perf_counter() - began)))


async def alatencies(push: Callable[[int], Awaitable[object]], count: int) -> list[float]:
    """Return the milliseconds from before a push to the start of its job, on an idle worker."""
    found: list[float] = []
    for number in range(1, count + 1):
        began = time.monotonic_ns()
        await push(number)
        while not (ran := read(number)):  # noqa: ASYNC110  # another process runs the job
            await asyncio.sleep(0.0002)
        found.append((ran - began) / 1e6)
        await asyncio.sleep(random.uniform(0.02, 0.08))
    return found[2:]
