"""config:show, what the provider binds, and whom env() asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from securely.config import (
    Config,
    Environment,
    EnvOutsideConfigWarning,
    Loaded,
    current_environment,
    env,
)
from securely.config.commands import ConfigShowCommand
from securely.config.provider import ConfigProvider
from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.support.masking import HIDDEN


@pytest.fixture
def container() -> Container:
    container = Container()
    container.instance(Loaded, Loaded({}))
    container.instance(
        Config,
        Config(
            {
                "app": {"name": "<b>Blog</b>", "key": "hunter2", "debug": True, "none": None},
                "redis": {"url": "redis://:hunter2@h", "hosts": ["a"], "blank": "", "empty": {}},
                "keys": {"previous_keys": ["hunter2"], "salt": ""},
            }
        ),
    )
    return container


def _show(container: Container, *words: str) -> tuple[int, str]:
    artisan = Artisan(container)
    artisan.register("config:show", ConfigShowCommand)
    output = BufferedOutput()
    return artisan.run(["config:show", *words], output), output.all_text


def test_show_when_given_a_section_then_lists_it_with_secrets_hidden(container: Container) -> None:
    code, text = _show(container, "app")

    assert code == 0
    lines = text.splitlines()
    assert any("app.name" in line and "<b>Blog</b>" in line for line in lines)
    assert any("app.key" in line and HIDDEN in line for line in lines)
    assert any("app.debug" in line and line.rstrip().endswith("true") for line in lines)
    assert any("app.none" in line and line.rstrip().endswith("null") for line in lines)
    assert "redis" not in text


def test_show_when_given_nothing_then_shows_all_and_never_a_secret(container: Container) -> None:
    code, text = _show(container)

    assert code == 0
    assert "redis.hosts" in text
    assert "hunter2" not in text


def test_show_when_given_a_key_then_shows_its_value(container: Container) -> None:
    assert HIDDEN in _show(container, "app.key")[1]
    assert "hunter2" in _show(container, "app.key", "--reveal")[1]


def test_show_when_asked_for_json_then_prints_json(container: Container) -> None:
    shown: Any = json.loads(_show(container, "redis", "--json")[1])

    assert shown == {"url": f"redis://:{HIDDEN}@h", "hosts": ["a"], "blank": "", "empty": {}}


def test_show_when_the_key_is_unknown_then_fails_with_the_nearest(container: Container) -> None:
    code, text = _show(container, "app.nmae")

    assert code == 1
    assert text == 'ERROR  The configuration has no key "app.nmae". Did you mean "app.name"?\n'


def test_show_when_no_key_is_near_then_names_the_sections(container: Container) -> None:
    assert _show(container, "nope") == (
        1,
        'ERROR  The configuration has no key "nope". Sections: app, keys, redis.\n',
    )
    assert 'Did you mean "redis"?' in _show(container, "reddis")[1]


def test_provider_when_nothing_is_bound_then_binds_an_empty_configuration() -> None:
    empty = Container()
    ConfigProvider(empty).register()

    assert empty.make(Config).all() == {}
    assert empty.make(Config) is empty.make(Config)


def test_provider_when_the_application_has_bound_one_then_leaves_it(container: Container) -> None:
    config = container.make(Config)

    ConfigProvider(container).register()

    assert container.make(Config) is config


def test_env_when_an_application_is_current_then_asks_its_environment(
    container: Container,
) -> None:
    container.instance(Environment, Environment({"ONLY_HERE": "yes"}, {}))

    assert env("ONLY_HERE") is None
    with container.active(), pytest.warns(EnvOutsideConfigWarning, match="ONLY_HERE"):
        assert env("ONLY_HERE") == "yes"
    with Container().active():
        assert current_environment().get("PATH")
