"""Files in config/: what they define, and how the broken ones are told."""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from securely.config import (
    ConfigError,
    ConfigFileBroken,
    ConfigFileClash,
    ConfigFilesBroken,
    Environment,
    config_files,
    fingerprint,
    load,
    merged,
)


def _write(directory: Path, **files: str) -> None:
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_load_when_files_define_config_then_gives_sections_by_name(tmp_path: Path) -> None:
    _write(
        tmp_path,
        app_dot_py="from securely.config import env\nconfig = {'name': env('APP_NAME', 'X')}\n",
        services_dot_py="config = {'a': 1}\n",
        services__mail_dot_py="config = {'key': 'k'}\n",
        _helper_dot_py="raise SystemExit\n",
        notes_dot_txt="not a config file",
    )

    items = load(tmp_path, Environment({"APP_NAME": "Blog"}, {}))

    assert items == {"app": {"name": "Blog"}, "services": {"a": 1, "mail": {"key": "k"}}}
    assert not any(name.startswith("config.") for name in sys.modules)


def test_load_when_run_again_then_uses_kept_byte_code_and_notices_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    _write(tmp_path, app_dot_py="config = {'v': 1}\n")
    os.utime(tmp_path / "app.py", (1, 1))
    environment = Environment({}, {})

    assert load(tmp_path, environment)["app"] == {"v": 1}
    assert list((tmp_path / "__pycache__").glob("app.*.pyc"))
    _write(tmp_path, app_dot_py="config = {'v': 2}\n")
    assert load(tmp_path, environment)["app"] == {"v": 2}


def test_load_when_the_folder_is_absent_then_is_empty(tmp_path: Path) -> None:
    assert load(tmp_path / "no", Environment({}, {})) == {}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("x = 1\n", None, "It defines no `config`"),
        ("config = [1]\n", None, "must be a dict, not list"),
        ("config = {1: 2}\n", None, "The key 1 of `config` must be text"),
        ("config = {\n  'password': 'hunter2',\n  'x' 'y' = 1\n}\n", 3, "Syntax error"),
        ("\nraise ValueError('no')\n", 2, "ValueError: no"),
        ("from securely.config import env\nconfig = {'n': env.int('N')}\n", 2, '"N" is not set'),
    ],
)
def test_load_when_a_file_is_broken_then_names_file_line_and_reason(
    tmp_path: Path, text: str, line: int | None, reason: str
) -> None:
    _write(tmp_path, cache_dot_py=text)

    with pytest.raises(ConfigFileBroken) as caught:
        load(tmp_path, Environment({}, {}))

    assert caught.value.line == line
    assert str(caught.value).startswith(f"{tmp_path / 'cache.py'}{f':{line}' if line else ''}: ")
    assert reason in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value, ConfigError)
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_load_when_several_files_are_broken_then_tells_all_at_once(tmp_path: Path) -> None:
    _write(tmp_path, a_dot_py="x = 1\n", b_dot_py="config = 1\n")

    with pytest.raises(ConfigFilesBroken) as caught:
        load(tmp_path, Environment({}, {}))

    assert len(str(caught.value).splitlines()) == 2
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_files_when_two_define_one_section_then_refuses(tmp_path: Path) -> None:
    _write(tmp_path, app_dot_py="config = {}\n", app_dot_yaml="a: 1\n")

    with pytest.raises(ConfigFileClash, match=r"app\.py and .*app\.yaml define \"app\"") as caught:
        config_files(tmp_path)

    assert str(copy.copy(caught.value)) == str(caught.value)


def test_load_when_a_folder_and_a_file_define_one_key_then_refuses(tmp_path: Path) -> None:
    _write(
        tmp_path, services_dot_py="config = {'mail': 1}\n", services__mail_dot_py="config = {}\n"
    )

    with pytest.raises(ConfigFileBroken, match="mail"):
        load(tmp_path, Environment({}, {}))


def test_load_when_a_file_is_yaml_then_fills_in_variables(tmp_path: Path) -> None:
    _write(
        tmp_path,
        app_dot_yaml=(
            "debug: ${DEBUG:false}\nname: ${NAME}\nurl: http://${HOST:localhost}:${PORT:80}/\n"
            "list: [1, '${NAME}']\nempty:\n"
        ),
        blank_dot_yml="",
    )

    items = load(tmp_path, Environment({"NAME": "Blog"}, {}))

    assert items["app"] == {
        "debug": False,
        "name": "Blog",
        "url": "http://localhost:80/",
        "list": [1, "Blog"],
        "empty": None,
    }
    assert items["blank"] == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1\n", "Not YAML"),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("- 1\n", "must be a dict, not list"),
        ("a: ${NO_SUCH}\n", '"NO_SUCH" is not set'),
    ],
)
def test_load_when_yaml_is_broken_then_names_the_file(
    tmp_path: Path, text: str, reason: str
) -> None:
    _write(tmp_path, app_dot_yaml=text)

    with pytest.raises(ConfigFileBroken, match=r"app\.yaml") as caught:
        load(tmp_path, Environment({}, {}))

    assert reason in str(caught.value)


def test_merged_when_an_application_adds_a_store_then_the_others_stay() -> None:
    defaults: dict[str, Any] = {
        "cache": {"default": "disk", "stores": {"array": {"x": 1}, "disk": {"path": "a"}}},
        "app": {"name": "Securely", "nested": {"a": 1}},
        "queue": {"default": "sqlite"},
    }
    items = {
        "cache": {"stores": {"mine": {}, "disk": {"path": "b"}}},
        "app": {"nested": {"b": 2}},
        "own": {"x": 1},
    }

    assert merged(defaults, items) == {
        "cache": {
            "default": "disk",
            "stores": {"array": {"x": 1}, "disk": {"path": "b"}, "mine": {}},
        },
        "app": {"name": "Securely", "nested": {"b": 2}},
        "queue": {"default": "sqlite"},
        "own": {"x": 1},
    }
    assert defaults["cache"]["stores"] == {"array": {"x": 1}, "disk": {"path": "a"}}


def test_fingerprint_when_something_changes_then_changes(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("config = {}\n")
    environment = Environment({}, {"A": "1"})
    environment.get("A")
    before = fingerprint([file], environment)

    other = Environment({}, {"A": "2"})
    other.get("A")

    assert fingerprint([file], environment) == before
    assert fingerprint([file], other) != before
    assert fingerprint([], environment) != before
    assert fingerprint([file, tmp_path / "gone.py"], environment) != before
    file.write_text("config = {'longer': 1}\n")
    assert fingerprint([file], environment) != before
