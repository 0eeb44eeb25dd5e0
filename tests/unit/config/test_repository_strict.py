"""Config: many keys, enums, secrets, models, strict reads, changes, and always_use."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import pytest

from securely.config import Config, InvalidValue, MissingKey, MissingKeyWarning, Secret
from securely.support.masking import HIDDEN
from securely.support.options import InvalidOptions, Options


class Level(Enum):
    LOW = "low"
    HIGH = 3


class MailOptions(Options):
    retries: int = 1


@pytest.fixture
def config() -> Config:
    return Config({"app": {"name": "X", "level": "low", "high": "HIGH", "key": "hunter2"}})


def test_get_when_given_several_keys_then_answers_a_dict(config: Config) -> None:
    assert config.get(["app.name", "app.x"]) == {"app.name": "X", "app.x": None}
    assert config.get({"app.x": 1, "app.name": 2}) == {"app.x": 1, "app.name": "X"}


def test_enum_when_value_or_name_fits_then_gives_the_member(config: Config) -> None:
    assert config.enum("app.level", Level) is Level.LOW
    assert config.enum("app.high", Level) is Level.HIGH
    assert config.enum("app.none", Level, Level.HIGH) is Level.HIGH
    with pytest.raises(InvalidValue, match="must be one of low, 3, string given"):
        config.enum("app.name", Level)
    with pytest.raises(MissingKey):
        config.enum("app.none", Level)


def test_secret_does_not_show_itself(config: Config) -> None:
    secret = config.secret("app.key")

    assert secret.reveal() == "hunter2"
    assert HIDDEN in f"{secret} {secret!r} {[secret]}"
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret == Secret("hunter2")
    assert secret != Secret("other")
    assert not config.secret("app.none", "")
    config.set("app.key", 5)
    with pytest.raises(InvalidValue, match="must be a string, integer given"):
        config.secret("app.key")


def test_model_when_the_section_fits_then_gives_options(config: Config) -> None:
    config.set("mail.retries", 3)
    assert config.model(MailOptions, "mail").retries == 3
    config.set("mail.retires", 3)
    with pytest.raises(InvalidOptions, match=r'mail.retires .* Did you mean "retries"'):
        config.model(MailOptions, "mail")


def test_get_when_strict_then_warns_once_per_place_of_missing_keys(config: Config) -> None:
    config.strict = True

    with pytest.warns(MissingKeyWarning) as warned:
        found = [config.get("app.nmae") for _ in range(2)]
    config.get("app.nmae", None)
    config.get_many(["app.nmae"])

    assert found == [None, None]
    assert len(warned) == 1
    assert 'Did you mean "app.name"?' in str(warned[0].message)
    assert warned[0].filename == __file__


def test_sources_when_strict_then_tells_who_set_a_key(config: Config) -> None:
    config.set("app.name", "before")
    config.strict = True
    config.set("app.name", "one")
    config.set({"app": {"name": "two"}})

    sources = config.sources("app.name")

    assert len(sources) == 2
    assert all(source.startswith(f"{__file__}:") for source in sources)
    assert config.sources("other") == []


@pytest.fixture
def always() -> Iterator[None]:
    yield
    Config.always_use(None)


@pytest.mark.usefixtures("always")
def test_always_use_says_what_applications_boot_with() -> None:
    assert Config.always() is None

    Config.always_use(lambda: {"app": {"name": "always"}})

    assert Config.always() == {"app": {"name": "always"}}
