"""What fails in a view is told with the view, the file, the line and the reason, never the data."""

from __future__ import annotations

import copy
import traceback
from pathlib import Path

import jinja2
import pytest

from securely.view import ViewError, ViewFactory, ViewFailed, ViewNotFound, engine
from tests.unit.view.conftest import Write

SECRET = "hunter2"  # noqa: S105  # what must not be shown


class Broken:
    """What a view calls."""

    def __call__(self, *args: object) -> str:
        raise ValueError(SECRET)


def failed(views: ViewFactory, name: str, **data: object) -> ViewFailed:
    with pytest.raises(ViewFailed) as caught:
        views.render(name, data)
    return caught.value


def test_a_variable_that_is_missing_is_named(views: ViewFactory, write: Write) -> None:
    file = write("mail/invoice.html", "<p>\n{{ customer }}\n{{ total }}\n</p>")

    error = failed(views, "mail.invoice", customer=SECRET)

    assert (error.view, error.file, error.line) == ("mail.invoice", file, 3)
    assert error.reason == "'total' is undefined"
    assert str(error) == f"The view \"mail.invoice\" failed in {file}:3: 'total' is undefined"
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    "use",
    ["{{ x }}", "{% if x %}{% endif %}", "{% for y in x %}{% endfor %}", "{{ x.y }}", "{{ x() }}"],
)
def test_a_variable_that_is_missing_fails_however_it_is_used(views: ViewFactory, use: str) -> None:
    with pytest.raises(ViewFailed, match="'x' is undefined"):
        views.render_string(use)


def test_a_variable_that_may_be_missing_has_a_default(views: ViewFactory) -> None:
    assert views.render_string("{{ x | default('-') }}{% if x is defined %}!{% endif %}") == "-"


@pytest.mark.parametrize("use", ["user.email", "user['email']"])
def test_an_attribute_that_is_missing_is_named(views: ViewFactory, write: Write, use: str) -> None:
    write("page.html", "{{ " + use + " }}")

    error = failed(views, "page", user={"name": SECRET})

    assert error.reason == "'dict object' has no attribute 'email'"


@pytest.mark.parametrize("key", [SECRET, (SECRET, 1), "with 'quotes'\nof both \" kinds"])
def test_a_name_that_only_the_data_know_is_not_shown(
    views: ViewFactory, write: Write, key: object
) -> None:
    write("page.html", "{{ table[key] }}")

    error = failed(views, "page", table={}, key=key)

    assert "'dict object' has no" in error.reason or "dict object has no" in error.reason
    assert SECRET not in str(error)
    assert "quotes" not in str(error)


def test_a_line_of_a_view_that_is_included_is_told_in_its_own_file(
    views: ViewFactory, write: Write
) -> None:
    write("home.html", "\n\n\n{% include 'parts.menu' %}")
    write("parts/menu.html", "a\n{% include 'parts.entry' %}")
    file = write("parts/entry.html", "a\nb\nc\n\n\n{{ label }}")

    error = failed(views, "home")

    assert (error.view, error.file, error.line) == ("home", file, 6)


def test_a_line_of_a_layout_a_block_and_a_macro_is_told_in_its_own_file(
    views: ViewFactory, write: Write
) -> None:
    layout = write("layout.html", "a\n{{ title }}\n{% block body %}{% endblock %}")
    page = write(
        "page.html", "{% extends 'layout' %}\n{% block body %}\n{{ nope }}\n{% endblock %}\n"
    )
    macros = write("macros.html", "\n{% macro m(x) %}\n\n{{ x.nope }}{% endmacro %}")
    write("calls.html", "\n{% import 'macros' as macros %}{{ macros.m(1) }}")

    untitled, body, macro = (
        failed(views, "page"),
        failed(views, "page", title=1),
        failed(views, "calls"),
    )

    assert (untitled.file, untitled.line) == (layout, 2)
    assert (body.file, body.line) == (page, 3)
    assert (macro.file, macro.line) == (macros, 4)


def test_a_view_that_is_malformed_is_told_with_its_line(views: ViewFactory, write: Write) -> None:
    file = write("page.html", "a\n{% if x %}\nb\n")

    error = failed(views, "page")

    assert (error.view, error.file, error.line) == ("page", file, 2)
    assert "endif" in error.reason


def test_an_include_that_is_malformed_is_told_in_its_own_file(
    views: ViewFactory, write: Write
) -> None:
    write("page.html", "{% include 'part' %}")
    file = write("part.html", "\n\n{{ a b }}")

    error = failed(views, "page")

    assert (error.view, error.file, error.line) == ("page", file, 3)


def test_a_filter_that_is_not_there_is_told(views: ViewFactory, write: Write) -> None:
    write("page.html", "\n{{ 1 | nope }}")

    error = failed(views, "page")

    assert error.line == 2
    assert "nope" in error.reason


