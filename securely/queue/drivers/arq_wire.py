"""How a job is written into arq's keys, and read out of them; JSON, never pickle.

A job of ours is a call of one registered function, `securely_job`. Its arguments are the signed
frame in base64, what a worker must know without opening it (name, timeout and so on), and the
queue.
"""

from __future__ import annotations

from asyncio import CancelledError
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, cast

import msgspec

from securely.queue.contracts import Delivery, Envelope, Outcome, Verdict
from securely.queue.delivery.failure import note_of, pack_error
from securely.queue.exceptions import NotQueueable, RecordedFailure
from securely.support import clock

__all__ = [
    "FUNCTION",
    "Call",
    "Fixed",
    "decode_fixed",
    "delivery",
    "deserialize",
    "encode_call",
    "name_of",
    "pack",
    "serialize",
    "settlement",
    "stranger",
    "told_of",
    "wire",
]

FUNCTION: Final = "securely_job"
"""The one function that arq workers must know to run our jobs."""

_ERROR: Final = "$error"
_CANCELLED: Final = frozenset({"CancelledError", "asyncio.exceptions.CancelledError"})


class Fixed(NamedTuple):
    """What a worker is told of a job of ours, besides its frame; it does not change."""

    name: str
    timeout: float | None
    max_lost: int
    priority: int


class _Named(msgspec.Struct):
    """Any call of arq's: the function's name, whatever the rest is."""

    f: str


class Call(msgspec.Struct):
    """A job of ours as arq writes one: function, arguments, moment.

    The arguments are the frame, what workers are told besides it as JSON, and the queue.
    """

    f: str
    a: tuple[bytes, str, str]
    t: int | None = None
    k: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    et: int = 0


_REMEMBERED_SECONDS: Final = 7 * 86_400  # longer than a relay lies still that somebody cares for
_NO_COUNTS: Final = (0, 0, 0)
_JSON: Final = msgspec.json.Encoder()
_ANY: Final = msgspec.json.Decoder()
_CALL: Final = msgspec.json.Decoder(Call)
_NAMED: Final = msgspec.json.Decoder(_Named)
_PACK: Final = msgspec.msgpack.Encoder()
_FIXED: Final = msgspec.json.Decoder(Fixed)

pack: Final = _PACK.encode


@lru_cache(maxsize=1_024)
def decode_fixed(written: str) -> Fixed:
    """Read what a worker is told of a job; of one class it is mostly the same."""
    return _FIXED.decode(written)


def serialize(data: dict[str, Any]) -> bytes:
    """Write one of arq's records as JSON; an exception as its type, message and trace.

    For `job_serializer` of arq's pools and workers.

    Example:
        >>> serialize({"r": ValueError("no")})[:40]
        b'{"r":{"$error":{"type": "ValueError", "m'
    """
    return msgspec.json.encode(data, enc_hook=_tagged)


def deserialize(data: bytes) -> dict[str, Any]:
    """Read one of arq's records; an error becomes a :class:`RecordedFailure`.

    For `job_deserializer` of arq's pools and workers, and of `arq.jobs.Job`.

    Raises:
        ValueError: It is not JSON, as what arq writes by default is not.
    """
    record = cast("dict[str, Any]", _ANY.decode(data))
    result = record.get("r")
    if isinstance(result, Mapping):
        error = cast("Mapping[str, Any]", result).get(_ERROR)
        if error is not None:
            record["r"] = _untagged(error)
    return record


def encode_call(envelope: Envelope) -> bytes:
    """Return a job of ours as arq writes one."""
    one = envelope
    fixed = _JSON.encode((one.name, one.timeout, one.max_lost, one.priority)).decode()
    moment = int(clock.timestamp() * 1_000)
    return _JSON.encode(Call(FUNCTION, (one.payload, fixed, one.queue), et=moment))


