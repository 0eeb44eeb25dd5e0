"""What an application is made of, and that nothing happens while it is made."""

from __future__ import annotations

from pathlib import Path

from securely import Application
from securely.container import Provider, current
from securely.foundation import ErrorHandler, Parts


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
