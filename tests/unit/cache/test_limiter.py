"""The rate limiter: windows, named limits, and how each algorithm passes time."""

from __future__ import annotations

import asyncio
import copy

import pytest

from securely.cache import Limit, RateLimiter, Repository, UnknownLimiter
from securely.cache.drivers.array import ArrayStore
from securely.support.clock import FrozenClock


@pytest.fixture
def limiter(frozen: FrozenClock) -> RateLimiter:
    return RateLimiter(Repository(ArrayStore()))


def test_attempt_when_the_callback_gives_nothing_then_true(limiter: RateLimiter) -> None:
    assert limiter.attempt("k", 5, lambda: None) is True
    assert limiter.attempt("k", 5, lambda: 0) == 0
    assert limiter.attempt("k", 5, lambda: False) is False
    assert limiter.attempts("k") == 3


def test_attempt_when_the_callback_raises_then_it_counts(limiter: RateLimiter) -> None:
    def fail() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        limiter.attempt("k", 5, fail)

    assert limiter.attempts("k") == 1


def test_counts_when_changed_by_amounts_then_the_window_stays(
    limiter: RateLimiter, frozen: FrozenClock
) -> None:
    assert limiter.increment("k", 60, 5) == 5
    frozen.travel(20)
    assert limiter.hit("k", 60) == 6
    assert limiter.decrement("k", 60, 3) == 3
    assert limiter.remaining("k", 4) == 1
    assert limiter.available_in("k") == 40
    assert limiter.reset_attempts("k") is True
    assert (limiter.attempts("k"), limiter.available_in("k")) == (0, 40)
    limiter.clear("k")
    assert limiter.available_in("k") == 0
    assert limiter.reset_attempts("k") is False


def test_twins_do_the_same(limiter: RateLimiter) -> None:
    async def answer() -> str:
        return "in"

    async def use() -> list[object]:
        seen: list[object] = [await limiter.aattempt("k", 1, answer) for _ in range(2)]
        seen += [await limiter.atoo_many_attempts("k", 1), await limiter.aattempts("k")]
        seen += [await limiter.aremaining("k", 3), await limiter.aavailable_in("k")]
        seen += [await limiter.ahit("k"), await limiter.adecrement("k", 60, 2)]
        seen += [await limiter.areset_attempts("k"), await limiter.aconsume(Limit(1, 60, "x"))]
        await limiter.aclear("k")
        return [*seen, await limiter.aattempts("k")]

    seen = asyncio.run(use())

    assert seen[:9] == ["in", False, True, 2, 1, 60, 3, 1, True]
    assert seen[9:] == [(True, 1, 0, 0.0), 0]


def test_limits_by_their_names() -> None:
    assert [
        (limit.max_attempts, limit.decay_seconds)
        for limit in (
            Limit.per_second(3),
            Limit.per_second(3, 2),
            Limit.per_minute(60),
            Limit.per_minute(60, 5),
            Limit.per_minutes(5, 60),
            Limit.per_hour(10),
            Limit.per_day(10, 7),
            Limit.none(),
        )
    ] == [
        *((3, 1), (3, 2), (60, 60.0), (60, 300.0), (60, 300.0)),
        *((10, 3600.0), (10, 604800.0), (None, 60.0)),
    ]
    assert repr(Limit.per_minute(5).by(7).sliding()) == "Limit(5 in 60 s by '7', sliding)"
    assert repr(Limit.none()) == "Limit(none)"


def test_named_limiter_gives_each_limit_a_key_of_its_own(limiter: RateLimiter) -> None:
    limiter.for_(
        "api",
        lambda user: [Limit.per_minute(2).by(user), Limit.per_hour(9).by(user), Limit.per_day(99)],
    )
    limiter.for_("open", lambda: None)
    limiter.for_("one", Limit.none)

    assert [limit.key for limit in limiter.limiter("api")("ann")] == [
        "api:ann:attempts:2:decay:60",
        "api:ann:attempts:9:decay:3600",
        "api:",
    ]
    assert limiter.limiter("open")() == []
    assert limiter.consume(limiter.limiter("one")()[0]).allowed