def told_of(value: bytes) -> tuple[Fixed, bytes] | None:
    """Return what is known of a job of ours, and its frame; None for what is none of ours."""
    try:
        call = _CALL.decode(value)
        if call.f != FUNCTION:
            return None
        frame, fixed, _ = call.a
        return decode_fixed(fixed), frame
    except ValueError:
        return None


def stranger(value: bytes) -> tuple[Fixed, bytes]:
    """Return what is known of what is no job of ours."""
    return Fixed(name_of(value), None, 3, 0), value


def name_of(value: bytes) -> str:
    """Return the name of the function that *value* calls; "?" where it is not JSON."""
    try:
        return _NAMED.decode(value).f
    except msgspec.MsgspecError:
        return "?"


def wire(envelope: Envelope) -> list[Any]:
    """Return *envelope* as the scripts take it; times are milliseconds.

    Raises:
        NotQueueable: Its queue has a name that is kept for keys of ours.
    """
    one = envelope
    if one.queue.startswith("@"):
        reason = f'the name of its queue, "{one.queue}", begins with an @; choose another.'
        raise NotQueueable(one.name, reason)
    return [
        one.uuid,
        one.queue,
        one.priority,
        max(0.0, one.delay * 1_000),
        encode_call(one).decode(),  # as text, of which alone the scripts' decoder knows
        _more(one),
    ]


def _more(one: Envelope) -> dict[str, Any] | Literal[False]:
    """Return what few jobs have. (Where it is nothing, what ends no list for a script.)"""
    if one.unique is None and one.group is None and one.batch is None and not one.once:
        return False
    more: dict[str, Any] = {}
    if one.once:
        more["once"] = _REMEMBERED_SECONDS * 1_000
    if one.unique is not None:
        more["unique"] = one.unique
        if one.unique_for is not None:
            more["unique_for"] = one.unique_for * 1_000
        if one.max_wait is not None:
            more["max_wait"] = one.max_wait * 1_000
    if one.group is not None:
        more["group"] = one.group
    if one.batch is not None:
        more["batch"] = one.batch
        if one.links:
            more["links"] = one.links
    return more


def delivery(row: Sequence[bytes], queue: str, fixed: Fixed, payload: bytes) -> Delivery:
    """Return what the claim's script tells of a job."""
    exceptions, lost, deferrals = map(int, row[4].split(b",")) if row[4] else _NO_COUNTS
    name, timeout, max_lost, _ = fixed
    return Delivery(
        int(row[3]),
        int(row[1]),
        queue,
        name,
        int(row[5]),
        exceptions,
        lost,
        deferrals,
        timeout,
        max_lost,
        payload,
        Verdict.LOST if lost and lost >= max_lost else Verdict.RUN,
    )


def settlement(uuid: str, outcome: Outcome) -> list[Any]:
    """Return an outcome that is no plain end, as the script takes it."""
    return [
        uuid,
        str(outcome.token),
        int(outcome.kind),
        max(0.0, outcome.delay) * 1_000,
        int(outcome.charge),
        (outcome.error or b"{}").decode("utf-8", "replace"),
        outcome.has_hook,
        [wire(one) for one in outcome.successors],
        outcome.is_member,
        None if outcome.result is None else b64encode(outcome.result).decode(),
        None if outcome.result_seconds is None else outcome.result_seconds * 1_000,
        note_of(outcome),
    ]


def _tagged(value: object) -> object:
    if isinstance(value, RecordedFailure):
        return {_ERROR: {"type": value.type, "message": value.message, "trace": value.trace}}
    if isinstance(value, BaseException):
        return {_ERROR: msgspec.Raw(pack_error(value))}
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")


def _untagged(error: object) -> BaseException:
    told: Mapping[str, Any] = cast("Mapping[str, Any]", error) if isinstance(error, Mapping) else {}
    kind, message = str(told.get("type", "Exception")), str(told.get("message", ""))
    if kind in _CANCELLED:
        return CancelledError(message)
    return RecordedFailure(kind, message, str(told.get("trace", "")))
