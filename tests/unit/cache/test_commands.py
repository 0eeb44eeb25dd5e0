"""cache:clear, cache:forget, cache:prune."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.cache import CacheManager
from securely.cache.commands import ClearCommand, ForgetCommand, PruneCommand
from securely.cache.options import CacheOptions
from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.support.clock import FrozenClock

Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def cache() -> CacheManager:
    """Two stores in memory."""
    options = CacheOptions.parse(
        {"default": "main", "stores": {"main": {"driver": "array"}, "other": {"driver": "array"}}},
        "cache",
    )
    return CacheManager(options.default, options.stores)


@pytest.fixture
def run(cache: CacheManager) -> Run:
    """What runs a command line, and returns exit code and output."""
    container = Container()
    container.instance(CacheManager, cache)
    artisan = Artisan(container)
    for command in (ClearCommand, ForgetCommand, PruneCommand):
        artisan.add(command)

    def run(line: str) -> tuple[int, str]:
        output = BufferedOutput()
        code = artisan.run(line.split(), output)
        return code, output.fetch().strip()

    return run


def test_clear_when_no_store_then_the_default_one(cache: CacheManager, run: Run) -> None:
    cache.put("key", 1)
    cache.store("other").put("key", 1)

    assert run("cache:clear") == (0, 'The cache store "main" is empty.')
    assert cache.get("key") is None
    assert cache.store("other").get("key") == 1


def test_clear_when_a_store_is_named_then_that_one(cache: CacheManager, run: Run) -> None:
    cache.store("other").put("key", 1)

    assert run("cache:clear other") == (0, 'The cache store "other" is empty.')
    assert cache.store("other").get("key") is None


def test_clear_when_the_store_is_not_defined_then_fails_and_lists_those_that_are(run: Run) -> None:
    code, output = run("cache:clear othr")

    assert code == 1
    assert "Defined stores: main, other" in output
    assert 'Did you mean "other"?' in output


def test_forget_when_there_then_says_so(cache: CacheManager, run: Run) -> None:
    cache.put("key", 1)

    assert run("cache:forget key") == (
        0,
        'The key "key" was removed from the cache store "main".',
    )
    assert run("cache:forget key") == (0, 'The key "key" is not in the cache store "main".')


def test_prune_when_some_have_expired_then_counts_them(
    frozen: FrozenClock, cache: CacheManager, run: Run
) -> None:
    cache.put_many({"a": 1, "b": 2}, 10)
    frozen.travel(11)

    assert run("cache:prune") == (0, '2 expired entries removed from the cache store "main".')
    assert run("cache:prune main") == (0, '0 expired entries removed from the cache store "main".')
