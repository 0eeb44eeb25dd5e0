"""What a provider offers beside register and boot: defaults, files to publish, chores."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

import pytest

from securely.container import Container, Provider


class Settings(dict[str, Any]):
    """As much of a configuration as a provider needs."""

    def set(self, key: str, value: object) -> None:
        self[key] = value


class ShopProvider(Provider):
    """A provider of a package."""


@pytest.fixture
def config() -> Settings:
    return Settings({"shop": {"rate": 7, "mail": {"from": "us"}}})


@pytest.fixture
def provider(config: Settings) -> ShopProvider:
    app = Container()
    app.instance("config", config)
    return ShopProvider(app)


DEFAULTS: Mapping[str, object] = {"rate": 19, "currency": "EUR", "mail": {"from": "x", "to": "y"}}


def test_defaults_are_merged_and_what_the_application_says_stays(
    provider: ShopProvider, config: Settings
) -> None:
    provider.merge_config(DEFAULTS, "shop")

    assert config["shop"] == {"rate": 7, "currency": "EUR", "mail": {"from": "us"}}


def test_defaults_are_merged_deeply_where_that_is_said(
    provider: ShopProvider, config: Settings
) -> None:
    provider.merge_config(DEFAULTS, "shop", deep=True)

    assert config["shop"]["mail"] == {"from": "us", "to": "y"}
    assert config["shop"]["rate"] == 7


def test_a_section_that_is_not_there_is_the_defaults(
    provider: ShopProvider, config: Settings
) -> None:
    module = types.ModuleType("shop_config")
    vars(module)["config"] = {"rate": 1}

    provider.merge_config(module, "till")

    assert config["till"] == {"rate": 1}


def test_what_is_published_has_its_tags(provider: ShopProvider) -> None:
    provider.publishes({"a.py": "config/a.py", "b.py": "config/b.py"}, tags="config")
    provider.publishes({"c": "c"}, tags=["one", "two"])
    provider.publishes({"d": "d"})

    assert [(each.source, each.target, each.tags) for each in provider.published] == [
        ("a.py", "config/a.py", ("config",)),
        ("b.py", "config/b.py", ("config",)),
        ("c", "c", ("one", "two")),
        ("d", "d", ()),
    ]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ShopProvider", "shop"),
        ("OnlineShopProvider", "online-shop"),
        ("ShopServiceProvider", "shop"),
        ("HTTPShopProvider", "http-shop"),
        ("Provider", "provider"),
    ],
)
def test_a_chore_is_called_after_its_provider(name: str, key: str) -> None:
    provider = type(name, (Provider,), {})(Container())

    provider.optimizes(optimize="shop:cache")
    provider.reloads("shop:restart")

    assert provider.optimizing == {key: ("shop:cache", None)}
    assert provider.reloading == {key: "shop:restart"}


def test_a_chore_may_have_a_name_of_its_own(provider: ShopProvider) -> None:
    provider.optimizes("shop:cache", "shop:clear", key="prices")

    assert provider.optimizing == {"prices": ("shop:cache", "shop:clear")}


class Till:
    """A service."""


def test_a_callback_is_called_now_for_what_has_been_resolved_and_then_for_each(
    provider: ShopProvider,
) -> None:
    seen: list[object] = []
    provider.app.bind(Till)
    provider.call_after_resolving(Till, lambda till, app: seen.append((type(till), app)))
    before = list(seen)
    provider.app.make(Till)

    provider.call_after_resolving(Till, lambda till: seen.append("now"))

    assert before == []
    assert (Till, provider.app) in seen
    assert "now" in seen
