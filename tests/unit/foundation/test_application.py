"""The application: where it is, where it runs, how it boots and ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from securely import Application, __version__
from securely.config import Config
from securely.container import Container, NotBooted, Provider, current
from securely.foundation import ErrorHandler, Maintenance
from securely.log import LogManager
from securely.support.paths import Paths

Build = Callable[..., Application]
Write = Callable[[str, str], Path]


def test_an_application_binds_itself_and_what_it_is_made_of(build: Build, base: Path) -> None:
    app = build()

    assert app.make(Application) is app.make("app") is app
    assert app.make(Paths) is app.make("paths") is app.paths
    assert app.make(ErrorHandler) is app.errors
    assert app.make(Maintenance) is app.maintenance
    assert app.make(Container) is app
    assert app.version == __version__
    assert app.base_path("config/app.py") == base / "config/app.py"
    assert app.storage_path("logs") == base / "storage/logs"


def test_an_application_reads_and_imports_nothing_when_it_is_made(
    build: Build, write: Write
) -> None:
    write(".env", "this is no line of an environment file\n")
    write("bootstrap/providers.py", "raise ImportError\n")

    app = build(lambda builder: builder.with_providers(["no.such:Provider"]))

    assert not app.is_booted


@pytest.mark.parametrize(
    ("variables", "env"), [({}, "production"), ({"APP_ENV": "local"}, "local")]
)
def test_the_environment_is_what_app_env_says_and_else_production(
    build: Build, variables: dict[str, str], env: str
) -> None:
    app = build(**variables).boot()

    assert app.env == env
    assert app.is_local is (env == "local")
    assert app.is_production is (env == "production")


def test_is_env_when_given_patterns_takes_any_of_them(build: Build) -> None:
    app = build(APP_ENV="staging-2").boot()

    assert app.is_env("staging*")
    assert app.is_env("local", "staging-2")
    assert not app.is_env("stag", "prod*")
    assert not app.is_env()


@pytest.mark.parametrize(
    ("env", "debug", "expected"),
    [
        ("local", "true", True),
        ("local", "false", False),
        ("production", "true", False),
        ("production", "false", False),
    ],
)
def test_debug_is_never_on_in_production(
    build: Build, env: str, debug: str, expected: bool
) -> None:
    app = build(APP_ENV=env, APP_DEBUG=debug).boot()

    assert app.is_debug is expected


@pytest.mark.parametrize("word", ["1", "on", "yes", "TRUE"])
def test_debug_is_on_for_every_word_that_the_options_accept(build: Build, word: str) -> None:
    assert build(APP_ENV="local", APP_DEBUG=word).boot().is_debug


def test_boot_when_called_twice_does_its_work_once(build: Build) -> None:
    app = build()
    seen: list[str] = []
    app.booted(lambda: seen.append("booted"))

    assert app.boot() is app
    config = app.make(Config)
    app.boot()

    assert seen == ["booted"]
    assert app.make(Config) is config


def test_callbacks_run_around_the_boot_of_the_providers_in_their_order(build: Build) -> None:
    seen: list[str] = []

    class Told(Provider):
        def register(self) -> None:
            seen.append("register")

        def boot(self) -> None:
            seen.append("boot")

    app = build(lambda builder: builder.with_providers([Told]))
    app.booting(lambda: seen.append("booting"))
    app.booted(lambda: seen.append("booted"))
    app.boot()

    assert seen == ["register", "booting", "boot", "booted"]


def test_callbacks_are_injected_and_may_add_others(build: Build) -> None:
    app = build()
    seen: list[object] = []

    def first(config: Config) -> None:
        seen.append(config)
        app.booted(lambda: seen.append("added"))

    app.booted(first)
    app.boot()

    assert seen == [app.make(Config), "added"]


def test_booted_when_it_has_booted_calls_at_once(build: Build) -> None:
    seen: list[str] = []

    build().boot().booted(lambda: seen.append("now"))

    assert seen == ["now"]


def test_callbacks_may_be_async(build: Build) -> None:
    app = build()
    seen: list[str] = []

    async def told(config: Config) -> None:
        seen.append(str(config.get("app.name")))

    app.booting(told)
    app.terminating(told)
    app.boot().terminate()

    assert seen == ["Securely", "Securely"]


def test_boot_when_it_fails_can_be_tried_again(build: Build) -> None:
    tries: list[int] = []
    registered: list[int] = []

    class Unlucky(Provider):
        def register(self) -> None:
            registered.append(1)

        def boot(self) -> None:
            tries.append(1)
            if len(tries) == 1:
                raise OSError("not yet")

    app = build(lambda builder: builder.with_providers([Unlucky]))
    with pytest.raises(Exception, match="not yet"):
        app.boot()

    assert not app.is_booted
    assert app.boot().is_booted
    assert (len(registered), len(tries)) == (1, 2)


def test_terminate_runs_the_last_callback_first_and_all_of_them(build: Build) -> None:
    app = build().boot()
    kept: Any = app.make(LogManager).handlers[0]
    seen: list[str] = []

    def fails() -> None:
        seen.append("second")
        raise OSError("the line is dead")

    app.terminating(lambda: seen.append("first"))
    app.terminating(fails)
    app.terminating(lambda: seen.append("third"))
    app.terminate()
    app.terminate()

    assert seen == ["third", "second", "first"]
    assert [record.message for record in kept.records] == ["the line is dead"]


def test_register_takes_providers_and_what_punq_takes(build: Build) -> None:
    class Clock:
        pass

    class Clocks(Provider):
        def register(self) -> None:
            self.app.instance("clocks", 3)

    app = build().boot()

    assert app.register(Clocks) is app
    assert app.register(Clock) is app
    assert app.make("clocks") == 3
    assert isinstance(app.resolve(Clock), Clock)


def test_child_is_a_plain_container_that_sees_what_the_application_binds(build: Build) -> None:
    app = build().boot()
    child = app.child()
    child.instance("mine", 1)

    assert type(child) is Container
    assert child.make("config") is app.make("config")
    assert not app.bound("mine")


def test_fresh_makes_another_application_of_the_same_parts(build: Build, tmp_path: Path) -> None:
    class Bound(Provider):
        def register(self) -> None:
            self.app.instance("bound", self)

    app = build(lambda builder: builder.with_providers([Bound])).boot()
    other = app.fresh({"APP_ENV": "testing", "LOG_CHANNEL": "array"}, tmp_path / "elsewhere").boot()

    assert other is not app
    assert other.make("bound") is not app.make("bound")
    assert other.env == "testing"
    assert other.storage_path("x") == tmp_path / "elsewhere/x"


def test_an_application_is_current_only_where_it_is_active(build: Build) -> None:
    one, two = build().boot(), build().boot()

    with one.active():
        assert current() is one
        with two.active():
            assert current() is two
        assert current() is one
    with pytest.raises(NotBooted):
        current()
