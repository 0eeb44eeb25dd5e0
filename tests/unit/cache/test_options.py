"""The section `cache` of the configuration: defaults, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from securely.cache.options import ArrayOptions, CacheOptions, CustomOptions, DiskOptions
from securely.support.options import InvalidOptions


def test_options_when_nothing_is_configured_then_a_store_of_each_driver() -> None:
    options = CacheOptions.parse({}, "cache")

    assert options.default == "disk"
    assert list(options.stores) == ["array", "disk", "null"]
    assert isinstance(options.stores["disk"], DiskOptions)
    assert options.stores["disk"].path == "storage/framework/cache"
    assert options.prefix == ""


def test_options_when_configured_then_typed() -> None:
    options = CacheOptions.parse(
        {
            "default": "memory",
            "stores": {
                "memory": {"driver": "array", "entries_max": "50"},
                "mongo": {"driver": "mongo", "url": "x"},
                "disk": {"driver": "disk", "busy_seconds": "1m"},
            },
        },
        "cache",
    )

    assert options.stores["memory"] == ArrayOptions(driver="array", entries_max=50)
    assert isinstance(options.stores["mongo"], CustomOptions)
    assert isinstance(options.stores["disk"], DiskOptions)
    assert options.stores["disk"].busy_seconds == 60


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"stors": {}}, 'cache.stors is not a known setting. .* Did you mean "stores"'),
        ({"default": "dsk"}, "cache.default is 'dsk': .* did you mean \"disk\""),
        (
            {"stores": {"disk": {"driver": "disk", "size_bytes_max": 1}}},
            "cache.stores.disk.size_bytes_max is 1: it must be greater than or equal to 1048576",
        ),
        (
            {"stores": {"disk": {"driver": "disk", "pth": "x"}}},
            'cache.stores.disk.pth is not a known setting. .* Did you mean "path"',
        ),
        (
            {"stores": {"disk": {"driver": "disk", "eviction": "newest"}}},
            'cache.stores.disk.eviction is "newest" but must be one of: least-recently-stored',
        ),
        (
            {"stores": {"disk": {"driver": "disk", "busy_seconds": "soon"}}},
            "cache.stores.disk.busy_seconds",
        ),
        ({"stores": {"disk": {}}}, "cache.stores.disk.driver is missing"),
        (
            {"stores": {"disk": {"drvier": "disk"}}},
            'disk.driver is missing.*There is "drvier": did you mean "driver"',
        ),
        (
            {"stores": {"disk": {"driver": "disk", "path": " "}}},
            "cache.stores.disk.path is ' ', which must name a directory",
        ),
        ({"stores": {"null": "null"}}, "^cache.stores.null is 'null': it must be a dict"),
        ({"stores": ["disk"]}, "^cache.stores is a list: it must be a dict"),
        ({"stores": {"f": {"driver": "failover", "stores": "a"}}}, "is 'a': it must be a list"),
        (
            {"serializable_classes": ["app.money:Money"]},
            'cache.serializable_classes.*with dots alone: "app.money.Money"',
        ),
        (
            {"serializable_classes": ["Money"]},
            'cache.serializable_classes.*"Money" names no class of a module',
        ),
        (
            {"serializable_classes": ["app.money. Money"]},
            "cache.serializable_classes.*names no class of a module",
        ),
        ({"stores": {"disk": "disk"}}, "cache.stores.disk"),
    ],
    ids=str,
)
def test_options_when_wrong_then_the_error_names_the_key(data: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOptions, match=said):
        CacheOptions.parse(data, "cache")
