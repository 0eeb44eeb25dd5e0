"""Deferred providers of modules: not imported once they are known, asked again once they change."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from securely import Application
from securely.console.manifest import current
from securely.exceptions import ConfigurationError
from securely.foundation.providers import Packages

Build = Callable[..., Application]
Write = Callable[[str, str], Path]

PROVIDER = """
from securely.container import Deferrable, Provider


class Ledger:
    pass


class LedgerProvider(Provider, Deferrable):
    provides = {"ledger": Ledger}
    singletons = [Ledger]
    when = ["books.opened"]
"""


def forget_modules() -> None:
    """Have the next application start as in a process of its own."""
    for name in ("books", "base_books"):
        sys.modules.pop(name, None)


@pytest.fixture
def books(write: Write, base: Path) -> Path:
    sys.path.insert(0, str(base))
    write("bootstrap/providers.py", 'providers = ["books:LedgerProvider"]\n')
    return write("books.py", PROVIDER)


@pytest.mark.usefixtures("books")
def test_a_known_provider_is_imported_when_its_service_is_asked_for(build: Build) -> None:
    build().boot()
    forget_modules()

    app = build().boot()
    before = "books" in sys.modules
    bound, made = app.bound("ledger"), app.make("ledger")

    assert not before
    assert bound
    assert type(made).__name__ == "Ledger"


@pytest.mark.usefixtures("books")
def test_a_known_provider_is_imported_when_its_event_is_dispatched(build: Build) -> None:
    build().boot()
    forget_modules()

    app = build().boot()
    app.make("events").dispatch("books.opened")

    assert "books" in sys.modules
    assert app.provider_is_loaded("books:LedgerProvider")


def test_a_provider_whose_file_has_changed_is_asked_again(build: Build, books: Path) -> None:
    build().boot()
    forget_modules()
    books.write_text(PROVIDER.replace('"ledger"', '"journal"'), encoding="utf-8")

    app = build().boot()

    assert app.bound("journal")
    assert not app.bound("ledger")


def test_a_provider_whose_base_class_has_changed_is_asked_again(
    build: Build, write: Write, books: Path
) -> None:
    write("base_books.py", PROVIDER)
    books.write_text(
        "from base_books import LedgerProvider as Base\n\n\nclass LedgerProvider(Base):\n    pass\n"
    )
    build().boot()
    forget_modules()
    write("base_books.py", PROVIDER.replace('"ledger"', '"journal"'))

    assert build().boot().bound("journal")


def test_a_provider_that_waits_no_longer_is_loaded(build: Build, books: Path) -> None:
    build().boot()
    forget_modules()
    books.write_text(PROVIDER.replace(", Deferrable)", ")"), encoding="utf-8")

    app = build().boot()

    assert app.provider_is_loaded("books:LedgerProvider")
    assert json.loads(app.cached_path("services").read_text())["deferred"] == {}


@pytest.mark.usefixtures("books")
def test_a_provider_that_is_no_longer_listed_is_forgotten(build: Build, write: Write) -> None:
    build().boot()
    write("bootstrap/providers.py", "providers = []\n")

    app = build().boot()

    assert not app.bound("ledger")
    assert "books" not in app.cached_path("services").read_text()


def test_nothing_is_kept_of_an_application_in_which_nobody_waits(build: Build) -> None:
    assert not build().boot().cached_path("services").exists()


@pytest.mark.usefixtures("books")
def test_where_it_cannot_be_kept_a_boot_works_all_the_same(build: Build, write: Write) -> None:
    write("file", "")

    for _ in range(2):
        app = build(APP_SERVICES_CACHE="file/x.json", APP_PACKAGES_CACHE="file/y.json").boot()
        assert app.bound("ledger")


# Packages.


@pytest.mark.parametrize(
    ("wish", "names"),
    [("", ["acme-shop"]), ('dont_discover = ["ACME_shop"]', []), ('dont_discover = ["*"]', [])],
)
def test_a_package_is_found_unless_the_application_does_not_want_it(
    write: Write, base: Path, wish: str, names: list[str]
) -> None:
    sys.path.insert(0, str(base / "site"))
    write("site/acme_shop-1.2.dist-info/METADATA", "Name: acme-shop\nVersion: 1.2\n")
    write(
        "site/acme_shop-1.2.dist-info/entry_points.txt",
        "[securely.providers]\nb = acme.b:B\na = acme.a:A\n",
    )
    write("pyproject.toml", f"[tool.securely]\n{wish}\n")
    packages = Packages(base, base / "packages.json")

    found = packages.providers()

    assert [
        each[0] for each in json.loads((base / "packages.json").read_text())["packages"]
    ] == names
    assert [each.provider for each in found] == (["acme.a:A", "acme.b:B"] if names else [])
    assert {each.origin for each in found} <= {"acme-shop 1.2"}


def test_a_project_file_that_cannot_be_read_fails_the_boot_and_not_list(
    build: Build, write: Write, base: Path
) -> None:
    file = write("pyproject.toml", "[tool.securely\n")

    with pytest.raises(ConfigurationError, match="not want") as caught:
        build().boot()

    assert str(file) in str(caught.value)
    assert any("pyproject.toml cannot be read" in each for each in current(base).warnings)


def test_of_two_packages_of_one_name_the_first_counts(write: Write, base: Path) -> None:
    for site, version in (("one", "1.0"), ("two", "2.0")):
        sys.path.append(str(base / site))
        write(f"{site}/acme-{version}.dist-info/METADATA", f"Name: acme\nVersion: {version}\n")
        write(
            f"{site}/acme-{version}.dist-info/entry_points.txt",
            f"[securely.providers]\na = acme.v{version[0]}:A\n",
        )

    found = Packages(base, base / "packages.json").providers()

    assert [each.provider for each in found] == ["acme.v1:A"]
