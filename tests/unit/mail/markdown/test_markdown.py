"""Markdown: views to HTML and text."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from markupsafe import Markup

from securely.exceptions import HttpException
from securely.mail.markdown import (
    Markdown,
    MisplacedValue,
    UnknownChoice,
    UnknownTheme,
    UnsafeLink,
)
from securely.mail.markdown.themes import Theme
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.view import ViewFactory, ViewFailed, ViewNotFound
from tests.page import Page


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def body(html: str) -> str:
    """Return what stands in the message, without its styles."""
    page = Page(html)
    return page.text


# Rendering.


def test_a_view_by_its_name_becomes_html_and_text(mails: Markdown, tmp_path: Path) -> None:
    write(tmp_path, "mail/hello.md", "# Hello {{ name }}\n\nYou & **we**.\n")

    mail = mails.render("mail.hello", {"name": "Ann"})

    assert mail.text.startswith("Shop: https://shop.example\n\n# Hello Ann\n\nYou & **we**.\n\n© ")
    page = Page(mail.html)
    assert "Hello Ann" in page.texts
    assert page.names[:2] == ["html", "head"]
    assert page.names.count("h1") == page.names.count("strong") == 1
    assert mail.html.startswith("<!DOCTYPE html>")


def test_a_view_without_a_message_gets_one_around_it(mails: Markdown) -> None:
    with_it = mails.render_string("{% call message() %}\nHi\n{% endcall %}\n", {})

    assert mails.render_string("Hi\n", {}) == with_it


def test_header_subcopy_and_footer_can_be_given_and_left_out(mails: Markdown) -> None:
    view = """{% set small %}
    Small **{{ name }}**
    {% endset %}
    {% call message(header="Head " ~ name, subcopy=small, footer="Foot", title="T") %}
    Hi
    {% endcall %}"""
    mail = mails.render_string(view, {"name": "*A*"})

    assert mail.text == "Head *A*: https://shop.example\n\nHi\n\nSmall ***A***\n\nFoot\n"
    assert "*A*" in Page(mail.html).texts

    bare = mails.render_string("{% call message(header=none, footer=none) %}Hi{% endcall %}", {})
    assert bare.text == "Hi\n"
    assert "Shop" not in bare.html.partition("</head>")[2]


def test_a_mail_of_nobody_has_no_header_and_no_footer(views: ViewFactory) -> None:
    assert Markdown(views).render_string("Hi", {}).text == "Hi\n"


def test_the_brand_without_an_address_is_no_link(views: ViewFactory) -> None:
    mail = Markdown(views, name="<Shop>").render_string("Hi", {})

    assert mail.text.startswith("<Shop>\n\nHi\n\n© ")
    assert not Page(mail.html).all("a")
    assert "<Shop>" in Page(mail.html).texts


def test_data_may_bear_the_names_of_components(mails: Markdown) -> None:
    panel = "{% call panel() %}{{ message }} {{ panel }}{% endcall %}"
    view = f"{{% call message() %}}\n{panel}\n{{% endcall %}}"

    mail = mails.render_string(view, {"message": "one", "panel": "two", "mail": 3})

    assert "one two" in mail.text
    assert "one two" in body(mail.html)


def test_a_macro_of_the_view_wins_over_a_component_of_its_name(mails: Markdown) -> None:
    view = "{% macro panel() %}own {{ caller() }}{% endmacro %}{% call panel() %}x{% endcall %}"

    assert "own x" in mails.render_string(view, {}).text


def test_shared_values_are_in_the_view_and_data_win(mails: Markdown, views: ViewFactory) -> None:
    views.share("city", "Rome")
    views.share("land", "Italy")

    assert "Oslo Italy" in mails.render_string("{{ city }} {{ land }}", {"city": "Oslo"}).text


def test_views_include_other_markdown_views(mails: Markdown, tmp_path: Path) -> None:
    write(tmp_path, "mail/part.md", "Part of {{ name }}\n")

    mail = mails.render_string('A\n\n{% include "mail.part" %}', {"name": "<B>"})

    assert "A\n\nPart of <B>\n" in mail.text
    assert "Part of &lt;B&gt;" in mail.html


def test_a_line_that_ends_in_a_tag_is_not_joined_to_the_next(mails: Markdown) -> None:
    text = mails.render_string(
        "{% if true %}\na {% if true %}b{% endif %}\nc\n{% endif %}\nd", {}
    ).text

    assert "a b\nc\nd\n" in text


def test_what_is_inside_a_component_may_be_indented(mails: Markdown) -> None:
    view = """{% call message() %}
        # Title

        {% call panel() %}
            Text **strong**

            {% call button("https://a.example") %}
                Go
            {% endcall %}
        {% endcall %}
    {% endcall %}"""

    mail = mails.render_string(view, {})

    page = Page(mail.html)
    assert not page.all("pre")
    assert page.names.count("h1") == page.names.count("strong") == 1
    assert "# Title\n\nText **strong**\n\nGo: https://a.example\n" in mail.text


def test_components_in_one_another_are_not_taken_for_markdown(mails: Markdown) -> None:
    view = """{% call panel() %}
