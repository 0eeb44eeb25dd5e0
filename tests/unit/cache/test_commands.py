"""cache:clear, cache:forget, cache:prune, cache:stats."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.cache import CacheManager
from securely.cache.commands import ClearCommand, ForgetCommand, PruneCommand, StatsCommand
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
    for command in (ClearCommand, ForgetCommand, PruneCommand, StatsCommand):
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


def test_clear_when_tags_are_named_then_only_those(cache: CacheManager, run: Run) -> None:
    cache.tags("a", "b").put("key", 1)
    cache.tags("c").put("key", 2)
    cache.put("key", 3)

    code, said = run("cache:clear --tags=a,x")

    assert (code, said) == (
        0,
        'The cache store "main" has nothing any more with the tags "a", "x".',
    )
    assert cache.tags("a", "b").get("key") is None
    assert (cache.tags("c").get("key"), cache.get("key")) == (2, 3)


@pytest.mark.parametrize("tags", ["--tags=", "--tags=,", "--tags= --locks"])
def test_clear_when_tags_name_none_then_fails_and_nothing_goes(
    cache: CacheManager, run: Run, tags: str
) -> None:
    cache.put("key", 1)
    cache.lock("lock").acquire()

    code, said = run(f"cache:clear {tags}")

    assert code == 1
    assert "No tag is named" in said
    assert cache.get("key") == 1
    assert cache.lock("lock").is_locked()


def test_stats_when_no_store_is_named_then_all(cache: CacheManager, run: Run) -> None:
    cache.put("key", 1)

    code, said = run("cache:stats --json")

    assert code == 0
    figures = {"entries_max": 10_000, "locks": 0}
    assert json.loads(said) == {
        "main": {"entries": 1, **figures},
        "other": {"entries": 0, **figures},
    }


def test_stats_for_people(cache: CacheManager, run: Run) -> None:
    code, said = run("cache:stats main")

    assert code == 0
    assert "main" in said
    assert "10,000" in said
    assert "other" not in said


def test_stats_when_a_store_does_not_answer_then_says_why(tmp_path: Path, run: Run) -> None:
    options = CacheOptions.parse(
        {
            "default": "main",
            "stores": {
                "main": {"driver": "array"},
                "gone": {"driver": "redis", "url": f"unix://{tmp_path}/gone"},
            },
        },
        "cache",
    )
    container = Container()
    container.instance(CacheManager, CacheManager(options.default, options.stores))
    artisan = Artisan(container)
    artisan.add(StatsCommand)
    output = BufferedOutput()

    code = artisan.run(["cache:stats", "--json"], output)

    said = json.loads(output.fetch())
    assert code == 1
    assert said["main"]["entries"] == 0
    assert "error" in said["gone"]


def test_clear_when_locks_are_wanted_then_those_alone(cache: CacheManager, run: Run) -> None:
    cache.put("key", 1)
    cache.lock("x").acquire()

    refused, why = run("cache:clear --locks --tags=a")
    locked = cache.lock("x").is_locked()
    code, said = run("cache:clear --locks")

    assert (refused, locked) == (1, True)
    assert "not both" in why
    assert (code, said) == (0, 'The cache store "main" has no locks any more.')
    assert not cache.lock("x").is_locked()
    assert cache.get("key") == 1
