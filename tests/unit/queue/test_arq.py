"""What the arq connection may be told, and how its records are written; no server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from arq.jobs import deserialize_job, deserialize_result, serialize_job, serialize_result

from securely.queue.contracts import Envelope
from securely.queue.drivers.arq_functions import Adopter, ArqFunction, names_of
from securely.queue.drivers.arq_pool import queue_of, set_of
from securely.queue.drivers.arq_wire import (
    FUNCTION,
    Fixed,
    deserialize,
    encode_call,
    name_of,
    serialize,
    stranger,
    told_of,
    wire,
)
from securely.queue.exceptions import NotQueueable, RecordedFailure
from securely.queue.options import ArqOptions
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.options import InvalidOptions


def parse(**settings: Any) -> ArqOptions:
    return ArqOptions.parse({"driver": "arq", **settings}, "queue.connections.arq")


# -- options


def test_options_when_bare_then_the_server_of_this_machine() -> None:
    options = parse()

    assert (options.host, options.port, options.database) == ("127.0.0.1", 6379, 0)
    assert (options.lease_seconds, options.durability) == (30.0, "default")


def test_options_when_a_url_is_given_then_it_wins_and_shows_no_password() -> None:
    options = parse(url="rediss://ann:p%40ss@queue:6380/2", host="localhost")

    assert (options.host, options.port, options.database) == ("queue", 6380, 2)
    assert options.tls is True
    assert options.password is not None
    assert options.password.get_secret_value() == "p@ss"
    assert "p@ss" not in repr(options)


def test_options_when_the_url_is_of_a_socket_then_the_socket() -> None:
    options = parse(url="unix:///run/valkey.sock?db=3")

    assert (options.socket, options.database) == ("/run/valkey.sock", 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "http://queue"}, "redis://, rediss:// or unix://"),
        ({"sentinels": ["queue"]}, "host:port"),
        ({"durability": "strict"}, "durability"),
        ({"prefix": "a@b"}, "prefix"),
        ({"lease_seconds": 0}, "lease_seconds"),
        ({"hots": "queue"}, 'Did you mean "host"'),
    ],
)
def test_options_when_wrong_then_the_setting_is_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidOptions, match=words):
        parse(**settings)


# -- names


@pytest.mark.parametrize(
    ("queue", "set_"),
    [("default", "securely:default"), ("arq:queue", "arq:queue"), ("mail", "securely:mail")],
)
def test_set_of_when_a_queue_is_named_then_queue_of_names_it_again(queue: str, set_: str) -> None:
    assert set_of(queue, "securely:") == set_
    assert queue_of(set_, "securely:") == queue


# -- records


def test_serialize_when_arq_writes_a_job_then_arq_reads_it() -> None:
    written = serialize_job("send", (1, "a"), {"loud": True}, None, 5, serializer=serialize)

    job = deserialize_job(written, deserializer=deserialize)

    assert (job.function, list(job.args), job.kwargs) == ("send", [1, "a"], {"loud": True})


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError()])
def test_serialize_when_a_result_is_an_error_then_an_error_is_read(error: BaseException) -> None:
    times = (1, 2, 3)
    written = serialize_result(
        "send", (), {}, 1, times[0], False, error, *times[1:], "ref", "q", "id",
        serializer=serialize,
    )  # fmt: skip
    assert written is not None

    result = deserialize_result(written, deserializer=deserialize).result

    if isinstance(error, ValueError):
        assert isinstance(result, RecordedFailure)
        assert (result.type, result.message) == ("ValueError", "no")
    else:
        assert isinstance(result, asyncio.CancelledError)


def test_serialize_when_an_error_was_read_then_it_is_written_as_it_was() -> None:
    written = serialize({"r": RecordedFailure("ValueError", "no", "line 1")})

    again = deserialize(written)["r"]

    assert (again.type, again.message, again.trace) == ("ValueError", "no", "line 1")


def test_serialize_when_a_result_has_no_form_then_arq_says_so_in_its_place() -> None:
    written = serialize_result(
        "send", (), {}, 1, 1, True, object(), 2, 3, "ref", "q", "id", serializer=serialize
    )
    assert written is not None

    result = deserialize_result(written, deserializer=deserialize)

    assert (result.success, result.result) == (False, "unable to serialize result")


def test_encode_call_when_arq_reads_it_then_it_calls_our_function_with_the_frame() -> None:
    one = Envelope("u", "Greet", "mail", b"\x00frame\xff", timeout=9.0, priority=-2)

    written = encode_call(one)

    job = deserialize_job(written, deserializer=deserialize)
    assert job.function == FUNCTION
    assert list(job.args) == ["AGZyYW1l/w==", '["Greet",9.0,3,-2]', "mail"]
    assert told_of(written) == (Fixed("Greet", 9.0, 3, -2), b"\x00frame\xff")
    assert told_of(b" " + written) == told_of(written)


@pytest.mark.parametrize(
    "written",
    [b"", b"{}", b"\x80\x05.", b'{"f":"other","a":["AA==","",""]}', b'{"f":"securely_job","a":[]}'],
)
def test_told_of_when_it_is_none_of_ours_then_nothing(written: bytes) -> None:
    assert told_of(written) is None
    assert stranger(written)[1] == written


def test_stranger_when_plain_arq_has_enqueued_it_then_the_function_is_named() -> None:
    assert stranger(b'{"f":"send","a":[],"k":{}}')[0] == Fixed("send", None, 3, 0)
    assert name_of(b"\x80\x05.") == "?"


def test_wire_when_a_job_is_plain_then_little_is_sent() -> None:
    one = Envelope("u", "Greet", "mail", b"payload", delay=1.5, priority=-2)

    with clock.using(FrozenClock(at=1_800_000_000.0)):
        sent = wire(one)

        assert sent == ["u", "mail", -2, 1500.0, encode_call(one).decode(), False]


def test_wire_when_a_queue_is_named_like_our_keys_then_refuses() -> None:
    with pytest.raises(NotQueueable, match="@flags"):
        wire(Envelope("u", "Greet", "@flags", b""))


def test_wire_when_a_job_has_more_then_it_is_in_milliseconds() -> None:
    one = Envelope(
        "u", "Greet", "mail", b"", unique="k", unique_for=2.0, max_wait=3.0, group="g", batch="b",
        links=2,
    )  # fmt: skip

    assert wire(one)[5] == {
        "unique": "k",
        "unique_for": 2000.0,
        "max_wait": 3000.0,
        "group": "g",
        "batch": "b",
        "links": 2,
    }


# -- functions of plain arq


def adopted(value: bytes, *functions: str) -> ArqFunction:
    found: list[Any] = []

    def envelope(job: Any, queue: str) -> Envelope:
        found.append(job)
        return Envelope("u", "n", queue, b"frame")

    assert Adopter(functions, envelope)(value) == b"frame"
    (job,) = found
    assert isinstance(job, ArqFunction)
    return job


@pytest.mark.parametrize("name", names_of("app.tasks.send"))
def test_adopter_when_a_function_is_listed_then_its_call_becomes_a_job(name: str) -> None:
    job = adopted(serialize({"f": name, "a": [1], "k": {"x": 2}}), "app.tasks.send")

    assert (job.path, job.display_name()) == ("app.tasks.send", name)
    assert (job.arguments, job.keywords) == ([1], {"x": 2})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b'{"f":"os.remove","a":[],"k":{}}', "app.tasks.send"),
        (b"\x80\x05cposix\nsystem\n.", "JSON"),
        (b"[]", "JSON"),
    ],
)
def test_adopter_when_a_function_is_not_listed_then_the_job_says_why(
    value: bytes, words: str
) -> None:
    job = adopted(value, "app.tasks.send")

    assert job.path == ""
    assert words in job.reason