- one

{% call panel() %}
**two**

{% call table() %}
| a |
|---|
| {% call button("https://a.example") %}*three*{% endcall %} |
{% endcall %}
{% endcall %}
{% endcall %}"""

    page = Page(mails.render_string(view, {}).html)

    assert page.names.count("ul") == page.names.count("strong") == 1
    assert len([each for each in page.all("td") if each.get("class") == "panel-content"]) == 2
    assert "*three*" in page.texts
    assert "p" not in page.names[page.names.index("th") : page.names.index("th") + 8]


# Text.


def test_text_has_no_entities_no_trailing_spaces_and_single_blank_lines(mails: Markdown) -> None:
    mail = mails.render_string(
        "A&nbsp;&amp; B  \n\n\n\n{{ none_ }}\n\n\nC {{ x }}\t\n", {"none_": "", "x": ""}
    )

    assert "\n\nA\xa0& B\n\nC\n\n" in mail.text


def test_text_breaks_a_line_without_the_backslash_that_breaks_it(mails: Markdown) -> None:
    view = "Thanks,\\\n{{ name }}\\\nShop\n\n    run \\\n    it\n\nC:\\\\\nnext\n\nend\\\n\nnew\\"

    text = mails.render_string(view, {"name": "Ann\\"}).text

    assert "Thanks,\nAnn\\\nShop\n" in text  # what is a value stays as it is
    assert "run \\\n    it\n\nC:\\\\\nnext\n\nend\\\n\nnew\\\n" in text


def test_text_shows_data_as_they_are(mails: Markdown) -> None:
    nasty = " a &amp; <b> \n\n\n\n x  \n| "

    assert f"[{nasty}]" in mails.render_string("[{{ x }}]", {"x": nasty}).text
    assert f"[{nasty}]" in mails.render_string("[{{ x|e }}]", {"x": nasty}).text


# Values.


def test_markup_and_safe_are_taken_as_written_in_the_view(mails: Markdown) -> None:
    html = mails.render_string(
        "{{ a }} and {{ b|safe }}", {"a": Markup("<b>**x**</b>"), "b": "[y](https://y.example)"}
    ).html

    assert "<b>" in html
    assert "x</strong></b>" in html
    assert Page(html).all("a")[-1]["href"] == "https://y.example"


@pytest.mark.parametrize(
    "expression",
    [
        "x",
        "x|e",
        "x|escape",
        "x|forceescape",
        "'<i>'|safe ~ x",
        "x ~ '<i>'|safe",
        "'<i>'|safe + x",
        "x + '<i>'|safe",
        "'%s'|safe % x",
        "'%s'|safe|format(x)",
        "('{}'|safe).format(x)",
        "['<i>'|safe, x]|join",
        "['a', 'b']|join(x) ~ ''|safe",
        "'a-b'|safe|replace('-', x)",
        "x|tojson",
        "x|urlize",
        "x|indent",
        "x|trim",
        "[x]|first",
        "[{'k': x}]|map(attribute='k')|join('<i>'|safe)",
    ],
)
def test_no_filter_and_no_operator_makes_markdown_or_html_of_a_value(
    mails: Markdown, expression: str
) -> None:
    page = Page(
        mails.render_string(f"{{{{ {expression} }}}}", {"x": "[c](https://e) <u>**b**"}).html
    )

    assert not page.all("u")
    assert not page.all("strong")
    assert "https://e" not in [each["href"] for each in page.all("a")]


def test_markdown_of_a_value_is_parsed_when_asked_and_its_html_is_not(mails: Markdown) -> None:
    mail = mails.render_string("{{ x|markdown }}", {"x": "**a** <b>c</b> [d](javascript:e)\n\nf"})

    page = Page(mail.html)
    assert page.all("strong")
    assert not page.all("b")
    assert "javascript" not in str([each["href"] for each in page.all("a")])
    assert "**a** <b>c</b> [d](javascript:e)\n\nf" in mail.text


def test_a_link_with_a_value_leads_where_mails_may_lead_or_nowhere(mails: Markdown) -> None:
    view = "[a]({{ x }}) [b](https://b.example/{{ x }}) <a href='{{ x }}'>c</a>"

    page = Page(mails.render_string(view, {"x": "javascript:alert(1)"}).html)
    links = page.all("a")[1:]
    assert "href" not in links[0]
    assert links[1]["href"] == "https://b.example/javascript:alert(1)"
    assert "href" not in links[2]

    page = Page(mails.render_string(view, {"x": "https://x.example/a b"}).html)
    assert page.all("a")[1]["href"] == "https://x.example/a%20b"


def test_a_picture_that_is_embedded_by_a_value_is_shown(mails: Markdown) -> None:
    view = '<img src="{{ x }}" alt="Logo">\n\n![Chart]({{ x }})\n\n[a]({{ x }})\n'

    page = Page(mails.render_string(view, {"x": "cid:7-a_b.c@inline"}).html)

    assert [each.get("src") for each in page.all("img")] == ["cid:7-a_b.c@inline"] * 2
    assert "href" not in page.all("a")[-1]  # a picture is looked at, and led to by nothing

    page = Page(mails.render_string(view, {"x": "data:text/html,x"}).html)
    assert all("src" not in each for each in page.all("img"))


def test_text_tells_what_an_embedded_picture_shows(mails: Markdown) -> None:
    view = (
        '<img alt="Our {{ name }} &amp; co" src="{{ x }}" width="9">\n\n![The *chart*]({{ x }})\n\n'
        "<img src='{{ x }}'>\n\n![Sky](https://a.example/sky.png)\n"
    )

    text = mails.render_string(view, {"x": "cid:a@inline", "name": "logo"}).text

    assert "Our logo & co\n\nThe *chart*\n\n![Sky](https://a.example/sky.png)\n" in text
    assert "cid:" not in text

    text = mails.render_string(view, {"x": "https://a.example/a.png", "name": "logo"}).text
    assert '<img alt="Our logo & co" src="https://a.example/a.png" width="9">' in text
    said = mails.render_string("{{ x }} {{ y }}", {"x": "cid:a", "y": '<img src="cid:a">'}).text
    assert 'cid:a <img src="cid:a">' in said


def test_a_style_takes_words_and_numbers_only(mails: Markdown) -> None:
    view = "<p style='width: {{ x }}%'>a</p>"

    assert "width: 7%" in mails.render_string(view, {"x": 7}).html
    assert "background:url" not in mails.render_string(view, {"x": "1;background:url(//e)"}).html


@pytest.mark.parametrize(
    ("view", "where"),
    [
        ("<p {{ x }}>a</p>", "outside quotes"),
        ("<p onclick='{{ x }}'>a</p>", "attribute onclick"),
        ("<script>{{ x }}</script>", "script"),
        ("<style>@media print { p { color: {{ x }} } }</style>", "style"),
    ],
)
def test_a_value_where_nothing_makes_it_safe_is_refused(
    mails: Markdown, view: str, where: str
) -> None:
    with pytest.raises(ViewFailed, match=where) as caught:
        mails.render_string(view, {"x": "1"})

    assert isinstance(caught.value.__cause__, MisplacedValue)


def test_a_value_that_looks_like_a_mark_is_a_value(mails: Markdown) -> None:
    text = mails.render_string("{{ a }}{{ b }}", {"a": "\ue000000000001\ue001", "b": "secret"}).text

    assert text.count("secret") == 1


def test_constants_of_a_view_are_no_values_of_an_earlier_mail(mails: Markdown) -> None:
    view = "{{ x }}{{ 'a'|e }}{{ '-'|safe ~ 'b' }}{{ ['c', '+'|safe]|join }}{{ 'd'|tojson }}"

    for x in ("first", "second", ""):
        mail = mails.render_string(view, {"x": x})
        assert f'{x}a-bc+"d"' in mail.text
        assert f'{x}a-bc+"d"' in Page(mail.html).texts


def test_many_values_are_told_apart(mails: Markdown) -> None:
    numbers = list(range(700))

    text = mails.render_string("{% for n in ns %}\n{{ n }},\n{% endfor %}", {"ns": numbers}).text

    assert "\n".join(f"{n}," for n in numbers) in text


# Components.


@pytest.mark.parametrize("color", ["primary", "success", "error"])
def test_a_button_has_the_colour_of_its_kind(mails: Markdown, color: str) -> None:
    view = "{% call button(url, color=color) %}\nPay {{ x }}\n{% endcall %}"

    mail = mails.render_string(
        view, {"url": "https://a.example/?a=1&b=2", "color": color, "x": "<1>"}
    )

    (button,) = [a for a in Page(mail.html).all("a") if a.get("class") != "brand"]
    assert button["class"] == f"button button-{color}"
    assert "background-color" in str(button["style"])
    assert button["href"] == "https://a.example/?a=1&b=2"
    assert "Pay <1>: https://a.example/?a=1&b=2\n" in mail.text


def test_a_button_of_an_unknown_colour_is_refused(mails: Markdown) -> None:
    with pytest.raises(ViewFailed, match="primary, success, error") as caught:
        mails.render_string("{% call button('https://a', color='sucess') %}x{% endcall %}", {})

    assert isinstance(caught.value.__cause__, UnknownChoice)
    assert 'Did you mean "success"?' in str(caught.value)


@pytest.mark.parametrize("url", ["http://a", "https://a", "mailto:a@b.c", "tel:+4912", "HTTPS://A"])
def test_a_button_leads_to_web_mail_and_telephone(mails: Markdown, url: str) -> None:
    mail = mails.render_string("{% call button(url) %}x{% endcall %}", {"url": url})

    assert f"x: {url}\n" in mail.text


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "java\nscript:x", " data:text/html,x", "/path", "", "//a", "file:///a"],
)
def test_a_button_leads_nowhere_else(mails: Markdown, url: str) -> None:
    with pytest.raises(ViewFailed, match="https:, http:, mailto: or tel:") as caught:
        mails.render_string("{% call button(url) %}x{% endcall %}", {"url": url})

    assert isinstance(caught.value.__cause__, UnsafeLink)


SIGN = '{% macro button(url, color="primary") %}'
TITLE = '<i title="{{ url }}">{{ caller() }}</i>'
OWN_BUTTONS = {
    "printed only": SIGN + TITLE,
    "what it is decides": SIGN + '{% if url.endswith("x") %}' + TITLE + "{% endif %}",
    "with shared values": SIGN + TITLE.replace("<i", '<i class="{{ city }}"'),
    "any arguments": "{% macro button() %}" + TITLE.replace("url", "varargs[0]"),
}


@pytest.mark.parametrize("own", OWN_BUTTONS.values(), ids=list(OWN_BUTTONS))
def test_a_component_of_the_application_wins(
    mails: Markdown, views: ViewFactory, tmp_path: Path, own: str
) -> None:
    views.share("city", "Rome")
    write(tmp_path, "vendor/mail/html/button.html", own + "{% endmacro %}")
    view = "{% call button('https://' ~ x) %}{{ y }}{% endcall %}"

    for x, y in (("x", "<1>"), ("a x", "2")):
        page = Page(mails.render_string(view, {"x": x, "y": y}).html)
        assert [each["title"] for each in page.all("i")] == [f"https://{x}"]
        assert y in page.texts


def test_a_component_without_its_macro_says_so(mails: Markdown, tmp_path: Path) -> None:
    write(tmp_path, "vendor/mail/html/panel.html", "{% macro pannel() %}{% endmacro %}")

    with pytest.raises(ViewFailed, match="defines no macro panel"):
        mails.render_string("{% call panel() %}x{% endcall %}", {})


def test_a_component_that_changes_is_read_again_after_a_second(
    mails: Markdown, tmp_path: Path
) -> None:
    with clock.using(FrozenClock(1e9)):
        view = "{% call panel() %}x{% endcall %}"
        path = write(tmp_path, "vendor/mail/text/panel.txt", "{% macro panel() %}old{% endmacro %}")
        assert "old" in mails.render_string(view, {}).text

        path.write_text("{% macro panel() %}new one{% endmacro %}")
        clock.sleep(1.5)
        assert "new one" in mails.render_string(view, {}).text


def test_a_component_that_is_called_wrongly_fails(mails: Markdown) -> None:
    with pytest.raises(ViewFailed):
        mails.render_string("{% call panel(colour='red') %}x{% endcall %}", {})


# Themes.


def test_a_theme_of_the_application_is_found_and_wins(mails: Markdown, tmp_path: Path) -> None:
    write(tmp_path, "vendor/mail/html/themes/brand.css", "p { color: #123456; }")
    write(tmp_path, "vendor/mail/html/themes/plain.css", "p { color: #654321; }")

    assert "color: #123456" in mails.render_string("Hi", {}, theme="brand").html
    assert "color: #654321" in mails.render_string("Hi", {}, theme="plain").html
    assert mails.themes == ["brand", "dark", "default", "plain"]


def test_a_theme_that_changes_is_read_again_after_a_second(mails: Markdown, tmp_path: Path) -> None:
    path = write(tmp_path, "vendor/mail/html/themes/brand.css", "p { color: #111111; }")
    with clock.using(FrozenClock(1e9)):
        mails.render_string("Hi", {}, theme="brand")
        mails.render_string("Hi", {}, theme="brand")

        path.write_text("p { color: #2222222; margin: 1px; }")
        clock.sleep(1.5)

        assert "margin: 1px" in mails.render_string("Hi", {}, theme="brand").html


def test_a_theme_that_does_not_change_is_not_looked_at_where_nothing_is_fresh(
    views: ViewFactory, tmp_path: Path
) -> None:
    mails = Markdown(views, theme="brand", is_fresh=False)
    path = write(tmp_path, "vendor/mail/html/themes/brand.css", "p { margin: 1px; }")
    first = mails.render_string("Hi", {})

    path.write_text("p { margin: 22px; }")

    assert mails.render_string("Hi", {}) == first


@pytest.mark.parametrize("name", ["defualt", "../themes/default", "/etc/passwd", "a/b", ""])
def test_an_unknown_theme_names_those_that_are_there(
    views: ViewFactory, name: str, tmp_path: Path
) -> None:
    with pytest.raises(UnknownTheme, match="dark, default, plain") as caught:
        Markdown(views, theme=name).render_string("Hi", {})

    assert str(tmp_path) in str(caught.value)


def test_css_never_loads_anything(mails: Markdown, tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.css", "p { color: #abcdef; }")

    html = mails.render_string(f'<link rel="stylesheet" href="file://{secret}">\n<p>a</p>', {}).html

    assert "#abcdef" not in html


def test_css_of_a_view_wins_over_the_theme(mails: Markdown) -> None:
    html = mails.render_string("<p style='color: red'>own</p>\n\nother", {}).html

    styles = [each["style"] for each in Page(html).all("p")]
    assert str(styles[0]).endswith("color: red")


# Locales.


@pytest.mark.parametrize(
    ("locale", "language", "direction"),
    [
        ("de_CH", "de-CH", "ltr"),
        ("ar", "ar", "rtl"),
        ("he_IL", "he-IL", "rtl"),
        (None, "en", "ltr"),
    ],
)
def test_a_mail_says_its_language_and_direction(
    mails: Markdown, locale: str | None, language: str, direction: str
) -> None:
    html = mails.render_string("Hi", {}, locale=locale).html

    (page,) = Page(html).all("html")
    assert (page["lang"], page["dir"]) == (language, direction)


def test_a_mail_that_names_no_locale_has_the_current_one(views: ViewFactory) -> None:
    locale = "fa"
    mails = Markdown(views, locale=lambda: locale)

    assert 'dir="rtl"' in mails.render_string("Hi", {}).html
    locale = "en"
    assert 'dir="ltr"' in mails.render_string("Hi", {}).html


def test_the_footer_is_translated(tmp_path: Path) -> None:
    views = ViewFactory([tmp_path], translate=lambda key: f"<{key}>")

    mail = Markdown(views, name="Shop").render_string("Hi", {})

    assert mail.text.endswith(" Shop. <All rights reserved.>\n")


def test_a_footer_is_kept_for_the_language_it_was_translated_into(tmp_path: Path) -> None:
    spoken = "en"
    views = ViewFactory([tmp_path], translate=lambda key: f"{key} ({spoken})")
    mails = Markdown(views, name="Shop", locale=lambda: spoken)

    mails.render_string("Hi", {}, locale="nl")
    spoken = "nl"

    assert mails.render_string("Hi", {}).text.endswith("reserved. (nl)\n")


def test_the_footer_names_the_year(mails: Markdown) -> None:
    for seconds, year in ((0.0, "1970"), (1e9, "2001")):
        with clock.using(FrozenClock(seconds)):
            assert f"© {year} Shop" in mails.render_string("Hi", {}).text


# Failures.


def test_a_view_that_is_not_there_is_told(mails: Markdown, tmp_path: Path) -> None:
    with pytest.raises(ViewNotFound, match=r"mail/lost\.md"):
        mails.render("mail.lost", {})


def test_a_view_that_fails_is_told_with_file_and_line(mails: Markdown, tmp_path: Path) -> None:
    path = write(tmp_path, "mail/bad.md", "# Hi\n\n{% call panel() %}\n{{ lost }}\n{% endcall %}\n")

    with pytest.raises(ViewFailed, match="lost") as caught:
        mails.render("mail.bad", {})

    assert caught.value.file == path
    assert caught.value.line == 4


def test_abort_in_a_view_goes_through(mails: Markdown) -> None:
    def abort() -> None:
        raise HttpException(404)

    with pytest.raises(HttpException):
        mails.render_string("{{ abort() }}", {"abort": abort})


# What is kept.


def test_mails_of_one_shape_are_made_once_by_many_threads(
    mails: Markdown, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    inline: Callable[..., Any] = Theme.inline

    def counted(self: Any, html: str) -> str:
        made.append(html)
        return str(inline(self, html))

    monkeypatch.setattr(Theme, "inline", counted)
    start = Barrier(4)

    def many(number: int) -> list[str]:
        start.wait()
        return [mails.render_string("Hi {{ n }}", {"n": f"{number}/{i}"}).text for i in range(50)]

    with ThreadPoolExecutor(4) as pool:
        for number, texts in enumerate(pool.map(many, range(4))):
            assert all(f"Hi {number}/{i}\n" in text for i, text in enumerate(texts))
    assert len(made) == 1


def test_a_value_that_renders_another_mail_is_not_mixed_up(mails: Markdown) -> None:
    class Other:
        def __str__(self) -> str:
            return mails.render_string("{{ a }}{{ b }}", {"a": "inner", "b": "too"}).text[-40:]

    text = mails.render_string("{{ x }} {{ y }}", {"x": Other(), "y": "outer"}).text

    assert "outer" in text


def test_a_large_mail_is_made_and_not_kept(mails: Markdown) -> None:
    view = "{{ x|safe }} {{ y }}"

    mail = mails.render_string(view, {"x": "word " * 50_000, "y": "<1>"})

    assert mail.text.count("word") == 50_000
    assert "&lt;1&gt;" in mail.html


def test_css_put_in_before_the_values_is_the_css_that_is_put_in_after_them(
    mails: Markdown, tmp_path: Path
) -> None:
    """The values are put in last; that is what the same view with the values in it becomes."""
    value = "a <b> & c"
    view = "# {{ x }}\n\n- {{ x }}\n\n<p>{{ x }}</p>\n\n{% call panel() %}{{ x }}{% endcall %}"
    write(tmp_path, "written.md", view.replace("{{ x }}", "a &lt;b&gt; &amp; c"))

    assert mails.render_string(view, {"x": value}).html == mails.render("written", {}).html


def test_parse_shows_html_and_leads_to_no_script() -> None:
    assert Markdown.parse("~~a~~ <b>") == "<p><s>a</s> &lt;b&gt;</p>\n"
    assert "href" not in Markdown.parse("[a](javascript:b)")
    assert "<table>" in Markdown.parse("|a|\n|-|\n|b|\n")
