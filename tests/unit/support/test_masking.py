"""What is hidden before a value is shown."""

from __future__ import annotations

import pytest

from securely.support.masking import HIDDEN, looks_secret, mask_urls
from tests.effort import effort


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pw@h:6379/0", f"redis://:{HIDDEN}@h:6379/0"),
        ("mysql://ann:a@b@h/x", f"mysql://ann:{HIDDEN}@h/x"),
        ("https://example.org/a:b", "https://example.org/a:b"),
        ("plain", "plain"),
    ],
)
def test_mask_urls_when_there_is_a_password_then_hides_it(text: str, shown: str) -> None:
    assert mask_urls(text) == shown


@pytest.mark.parametrize("name", ["APP_KEY", "db.password", "api-token", "previous_keys"])
def test_looks_secret_when_the_name_says_so_then_is_true(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["APP_NAME", "keyboard", "monkey", "tokenizer"])
def test_looks_secret_when_a_word_only_contains_one_then_is_false(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize(
    "text", ["://a:" * 20_000 + " @", "@ " + "://:" * 20_000, "://a:b" * 20_000]
)
def test_mask_urls_takes_its_time_by_the_length_of_the_text(text: str) -> None:
    # It takes a hundredth of a second; what is quadratic takes minutes.
    assert effort(lambda: mask_urls(text)) < 2
    assert mask_urls(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a://u:p@h b://v:q@i", "a://u:********@h b://v:********@i"),
        ("a://u:p@ss@h", "a://u:********@h"),
        ("a://u:p@h,b://v:q@i", "a://u:********@i"),
        ("a://h/x:y b@c", "a://h/x:y b@c"),
        ("a://u:@h", "a://u:@h"),
        ("a://u@h b://:p@i", "a://u@h b://:********@i"),
        ("x@y a://u:p@h", "x@y a://u:********@h"),
    ],
)
def test_mask_urls_hides_up_to_the_last_at_of_a_word(text: str, shown: str) -> None:
    assert mask_urls(text) == shown
