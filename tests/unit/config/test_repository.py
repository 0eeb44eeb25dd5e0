"""Config: dotted reading, typed getters, writing, overriding."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import Field

from securely.config import Config, InvalidValue, MissingKey
from securely.support.options import InvalidOptions, Options


@pytest.fixture
def config() -> Config:
    return Config(
        {
            "app": {"name": "X", "debug": True, "n": 5, "f": 1.5, "list": ["a"], "null": None},
            "cache": {"default": "disk", "stores": {"disk": {"path": "storage"}}},
            "k.d": "dotted",
            "wait": "10m",
        }
    )


def test_get_when_the_key_holds_none_then_gives_none_not_the_default(config: Config) -> None:
    assert config.get("app.null", "default") is None
    assert config.has("app.null")
    assert "app.null" in config


def test_get_when_the_key_is_absent_then_gives_the_default(config: Config) -> None:
    assert config.get("app.x") is None
    assert config.get("app.x", 1) == 1
    assert config.get("app.x", lambda: 2) == 2
    assert config.get("k.d") == "dotted"
    assert config.get("app.list.0") == "a"


def test_get_many_when_given_keys_or_defaults_then_gives_each(config: Config) -> None:
    assert config.get_many(["app.name", "x"]) == {"app.name": "X", "x": None}
    assert config.get_many({"x": 1}) == {"x": 1}


@pytest.mark.parametrize(
    ("key", "near"), [("cache.defualt", "cache.default"), ("cach.default", "cache.default")]
)
def test_require_when_the_key_is_absent_then_suggests_the_nearest(
    config: Config, key: str, near: str
) -> None:
    for read in (config.require, config.__getitem__, config.string, config.__delitem__):
        with pytest.raises(MissingKey, match=f'no key "{key}". Did you mean "{near}"?') as caught:
            read(key)
        assert str(copy.copy(caught.value)) == str(caught.value)


def test_typed_getters_when_the_type_fits_then_give_the_value(config: Config) -> None:
    assert config.string("app.name") == "X"
    assert config.integer("app.n") == 5
    assert config.float("app.f") == 1.5
    assert config.boolean("app.debug") is True
    assert config.list("app.list") == ["a"]
    assert config.dict("cache.stores") == {"disk": {"path": "storage"}}
    assert config.path("cache.stores.disk.path") == Path("storage")
    assert config.duration("wait") == 600.0
    assert config.string("app.x", "d") == "d"
    assert Config({"t": timedelta(seconds=3)}).duration("t") == 3.0


@pytest.mark.parametrize(
    ("read", "key", "message"),
    [
        (Config.integer, "app.debug", "[app.debug] must be an integer, boolean given."),
        (Config.integer, "app.name", "[app.name] must be an integer, string given."),
        (Config.string, "app.n", "[app.n] must be a string, integer given."),
        (Config.float, "app.n", "[app.n] must be a float, integer given."),
        (Config.boolean, "app.n", "[app.n] must be a boolean, integer given."),
        (Config.list, "app", "[app] must be a list, dict given."),
        (Config.dict, "app.list", "[app.list] must be a dict, list given."),
        (Config.string, "app.null", "[app.null] must be a string, None given."),
        (Config.path, "app.n", "[app.n] must be a path, integer given."),
        (Config.duration, "app.name", "[app.name] must be a duration, string given."),
    ],
)
def test_typed_getters_when_the_type_differs_then_name_key_and_types_only(
    config: Config, read: Callable[[Config, str], object], key: str, message: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        read(config, key)

    assert str(caught.value) == f"Configuration value for key {message}"
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_set_when_given_keys_then_makes_parents_and_leaves_the_source_alone() -> None:
    source = {"a": {"b": 1}}
    config = Config(source)

    config.set("a.b", 2)
    config.set({"x.y": 3, "z": None})
    config["a.c"] = 4
    del config["z"]
    config.forget("nothing")

    assert config.all() == {"a": {"b": 2, "c": 4}, "x": {"y": 3}}
    assert source == {"a": {"b": 1}}


def test_push_and_prepend_when_there_is_no_list_yet_then_begin_one(config: Config) -> None:
    config.push("app.list", "z")
    config.prepend("app.list", "0")
    config.push("new.list", 1)
    config.prepend("app.null", 1)

    assert config.get("app.list") == ["0", "a", "z"]
    assert config.get("new.list") == [1]
    assert config.get("app.null") == [1]
    with pytest.raises(InvalidValue, match="must be a list, string given"):
        config.push("app.name", 1)


def test_override_when_the_block_ends_then_all_is_as_before(config: Config) -> None:
    with config.override({"cache.default": "array", "new.key": 1}):
        assert config.get("cache.default") == "array"
        assert config.get("new.key") == 1
        config.set("app.name", "inside")

    assert config.get("cache.default") == "disk"
    assert not config.has("new.key")
    assert config.get("app.name") == "X"


def test_override_when_tasks_run_at_once_then_each_sees_its_own(config: Config) -> None:
    async def overridden(value: str) -> str:
        with config.override({"cache.default": value}):
            await asyncio.sleep(0)  # noqa: TID251  # a turn for the other task
            return config.string("cache.default")

    async def both() -> list[str]:
        return [*await asyncio.gather(overridden("one"), overridden("two"))]

    assert asyncio.run(both()) == ["one", "two"]
    assert config.get("cache.default") == "disk"


class _CacheOptions(Options):
    default: str = "array"
    stores: dict[str, dict[str, str]] = Field(default={})


def test_section_when_parsed_then_errors_name_the_whole_key(config: Config) -> None:
    section = config.section("cache")

    assert section.get("default") == "disk"
    assert section.has("stores.disk")
    assert section.section("stores.disk").get("path") == "storage"
    assert section.parse(_CacheOptions).default == "disk"
    assert config.section("absent").parse(_CacheOptions).default == "array"
    with pytest.raises(InvalidOptions, match=r"app\.name is not a known setting"):
        config.section("app").parse(_CacheOptions)


def test_repr_when_there_are_secrets_then_shows_sections_only() -> None:
    assert repr(Config({"app": {"key": "hunter2"}})) == "Config(app)"
