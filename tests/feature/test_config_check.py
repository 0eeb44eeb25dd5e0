"""config:check: the whole configuration, and all problems at once."""

from __future__ import annotations

from securely.facades import Config
from securely.testing import Artisan


def test_config_check_when_all_is_well_says_so(artisan: Artisan) -> None:
    artisan("config:check").assert_ok().assert_output("valid")


def test_config_check_shows_every_problem_of_every_section(artisan: Artisan) -> None:
    Config.set("cache.stores.array.entries_max", "many")
    Config.set("app.timezone", "Nowhere")
    Config.set("log.defualt", "single")

    result = artisan("config:check").assert_exit(1)

    result.assert_output("cache.stores.array.entries_max", "app.timezone", "Nowhere")
    result.assert_output("log.defualt", '"default"')


def test_config_check_hides_secrets(artisan: Artisan) -> None:
    Config.set("app.key", ["hunter2"])

    artisan("config:check").assert_exit(1).assert_output("app.key").assert_no_output("hunter2")
