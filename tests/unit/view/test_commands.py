"""Holds make:view: what it makes is a view, where the application finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.support.paths import Paths
from securely.view import Form, ViewFactory
from securely.view.commands import MakeViewCommand


@pytest.fixture
def views(tmp_path: Path) -> ViewFactory:
    """Views of an application."""
    return ViewFactory([tmp_path / "resources/views", tmp_path / "more"])


def make(views: ViewFactory, base: Path, *words: str) -> tuple[int, str]:
    container = Container()
    container.instance(Paths, Paths(base))
    container.instance(ViewFactory, views)
    artisan = Artisan(container)
    artisan.add(MakeViewCommand)
    output = BufferedOutput()
    return artisan.run(["make:view", *words], output), output.text + output.error_text


@pytest.mark.parametrize(
    ("option", "form", "ending"),
    [([], "html", "html"), (["--text"], "text", "txt"), (["--markdown"], "markdown", "md")],
)
def test_make_view_makes_one_of_each_form(
    views: ViewFactory, tmp_path: Path, option: list[str], form: Form, ending: str
) -> None:
    code, said = make(views, tmp_path, "mail.invoice", *option)

    assert (code, said.strip()) == (0, f"View resources/views/mail/invoice.{ending} created.")
    assert views.exists("mail.invoice", form=form)
    assert not list(tmp_path.rglob("__init__.py"))
    if form != "markdown":  # its components come with mail
        rendered = views.render("mail.invoice", form=form)
        assert rendered.strip() == ("" if form == "text" else "<div>\n</div>")


def test_make_view_writes_over_no_file_unless_forced(views: ViewFactory, tmp_path: Path) -> None:
    make(views, tmp_path, "page")
    file = tmp_path / "resources/views/page.html"
    file.write_text("mine")

    code, said = make(views, tmp_path, "page")

    assert code == 1
    assert "resources/views/page.html" in said
    assert file.read_text() == "mine"
    assert make(views, tmp_path, "page", "--force")[0] == 0
    assert file.read_text() != "mine"


@pytest.mark.parametrize("name", ["../page", "a..b", "/page", "a\\b", "nope::page"])
def test_make_view_refuses_what_names_none(views: ViewFactory, tmp_path: Path, name: str) -> None:
    code, said = make(views, tmp_path, name)

    assert code == 1
    assert "names no view" in said or "Nobody has added" in said
    assert not list(tmp_path.rglob("*.html"))


def test_make_view_makes_an_own_one_instead_of_a_packages(
    views: ViewFactory, tmp_path: Path
) -> None:
    views.add_namespace("shop", tmp_path / "shop")

    assert make(views, tmp_path, "shop::cart")[0] == 0

    assert (tmp_path / "resources/views/vendor/shop/cart.html").exists()
    assert views.exists("shop::cart")


def test_make_view_works_where_the_views_lie_elsewhere(tmp_path: Path) -> None:
    base = tmp_path / "app"
    views = ViewFactory([tmp_path / "elsewhere"])

    assert make(views, base, "a.b")[1].strip() == "View a/b.html created."
    assert "a/b.html" in make(views, base, "a.b")[1]
    assert (tmp_path / "elsewhere/a/b.html").exists()
