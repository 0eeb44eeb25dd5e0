"""env(): the rarer kinds, sources, what is collected, and calls outside the configuration."""

from __future__ import annotations

import copy
import os
from enum import Enum
from pathlib import Path

import pytest

from securely.config import (
    Environment,
    EnvOutsideConfig,
    EnvOutsideConfigWarning,
    InvalidVariable,
    MissingVariable,
    docker_secrets,
    env,
    loading,
)
from securely.config.exceptions import ConfigError
from securely.container import Container
from securely.support.masking import HIDDEN


class Suit(Enum):
    HEARTS = "h"
    SPADES = 2


def test_typed_env_when_the_value_reads_then_gives_dicts_urls_bytes_and_members() -> None:
    values = {"D": "a=1, b = 2", "U": "https://ann@h:8/x", "B": "base64:aGk=", "T": "hi", "S": "2"}
    with loading(Environment({**values, "N": "HEARTS"}, {})):
        assert env.dict("D") == {"a": "1", "b": "2"}
        assert env.url("U") == "https://ann@h:8/x"
        assert env.bytes("B") == env.bytes("T") == b"hi"
        assert env.enum("S", Suit) is Suit.SPADES
        assert env.enum("N", Suit) is Suit.HEARTS
        assert env.enum("X", Suit, Suit.HEARTS) is Suit.HEARTS


@pytest.mark.parametrize("text", ["a", "a=1,b"])
def test_env_dict_when_a_part_has_no_value_then_refuses_it(text: str) -> None:
    with loading(Environment({"D": text}, {})), pytest.raises(InvalidVariable, match="a dict"):
        env.dict("D")


@pytest.mark.parametrize("text", ["localhost", "http://", "http://h:port/", "//h"])
def test_env_url_when_it_is_none_then_refuses_it(text: str) -> None:
    with loading(Environment({"U": text}, {})), pytest.raises(InvalidVariable, match="a URL"):
        env.url("U")


def test_env_enum_when_there_is_no_such_member_then_names_those_there_are() -> None:
    with loading(Environment({"S": "x"}, {})), pytest.raises(InvalidVariable, match="h, 2"):
        env.enum("S", Suit)


def test_env_bytes_when_it_is_not_base64_then_refuses_it_without_showing_a_secret() -> None:
    environment = Environment({"APP_KEY": "base64:?hunter2"}, {})
    with loading(environment), pytest.raises(InvalidVariable) as caught:
        env.bytes("APP_KEY")
    assert "hunter2" not in str(caught.value)


def test_loading_when_problems_are_collected_then_goes_on_with_stand_ins() -> None:
    problems: list[ConfigError] = []
    with loading(Environment({"I": "many", "B": "perhaps"}, {}), problems):
        assert env.int("I", 3) == 3
        assert env.bool("B") is False
        assert env.required("KEY") == ""
        assert env.list("L") == []
        assert env.enum("E", Suit) is Suit.HEARTS

    assert [type(each) for each in problems] == [
        InvalidVariable, InvalidVariable, MissingVariable, MissingVariable, MissingVariable,
    ]  # fmt: skip
    assert all(each.place is not None and each.place[0] == __file__ for each in problems)


# Sources.


def test_extend_when_neither_process_nor_file_sets_it_then_asks_the_source() -> None:
    environment = Environment({"A": "file"}, {"B": "process"})
    with loading(environment):
        env.extend({"A": "vault", "B": "vault", "C": "vault"}.get)

        assert [env("A"), env("B"), env("C"), env("D")] == ["file", "process", "vault", None]
    assert "added" in environment.why("C").source


def test_docker_secrets_when_mounted_then_are_read_by_name_or_by_their_file(tmp_path: Path) -> None:
    (tmp_path / "db_password").write_text("hunter2\n")
    other = tmp_path / "other"
    other.write_text("elsewhere")
    environment = Environment({}, {})
    environment.extend(docker_secrets(tmp_path, {"API_TOKEN_FILE": str(other), "X_FILE": "/no"}))

    with loading(environment):
        assert env("DB_PASSWORD") == "hunter2"
        assert env("API_TOKEN") == "elsewhere"
        assert env("X") is None
    assert environment.why("DB_PASSWORD").shown == HIDDEN


def test_export_puts_only_what_is_named_into_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"KEPT": "process"})
    environment = Environment({"SHARED": "1", "KEPT": "file", "SECRET": "2"}, {})

    environment.export(["SHARED", "KEPT", "ABSENT"])

    assert os.environ == {"KEPT": "process", "SHARED": "1"}


# Layers, and why.


def test_load_when_files_are_layered_then_the_later_ones_win(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nB=1\nC=1\nAPP_ENV=staging\n")
    (tmp_path / ".env.staging").write_text("B=2\nC=2\n")
    (tmp_path / ".env.local").write_text("\nC=3\n")
    files = (".env", ".env.{env}", ".env.local", ".env.absent")

    environment = Environment.load(tmp_path, process={}, files=files)

    assert [environment.get(name) for name in "ABC"] == ["1", "2", "3"]
    assert [file.name for file in environment.files] == [".env", ".env.staging", ".env.local"]
    why = environment.why("C")
    assert why.source == f"{tmp_path / '.env.local'}:2"
    assert why.shadows == (f"{tmp_path / '.env.staging'}:2", f"{tmp_path / '.env'}:3")


def test_why_when_the_process_wins_then_tells_what_it_shadows(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# c\n\nexport DEBUG=true\n")

    why = Environment.load(tmp_path, process={"DEBUG": "false"}).why("DEBUG")

    assert (why.shown, why.source) == ("false", "the environment of the process")
    assert why.shadows == (f"{tmp_path / '.env'}:3",)


# Outside of the configuration.


def test_env_when_called_outside_the_configuration_then_warns_once_per_place() -> None:
    container = Container()
    container.instance(Environment, Environment({"A": "1"}, {}))

    with container.active(), pytest.warns(EnvOutsideConfigWarning) as warned:
        answers = [env("A") for _ in range(3)]

    assert answers == ["1", "1", "1"]
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert '"A"' in str(warned[0].message)


def test_env_when_the_application_is_strict_then_refuses_calls_outside() -> None:
    container = Container()
    environment = Environment({"A": "1"}, {})
    environment.strict = True
    container.instance(Environment, environment)

    with container.active(), pytest.raises(EnvOutsideConfig) as caught:
        env("A")

    assert str(copy.copy(caught.value)) == str(caught.value)
    with container.active(), loading(environment):
        assert env("A") == "1"
