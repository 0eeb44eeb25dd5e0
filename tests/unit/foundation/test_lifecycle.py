"""Hooks around the steps of a boot, callbacks at its turns, and how an application ends."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from securely import Application
from securely.config import Config, Environment
from securely.container import Provider
from securely.foundation import Terminating, UnknownStep
from securely.foundation.bootstrap import BOOTSTRAPPERS, load_configuration

Build = Callable[..., Application]
Write = Callable[[str, str], Path]


def test_hooks_run_around_their_step_in_order(build: Build) -> None:
    app = build()
    seen: list[str] = []
    app.before_bootstrapping("register_providers", lambda: seen.append("before register"))
    app.after_bootstrapping(load_configuration, lambda: seen.append("after config 1"))
    app.after_bootstrapping(load_configuration, lambda: seen.append("after config 2"))
    app.before_bootstrapping(load_configuration, lambda: seen.append("before config"))

    app.boot()

    assert seen == ["before config", "after config 1", "after config 2", "before register"]


def test_what_runs_after_the_environment_can_read_it_and_no_configuration(
    build: Build, write: Write
) -> None:
    write(".env", "SHOP=mine\n")
    app = build()
    seen: list[object] = []

    def look(environment: Environment) -> None:
        seen.append(environment.get("SHOP"))

    app.after_loading_environment(look)
    app.boot()

    assert seen == ["mine"]


def test_a_hook_of_a_step_that_is_none_is_refused_with_one_that_is_near(build: Build) -> None:
    with pytest.raises(UnknownStep, match='"load_configuration"'):
        build().before_bootstrapping("load_config", lambda: None)


def test_booting_twice_runs_hooks_and_callbacks_once(build: Build) -> None:
    app = build()
    seen: list[str] = []
    app.before_bootstrapping("boot_providers", lambda: seen.append("hook"))
    app.registered(lambda: seen.append("registered"))
    app.booting(lambda: seen.append("booting"))
    app.booted(lambda: seen.append("booted"))

    app.boot().boot()

    assert seen == ["hook", "registered", "booting", "booted"]


def test_steps_are_told_to_who_listens_by_then(build: Build) -> None:
    heard: list[str] = []

    class Early(Provider):
        def register(self) -> None:
            self.app.registered(self.listen)  # type: ignore[attr-defined]  # an Application

        def listen(self) -> None:
            self.app.make("events").listen("boot*", lambda name, _app: heard.append(name))

    build(lambda builder: builder.with_providers([Early])).boot()

    assert heard == ["bootstrapped: boot_providers"]


def test_registered_callbacks_may_resolve_what_providers_bind(build: Build) -> None:
    seen: list[object] = []
    app = build()
    app.registered(lambda: seen.append(app.make(Config).get("app.name")))

    app.boot()

    assert seen == ["Securely"]


def test_the_end_is_told_before_anything_is_closed(build: Build) -> None:
    app = build().boot()
    heard: list[bool] = []
    app.make("events").listen(Terminating, lambda event: heard.append(app.resolved("events")))

    app.terminate()

    assert heard == [True]


def test_callbacks_that_are_added_while_it_ends_run_too(build: Build) -> None:
    app = build().boot()
    seen: list[str] = []

    async def last() -> None:
        seen.append("added")

    app.terminating(lambda: app.terminating(last))
    app.terminate()

    assert seen == ["added"]


def test_another_storage_folder_is_used_by_all_that_asks(build: Build, tmp_path: Path) -> None:
    app = build()

    app.use_storage_path(tmp_path / "elsewhere")

    assert app.storage_path("logs") == tmp_path / "elsewhere" / "logs"
    assert app.paths.resolve("storage/logs") == tmp_path / "elsewhere" / "logs"
    assert app.maintenance.file == tmp_path / "elsewhere" / "framework" / "down"


def test_a_variable_names_the_storage_folder(
    build: Build, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECURELY_STORAGE_PATH", "var")
    assert build().paths.storage == base / "var"

    other = build(SECURELY_STORAGE_PATH=str(tmp_path / "mine"))
    assert other.paths.storage == tmp_path / "mine"
    assert other.fresh(storage=tmp_path / "test").paths.storage == tmp_path / "test"


def test_running_tests_follows_the_environment(build: Build) -> None:
    assert build(APP_ENV="testing").boot().running_tests
    assert not build(APP_ENV="local").boot().running_tests


def test_running_in_console_is_true_while_a_command_line_runs(build: Build) -> None:
    app = build().boot()
    assert not app.running_in_console

    with app.in_console():
        assert app.running_in_console

    assert not app.running_in_console
    assert build(APP_RUNNING_IN_CONSOLE="true").running_in_console


def test_a_command_line_handles_errors_of_the_process_and_lets_go(build: Build) -> None:
    were = (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning)
    app = build()
    seen: list[bool] = []
    app.booted(lambda: app.terminating(lambda: seen.append(app.errors.hooks.are_installed)))

    assert app.handle_command(["env"]) == 0

    assert seen == [True]
    assert (
        sys.excepthook,
        threading.excepthook,
        sys.unraisablehook,
        warnings.showwarning,
    ) == were


def test_deprecations_go_to_their_channel_where_there_is_one(build: Build) -> None:
    app = build().boot()
    app.make("config").set("log.channels.deprecations", {"driver": "array"})
    with app.make("log").fake_for() as log, warnings.catch_warnings():
        warnings.simplefilter("always")
        app.handle_errors()
        warnings.warn("use the other", DeprecationWarning, stacklevel=1)
        app.errors.hooks.uninstall()

        log.assert_logged("warning", "use the other", channel="deprecations")


def test_deprecations_that_python_hides_are_shown_to_their_channel_once(build: Build) -> None:
    app = build().boot()
    app.make("config").set("log.channels.old", {"driver": "array"})
    app.make("config").set("log.deprecations", {"channel": "old"})
    with app.make("log").fake_for() as log, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app.handle_errors()
        for _ in range(3):
            warnings.warn("use the other", DeprecationWarning, stacklevel=1)
        app.errors.hooks.uninstall()

        assert len(log.logged("warning", "use the other", channel="old")) == 1


def test_there_are_six_steps_in_an_order() -> None:
    assert [step.__name__ for step in BOOTSTRAPPERS] == [
        "load_environment",
        "load_configuration",
        "prove_configuration",
        "configure_errors",
        "register_providers",
        "boot_providers",
    ]
