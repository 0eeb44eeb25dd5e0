"""The configuration that is kept, what makes it stale, and all that is wrong told at once."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely import Application
from securely.config import Config, Environment, Loaded, StaleConfigWarning, Uncacheable, env
from securely.config.env import EnvOutsideConfigWarning
from securely.exceptions import ConfigurationError
from securely.foundation import ApplicationBuilder
from securely.foundation.configuration import keep_configuration, unfit_keys
from securely.foundation.exceptions import NotWritable

Build = Callable[..., Application]
Write = Callable[[str, str], Path]

SHOP = """
from datetime import timedelta
from pathlib import Path
from securely import env
config = {
    "rate": env.int("SHOP_RATE", 19),
    "path": Path("/srv/shop"),
    "wait": timedelta(minutes=1),
    "pair": (1, [2]),
    "raw": b"\\x00",
    "odd": {"$path": "not a path"},
    "none": None,
}
"""


def kept(build: Build, **variables: str) -> Application:
    app = build(**variables)
    keep_configuration(app)
    return app


# What is kept.


def test_boot_when_the_configuration_is_kept_runs_no_file_and_gives_the_same(
    build: Build, write: Write
) -> None:
    write("config/shop.py", SHOP)
    before = build().boot().make(Config).all()
    app = kept(build)
    file = app.cached_path("config")

    again = build()

    assert again.configuration_is_cached()
    assert again.boot().make(Loaded).cached
    assert again.make(Config).all() == before
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir() if "config.json" in each.name] == [
        "config.json"
    ]


def test_env_answers_alike_before_and_after_the_configuration_is_kept(
    build: Build, write: Write
) -> None:
    write(".env", "ONLY_HERE=yes\nSHOP_RATE=7\n")
    write("config/shop.py", SHOP)
    kept(build)

    app = build().boot()

    assert app.make(Loaded).cached
    with app.active(), pytest.warns(EnvOutsideConfigWarning):
        assert env("ONLY_HERE") == "yes"
    assert app.make(Config).integer("shop.rate") == 7


@pytest.mark.parametrize("env_", ["local", "staging"])
def test_boot_when_what_is_kept_is_stale_reads_the_files_anew(
    build: Build, write: Write, env_: str
) -> None:
    write("config/shop.py", SHOP)
    kept(build, APP_ENV=env_)

    write("config/shop.py", SHOP.replace("19", "21"))

    app = build(APP_ENV=env_).boot()
    assert not app.make(Loaded).cached
    assert app.make(Config).get("shop.rate") == 21


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("config/shop.py", SHOP.replace("19", "21"), "shop.py has changed"),
        ("config/new.py", "config = {}", "new.py is new"),
        ("config/shop.py", None, "shop.py is gone"),
        (".env", "SHOP_RATE=21\n", "the variable SHOP_RATE has changed"),
    ],
)
def test_boot_when_what_is_kept_is_stale_in_production_warns_and_uses_it(
    build: Build, write: Write, path: str, text: str | None, reason: str
) -> None:
    write("config/shop.py", SHOP)
    kept(build)
    if (file := write(path, text or "")) and text is None:
        file.unlink()

    with pytest.warns(StaleConfigWarning, match=reason):
        app = build().boot()

    assert app.make(Loaded).cached
    assert app.make(Config).get("shop.rate") == 19


def test_boot_when_files_were_copied_with_other_times_takes_what_is_kept(
    build: Build, write: Write
) -> None:
    file = write("config/shop.py", SHOP)
    kept(build)
    os.utime(file, (1, 1))

    with warnings.catch_warnings(action="error"):
        assert build().boot().make(Loaded).cached


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}'])
def test_boot_when_what_is_kept_is_damaged_or_of_another_version_reads_the_files(
    build: Build, write: Write, text: str
) -> None:
    write("config/shop.py", SHOP)
    kept(build).cached_path("config").write_text(text)

    assert not build().boot().make(Loaded).cached


def test_keep_when_values_have_no_written_form_names_key_type_and_place(
    build: Build, write: Write
) -> None:
    file = write(
        "config/shop.py",
        "config = {\n    'ok': 1,\n    'tax': {\n        'rule': lambda: 1,\n    },\n"
        "    'all': [object()],\n    'by': {5: 1},\n}\n",
    )

    with pytest.raises(Uncacheable) as caught:
        kept(build)

    told = str(caught.value).splitlines()
    assert f"{file}:4: shop.tax.rule is of type builtins.function" in told[0]
    assert f"{file}:6: shop.all.0 is of type builtins.object" in told[1]
    assert "shop.by.5" in told[2]
    assert not build().configuration_is_cached()


def test_keep_when_something_is_wrong_tells_all_and_keeps_what_was_kept(
    build: Build, write: Write
) -> None:
    before = kept(build).cached_path("config").read_text()
    write("config/cache.py", "config = {'prefiks': 'x'}\n")
    write("config/shop.py", "from securely import env\nconfig = {'k': env.required('SHOP_KEY')}\n")

    with pytest.raises(ConfigurationError, match="SHOP_KEY") as caught:
        kept(build)

    assert "cache.prefiks" in str(caught.value)
    assert build().cached_path("config").read_text() == before


def test_keep_when_the_folder_cannot_be_written_says_so(build: Build, write: Write) -> None:
    write("elsewhere", "a file, not a folder")

    with pytest.raises(NotWritable, match=r"config\.json"):
        keep_configuration(build(APP_CONFIG_CACHE="elsewhere/config.json"))


def test_the_kept_file_says_what_it_was_made_from_without_values_of_variables(
    build: Build, write: Write
) -> None:
    write(".env", "SHOP_RATE=77777\n")
    write("config/shop.py", "from securely import env\nconfig = {'set': env('SHOP_RATE') != ''}\n")

    content = kept(build).cached_path("config").read_text()

    assert "77777" not in content
    assert "SHOP_RATE" in json.loads(content)["variables"]


# All that is wrong, at once.


def test_boot_tells_all_that_is_wrong_with_file_and_line(build: Build, write: Write) -> None:
    broken = write("config/broken.py", "config = {\n    'a': 1,\n    'b' 2,\n}\n")
    shop = write(
        "config/shop.py",
        "from securely import env\nconfig = {\n    'rate': env.int('SHOP_RATE'),\n"
        "    'key': env.required('SHOP_KEY'),\n}\n",
    )
    page = write("config/page.yaml", "title: x\nurl: ${PAGE_URL}\n")
    cache = write(
        "config/cache.py",
        "config = {\n    'prefiks': 'x',\n    'stores': {\n        'array': {\n"
        "            'driver': 'array',\n            'entries_max': 'many',\n"
        "        },\n    },\n}\n",
    )

    with pytest.raises(ConfigurationError) as caught:
        build(SHOP_RATE="many").boot()

    told = str(caught.value)
    assert f"{broken}:3: Syntax error" in told
    assert f'{shop}:3: The environment variable "SHOP_RATE" is "many"' in told
    assert f'{shop}:4: The environment variable "SHOP_KEY" is not set' in told
    assert f'{page}:2: The environment variable "PAGE_URL" is not set' in told
    assert f"{cache}:6: cache.stores.array.entries_max" in told
    assert f"{cache}:2: cache.prefiks is not a known setting" in told
    assert 'Did you mean "prefix"?' in told


def test_boot_tells_of_a_variable_once_and_not_of_its_stand_in(build: Build, write: Write) -> None:
    write(
        "config/log.py",
        "from securely import env\nconfig = {'channels': {'daily': {'driver': 'daily', 'path': 'x',"
        "\n 'days': env.int('LOG_DAILY_DAYS')}}}\n",
    )

    with pytest.raises(ConfigurationError) as caught:
        build(LOG_DAILY_DAYS="many").boot()

    assert str(caught.value).count("\n") == 0
    assert str(caught.value).count("LOG_DAILY_DAYS") == 1


def test_boot_names_the_variable_that_a_wrong_value_came_from(build: Build, write: Write) -> None:
    env_file = write(".env", "\nAPP_TIMEZONE=Nowhere\n")

    with pytest.raises(ConfigurationError) as caught:
        build().boot()

    assert f"APP_TIMEZONE is set by {env_file}:2." in str(caught.value)


def test_boot_names_no_file_that_is_not_the_application_s(build: Build, write: Write) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(QUEUE_CONNECTION="nix").boot()

    assert str(caught.value).startswith("queue.default is 'nix': no such connection is defined")
    assert "QUEUE_CONNECTION is set by the environment of the process." in str(caught.value)
    assert "skeleton" not in str(caught.value)


def test_two_files_of_one_section_are_told_with_the_rest(build: Build, write: Write) -> None:
    write("config/shop.py", "config = {}\n")
    write("config/shop.yaml", "a: 1\n")
    write("config/cache.py", "config = {'prefiks': 1}\n")

    with pytest.raises(ConfigurationError) as caught:
        build().boot()

    assert 'define "shop"' in str(caught.value)
    assert "cache.prefiks" in str(caught.value)


# What the builder says.


def test_env_files_and_sources_of_the_builder_count(build: Build, write: Write) -> None:
    write(".env", "A=1\nB=1\n")
    write(".env.local", "B=2\n")

    def configure(builder: ApplicationBuilder[Application]) -> None:
        builder.with_env_files(".env", ".env.local").with_env_sources({"C": "3"}.get)

    app = build(configure).boot()

    environment = app.make(Environment)
    assert [environment.get(name) for name in "ABC"] == ["1", "2", "3"]


def test_without_framework_config_only_the_files_of_the_application_count(
    build: Build, write: Write
) -> None:
    write("config/app.py", "config = {'name': 'Own', 'env': 'testing'}\n")

    config = build(ApplicationBuilder[Application].without_framework_config).boot().make(Config)

    assert config.all() == {"app": {"name": "Own", "env": "testing"}}


@pytest.fixture
def always() -> Iterator[None]:
    yield
    Config.always_use(None)


@pytest.mark.usefixtures("always")
def test_always_use_takes_the_place_of_all_files(build: Build, write: Write) -> None:
    write("config/shop.py", "raise RuntimeError\n")
    Config.always_use(lambda: {"app": {"name": "always", "env": "testing"}})

    assert build().boot().make(Config).get("app.name") == "always"


def test_config_is_strict_where_people_write_code(build: Build) -> None:
    assert build(APP_ENV="local").boot().make(Config).strict
    assert not build(APP_ENV="production").boot().make(Config).strict


# Keys.


@pytest.mark.parametrize(
    ("section", "texts"),
    [
        ({"key": "base64:hunter"}, ["app.key", "not base64"]),
        ({"key": "hunter2"}, ["app.key", "It has 7 bytes"]),
        ({"key": "hunter2hunter2hunter2"}, ["app.key", "aes-256-cbc", "the key has 21 bytes"]),
        ({"key": "k" * 32, "cipher": "aes-128-gcm"}, ["app.key", "aes-128-gcm", "32 bytes"]),
        (
            {"key": "k" * 32, "previous_keys": ["o" * 32, "base64:hunter"]},
            ["app.previous_keys.1", "not base64"],
        ),
        ({"key": "k" * 32, "previous_keys": ["o" * 16]}, ["app.previous_keys.0", "16 bytes"]),
    ],
)
def test_a_key_that_no_cipher_takes_is_told_without_being_shown(
    section: dict[str, object], texts: list[str]
) -> None:
    (told,) = unfit_keys(Config({"app": section}))

    for text in texts:
        assert text in told
    assert "hunter" not in told


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"key": "base64:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="},
        {"key": "k" * 32, "previous_keys": ["o" * 16], "decrypt_ciphers": ["aes-128-cbc"]},
    ],
)
def test_keys_that_fit_their_ciphers_are_taken(section: dict[str, object]) -> None:
    assert unfit_keys(Config({"app": section})) == []