def test_named_limiter_when_misspelt_then_suggests(limiter: RateLimiter) -> None:
    limiter.for_("uploads", Limit.none)

    with pytest.raises(UnknownLimiter, match='Did you mean "uploads"') as caught:
        limiter.limiter("upload")
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_respond_and_counts_are_kept_for_who_answers() -> None:
    limit = Limit.per_minute(1).response(lambda: "slow down").after(lambda status: status == 404)

    assert limit.respond is not None
    assert limit.respond() == "slow down"
    assert limit.counts is not None
    assert limit.counts(404)


def test_sliding_window_weighs_the_one_before(limiter: RateLimiter, frozen: FrozenClock) -> None:
    frozen.travel(60 - frozen.timestamp() % 60)  # where a window begins
    limit = Limit.per_minute(10).by("k").sliding()
    assert [limiter.consume(limit).allowed for _ in range(11)] == [True] * 10 + [False]

    frozen.travel(60)  # all of the window before is still within the last minute
    refused = limiter.consume(limit)
    frozen.travel(30)  # half of it is
    allowed = [limiter.consume(limit).allowed for _ in range(6)]

    assert not refused.allowed
    assert refused.retry_after == pytest.approx(6)
    assert allowed == [True] * 5 + [False]


def test_sliding_window_when_alone_is_too_much_then_waits_for_the_next(
    limiter: RateLimiter, frozen: FrozenClock
) -> None:
    frozen.travel(60 - frozen.timestamp() % 60 + 15)
    limit = Limit.per_minute(1).by("k").sliding()

    assert limiter.consume(limit).allowed
    # The rest of this window, and all of the next, in which this one weighs.
    assert limiter.consume(limit).retry_after == pytest.approx(105)


def test_sliding_window_when_nothing_may_pass_then_refused(limiter: RateLimiter) -> None:
    limit = Limit.per_minute(0).by("k").sliding()

    verdict = limiter.consume(limit)

    assert not verdict.allowed
    assert 0 < verdict.retry_after <= 60


def test_bucket_when_nothing_may_pass_then_refused(limiter: RateLimiter) -> None:
    assert limiter.consume(Limit.per_minute(0).by("k").bucket()) == (False, 0, 0, 60.0)


@pytest.mark.parametrize(
    ("most", "decay"), [(-1, 60), (1, 0), (1, -1), (1, float("nan")), (1, float("inf"))]
)
def test_limit_when_it_makes_no_sense_then_refused(most: int, decay: float) -> None:
    with pytest.raises(ValueError, match="A limit"):
        Limit(most, decay)


def test_retries_left_is_what_remains(limiter: RateLimiter) -> None:
    limiter.hit("k")

    assert limiter.retries_left("k", 3) == 2
    assert asyncio.run(limiter.aretries_left("k", 3)) == 2


def test_bucket_fills_steadily(limiter: RateLimiter, frozen: FrozenClock) -> None:
    limit = Limit.per_minute(6).by("k").bucket()  # one in ten seconds

    assert limiter.consume(limit, 6) == (True, 6, 0, 0.0)
    assert limiter.consume(limit) == (False, 6, 0, pytest.approx(10))
    frozen.travel(25)
    assert limiter.consume(limit, 2) == (True, 6, 0, 0.0)
    assert limiter.consume(limit).retry_after == pytest.approx(5)
    frozen.travel(600)
    assert limiter.consume(limit).remaining == 5


def test_fixed_window_when_the_number_has_no_end_then_says_no_time() -> None:
    cache = Repository(ArrayStore())
    cache.put("k", 9)

    assert RateLimiter(cache).consume(Limit(1, 60, "k")) == (False, 1, 0, 0.0)


def test_consume_when_limits_have_no_key_then_each_counts_by_itself(limiter: RateLimiter) -> None:
    limits = [
        Limit.per_minute(2),
        Limit.per_hour(2),
        Limit.per_minute(3),
        Limit.per_minute(2).sliding(),
        Limit.per_minute(2).bucket(),
    ]

    seen = [[limiter.consume(limit).allowed for limit in limits] for _ in range(3)]

    assert seen == [[True] * 5, [True] * 5, [False, False, True, False, False]]
    assert limiter.attempts("") == 0


def test_limiter_when_algorithms_differ_then_keys_do(limiter: RateLimiter) -> None:
    limiter.for_("api", lambda: [Limit.per_minute(2), Limit.per_minute(2).bucket()])

    seen = [
        [limiter.consume(limit).allowed for limit in limiter.limiter("api")()] for _ in range(3)
    ]

    assert seen == [[True, True], [True, True], [False, False]]