def test_what_a_view_calls_is_told_by_its_kind_and_kept_as_the_cause(
    views: ViewFactory, write: Write
) -> None:
    file = write("page.html", "\n\n{{ broken(key) }}")

    error = failed(views, "page", broken=Broken(), key=SECRET)

    assert (error.file, error.line, error.reason) == (file, 3, "ValueError was raised")
    assert SECRET not in str(error)
    assert isinstance(error.__cause__, ValueError)
    frames = traceback.extract_tb(error.__cause__.__traceback__)
    assert (str(file), 3) in [(frame.filename, frame.lineno) for frame in frames]


def test_a_view_that_includes_what_is_not_there_says_where_and_what_was_meant(
    views: ViewFactory, write: Write
) -> None:
    file = write("page.html", "\n{% include 'parts.foto' %}")
    write("parts/foot.html", "")

    error = failed(views, "page")

    assert (error.view, error.file, error.line) == ("page", file, 2)
    assert 'The view "parts.foto" is not there.' in error.reason
    assert 'Did you mean "parts.foot"?' in error.reason


def test_a_view_that_includes_one_of_none_names_them(views: ViewFactory, write: Write) -> None:
    write("page.html", "{% include ['a', 'b'] %}")

    assert 'None of the views "a", "b" is there' in failed(views, "page").reason


def test_a_view_that_renders_another_tells_of_that(views: ViewFactory, write: Write) -> None:
    write("outer.html", "{{ inner() }}")
    file = write("inner.html", "\n{{ x }}")

    error = failed(views, "outer", inner=lambda: views.render("inner"))

    assert (error.view, error.file, error.line) == ("inner", file, 2)
    with pytest.raises(ViewNotFound, match='"absent"'):
        views.render("outer", {"inner": lambda: views.render("absent")})


def test_a_view_that_includes_itself_ends(views: ViewFactory, write: Write) -> None:
    write("page.html", "{% include 'page' %}")

    error = failed(views, "page")

    assert error.reason == "RecursionError was raised"


def test_a_text_that_fails_is_told_by_its_line(views: ViewFactory) -> None:
    with pytest.raises(ViewFailed) as caught:
        views.render_string("a\n{{ x }}")
    assert str(caught.value) == "A view that was given as text failed in line 2: 'x' is undefined"
    assert caught.value.file is None

    with pytest.raises(ViewFailed, match="failed in line 3: expected token"):
        views.render_string("a\n\n{{ a b }}")
    with pytest.raises(ViewFailed, match="has no attribute 'b'"):
        views.render_string("{{ a.b }}", {"a": 1})


def test_a_text_that_fails_in_a_view_is_told_by_its_file(views: ViewFactory, write: Write) -> None:
    file = write("part.html", "\n\n{{ x }}")

    with pytest.raises(ViewFailed) as caught:
        views.render_string("{% include 'part' %}")

    assert (caught.value.file, caught.value.line) == (file, 3)


def test_an_error_is_never_its_own_cause(views: ViewFactory, write: Write) -> None:
    write("page.html", "{% include 'nope' %}")
    write("outer.html", "{{ inner() }}")

    for name in ("page", "nope", "../nope", "outer"):
        with pytest.raises(ViewError) as caught:
            views.render(name, {"inner": lambda: views.render("page")})
        seen: list[BaseException] = []
        error: BaseException | None = caught.value
        while error is not None:
            assert error not in seen
            seen.append(error)
            error = error.__cause__ or error.__context__


def test_failed_tells_of_errors_that_others_compilers_met(views: ViewFactory, write: Write) -> None:
    """Markdown mails have an environment of their own."""
    file = write("mail/note.md", "\n{{ total }}")
    environment = jinja2.Environment(
        loader=views.loader("markdown"), undefined=jinja2.StrictUndefined, autoescape=True
    )

    with pytest.raises(jinja2.UndefinedError) as caught:
        environment.get_template("mail.note").render()
    error = engine.failed("mail.note", caught.value)
    assert str(error) == f"The view \"mail.note\" failed in {file}:2: 'total' is undefined"

    with pytest.raises(jinja2.TemplateNotFound) as absent:
        environment.get_template("mail.not")
    assert 'Did you mean "mail.note"?' in str(engine.failed("mail.not", absent.value))

    again = engine.failed("mail.note", error)
    assert again is not error
    assert str(again) == str(error)

    foreign = jinja2.TemplateNotFound("x")
    foreign.__cause__ = error
    assert str(engine.missing(foreign)) == str(error)


def test_errors_can_be_copied(tmp_path: Path) -> None:
    error = ViewFailed("page", tmp_path, 3, "why")
    absent = ViewNotFound(["a"], [tmp_path], "b", "hint")

    assert str(copy.copy(error)) == str(error)
    assert vars(copy.copy(absent)) == vars(absent)
