"""Jobs that say nothing are written by a shorter way, and it comes to the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.context import Context
from securely.encryption import KeyRing
from securely.queue.contracts import Envelope
from securely.queue.delivery.blueprint import Blueprint
from securely.queue.exceptions import QueueError
from securely.queue.job import Extras, Job
from securely.queue.payload import Codec
from securely.support import clock, entropy
from securely.support.clock import FrozenClock

pytestmark = pytest.mark.property

_TEXT = st.text(st.characters(exclude_categories=[]))
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    _TEXT,
    st.binary(),
    st.datetimes(),
    st.decimals(),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(_TEXT, inner)
    ),
    max_leaves=8,
)
_TIMES = st.floats(min_value=0, max_value=4e9) | st.integers(0, 4_000_000_000)
_BYTES_MAX = 300  # so that some are over it


class Errand(Job):
    """Something to do, with whatever attributes it is given."""

    def handle(self) -> None: ...


def _codec(path: str, name: str, context: Context) -> Codec:
    """Return a codec that takes :class:`Errand` for a class of another name."""
    codec = Codec(KeyRing(bytes(32)).purpose("queue"), _BYTES_MAX, context=context)
    blueprint = Blueprint(Errand)
    blueprint.path, blueprint.name = path, name
    codec._blueprints[Errand] = blueprint
    return codec


@given(
    st.dictionaries(_TEXT, _VALUES, max_size=4),
    st.dictionaries(st.text(min_size=1), st.text(), max_size=2),
    _TEXT,
    _TIMES,
    st.none() | st.floats(0, 100),
    st.integers(-(2**64), 2**64),
)
def test_job_that_says_nothing_is_written_as_any_other(said, context, name, now, delay, priority):
    carrying = Context()
    codec = _codec(f"app:{name}", f"app.{name}", carrying)
    job = Errand()
    vars(job).update(said)

    def written(**ways: Any) -> tuple[Envelope, bytes] | tuple[type[BaseException], str]:
        frozen = clock.using(FrozenClock(at=now))
        try:
            with frozen, entropy.seeded(5), carrying.scope(data=context):
                made = codec.envelope(job, "default", delay=delay, priority=priority, **ways)
        except QueueError as error:
            return type(error), str(error)
        return made, made.payload

    assert written() == written(extras=Extras())
