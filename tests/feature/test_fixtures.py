"""The fixtures of the plugin: app, artisan, clock; and swapped, freeze, TestEnvironment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from securely import Application
from securely.cache import CacheManager
from securely.console import Command
from securely.facades import Cache, Log
from securely.support import clock as time
from securely.testing import (
    Artisan,
    CommandResult,
    TestEnvironment,
    Travel,
    freeze,
    fresh_application,
    swapped,
)


def test_app_is_fresh_isolated_and_current(app: Application, tmp_path: Path) -> None:
    assert app.is_booted
    assert app.env == "testing"
    assert app.paths.storage == tmp_path / "storage"
    assert app.make("config").get("cache.default") == "array"
    assert Cache.store() is app.make(CacheManager).store()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_app_keeps_nothing_of_another_test(app: Application, turn: str) -> None:
    assert Cache.missing("seen")

    Cache.forever("seen", turn)
    app.make("config").set("app.name", turn)
    assert app.maintenance.is_active is False
    app.maintenance.activate({})


def test_artisan_runs_in_the_application_of_the_test(app: Application, artisan: Artisan) -> None:
    app.make("config").set("app.name", "Told by the test")

    artisan("about").assert_ok().assert_output("Told by the test")
    artisan(["about", "--only=environment"]).assert_ok().assert_no_output("Drivers")


def test_artisan_gives_answers_to_questions(app: Application, artisan: Artisan) -> None:
    @app.make("artisan").command("greet")
    def greet(command: Command) -> None:
        command.line(f"Hello {command.ask('Who are you?')}")

    artisan("greet", answers=["Ada"]).assert_ok().assert_output("Hello Ada")


@pytest.mark.parametrize(
    ("line", "parameters"),
    [
        ("""post:publish "Hello World" ada --tag='a b'""", None),
        (["post:publish", "Hello World", "ada", "--tag=a b"], None),
        ("post:publish", {"title": "Hello World", "author": "ada", "--tag": "a b"}),
    ],
)
def test_artisan_takes_a_line_words_or_parameters(
    artisan: Artisan, app: Application, line: str | list[str], parameters: dict[str, object] | None
) -> None:
    @app.make("artisan").command("post:publish {title} {author} {--tag=} {--force}")
    def publish(command: Command, title: str, author: str, tag: str, force: bool) -> None:
        command.line(f"{title}|{author}|{tag}|{force}|{command.ask('Sure?')}")

    result = artisan(line, parameters, answers=["yes"])

    result.assert_ok().assert_output("Hello World|ada|a b|False|yes")


def test_artisan_when_parameters_do_not_fit_shows_it_as_a_line_would(artisan: Artisan) -> None:
    artisan("env", {"--wy": "APP_ENV"}).assert_exit(1).assert_output('Did you mean "why"?')
    artisan("env now", {"--why": "APP_ENV"}).assert_exit(1).assert_output('"now" stands beside')
    artisan("env --silent", {}).assert_ok().assert_no_output()


def test_a_result_that_is_not_as_expected_says_what_was_written() -> None:
    result = CommandResult("greet Ada", 1, "Hello\n", "ERROR  no\n")

    result.assert_exit(1).assert_failed().assert_output("Hello", "ERROR").assert_no_output("Bye")
    for wrong in (
        result.assert_ok,
        lambda: result.assert_output("Bye"),
        lambda: result.assert_no_output("no"),
        result.assert_no_output,
        lambda: CommandResult("x", 0, "", "").assert_failed(),
    ):
        with pytest.raises(AssertionError) as caught:
            wrong()
        assert "greet Ada" in str(caught.value) or "`x`" in str(caught.value)
    with pytest.raises(AssertionError, match="ERROR  no"):
        result.assert_ok()


def test_clock_stands_still_until_it_is_moved(app: Application, clock: Travel) -> None:
    before = time.timestamp()
    Cache.put("short", 1, 60)
    assert time.timestamp() == before

    clock(59)
    assert Cache.has("short")

    clock(1)
    assert Cache.missing("short")
    assert time.timestamp() == before + 60

    clock(minutes=1, hours=1)
    assert time.timestamp() == before + 60 + 3660


def test_clock_goes_to_a_moment_that_knows_its_zone(clock: Travel) -> None:
    clock.to(datetime(2030, 1, 1, tzinfo=UTC))
    assert time.now().year == 2030

    clock.to(datetime(2020, 1, 1, tzinfo=UTC))
    assert time.now().year == 2020
    with pytest.raises(ValueError, match="tzinfo"):
        clock.to(datetime(2030, 1, 1))


def test_freeze_lets_time_go_on_after_the_block() -> None:
    with freeze():
        frozen = time.monotonic()
        assert time.monotonic() == frozen
    assert time.monotonic() != frozen


def test_swapped_puts_another_service_in_place_for_the_block(app: Application) -> None:
    before = app.make(CacheManager)
    other = app.fresh(app.environment_overrides, app.paths.storage).boot().make(CacheManager)

    with swapped(Cache, other) as given:
        assert given is other
        assert app.make("cache") is app.make(CacheManager) is other
    assert app.make("cache") is app.make(CacheManager) is before


def test_swapped_puts_the_service_back_when_the_block_raises(app: Application) -> None:
    before = app.make("log")
    other = app.fresh(app.environment_overrides, app.paths.storage).boot().make("log")

    with pytest.raises(OSError, match="cut"), swapped(Log, other):
        raise OSError("cut")
    assert app.make("log") is before


def test_the_environment_of_tests_is_isolated_and_pyproject_changes_it(tmp_path: Path) -> None:
    assert TestEnvironment.read(tmp_path).variables["QUEUE_CONNECTION"] == "sync"

    (tmp_path / "pyproject.toml").write_text(
        '[tool.securely.testing.environment]\nQUEUE_CONNECTION = "sqlite"\nWORKERS = 2\n'
    )
    read = TestEnvironment.read(tmp_path)

    assert read.base_path == tmp_path
    assert read.variables["QUEUE_CONNECTION"] == "sqlite"
    assert read.variables["WORKERS"] == "2"
    assert read.variables["CACHE_STORE"] == "array"
    assert read.variables["APP_KEY"].startswith("base64:")


def test_a_fresh_application_ends_with_its_block(
    securely_environment: TestEnvironment, tmp_path: Path
) -> None:
    seen: list[str] = []

    with fresh_application(securely_environment, tmp_path, {"APP_NAME": "Mine"}) as application:
        application.terminating(lambda: seen.append("ended"))
        assert application.make("config").get("app.name") == "Mine"
        assert seen == []

    assert seen == ["ended"]
