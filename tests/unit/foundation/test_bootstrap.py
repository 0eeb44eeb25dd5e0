"""The steps of a boot: environment, configuration, proof, errors, providers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from securely import Application
from securely.config import Config, Environment
from securely.exceptions import ConfigurationError
from securely.foundation import bootstrap

Build = Callable[..., Application]
Write = Callable[[str, str], Path]


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """Which configurations were validated."""
    seen: list[Config] = []

    def counted(config: Config) -> list[str]:
        seen.append(config)
        return validate(config)

    validate = bootstrap.problems_of
    monkeypatch.setattr(bootstrap, "problems_of", counted)
    return seen


# The environment.


def test_the_process_wins_over_the_file_and_the_application_over_both(
    build: Build, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(".env", "APP_NAME=file\nAPP_URL=http://file\nAPP_TIMEZONE=Asia/Tokyo\n")
    monkeypatch.setenv("APP_URL", "http://process")
    monkeypatch.setenv("APP_NAME", "process")

    config = build(APP_NAME="application").boot().make(Config)

    assert config.get("app.name") == "application"
    assert config.get("app.url") == "http://process"
    assert config.get("app.timezone") == "Asia/Tokyo"


def test_what_the_file_says_does_not_reach_the_process(build: Build, write: Write) -> None:
    write(".env", "SHOP_PASSWORD=hunter2\n")

    app = build().boot()

    assert app.make(Environment).get("SHOP_PASSWORD") == "hunter2"
    assert "SHOP_PASSWORD" not in os.environ


@pytest.mark.parametrize(("env", "name"), [("staging", "staging"), ("local", "plain")])
def test_the_file_of_the_environment_is_read_instead_where_there_is_one(
    build: Build, write: Write, env: str, name: str
) -> None:
    write(".env", "APP_NAME=plain\nAPP_URL=http://plain\n")
    write(".env.staging", "APP_NAME=staging\n")

    config = build(APP_ENV=env).boot().make(Config)

    assert config.get("app.name") == name
    assert config.get("app.url") == ("http://localhost" if env == "staging" else "http://plain")


# The configuration.


def test_the_defaults_of_the_framework_are_there_without_any_file(build: Build) -> None:
    config = build().boot().make(Config)

    assert config.get("app.name") == "Securely"
    assert {"array", "disk", "null"} <= set(config.get("cache.stores"))
    assert {"sync", "sqlite", "null"} <= set(config.get("queue.connections"))
    assert {"stack", "single", "daily", "stderr"} <= set(config.get("log.channels"))


def test_a_file_of_the_application_changes_what_it_names_only(build: Build, write: Write) -> None:
    write(
        "config/cache.py", 'config = {"prefix": "shop:", "stores": {"fast": {"driver": "array"}}}'
    )
    write("config/shop.py", 'config = {"rate": 19}')

    config = build().boot().make(Config)

    assert config.get("cache.prefix") == "shop:"
    assert config.get("cache.default") == "array"
    assert {"fast", "array", "disk"} <= set(config.get("cache.stores"))
    assert config.get("shop.rate") == 19


def test_drivers_that_are_called_null_are_chosen_by_that_word(build: Build) -> None:
    chosen = build(CACHE_STORE="null", QUEUE_CONNECTION="null", LOG_CHANNEL="null")

    config = chosen.boot().make(Config)

    assert [config.get(f"{name}.default") for name in ("cache", "queue", "log")] == ["null"] * 3


def test_two_applications_have_two_configurations(build: Build) -> None:
    one, two = build(APP_NAME="one").boot(), build(APP_NAME="two").boot()
    one.make(Config).set("app.url", "http://one")

    assert one.make("config").get("app.name") == "one"
    assert two.make("config").get("app.name") == "two"
    assert two.make("config").get("app.url") == "http://localhost"


# The proof.


def test_a_configuration_that_was_validated_is_not_validated_again(
    build: Build, base: Path, proofs: list[Config]
) -> None:
    build().boot()
    build().boot()

    assert len(proofs) == 1
    proof = base / "bootstrap/cache/config.proof"
    assert len(proof.read_text()) == 64
    assert proof.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", ["file", "variable", "env file", "proof"])
def test_a_change_has_it_validated_again(
    build: Build, write: Write, proofs: list[Config], change: str
) -> None:
    write("config/shop.py", 'config = {"rate": 19}')
    write(".env", "SHOP=1\n")
    build().boot()

    variables = {}
    if change == "file":
        write("config/shop.py", 'config = {"rate": 190}')
    elif change == "env file":
        write(".env", "SHOP=12\n")
    elif change == "proof":
        write("bootstrap/cache/config.proof", "é")
    else:
        variables = {"APP_NAME": "another"}
    build(**variables).boot()

    assert len(proofs) == 2


def test_a_configuration_that_is_wrong_fails_every_boot_with_all_problems(
    build: Build, write: Write, base: Path
) -> None:
    write(
        "config/cache.py",
        'config = {"prefiks": 1, "stores": {"a": {"driver": "array", "entries_max": "many"}}}',
    )
    write("config/app.py", 'config = {"timezone": "Nowhere"}')

    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            build().boot()

        message = str(caught.value)
        for text in ("cache.prefiks", "cache.stores.a.entries_max", "app.timezone"):
            assert text in message
    assert not (base / "bootstrap/cache/config.proof").exists()


def test_a_proof_that_cannot_be_written_costs_nothing_but_time(
    build: Build, write: Write, proofs: list[Config]
) -> None:
    write("bootstrap/cache", "a file where the folder should be")

    assert build().boot().is_booted
    assert build().boot().is_booted
    assert len(proofs) == 2


# Errors.


def test_what_with_exceptions_was_given_is_called_at_boot(build: Build) -> None:
    app = build(lambda builder: builder.with_exceptions(lambda errors: errors.dont_report(OSError)))
    before = app.errors.should_report(OSError())
    app.boot()

    assert before
    assert not app.errors.should_report(OSError())
