"""Names mean files: words, endings, folders, namespaces, and nothing outside."""

from __future__ import annotations

import os
from pathlib import Path

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from securely.view import Form, InvalidView, ViewError, ViewFactory, ViewFailed, ViewNotFound
from securely.view.engine import ViewLoader
from securely.view.finder import Finder
from tests.unit.view.conftest import Write


@pytest.mark.parametrize(
    "name", ["mail.invoice", "mail/invoice", "mail/invoice.html", "mail.invoice.html"]
)
def test_names_with_dots_slashes_and_endings_are_the_same_view(
    views: ViewFactory, write: Write, name: str
) -> None:
    write("mail/invoice.html", "here")

    assert views.render(name) == "here"
    assert views.exists(name)


def test_files_may_end_as_editors_like_it(views: ViewFactory, write: Write) -> None:
    write("a.html.jinja", "a")
    write("b.txt.jinja", "b")
    write("c.md.jinja", "c")

    assert views.render("a") == views.render("a.html.jinja") == "a"
    assert views.render("b", form="text") == "b"
    assert views.render("c", form="markdown") == "c"


def test_a_word_may_be_called_as_an_ending_is(views: ViewFactory, write: Write) -> None:
    write("about/html.html", "a page about HTML")

    assert views.render("about.html") == "a page about HTML"
    assert not views.exists(".html")


def test_the_ending_of_another_form_is_none(views: ViewFactory, write: Write) -> None:
    write("terms.txt", "<terms>")

    assert not views.exists("terms.txt")
    assert views.exists("terms.txt", form="text")


def test_the_first_folder_that_has_a_view_wins(folder: Path, tmp_path: Path, write: Write) -> None:
    write("a.html.jinja", "first")
    write("a.html", "second", tmp_path / "other")
    write("b.html", "second", tmp_path / "other")
    views = ViewFactory([tmp_path / "absent", folder, tmp_path / "other"])

    assert views.render("a") == "first"
    assert views.render("b") == "second"


# Namespaces.


def test_a_namespace_has_folders_of_its_own(
    views: ViewFactory, tmp_path: Path, write: Write
) -> None:
    write("cart/row.html", "row of the shop", tmp_path / "shop")
    write("cart/row.html", "row of more", tmp_path / "more")
    write("cart/sum.html", "sum of more: {% include 'shop::cart.row' %}", tmp_path / "more")
    views.add_namespace("shop", tmp_path / "shop")
    views.add_namespace("shop", tmp_path / "more")

    assert views.render("shop::cart.row") == "row of the shop"
    assert views.render("shop::cart/sum.html") == "sum of more: row of the shop"
    assert not views.exists("cart.row")


def test_the_application_wins_over_a_namespace(
    folder: Path, tmp_path: Path, write: Write, views: ViewFactory
) -> None:
    write("page.html", "{% extends 'app' %}{% block b %}shop{% endblock %}", tmp_path / "shop")
    write("app.html", "app: {% block b %}{% endblock %}")
    views.add_namespace("shop", tmp_path / "shop")
    assert views.render("shop::page") == "app: shop"

    write("vendor/shop/page.html", "ours")

    assert views.render("shop::page") == "ours"
    assert views.place("shop::page") == folder / "vendor/shop/page.html"


def test_a_namespace_that_nobody_added_is_said(views: ViewFactory, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/cart.html").write_text("")
    views.add_namespace("shop", tmp_path / "shop")

    with pytest.raises(ViewNotFound, match="Nobody has added") as caught:
        views.render("shpo::cart")

    assert caught.value.near == "shop::cart"
    assert not views.exists("shpo::cart")
    with pytest.raises(ViewNotFound, match="Nobody has added"):
        views.place("shpo::cart")


@pytest.mark.parametrize("namespace", ["", "a.b", "a/b", "..", "a::b", "a\\b", "a\0"])
def test_a_namespace_is_a_single_word(views: ViewFactory, namespace: str) -> None:
    with pytest.raises(InvalidView, match="no single word"):
        views.add_namespace(namespace, Path())


# What is refused.

HOSTILE = [
    "",
    ".",
    "..",
    "../secret",
    "a/../../secret",
    "a/..",
    "..secret",
    "/etc/passwd",
    "//host/share",
    "a//b",
    "a.",
    "a/",
    ".env",
    "a\\..\\..\\secret",
    "C:\\secret",
    "C:secret",
    "c:/secret",
    "a\0b",
    "secret\0.html",
    "::secret",
    "::",
    "shop::",
    "shop::../secret",
    "shop::/etc/passwd",
    "page:stream",
    "../secret.html",
    "x" * 2000,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_leads_out_is_refused(
    views: ViewFactory, write: Write, tmp_path: Path, name: str
) -> None:
    write("secret.html", "secret", tmp_path)
    views.add_namespace("shop", tmp_path / "views")

    with pytest.raises(InvalidView, match="names no view") as caught:
        views.render(name)

    assert caught.value.name == name
    assert len(str(caught.value)) < 400
    assert "\0" not in str(caught.value)
    assert not views.exists(name)
    with pytest.raises(InvalidView):
        views.source(name, form="html")
    with pytest.raises(InvalidView):
        views.place(name)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "shop::../x", "a\\b"])
