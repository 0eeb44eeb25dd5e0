"""Ids as text: drawn many at a time, and nobody has one twice."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from securely.support import entropy

NOW = 1_800_000_000.25


def test_uuid7_text_when_read_then_has_version_variant_and_time() -> None:
    text = entropy.uuid7_text(NOW)

    read = UUID(text)
    assert str(read) == text
    assert (read.version, read.variant) == (7, "specified in RFC 4122")
    assert read.int >> 80 == NOW * 1000


def test_uuid7_text_when_times_alternate_then_each_has_its_own() -> None:
    times = [NOW + step % 2 for step in range(1000)]

    made = [entropy.uuid7_text(time) for time in times]

    assert len(set(made)) == 1000
    assert [UUID(text).int >> 80 for text in made] == [time * 1000 for time in times]


def test_uuid7_text_when_threads_make_some_then_none_comes_twice() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(entropy.uuid7_text, [NOW] * 5_000))

    assert len(set(made)) == 5_000


def test_uuid7_text_when_seeded_then_the_same_come_whatever_was_made_before() -> None:
    entropy.uuid7_text(NOW)
    with entropy.seeded(3):
        first = [entropy.uuid7_text(NOW) for _ in range(3)]
    assert entropy.uuid7_text(NOW) not in first
    with entropy.seeded(3):
        assert [entropy.uuid7_text(NOW) for _ in range(3)] == first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_uuid7_text_when_forked_then_parent_and_child_draw_their_own() -> None:
    entropy.uuid7_text(NOW)  # from here on some lie ready
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover  # another process
        try:
            os.write(writer, " ".join(entropy.uuid7_text(NOW) for _ in range(60)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        theirs = told.read().split()
    os.waitpid(child, 0)

    assert len(theirs) == 60
    assert not {entropy.uuid7_text(NOW) for _ in range(60)} & set(theirs)
