"""No value becomes a link, an element or structure of a mail, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securely.mail.markdown import Markdown
from securely.mail.markdown.links import is_safe
from securely.view import ViewFactory
from tests.page import Page

pytestmark = pytest.mark.property

MAILS = Markdown(ViewFactory([]), name="Shop", url="https://shop.example", is_fresh=False)

# One value in every place that a view can put it in.
VIEW = """
{% set small %}{{ v }} [small]({{ v }}){% endset %}
{% call message(title=v, preheader=v, subcopy=small) %}
# {{ v }}

{{ v }}

Before {{ v }} **{{ v }}** _{{ v }}_ `{{ v }}` after. {{ v|e }} {{ v|forceescape }} {{ "x" ~ v }}
{{ ("<i>"|safe) ~ v ~ ("</i>"|safe) }} {{ ("<i>%s</i>"|safe) % v }} {{ ("<i>"|safe) + v }}
{{ [v, "<i>b</i>"|safe]|join(v) }} {{ "<i>%s</i>"|safe|format(v) }} {{ v|tojson }} {{ v|upper }}

- {{ v }}
  {{ v }}

> {{ v }}

1. {{ v }}

```{{ v }}
{{ v }}
```

    {{ v }}

[{{ v }}]({{ v }} "{{ v }}") [q](https://example.com/?q={{ v }}) ![{{ v }}]({{ v }})

<p title="{{ v }}" style="width: {{ v }}">{{ v }} <!-- {{ v }} --> <a href='{{ v }}'>x</a></p>

{{ v }}
===

{% call panel() %}
{{ v }}
{% endcall %}

{% call button("https://example.com/?q=" ~ v) %}{{ v }}{% endcall %}

{% call table() %}
| {{ v }} | B |
|---|---|
| {{ v }} | {{ v }} |
{% endcall %}
{% endcall %}
"""

NASTY = st.sampled_from(
    [
        "[click](http://evil.example)",
        "<img src=x onerror=alert(1)>",
        '"><script>alert(1)</script>',
        "' onmouseover='alert(1)",
        "-->",
        "--><b>",
        "]]>",
        "```\n<b>",
        "a | b",
        "# ",
        "\n\n# heading\n",
        "\n- item",
        "    code",
        "\t",
        "  \n",
        "&lt;b&gt;",
        "&#x3C;b>",
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        " \x01javascript:alert(1)",
        "data:text/html,<b>",
        "[x]: http://evil.example",
        "<http://evil.example>",
        "![x](http://evil.example)",
        "**",
        "\\",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "</style>",
        "\ue000123456780\ue001",
        "\ue0021",
        "\ue009",
        ";background:url(//evil.example)",
    ]
)
VALUES = st.lists(NASTY | st.text(st.characters(exclude_categories=["Cs"])), max_size=4).map(
    "".join
)


def shape(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Return elements with the names of their attributes; a value may be a link or lead nowhere."""
    return [
        (name, tuple(sorted(set(attributes) - {"href", "src"})))
        for name, attributes in page.elements
    ]


EXPECTED = shape(Page(MAILS.render_string(VIEW, {"v": "word"}).html))


@given(VALUES.filter(bool))  # without a value, a mail lacks what is there for it
@settings(max_examples=100, deadline=None)
def test_a_value_never_changes_the_shape_of_a_mail(value: str) -> None:
    page = Page(MAILS.render_string(VIEW, {"v": value}).html)

    assert shape(page) == EXPECTED
    for _, attributes in page.elements:
        for name in ("href", "src"):
            address = attributes.get(name)
            assert address is None or is_safe(address), address


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_the_text_shows_a_value_as_it_is(value: str) -> None:
    mail = MAILS.render_string("a {{ v }} b\n\nc{{ v }}c", {"v": value})

    assert mail.text.startswith(f"Shop: https://shop.example\n\na {value} b\n\nc{value}c\n\n")


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_the_html_shows_a_value_as_it_is(value: str) -> None:
    value = value.replace("\r", "").replace("\0", "")  # what parsers of HTML change

    mail = MAILS.render_string("<p>a{{ v }}b</p>", {"v": value})

    assert f"a{value}b" in Page(mail.html).text


@given(st.lists(VALUES, max_size=5), st.booleans())
@settings(max_examples=8, deadline=None)
def test_what_is_kept_of_one_mail_never_shows_in_another(names: list[str], is_long: bool) -> None:
    view = (
        "{% for n in names %}\n- {{ n }}\n{% endfor %}\n"
        "{% if long %}\n{% call panel() %}{{ names|length }}{% endcall %}\n{% endif %}\n"
    )
    data: dict[str, Any] = {"names": names, "long": is_long}

    fresh = Markdown(ViewFactory([]), name="Shop", url="https://shop.example")

    assert MAILS.render_string(view, data) == fresh.render_string(view, data)
