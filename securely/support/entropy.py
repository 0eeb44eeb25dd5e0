"""The only source of randomness and of ids; can be seeded.

Unseeded, every value comes from the operating system and is fit for secrets.
Seeded (in a test), the same seed gives the same values, so that a failing run can be replayed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from random import Random, SystemRandom  # noqa: TID251  # this module is what the ban points to
from typing import Final
from uuid import UUID

from securely.support import clock
from securely.support.forking import renew_after_fork

__all__ = ["below", "seeded", "token_bytes", "token_hex", "uniform", "uuid4", "uuid7", "uuid7_text"]

_system = SystemRandom()
_random: Random = _system
_uuid7_lock = threading.Lock()
renew_after_fork(sys.modules[__name__], "_uuid7_lock", threading.Lock)
_uuid7_last = 0
# Behind the milliseconds of an id: twelve random bits, and 60, with the variant between them.
_TAIL: Final = b"___-8___-____________"
_TAIL_BYTES: Final = 9
_TAILS: Final = 112  # ids at a time; their bits are a kilobyte
_PLACES: Final = tuple(at for at, sign in enumerate(_TAIL) if sign == ord("_"))
_tails: list[str] = []
renew_after_fork(sys.modules[__name__], "_tails", list)
# The millisecond of the last id, and what it begins with.
_newest = (-1, "")


def token_bytes(size: int) -> bytes:
    """Return *size* random bytes, fit for keys."""
    return os.urandom(size) if _random is _system else _random.randbytes(size)


def token_hex(size: int) -> str:
    """Return *size* random bytes as twice as many hexadecimal digits."""
    return token_bytes(size).hex()


def below(limit: int) -> int:
    """Return a random integer of at least 0 and less than *limit*."""
    return _random.randrange(limit)


def uniform(low: float, high: float) -> float:
    """Return a random number between *low* and *high*."""
    return _random.uniform(low, high)


def uuid4() -> UUID:
    """Return a random UUID.

    Source: RFC 9562, section 5.4.
    """
    return UUID(bytes=token_bytes(16), version=4)


def uuid7() -> UUID:
    """Return a UUID that sorts by its time of making, also within one millisecond and process.

    Source: RFC 9562, section 5.7, with method 3 of section 6.2 (12 bits of the sub-millisecond).
    """
    global _uuid7_last  # noqa: PLW0603  # order holds over the whole process
    with _uuid7_lock:
        # Sixty bits: 48 of milliseconds, 12 of 1/4096 milliseconds.
        stamp = int(clock.timestamp() * 4_096_000)
        _uuid7_last = stamp = max(stamp, _uuid7_last + 1)
    tail = int.from_bytes(token_bytes(8), "big") & ((1 << 62) - 1)
    number = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | tail
    return UUID(int=number)


def uuid7_text(now: float) -> str:
    """Return a UUID of version 7 as text, for who makes many; no object is made first.

    Below the millisecond, all but two bits are random. They are drawn for several at a time, and
    a forked child draws its own.

    Args:
        now: The time, in seconds since 1970.

    Source: RFC 9562, section 5.7.
    """
    global _newest  # noqa: PLW0603  # who reads one that is being replaced has a whole one
    stamp, start = _newest
    if (millisecond := int(now * 1000)) != stamp:
        digits = f"{millisecond:012x}"
        start = f"{digits[:8]}-{digits[8:]}-7"
        _newest = (millisecond, start)
    if _random is not _system:
        return start + _tails_of(token_bytes(_TAIL_BYTES))[0]
    try:
        return start + _tails.pop()
    except IndexError:
        # Two threads may both draw: there are more of them then.
        *others, last = _tails_of(os.urandom(_TAIL_BYTES * _TAILS))
        _tails.extend(others)
        return start + last


def _tails_of(bits: bytes) -> list[str]:
    """Return what ids of these random *bits* have behind their version."""
    digits = bits.hex().encode()
    # Place by place, for all at once: to cut and join each by itself takes twice as long.
    rows = bytearray((_TAIL + b" ") * (len(bits) // _TAIL_BYTES))
    for place, at in enumerate(_PLACES):
        rows[at :: len(_TAIL) + 1] = digits[place :: len(_PLACES)]
    return rows.decode().split()


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """Give the same values for the same *seed* within the block. For tests: not fit for secrets."""
    global _random  # noqa: PLW0603  # randomness is the same for everybody
    before = _random
    _random = Random(seed)  # noqa: S311  # seeded on purpose
    try:
        yield
    finally:
        _random = before
