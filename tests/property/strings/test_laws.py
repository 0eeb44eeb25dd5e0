"""Laws of Str, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.strings import Str
from securely.strings.fitting import width

pytestmark = pytest.mark.property

_TEXT = st.text(max_size=60)


@given(_TEXT, st.integers(-70, 70), st.none() | st.integers(-70, 70))
def test_mask_keeps_the_length(text: str, index: int, length: int | None) -> None:
    masked = Str.mask(text, "*", index, length)

    assert len(masked) == len(text)
    assert all(new in (old, "*") for old, new in zip(text, masked, strict=True))


@given(_TEXT, st.integers(0, 80))
def test_limit_is_never_wider_than_it_says(text: str, limit: int) -> None:
    assert width(Str.limit(text, limit, end="")) <= limit or Str.limit(text, limit, end="") == text


@given(_TEXT)
def test_slug_of_a_slug_is_itself(text: str) -> None:
    slug = Str.slug(text)

    assert Str.slug(slug) == slug
    assert slug.isascii()


@given(_TEXT)
def test_ascii_is_ascii_and_stays_so(text: str) -> None:
    once = Str.ascii(text)

    assert once.isascii()
    assert Str.ascii(once) == once


@given(_TEXT, st.text(min_size=1, max_size=3))
def test_before_and_after_make_the_whole(text: str, search: str) -> None:
    if search in text:
        assert Str.before(text, search) + search + Str.after(text, search) == text
        assert Str.before_last(text, search) + search + Str.after_last(text, search) == text


@given(_TEXT, st.text(min_size=1, max_size=3))
def test_start_and_finish_are_there_once(text: str, cap: str) -> None:
    finished = Str.finish(text, cap)

    assert finished.endswith(cap)
    assert Str.finish(finished, cap) == finished
    assert Str.start(Str.start(text, cap), cap) == Str.start(text, cap)


@given(_TEXT)
def test_ucsplit_loses_nothing(text: str) -> None:
    assert "".join(Str.ucsplit(text)) == text


@given(_TEXT, st.integers(1, 20))
def test_word_wrap_loses_only_spaces(text: str, columns: int) -> None:
    wrapped = Str.word_wrap(text, columns, "\x00", cut_long_words=True)

    assert wrapped.replace("\x00", "").replace(" ", "") == text.replace("\x00", "").replace(" ", "")
