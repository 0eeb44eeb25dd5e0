"""What workers measure, on a Redis server: a hash for each minute, which ends by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from securely.queue.contracts import Measure

__all__ = ["commands", "minutes", "read"]

_PACK: Final = msgspec.json.Encoder().encode
_UNPACK: Final = msgspec.json.Decoder(tuple[str, str, int, int]).decode
_MINUTE: Final = 60.0  # seconds


def commands(prefix: str, measures: Sequence[Measure], seconds: float) -> list[tuple[Any, ...]]:
    """Return what adds *measures* to hashes that last for *seconds*."""
    asked: list[tuple[Any, ...]] = []
    for one in measures:
        field = _PACK((one.queue, one.name, one.gauge, one.bucket))
        key = _key(prefix, one.minute)
        asked.append(("HINCRBY", key, b"n" + field, one.times))
        asked.append(("HINCRBYFLOAT", key, b"s" + field, repr(one.seconds)))
    keys = {_key(prefix, one.minute) for one in measures}
    return [*asked, *(("EXPIRE", key, int(seconds + _MINUTE)) for key in keys)]


def minutes(prefix: str, since: int, now: float) -> list[tuple[int, tuple[Any, ...]]]:
    """Return the minutes from *since* to *now*, each with what asks for its hash."""
    last = int(now // _MINUTE)
    return [(each, ("HGETALL", _key(prefix, each))) for each in range(since, last + 1)]


def read(minute: int, answer: Mapping[bytes, bytes]) -> list[Measure]:
    """Return the measures of a hash."""
    found: list[Measure] = []
    for name, count in answer.items():
        if name[:1] == b"n":
            field = name[1:]
            queue, job, gauge, bucket = _UNPACK(field)
            total = float(answer.get(b"s" + field, 0.0))
            found.append(Measure(minute, queue, job, gauge, bucket, int(count), total))
    return found


def _key(prefix: str, minute: int) -> str:
    return f"{prefix}@metrics:{minute}"
