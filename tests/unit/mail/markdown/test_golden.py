"""Mails of each theme, compared with files; ``python -m tools.mail --write`` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.page import Page
from tools.mail import CASES, GOLDEN, render


def declarations(style: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in style.split(";") if each.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def told(html: str) -> object:
    """Return what a page says, whatever the order of attributes that the inliner chose."""
    page = Page(html)
    elements = [
        (name, {k: declarations(v or "") if k == "style" else v for k, v in attributes.items()})
        for name, attributes in page.elements
    ]
    return elements, page.text


@pytest.mark.parametrize(("view", "theme", "locale"), CASES)
def test_a_mail_is_as_its_file_says(view: str, theme: str, locale: str) -> None:
    def golden(form: str) -> str:
        path = Path(GOLDEN, f"{view}.{theme}.{locale}.{form}.golden")
        return path.read_text(encoding="utf-8")

    mail = render(view, theme, locale)

    assert mail.text == golden("txt")
    assert told(mail.html) == told(golden("html"))


def test_what_is_for_dark_readers_and_small_screens_stays_in_the_head() -> None:
    html = render("invoice", "default", "en").html

    head = html.partition("</head>")[0]
    assert "@media (prefers-color-scheme: dark)" in head
    assert "@media only screen and (max-width: 600px)" in head
    assert '<meta name="color-scheme" content="light dark">' in head
    assert ".panel-content {" not in head.partition("@media")[0]


def test_a_mail_says_nothing_of_marks() -> None:
    for view, theme, locale in CASES:
        html, text = render(view, theme, locale)
        assert not [letter for letter in html + text if "\ue000" <= letter <= "\uf8ff"]
