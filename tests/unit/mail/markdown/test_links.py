"""Links: which addresses a mail may lead to."""

from __future__ import annotations

import pytest

from securely.mail.markdown import UnsafeLink
from securely.mail.markdown.links import address, checked, is_safe


@pytest.mark.parametrize(
    "text",
    ["https://a.b/c?d=e#f", "HTTP://a", "mailto:a@b.c", "tel:+1", "#a", "/a:b", "a", "?a:b", ""],
)
def test_what_leads_to_web_mail_telephone_or_nowhere_new_is_safe(text: str) -> None:
    assert is_safe(text)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:a",
        "JavaScript:a",
        " javascript:a",
        "\x01javascript:a",
        "java\tscript:a",
        "java\r\nscript:a",
        "vbscript:a",
        "data:text/html,a",
        "file:///a",
        "blob:a",
        "jävascript:a",
    ],
)
def test_every_other_scheme_is_not(text: str) -> None:
    assert not is_safe(text)
    with pytest.raises(UnsafeLink):
        checked(text)


def test_an_address_keeps_what_may_stand_in_it() -> None:
    plain = "https://u@a.b:8/c-d_e.f~g/(h)[i];j,k?l=m&n=%20+o*!$'#p"

    assert address(plain) == plain
    assert address('a b"<>\\^`{|}\u00e4') == "a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A4"


def test_a_button_needs_a_whole_address() -> None:
    assert checked(" https://a.example/b c\n") == "https://a.example/b%20c"
    with pytest.raises(UnsafeLink, match="'/a'"):
        checked("/a")


def test_what_may_be_secret_in_an_address_is_not_shown() -> None:
    for text in ("x.io/reset?token=s3cret", "x.io/#s3cret", "ftp://ann:s3cret@x.io/"):
        error = UnsafeLink(text)

        assert "s3cret" not in str(error)
        assert "x.io/" in str(error)