def test_a_view_that_includes_what_leads_out_fails_and_says_where(
    views: ViewFactory, write: Write, name: str
) -> None:
    file = write("page.html", "\n{% include name %}")

    with pytest.raises(ViewFailed, match=r"names no view|Nobody has added") as caught:
        views.render("page", {"name": name})

    assert (caught.value.file, caught.value.line) == (file, 2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.text(st.sampled_from("ab./\\:\0~ \n\U0001f600ä"), max_size=12))
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "a/b/views"
    views = ViewFactory([inside])
    views.add_namespace("a", inside)

    try:
        place = views.place(name)
    except ViewError:
        return

    assert place.resolve().is_relative_to(inside.resolve())
    assert not views.exists(name)


def test_a_name_that_is_too_long_for_a_file_is_not_there(views: ViewFactory) -> None:
    assert not views.exists("x" * 1000)


def test_a_link_may_lead_out(views: ViewFactory, folder: Path, tmp_path: Path) -> None:
    """As in Laravel: who can make a link in the folder could put the text there, too."""
    (tmp_path / "shared.html").write_text("from elsewhere")
    (folder / "page.html").symlink_to(tmp_path / "shared.html")

    assert views.render("page") == "from elsewhere"


def test_a_folder_is_no_view(views: ViewFactory, folder: Path) -> None:
    (folder / "page.html").mkdir()

    assert not views.exists("page")


# What is told of a view that is not there.


def test_a_view_that_is_not_there_says_where_was_looked_and_what_was_meant(
    views: ViewFactory, folder: Path, write: Write
) -> None:
    write("mail/invoice.html", "")
    write("mail/report.html", "")

    with pytest.raises(ViewNotFound) as caught:
        views.render("mail.invioce")

    error = caught.value
    assert error.names == ("mail.invioce",)
    assert error.looked == (folder / "mail/invioce.html", folder / "mail/invioce.html.jinja")
    assert error.near == "mail.invoice"
    assert str(folder / "mail/invioce.html") in str(error)
    assert str(error).endswith('Did you mean "mail.invoice"?')
    assert isinstance(error, LookupError)


def test_a_view_that_is_there_in_another_form_is_said(views: ViewFactory, write: Write) -> None:
    write("mail/invoice.md", "")

    with pytest.raises(ViewNotFound, match='one of the form "markdown", and "html" was asked for'):
        views.render("mail.invoice")


def test_a_file_that_is_no_text_fails_with_its_place(views: ViewFactory, folder: Path) -> None:
    (folder / "page.html").write_bytes(b"ab\xff")

    with pytest.raises(ViewFailed, match="byte 2 of it is not UTF-8") as caught:
        views.render("page")

    assert (caught.value.view, caught.value.file) == ("page", folder / "page.html")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_fails_with_its_place(views: ViewFactory, write: Write) -> None:
    file = write("page.html", "")
    file.chmod(0)

    with pytest.raises(ViewFailed, match="can not be read") as caught:
        views.render("page")

    assert caught.value.file == file


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "\ud800"])
def test_signs_that_nobody_sees_are_written_out(views: ViewFactory, name: str) -> None:
    with pytest.raises(ViewNotFound) as caught:
        views.render(name)

    assert str(caught.value).isprintable()


def test_a_view_that_may_miss_costs_no_look_at_all_the_others(folder: Path) -> None:
    class Finding(Finder):
        def lacking(self, name: str, form: Form) -> ViewNotFound:
            raise AssertionError("nobody asked why")

    loader = ViewLoader(Finding([folder]), "html")
    environment = jinja2.Environment(loader=loader, autoescape=True)

    assert environment.from_string("{% include 'nope' ignore missing %}").render() == ""


def test_place_is_where_a_view_would_win(views: ViewFactory, folder: Path) -> None:
    form: Form = "markdown"

    assert views.place("mail.note", form=form) == folder / "mail/note.md"
    assert views.place("mail/note.md.jinja", form=form) == folder / "mail/note.md.jinja"
    assert views.paths == (folder,)
