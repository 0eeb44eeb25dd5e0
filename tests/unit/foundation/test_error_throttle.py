"""How often errors are reported: limits, lotteries, and what happens when nobody can count."""

from __future__ import annotations

from typing import Any

import pytest

from securely.cache.limiter import Limit, RateLimiter
from securely.cache.manager import CacheManager
from securely.container import Container
from securely.foundation import ErrorHandler, Lottery, UntypedCallback
from securely.support import clock, entropy


class Log:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def log(self, level: str, message: str, **fields: object) -> None:
        self.told.append(message)


class Broken:
    """A limiter whose store is gone."""

    def consume(self, limit: object) -> Any:
        raise ConnectionError("no store")


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def errors(log: Log) -> ErrorHandler:
    container = Container()
    container.instance("log", log)
    container.instance("rate_limiter", limiter())
    return ErrorHandler(container)


def limiter() -> RateLimiter:
    from securely.cache.options import CacheOptions

    options = CacheOptions.parse(
        {"default": "array", "stores": {"array": {"driver": "array"}}}, "cache"
    )
    return RateLimiter(CacheManager(options.default, options.stores))


def test_a_limit_lets_so_many_through_in_its_time(errors: ErrorHandler, log: Log) -> None:
    errors.throttling(OSError, Limit.per_minute(2))

    with clock.using(clock.FrozenClock(at=1_800_000_000.0)) as frozen:
        for number in range(4):
            errors.report(OSError(str(number)))
        errors.report(ValueError("another"))
        frozen.travel(61)  # type: ignore[attr-defined]  # the one made above
        errors.report(OSError("later"))

    assert log.told == ["0", "1", "another", "later"]


def test_each_class_is_counted_for_itself_unless_a_key_says_otherwise(
    errors: ErrorHandler, log: Log
) -> None:
    @errors.throttle
    def rarely(error: ConnectionError | TimeoutError) -> Limit:
        limit = Limit.per_minute(1)
        return limit.by("all") if isinstance(error, TimeoutError) else limit

    for error in (
        ConnectionResetError("a"),
        ConnectionResetError("b"),
        ConnectionAbortedError("c"),
        TimeoutError("d"),
        TimeoutError("e"),
    ):
        errors.report(error)

    assert log.told == ["a", "c", "d"]


def test_the_first_that_has_an_opinion_counts(errors: ErrorHandler, log: Log) -> None:
    @errors.throttle
    def first(error: OSError) -> bool | None:
        return {"yes": True, "no": False}.get(str(error))

    errors.throttling(OSError, Lottery(0, 1))

    for word in ("yes", "no", "perhaps"):
        errors.report(OSError(word))

    assert log.told == ["yes"]


def test_a_lottery_lets_a_part_through(errors: ErrorHandler, log: Log) -> None:
    errors.throttling(OSError, Lottery.odds(1, 4))

    with entropy.seeded(7):
        for _ in range(400):
            errors.report(OSError("x"))

    assert 60 < len(log.told) < 140


def test_a_limiter_that_fails_lets_all_through(log: Log) -> None:
    container = Container()
    container.instance("log", log)
    container.instance("rate_limiter", Broken())
    errors = ErrorHandler(container)
    errors.throttling(OSError, Limit.per_minute(0))

    @errors.throttle
    def broken(error: ValueError) -> Limit:
        raise RuntimeError("no opinion")

    errors.report(OSError("a"))
    errors.report(ValueError("b"))

    assert log.told == ["a", "b"]


def test_a_callback_says_which_errors_it_is_asked_about(errors: ErrorHandler) -> None:
    with pytest.raises(UntypedCallback):
        errors.throttle(lambda error: None)


def test_what_is_not_to_be_reported_is_not_counted(errors: ErrorHandler, log: Log) -> None:
    errors.throttling(OSError, Limit.per_minute(1))
    errors.dont_report(FileNotFoundError)
    error = OSError("a")

    errors.report(FileNotFoundError("z"))
    errors.report(error)
    errors.report(error)

    assert log.told == ["a"]


@pytest.mark.parametrize(("wins", "out_of"), [(-1, 2), (3, 2), (0, 0), (1, -1)])
def test_a_lottery_has_chances_that_can_be(wins: int, out_of: int) -> None:
    with pytest.raises(ValueError, match="between 0 and all"):
        Lottery(wins, out_of)


def test_a_lottery_says_what_it_is() -> None:
    assert repr(Lottery.odds(1, 100)) == "Lottery(1, 100)"
