"""Workers killed at random moments, over and over: chains, batches, keys and groups hold."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from random import Random  # noqa: TID251  # seeded, and apart from what the product draws
from typing import Any

import pytest

from securely.support import clock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

# How many jobs an executor may run at once: a death repeats no more.
CONCURRENCY = 4


def storm(
    shop: Any, *, seed: int, count: int, seconds: float, pause: tuple[float, float], workers: int
) -> None:
    """Push *count* jobs over *seconds*, kill a process after each *pause*, and check all of it."""
    from shop_storm import Load, watch

    random = Random(seed)
    load = Load(shop, random)
    watch(shop)
    size = {"concurrency": CONCURRENCY}
    crew = [shop.start(size=size) for _ in range(workers)]
    began = clock.monotonic()
    deaths = 0

    while (passed := clock.monotonic() - began) < seconds:
        while load.made < count * passed / seconds:
            load.push_some()
        clock.sleep(random.uniform(*pause))
        at = random.randrange(workers)
        victims = [crew[at].pid]
        with suppress(OSError):
            victims += crew[at].executors()
        with suppress(ProcessLookupError):
            os.kill(random.choice(victims), signal.SIGKILL)
            deaths += 1
        crew = [one if one.process.poll() is None else shop.start(size=size) for one in crew]

    shop.wait_for(load.is_over, 150.0)
    for one in crew:
        one.signal(signal.SIGTERM)
    for one in crew:
        one.wait()
    shop.work()
    load.check(deaths=deaths, concurrency=CONCURRENCY)
    shop.assert_nothing_is_left()


def test_storm_when_short_keeps_chains_batches_keys_and_groups(shop: Any, jobs: Any) -> None:
    storm(shop, seed=11, count=600, seconds=5.0, pause=(0.05, 0.3), workers=2)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
def test_storm_of_a_minute_keeps_chains_batches_keys_and_groups(
    shop: Any, jobs: Any, seed: int
) -> None:
    storm(shop, seed=seed, count=5_000, seconds=60.0, pause=(0.05, 0.3), workers=4)
