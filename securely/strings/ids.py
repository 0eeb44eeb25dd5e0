"""Random text and ids: random, password, uuid, uuid7, ulid."""

from __future__ import annotations

import string
from datetime import datetime
from uuid import UUID

from securely.support import clock, entropy

__all__ = ["Ids"]

_LETTERS = string.ascii_letters
_SYMBOLS = "~!#$%^&*()-_.,<>?/\\{}[]|:;"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# What 48 bits hold: milliseconds since 1970, up to the year 10889.
_MILLISECONDS_MAX = 2**48 - 1


class Ids:
    """Functions that make text nobody guesses; `securely.support.entropy` can be seeded."""

    @staticmethod
    def random(length: int = 16) -> str:
        """Return *length* random letters and digits of ASCII, fit for secrets.

        Raises:
            ValueError: *length* is negative.

        Example:
            >>> len(Ids.random(40))
            40
        """
        return _chosen(_LETTERS + string.digits, _checked(length))

    @staticmethod
    def password(
        length: int = 32,
        *,
        letters: bool = True,
        numbers: bool = True,
        symbols: bool = True,
        spaces: bool = False,
    ) -> str:
        """Return a random password, with at least one of each kind that is asked for.

        Raises:
            ValueError: No kind is asked for, or *length* is less than there are kinds.

        Source: Laravel 13, Str::password.

        Example:
            >>> password = Ids.password(12, symbols=False)
            >>> len(password), password.isalnum()
            (12, True)
        """
        wanted = [
            (letters, _LETTERS),
            (numbers, string.digits),
            (symbols, _SYMBOLS),
            (spaces, " "),
        ]
        kinds = [characters for asked, characters in wanted if asked]
        if not kinds or length < len(kinds):
            raise ValueError(
                f"A password of {length} characters cannot have {len(kinds)} kinds of them. "
                f"Ask for at least one kind, and at least as many characters as kinds."
            )
        picked = [_chosen(kind, 1) for kind in kinds]
        picked += _chosen("".join(kinds), length - len(kinds))
        # Fisher and Yates: those that had to be there stand anywhere.
        for last in range(len(picked) - 1, 0, -1):
            other = entropy.below(last + 1)
            picked[last], picked[other] = picked[other], picked[last]
        return "".join(picked)

    @staticmethod
    def uuid() -> str:
        """Return a random UUID (version 4).

        Source: RFC 9562, section 5.4.
        """
        return str(entropy.uuid4())

    @staticmethod
    def uuid7(time: datetime | None = None) -> str:
        """Return a UUID (version 7) that sorts by *time*, which is now unless given.

        Source: RFC 9562, section 5.7.

        Example:
            >>> from datetime import UTC, datetime
            >>> Ids.uuid7(datetime(2016, 7, 30, 22, 36, 16, tzinfo=UTC))[:13]
            '01563df3-6300'
        """
        if time is None:
            return str(entropy.uuid7())
        tail = int.from_bytes(entropy.token_bytes(10), "big") & ((1 << 74) - 1)
        number = _milliseconds(time) << 80 | 0x7 << 76 | (tail >> 62) << 64 | 0b10 << 62
        return str(UUID(int=number | (tail & ((1 << 62) - 1))))

    @staticmethod
    def ordered_uuid() -> str:
        """Return a UUID (version 4) whose first 48 bits are the time: microseconds / 10.

        For columns that are older than version 7; new ones take :meth:`uuid7`.

        Source: Laravel 13, Str::orderedUuid ("timestamp first" COMB).
        """
        stamp = int(clock.timestamp() * 100_000) & ((1 << 48) - 1)
        number = stamp << 80 | int.from_bytes(entropy.token_bytes(10), "big")
        return str(UUID(int=number, version=4))

    @staticmethod
    def ulid(time: datetime | None = None) -> str:
        """Return a ULID: 26 letters and digits that sort by *time*, which is now unless given.

        Source: github.com/ulid/spec.

        Example:
            >>> from datetime import UTC, datetime
            >>> Ids.ulid(datetime(2016, 7, 30, 22, 36, 16, tzinfo=UTC))[:10]
            '01ARYZ6RR0'
        """
        made = int(clock.timestamp() * 1000) if time is None else _milliseconds(time)
        number = made << 80 | int.from_bytes(entropy.token_bytes(10), "big")
        return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def _chosen(characters: str, count: int) -> str:
    return "".join(characters[entropy.below(len(characters))] for _ in range(count))


def _checked(length: int) -> int:
    if length < 0:
        raise ValueError(f"A text cannot have {length} characters.")
    return length


def _milliseconds(time: datetime) -> int:
    made = round(time.timestamp() * 1000)
    if not 0 <= made <= _MILLISECONDS_MAX:
        raise ValueError(f"{time} does not fit into 48 bits of milliseconds since 1970.")
    return made
