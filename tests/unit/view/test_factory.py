"""Views are rendered by their names: forms, data, inheritance, freshness, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jinja2
import pytest

from securely.exceptions import HttpException
from securely.view import Form, ViewFactory, ViewFailed, ViewNotFound
from tests.unit.view.conftest import Write


def test_render_when_a_view_is_there_then_fills_its_gaps(views: ViewFactory, write: Write) -> None:
    write("mail/invoice.html", "<p>{{ total }}</p>")

    assert views.render("mail.invoice", {"total": 5}) == "<p>5</p>"


def test_render_of_html_then_escapes_values(views: ViewFactory, write: Write) -> None:
    write("page.html", "{{ text }} {{ text | safe }} <i>")

    assert views.render("page", {"text": "<b>&"}) == "&lt;b&gt;&amp; <b>& <i>"


@pytest.mark.parametrize(("form", "ending"), [("text", "txt"), ("markdown", "md")])
def test_render_of_other_forms_then_escapes_nothing(
    views: ViewFactory, write: Write, form: Form, ending: str
) -> None:
    write(f"page.{ending}", "{{ text }}")
    write("page.html", "the page")

    assert views.render("page", {"text": "<b>&"}, form=form) == "<b>&"


def test_render_of_text_then_tags_leave_no_lines_behind(views: ViewFactory, write: Write) -> None:
    text = "Items:\n{% for each in items %}\n  {% if each %}\n- {{ each }}\n  {% endif %}\n"
    write("list.txt", text + "{% endfor %}\nBye\n")

    assert views.render("list", {"items": ["a", "", "b"]}, form="text") == "Items:\n- a\n- b\nBye\n"


def test_render_when_a_variable_is_called_as_a_parameter_is_then_takes_it(
    views: ViewFactory, write: Write
) -> None:
    write("page.html", "{{ self_ }}{{ name }}{{ data }}{{ form }}")

    assert views.render("page", {"self_": 1, "name": 2, "data": 3, "form": 4}) == "1234"


def test_render_leaves_the_data_alone(views: ViewFactory, write: Write) -> None:
    write("page.html", "{% set total = 7 %}{{ total }}")
    data = {"total": 5}

    assert views.render("page", data) == "7"
    assert data == {"total": 5}


def test_views_extend_and_include_each_other_by_dotted_names(
    views: ViewFactory, write: Write
) -> None:
    write("layouts/app.html", "<{% block body %}{% endblock %}{% include 'parts.foot' %}>")
    write("parts/foot.html", "foot of {{ name }}")
    write("parts/macros.html", "{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}")
    write(
        "home.html",
        '{% extends "layouts.app" %}{% from "parts.macros" import bold %}'
        "{% block body %}{{ bold(name) }} {% endblock %}",
    )

    assert views.render("home", {"name": "<A>"}) == "<<b>&lt;A&gt;</b> foot of &lt;A&gt;>"


def test_an_include_stays_in_the_form(views: ViewFactory, write: Write) -> None:
    write("mail.html", "{% include 'foot' %}")
    write("mail.txt", "{% include 'foot' %}")
    write("foot.html", "<hr>")
    write("foot.txt", "--")

    assert views.render("mail") == "<hr>"
    assert views.render("mail", form="text") == "--"


def test_an_include_that_may_miss_or_is_one_of_several(views: ViewFactory, write: Write) -> None:
    write("page.html", "a{% include 'nope' ignore missing %}{% include ['no', '../x', 'foot'] %}")
    write("foot.html", "b")

    assert views.render("page") == "ab"


def test_first_when_several_are_there_then_renders_the_first(
    views: ViewFactory, write: Write
) -> None:
    write("b.html", "b{{ n }}")
    write("c.html", "c")

    assert views.first(["a", "..", "b", "c"], {"n": 1}) == "b1"


def test_first_when_none_is_there_then_names_them(views: ViewFactory) -> None:
    with pytest.raises(ViewNotFound, match='None of the views "a", "b" is there') as caught:
        views.first(["a", "b"])

    assert caught.value.names == ("a", "b")


def test_first_when_it_is_given_none_then_says_so(views: ViewFactory) -> None:
    with pytest.raises(ViewNotFound, match="No view was named"):
        views.first([])


def test_exists_tells_for_each_form(views: ViewFactory, write: Write) -> None:
    write("mail/page.txt", "")

    assert views.exists("mail.page", form="text")
    assert not views.exists("mail.page")
    assert not views.exists("mail")


# Shared values and helpers.


def test_shared_values_are_in_every_view_and_in_macros(views: ViewFactory, write: Write) -> None:
    write("m.html", "{% macro site() %}{{ site_name }}{% endmacro %}")
    write("page.html", "{% import 'm' as m %}{{ site_name }} {{ m.site() }}")
    views.share("site_name", "Shop")

    assert views.render("page") == "Shop Shop"
    assert views.shared["site_name"] == "Shop"


def test_data_win_over_shared_values(views: ViewFactory) -> None:
    views.share("name", "all")

    assert views.render_string("{{ name }}", {"name": "mine"}) == "mine"


def test_share_after_a_view_was_rendered_then_reaches_it(views: ViewFactory, write: Write) -> None:
    write("page.html", "{{ name is defined and name }}")
    assert views.render("page") == "False"

    views.share("name", "late")

    assert views.render("page") == "late"


def test_translations_are_at_hand_and_escaped(folder: Path, write: Write) -> None:
    def translate(key: str, replace: dict[str, str] | None = None) -> str:
        return f"{key} of {(replace or {}).get('name')}"

    write("page.html", "{{ trans('hi', {'name': name}) }} {{ __('hi') }}")
    views = ViewFactory([folder], translate=translate)

    assert views.render("page", {"name": "<A>"}) == "hi of &lt;A&gt; hi of None"


def test_jinjas_own_functions_are_there(views: ViewFactory) -> None:
    assert views.render_string("{% for n in range(3) %}{{ n }}{% endfor %}") == "012"


# Text.


def test_render_string_is_of_a_form_and_may_extend_views(views: ViewFactory, write: Write) -> None:
    write("base.html", "<{% block b %}{% endblock %}>")

    assert views.render_string("{% extends 'base' %}{% block b %}{{ x }}{% endblock %}", {"x": "&"})
    assert views.render_string("{{ x }}", {"x": "&"}) == "&amp;"
    assert views.render_string("{{ x }}\n", {"x": "&"}, form="text") == "&\n"


# Freshness.


def test_a_view_that_changes_is_read_again(views: ViewFactory, write: Write) -> None:
    write("page.html", "{% include 'part' %}{% include 'part' %}")
    write("part.html", "old")
    assert views.render("page") == "oldold"

    write("part.html", "new")

    assert views.render("page") == "newnew"


def test_a_view_that_is_gone_is_not_found(views: ViewFactory, write: Write) -> None:
    file = write("page.html", "old")
    assert views.render("page") == "old"

    file.unlink()

    with pytest.raises(ViewNotFound):
        views.render("page")


def test_a_view_that_begins_to_win_is_taken(folder: Path, tmp_path: Path, write: Write) -> None:
    views = ViewFactory([folder, tmp_path / "other"])
    write("page.html.jinja", "other folder", tmp_path / "other")
    assert views.render("page") == "other folder"

    write("page.html.jinja", "second ending")
    assert views.render("page") == "second ending"
    write("page.html", "first ending")
    assert views.render("page") == "first ending"


def test_a_view_when_freshness_is_off_then_stays(folder: Path, write: Write) -> None:
    views = ViewFactory([folder], is_fresh=False)
    write("page.html", "old")
    assert views.render("page") == "old"

    write("page.html", "new")

    assert views.render("page") == "old"
    assert ViewFactory([folder]).render("page") == "new"
    assert (views.is_fresh, ViewFactory([]).is_fresh) == (False, True)


# For others that compile views.


def test_source_gives_text_path_and_whether_it_is_the_same(
    views: ViewFactory, write: Write
) -> None:
    file = write("mail/note.md", "# {{ title }}")

    source = views.source("mail.note", form="markdown")

    assert source[:2] == ("# {{ title }}", file)
    assert source.is_uptodate()
    write("mail/note.md", "# other")
    assert not source.is_uptodate()
    file.unlink()
    assert not source.is_uptodate()


def test_source_leaves_a_mark_of_order_out(views: ViewFactory, write: Write) -> None:
    write("page.html", "\ufeff<p>ä</p>")

    assert views.source("page", form="html").text == "<p>ä</p>"
    assert views.render("page") == "<p>ä</p>"


def test_loader_serves_environments_of_others(views: ViewFactory, write: Write) -> None:
    write("mail/note.md", "{% include 'mail/part.md' %}")
    write("mail/part.md.jinja", "part")
    write("mail/part.md", "# {{ title }}")
    write("mail/page.html", "")
    environment = jinja2.Environment(loader=views.loader("markdown"), autoescape=True)

    assert environment.get_template("mail.note").render(title="&") == "# &amp;"
    assert environment.list_templates() == ["mail.note", "mail.part"]
    with pytest.raises(jinja2.TemplateNotFound):
        environment.get_template("../mail.note")


# Others.


def test_an_abort_in_a_view_goes_through(views: ViewFactory, write: Write) -> None:
    def abort() -> None:
        raise HttpException(404)

    write("page.html", "{{ abort() }}")

    with pytest.raises(HttpException):
        views.render("page", {"abort": abort})
    with pytest.raises(HttpException):
        views.render_string("{{ abort() }}", {"abort": abort})


def test_a_huge_view_is_rendered(views: ViewFactory, write: Write) -> None:
    write("big.html", ("x" * 99 + "\n") * 30_000 + "{{ n }}" * 500 + "\n{{ nope }}")

    assert len(views.render("big", {"n": 1, "nope": ""})) == 3_000_501
    with pytest.raises(ViewFailed) as caught:
        views.render("big", {"n": 1})
    assert caught.value.line == 30_002


def test_threads_may_render_share_and_write_at_once(folder: Path, write: Write) -> None:
    views = ViewFactory([folder])
    write("page.html", "{% include 'part' %}:{{ n }}:{{ shared_0 is defined }}")
    write("part.html", "old")

    def work(number: int) -> str:
        views.share(f"shared_{number}", number)
        if number == 50:
            write("part.html", "new")
        return views.render("page", {"n": number})

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(100)))

    assert {each.split(":")[0] for each in found} <= {"old", "new", ""}
    assert [each.split(":")[1] for each in found] == [str(number) for number in range(100)]
    assert views.render("page", {"n": 1}) == "new:1:True"
