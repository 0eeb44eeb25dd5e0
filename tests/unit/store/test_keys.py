"""Keys as bytes: the same order, and the same keys back."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.store import InvalidKey
from securely.store.keys import decode_key, encode_key, prefix_range, read_key

LEAVES = (
    st.binary(max_size=6)
    | st.text(st.sampled_from("ab\x00\x01é\uffff😀"), max_size=5)
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.sampled_from([2**64, 2**64 - 1, -(2**64), -(2**64) + 1, 255, 256, -255, -256, b"\x00\xff"])
)
KEYS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8)


def place(key: Any) -> tuple[int, Any]:
    """Where a key stands by the rule of the docs: by kind, and then as Python has it."""
    kind = [bytes, str, int, tuple].index(type(key))
    return kind, tuple(place(item) for item in key) if kind == 3 else key


@given(KEYS)
def test_key_when_decoded_then_the_same(key: Any) -> None:
    found = decode_key(encode_key(key))

    assert found == key
    assert type(found) is type(key)


@given(KEYS, KEYS)
def test_keys_when_encoded_then_in_the_order_of_the_rule(one: Any, other: Any) -> None:
    assert (encode_key(one) < encode_key(other)) == (place(one) < place(other))
    assert (encode_key(one) == encode_key(other)) == (place(one) == place(other))


def begins(prefix: Any, key: Any) -> bool:
    """Whether *key* begins with *prefix*, by the rule of the docs."""
    if type(prefix) is not type(key):
        return False
    if type(prefix) is tuple:
        return place(key[: len(prefix)]) == place(prefix)
    return bool(key[: len(prefix)] == prefix)


def is_within(prefix: Any, key: Any) -> bool:
    lower, upper = prefix_range(prefix)
    return lower <= encode_key(key) < upper


PREFIXES = KEYS.filter(lambda key: type(key) is not int)


@given(PREFIXES, KEYS)
def test_prefix_when_any_key_then_it_holds_those_that_begin_so(prefix: Any, key: Any) -> None:
    assert is_within(prefix, key) == begins(prefix, key)


@given(PREFIXES, KEYS)
def test_prefix_when_a_key_goes_on_then_within(prefix: Any, rest: Any) -> None:
    key = (*prefix, rest) if type(prefix) is tuple else prefix + type(prefix)()

    assert is_within(prefix, key)


TEXTS = ["", "a", "a\x00", "a\x00b", "a\x00\x00", "ab", "\x00", "\x00\xff"]


@pytest.mark.parametrize("wrap", [lambda text: text, str.encode], ids=["text", "bytes"])
def test_prefix_when_zeros_are_in_the_items_then_only_those_that_begin_so(wrap: Any) -> None:
    keys: list[Any] = [wrap(text) for text in TEXTS]
    keys += [(wrap(text),) for text in TEXTS] + [(wrap(text), 1) for text in TEXTS]
    keys += [((wrap(text),),) for text in TEXTS] + [((wrap(text),), b"") for text in TEXTS]

    for prefix in keys:
        for key in keys:
            assert is_within(prefix, key) == begins(prefix, key), (prefix, key)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (True, "type bool"),
        (None, "type NoneType"),
        (1.5, "type float"),
        ([1], "type list"),
        ((1, None), "type NoneType"),
        (IntEnum("Colour", "RED").RED, "type Colour"),  # type: ignore[attr-defined]
        ("\ud800", "surrogate"),
        (("\ud800",), "surrogate"),
    ],
    ids=repr,
)
def test_key_when_it_has_no_place_then_refused(key: Any, words: str) -> None:
    with pytest.raises(InvalidKey, match=words):
        encode_key(key)


def test_key_when_nested_too_deeply_then_refused() -> None:
    key: Any = ()
    for _ in range(15):
        key = (key,)
    assert decode_key(encode_key(key)) == key

    with pytest.raises(InvalidKey, match="more than 16 deep"):
        encode_key((key,))


def test_prefix_when_an_integer_then_refused() -> None:
    with pytest.raises(InvalidKey, match="use a range"):
        prefix_range(7)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x00", b"\x99", b"\x22\x01", b"\x21\x01\x01", b"\x02\xff", b"\x30\x02ab"),
        *(b"\x30\x30\x21", b"\x30" + b"\x30" * 20, b"\x29\xff\xff\xff\xff\x01", b"\x17\x00\x01"),
    ],
    ids=bytes.hex,
)
def test_bytes_when_they_are_no_key_then_refused(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        decode_key(data)


@given(st.binary(max_size=30))
def test_bytes_when_they_are_anything_then_a_key_or_refused(data: bytes) -> None:
    try:
        key = decode_key(data)
    except (ValueError, IndexError):
        return

    assert decode_key(encode_key(key)) == key


def test_read_key_when_python_then_that_key() -> None:
    assert read_key("('user', -7, b'x')") == ("user", -7, b"x")
    assert read_key("7") == 7
    for text in ("open('x')", "1.5", "[", "True"):
        with pytest.raises(InvalidKey):
            read_key(text)
