"""Whatever the serializer writes, it reads back; whatever else it is given, it refuses cleanly."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.support.serializer import Serializer, Undecodable

pytestmark = pytest.mark.property

_ZONES = st.sampled_from([None, UTC, ZoneInfo("Europe/Rome"), ZoneInfo("America/New_York")])
_KEYS = st.one_of(
    st.text(), st.integers(), st.booleans(), st.none(), st.binary(), st.sampled_from(["$", "$dict"])
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=[])),
    st.binary(),
    st.datetimes(timezones=_ZONES),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(_KEYS, inner),
        st.sets(_KEYS),
        st.frozensets(_KEYS),
    ),
    max_leaves=20,
)


def _described(value: Any) -> Any:
    """Return *value* with its types, so that 1, 1.0 and True do not pass for each other."""
    if isinstance(value, dict):
        return {(type(key), repr(key)): _described(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [_described(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return type(value), {(type(item), repr(item)) for item in value}
    if isinstance(value, float):
        return float, math.copysign(1, value), value
    return type(value), value, getattr(value, "tzinfo", None), getattr(value, "fold", 0)


@given(_VALUES)
def test_decode_when_encoded_before_then_gives_value_and_types(value: Any) -> None:
    serializer = Serializer()

    again = serializer.decode(serializer.encode(value))

    assert _described(again) == _described(value)


@given(st.binary())
def test_decode_when_given_any_bytes_then_raises_nothing_but_undecodable(data: bytes) -> None:
    with contextlib.suppress(Undecodable):
        Serializer().decode(data)


@given(st.sampled_from(["$dict", "$tuple", "$set", "$datetime", "$int", "$path", "$object", "$x"]),
       st.recursive(st.one_of(st.none(), st.integers(), st.text()), st.lists))  # fmt: skip
def test_decode_when_a_tag_holds_anything_then_raises_nothing_but_undecodable(
    tag: str, content: object
) -> None:
    import msgspec

    with contextlib.suppress(Undecodable):
        Serializer().decode(msgspec.json.encode({tag: content}))
