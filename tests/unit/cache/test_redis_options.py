"""What a redis store may be told, and where that puts its server."""

from __future__ import annotations

from typing import Any

import pytest

from securely.cache.options import CacheOptions, RedisOptions
from securely.support.options import InvalidOptions
from securely.support.redis import Address


def parse(**settings: Any) -> RedisOptions:
    return RedisOptions.parse({"driver": "redis", **settings}, "cache.stores.redis")


def test_options_when_bare_then_the_server_of_this_machine() -> None:
    options = parse()

    assert (options.host, options.port, options.database) == ("127.0.0.1", 6379, 0)
    assert (options.timeout_seconds, options.connect_timeout_seconds) == (2.0, 2.0)


def test_url_when_given_then_wins_over_the_settings() -> None:
    options = parse(url="redis://ann:p%40ss@cache:6380/2", host="localhost", timeout_seconds="5s")

    assert (options.host, options.port, options.database) == ("cache", 6380, 2)
    assert options.username == "ann"
    assert options.password is not None
    assert options.password.get_secret_value() == "p@ss"
    assert options.timeout_seconds == 5
    assert options.driver == "redis"
    assert options.tls is False


def test_url_when_rediss_then_encrypted() -> None:
    assert parse(url="rediss://cache").tls is True


@pytest.mark.parametrize(
    ("url", "path", "database"),
    [
        ("unix:///run/valkey.sock", "/run/valkey.sock", 0),
        ("unix:///run/valkey.sock?db=3", "/run/valkey.sock", 3),
    ],
)
def test_url_when_unix_then_a_socket(url: str, path: str, database: int) -> None:
    options = parse(url=url)

    assert (options.path, options.database) == (path, database)


@pytest.mark.parametrize("url", ["", None])
def test_url_when_empty_then_the_settings_hold(url: str | None) -> None:
    assert parse(url=url, host="cache").host == "cache"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "mysql://ann:hunter2@cache"}, "mysql"),
        ({"url": "redis://ann:hunter2@cache:0"}, "the port must be a number"),
        ({"port": 0}, "cache.stores.redis.port is 0"),
        ({"timeout_seconds": 0}, "cache.stores.redis.timeout_seconds is 0"),
        ({"hosts": "cache"}, 'Did you mean "host"'),
        ({"url": "redis://cache?hosts=1"}, 'Did you mean "host"'),
    ],
)
def test_options_when_wrong_then_said_and_no_password_shown(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidOptions) as caught:
        parse(**settings)

    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_options_when_shown_then_without_the_password() -> None:
    options = CacheOptions.parse(
        {"default": "r", "stores": {"r": {"driver": "redis", "url": "redis://:hunter2@cache"}}},
        "cache",
    )

    assert "hunter2" not in repr(options)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (Address(), "redis://127.0.0.1:6379/0"),
        (Address(host="::1", tls=True, database=4), "rediss://[::1]:6379/4"),
        (Address(path="/run/s", database=1), "unix:///run/s?db=1"),
        (Address(username="ann", password="hunter2"), "redis://127.0.0.1:6379/0"),  # noqa: S106  # to be hidden
    ],
)
def test_address_when_shown_then_without_who_asks(address: Address, shown: str) -> None:
    assert str(address) == shown
    assert "hunter2" not in repr(address)
