"""env: where the application runs, and where a variable comes from."""

from __future__ import annotations

from securely import Application
from securely.config import Environment
from securely.testing import Artisan


def test_env_names_the_environment(artisan: Artisan) -> None:
    artisan("env").assert_ok().assert_output("[testing]")


def test_env_why_shows_value_and_source(artisan: Artisan) -> None:
    artisan("env --why=CACHE_STORE").assert_ok().assert_output("CACHE_STORE=array", "process")


def test_env_why_hides_secrets(app: Application, artisan: Artisan) -> None:
    key = str(app.make(Environment).get("APP_KEY"))

    artisan("env --why=APP_KEY").assert_ok().assert_output("APP_KEY=").assert_no_output(key)


def test_env_why_of_what_is_not_set_says_so(artisan: Artisan) -> None:
    artisan("env --why=NO_SUCH_VARIABLE").assert_ok().assert_output("NO_SUCH_VARIABLE", "not set")
