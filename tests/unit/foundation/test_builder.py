"""What an application is made of, and that nothing happens while it is made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import pytest

from securely import Application
from securely.container import Provider, current
from securely.events import Dispatcher
from securely.foundation import ApplicationBuilder, ErrorHandler, Parts


class Clock:
    """Something to bind."""


class Sundial(Clock):
    """Something to bind instead."""


def test_create_makes_the_application_of_this_process(base: Path) -> None:
    app = Application.configure(base).create()

    assert current() is app
    assert not app.is_booted


def test_build_makes_one_that_is_nobodys_current(base: Path, tmp_path: Path) -> None:
    app = Application.configure(base).create()
    built = Application.configure(base).build({"APP_ENV": "testing"}, tmp_path / "storage")

    assert current() is app
    assert built.environment_overrides == {"APP_ENV": "testing"}
    assert built.paths.storage == tmp_path / "storage"


def test_the_base_path_may_be_text_and_becomes_absolute(base: Path) -> None:
    app = Application.configure(str(base / "x" / "..")).build()

    assert app.paths.base == base


def test_everything_that_is_named_is_kept_in_its_order(base: Path) -> None:
    class First(Provider):
        pass

    def quiet(errors: ErrorHandler) -> None:
        errors.dont_report(OSError)

    app = (
        Application.configure(base)
        .with_routing(console="routes/console.py")
        .with_routing()
        .with_routing(console="routes/more.py")
        .with_providers([First, "app.second:Second"])
        .with_providers(["app.third:Third"])
        .with_commands(["app.commands:Send"])
        .with_bindings({Clock: Sundial})
        .with_exceptions(quiet)
        .build()
    )

    assert app.parts == Parts(
        base_path=base,
        console_routes=["routes/console.py", "routes/more.py"],
        providers=[First, "app.second:Second", "app.third:Third"],
        commands=["app.commands:Send"],
        bindings={Clock: Sundial},
        on_errors=[quiet],
    )


def test_bindings_win_over_those_of_the_providers(base: Path) -> None:
    class Clocks(Provider):
        def register(self) -> None:
            self.app.singleton(Clock)

    builder = Application.configure(base).with_providers([Clocks]).with_bindings({Clock: Sundial})

    assert isinstance(builder.build().boot().make(Clock), Sundial)


def test_a_subclass_makes_applications_of_its_own_kind(base: Path) -> None:
    class Shop(Application):
        pass

    app = Shop.configure(base).build()

    assert type(app) is Shop
    assert type(app.fresh()) is Shop
    assert app.make(Application) is app


def test_singletons_and_scoped_win_over_those_of_the_providers(base: Path) -> None:
    class Clocks(Provider):
        def register(self) -> None:
            self.app.bind(Clock)
            self.app.singleton("once", Clock)

    app = (
        Application.configure(base)
        .with_providers([Clocks])
        .with_bindings([Sundial])
        .with_singletons({Clock: Sundial})
        .with_scoped({"once": object})
        .build()
        .boot()
    )

    assert app.make(Clock) is app.make(Clock)
    assert isinstance(app.make(Clock), Sundial)
    assert app.bound(Sundial)
    with app.scope():
        first = app.make("once")
        assert app.make("once") is first
    with app.scope():
        assert app.make("once") is not first


def test_listeners_are_found_in_the_packages_that_are_named(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(base))
    (base / "heard.py").write_text(
        "from securely.events import listens_to\n"
        "calls = []\n\n\n"
        "@listens_to('books.opened')\n"
        "def hear():\n    calls.append('heard')\n"
    )
    app = Application.configure(base).with_events(["heard"]).build().boot()

    app.make(Dispatcher).dispatch("books.opened")

    assert sys.modules["heard"].calls == ["heard"]


def test_the_base_path_is_that_of_the_calling_file_unless_it_is_said(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APP_BASE_PATH", raising=False)
    file = base / "bootstrap" / "app.py"
    names: dict[str, object] = {"Application": Application}
    code = compile("builder = Application.configure()", str(file), "exec")
    exec(code, names)  # noqa: S102  # as bootstrap/app.py is run
    inferred = cast("ApplicationBuilder[Application]", names["builder"]).build()

    monkeypatch.setenv("APP_BASE_PATH", str(tmp_path / "elsewhere"))
    named = Application.configure().build()
    given = Application.configure(base).build()

    assert inferred.paths.base == base
    assert named.paths.base == tmp_path / "elsewhere"
    assert given.paths.base == base
