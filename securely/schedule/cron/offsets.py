"""Offsets: a time zone as pieces of time between which its clocks are changed.

`zoneinfo` tells the offset of an instant, and not when it changes; so a stretch of time is probed
once, and what was found is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone, tzinfo
from typing import Final, NamedTuple

__all__ = ["DAY_SECONDS", "Offsets", "Piece"]

DAY_SECONDS: Final = 86_400  # no offset is as large, nor is any change of one larger
_CHUNK_BITS = 23  # 97 days are probed at a time: 0.1 ms for the first question of a quarter
_CHUNKS_MAX = 256  # what is kept of a zone; more are asked for by long searches alone
_LEAD_SECONDS = 2 * DAY_SECONDS  # a change before the chunk that hours within it still repeat
_FIRST, _LAST = -62_135_424_000, 253_402_128_000  # what datetime can tell, less two days
_FOREVER = 1 << 60  # seconds: longer than any calendar


class Piece(NamedTuple):
    """A time in which the offset is the same.

    Attributes:
        begin: Its first instant; `end` is the first one after it.
        offset: Seconds that local clocks are ahead of UTC.
        reached: The local time that clocks had reached before it, as seconds since 1970-01-01
            00:00 there. Where local times begin below, they are shown again; where they begin
            above, those between are left out.
    """

    begin: int
    end: int
    offset: int
    reached: int


class Offsets:
    """The offsets of a time zone.

    Args:
        zone: The time zone.
    """

    __slots__ = ("_chunks", "_zone")

    def __init__(self, zone: tzinfo) -> None:
        self._zone: tzinfo = zone
        self._chunks: dict[int, tuple[Piece, ...]] = {}

    @classmethod
    def of(cls, zone: tzinfo) -> Offsets:
        """Return those of *zone*, the same object each time."""
        found = _known.get(zone)
        if found is None:
            found = _known[zone] = cls(zone)
        return found

    def piece(self, at: int) -> Piece:
        """Return the piece of time that *at* lies in."""
        chunk = at >> _CHUNK_BITS
        pieces = self._chunks.get(chunk) or self._read(chunk)
        for piece in reversed(pieces):
            if piece.begin <= at:
                return piece
        return pieces[0]

    def _read(self, chunk: int) -> tuple[Piece, ...]:
        if isinstance(self._zone, timezone):
            offset = self._offset(0)
            pieces: tuple[Piece, ...] = (Piece(-_FOREVER, _FOREVER, offset, -_FOREVER + offset),)
        else:
            pieces = self._probe(chunk << _CHUNK_BITS, (chunk + 1) << _CHUNK_BITS)
        if len(self._chunks) >= _CHUNKS_MAX:
            self._chunks.clear()
        self._chunks[chunk] = pieces
        return pieces

    def _probe(self, begin: int, end: int) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        since = begin - _LEAD_SECONDS
        offset = self._offset(since)
        reached = since + offset
        for at, changed in (*self._changes(since, end), (end, offset)):
            if since < begin < at:
                pieces.append(Piece(begin, at, offset, max(reached, begin + offset)))
            elif since >= begin:
                pieces.append(Piece(since, at, offset, reached))
            reached = max(reached, at + offset)
            since, offset = at, changed
        return tuple(pieces)

    def _changes(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Find the instants after *begin* and before *end* from which there is another offset."""
        known, offset = begin, self._offset(begin)
        while known < end:
            probed = min(known + DAY_SECONDS, end)
            if self._offset(probed) == offset:
                known = probed
                continue
            while probed - known > 1:
                middle = (known + probed) // 2
                if self._offset(middle) == offset:
                    known = middle
                else:
                    probed = middle
            known, offset = probed, self._offset(probed)
            if known < end:
                yield known, offset

    def _offset(self, at: int) -> int:
        told = datetime.fromtimestamp(min(max(at, _FIRST), _LAST), self._zone).utcoffset()
        return 0 if told is None else int(told.total_seconds())


_known: dict[tzinfo, Offsets] = {}
