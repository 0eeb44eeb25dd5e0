"""Workers killed at random moments, over and over: every job runs, and nothing is left."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import suppress
from random import Random  # noqa: TID251  # seeded, and apart from what the product draws
from typing import Any

import pytest

from securely.support import clock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def storm(shop: Any, jobs: Any, *, seed: int, count: int, kills: int, workers: int) -> None:
    """Push *count* jobs, kill *kills* random processes meanwhile, and check what came of it."""
    random = Random(seed)
    kinds = (jobs.Lasting, jobs.AsyncLasting)
    size = {"concurrency": 4}
    envelopes = [
        shop.envelope(kinds[n % 2](str(n), random.choice((0.0, 0.0, 0.002, 0.02))))
        for n in range(count)
    ]
    shop.connection.push(envelopes[: count // 2])
    crew = [shop.start(size=size) for _ in range(workers)]
    rest = envelopes[count // 2 :]

    for n in range(kills):
        clock.sleep(random.uniform(0.02, 0.25))
        shop.connection.push(rest[n * len(rest) // kills : (n + 1) * len(rest) // kills])
        at = random.randrange(workers)
        victims = [crew[at].pid]
        with suppress(OSError):
            victims += crew[at].executors()
        with suppress(ProcessLookupError):
            os.kill(random.choice(victims), signal.SIGKILL)
        crew = [one if one.process.poll() is None else shop.start(size=size) for one in crew]

    shop.wait_for(lambda: len(set(shop.tags("end"))) == count, 120.0)
    for one in crew:
        one.signal(signal.SIGTERM)
    for one in crew:
        one.wait()
    shop.work()
    runs = Counter(shop.tags("start"))
    assert set(runs) == {str(n) for n in range(count)}
    # A death repeats at most what its executor was running.
    assert sum(runs.values()) - count <= kills * size["concurrency"]
    assert shop.failed() == []
    shop.assert_nothing_is_left()


def test_storm_when_short_loses_nothing(shop: Any, jobs: Any) -> None:
    storm(shop, jobs, seed=7, count=600, kills=12, workers=2)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(4))
def test_storm_when_long_loses_nothing(shop: Any, jobs: Any, seed: int) -> None:
    storm(shop, jobs, seed=seed, count=10_000, kills=120, workers=4)
