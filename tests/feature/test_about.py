"""about: what the application is, without its secrets."""

from __future__ import annotations

import json
import sys
from enum import Enum

from securely import Application, __version__
from securely.facades import Config
from securely.foundation import About
from securely.testing import Artisan


def test_about_shows_every_section(app: Application, artisan: Artisan) -> None:
    artisan("about").assert_ok().assert_output(
        "Environment", "Drivers", "Folders", __version__, "testing", str(app.paths.storage)
    )


def test_about_when_sections_are_named_shows_those(artisan: Artisan) -> None:
    result = artisan("about --only=drivers,FOLDERS").assert_ok()

    result.assert_output("Drivers", "Cache ..", "array", "Queue", "sync", "Folders")
    result.assert_no_output("Environment", __version__)


def test_about_when_a_section_is_unknown_names_those_there_are(artisan: Artisan) -> None:
    artisan("about --only=driver").assert_exit(1).assert_output(
        '"driver"', "environment, cache, drivers, folders, packages"
    )


def test_about_as_json_has_keys_for_programs(app: Application, artisan: Artisan) -> None:
    shown = json.loads(artisan("about --json").assert_ok().output)

    assert list(shown) == ["environment", "cache", "drivers", "folders"]
    assert shown["environment"]["python"] == sys.version.split()[0]
    assert shown["environment"]["debug"] is app.is_debug
    assert shown["environment"]["maintenance"] is False
    assert shown["drivers"] == {
        "cache": "array",
        "log": "array",
        "mail": "array",
        "queue": "sync",
        "store": "array",
    }
    assert shown["folders"]["base"] == str(app.paths.base)


def test_about_tells_that_there_is_a_key_and_not_which(artisan: Artisan) -> None:
    key = str(Config.get("app.key"))
    assert key.startswith("base64:")

    artisan("about").assert_output("set").assert_no_output(key, key.removeprefix("base64:"))
    artisan("about --json").assert_no_output(key.removeprefix("base64:"))


def test_about_when_there_is_no_key_names_the_command_that_makes_one(artisan: Artisan) -> None:
    Config.set("app.key", None)

    artisan("about").assert_output("python artisan.py key:generate")


def test_about_hides_passwords_in_addresses(artisan: Artisan) -> None:
    Config.set("app.url", "https://shop:hunter2@example.org")

    artisan("about").assert_output("example.org").assert_no_output("hunter2")


def test_about_shows_values_as_they_are(artisan: Artisan) -> None:
    Config.set("app.name", "<info>Shop</info>")

    artisan("about").assert_output("<info>Shop</info>")


def test_config_show_hides_the_key(artisan: Artisan) -> None:
    key = str(Config.get("app.key")).removeprefix("base64:")

    artisan("config:show app").assert_ok().assert_output("app.name").assert_no_output(key)
    artisan("config:show --json").assert_ok().assert_no_output(key)
    artisan("config:show app.key").assert_ok().assert_no_output(key)


def test_about_builds_no_service(app: Application, artisan: Artisan) -> None:
    artisan("about").assert_ok()

    assert not app.resolved("cache")
    assert not app.resolved("queue")
    assert not app.resolved("log")


class Colour(Enum):
    RED = "red"


def test_about_shows_what_others_add(app: Application, artisan: Artisan) -> None:
    about = app.make(About)
    about.add("Shop", {"Rate": lambda: 19, "Colour": Colour.RED, "API token": "t0ken"})
    about.add("Shop", lambda: {"Mail": "smtp://ann:hunter2@localhost"})

    shown = json.loads(artisan("about --only=shop --json").assert_ok().output)

    assert shown == {
        "shop": {
            "rate": 19,
            "colour": "red",
            "api_token": "********",
            "mail": "smtp://ann:********@localhost",
        }
    }


def test_about_evaluates_only_what_it_shows(app: Application, artisan: Artisan) -> None:
    asked: list[str] = []
    app.make(About).add("Shop", {"Rate": lambda: asked.append("rate")})

    artisan("about --only=environment").assert_ok()
    assert asked == []

    artisan("about").assert_ok()
    assert asked == ["rate"]
