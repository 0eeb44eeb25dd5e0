"""Whatever can be written comes back from a payload, and from a variable, as it was."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from securely.context import Context
from securely.encryption import Encrypter

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
halves = st.dictionaries(st.text(max_size=12), values, max_size=6)
encrypter = Encrypter(b"k" * 32)


def made() -> Context:
    return Context(encrypter.for_purpose, bytes_max=10**9)


@given(halves, halves)
def test_a_payload_brings_back_what_was_there(
    data: dict[str, object], hidden: dict[str, object]
) -> None:
    here, there = made(), made()
    with here.unit(), there.unit():
        here.add(data).add_hidden(hidden)
        # Through JSON, as the header of a payload goes.
        there.hydrate(json.loads(json.dumps(here.dehydrate())))

        assert there.all() == data
        assert there.all_hidden() == hidden
        if "trace_id" not in data:
            assert there.trace_id == here.trace_id


@given(halves, halves)
def test_a_variable_brings_back_what_was_there(
    data: dict[str, object], hidden: dict[str, object]
) -> None:
    here, there = made(), made()
    with here.unit(), there.unit():
        here.add(data).add_hidden(hidden)
        variables = here.environment()

        assert all(text.isascii() and "\0" not in text for text in variables.values())
        assert there.inherit(variables)
        assert there.all() == data
        assert there.all_hidden() == hidden
