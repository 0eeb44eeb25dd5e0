"""Zones as they stand in text: offsets, abbreviations, and names of the time zone database."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

__all__ = ["offset_zone", "zone_at", "zone_of"]

_DAY: Final = 86_400  # seconds
_LONGEST_ABBREVIATION: Final = 5  # letters
_OFFSET: Final = re.compile(r"(?:GMT)?([+-])([0-9:]+)")
_WORD: Final = re.compile(r"[A-Za-z0-9/_+-]+")
_OFFSET_FORMS: Final = (
    re.compile(r"([0-9]{1,2})"),
    re.compile(r"([0-9]{1,2}):([0-9]{1,2})"),
    re.compile(r"([0-9]{1,2})([0-9]{2})"),
    re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})"),
    re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})"),
)

# The abbreviations in use, with their minutes east of UTC. One that several places share means
# what PHP takes it for: EST is New York and never Melbourne, IST is Israel, BST is London.
_MINUTES_EAST: Final = {
    name: int(minutes)
    for name, minutes in re.findall(
        "([a-z]+):(-?[0-9]+)",
        "acdt:630 acst:570 adt:-180 aedt:660 aest:600 ahdt:-540 ahst:-600 akdt:-480 akst:-540 "
        "ast:-240 awdt:540 awst:480 bdst:120 bdt:-600 bst:60 cast:570 cat:120 cdt:-300 cemt:180 "
        "cest:120 cet:60 cpt:-300 cst:-360 chst:600 eat:180 edt:-240 eest:180 eet:120 est:-300 "
        "ept:-240 gdt:660 gmt:0 gst:600 hdt:-570 hkst:540 hkt:480 hst:-600 iddt:240 idt:180 "
        "ist:120 jdt:600 jst:540 kdt:600 kst:510 mdt:-360 mest:120 met:60 mpt:-360 msd:240 "
        "msk:180 mst:-420 mwt:-360 ndt:-150 nst:-210 nzdt:780 nzmt:690 nzst:720 pdt:-420 "
        "pkst:360 pkt:300 ppt:-420 pst:-480 sast:120 sst:-660 uct:0 wast:120 wat:60 wemt:120 "
        "west:60 wet:0 wib:420 wit:540 wita:480 ydt:-480 yst:-540 "
        "a:60 b:120 c:180 d:240 e:300 f:360 g:420 h:480 i:540 k:600 l:660 m:720 n:-60 o:-120 "
        "p:-180 q:-240 r:-300 s:-360 t:-420 u:-480 v:-540 w:-600 x:-660 y:-720 z:0",
    )
}


def zone_of(text: str) -> tzinfo | None:
    """Return the zone that the whole of *text* names, in parentheses or not, or None."""
    found = zone_at(text, 0)
    return found[0] if found is not None and found[1] == len(text) else None


def zone_at(text: str, start: int) -> tuple[tzinfo, int] | None:
    """Return the zone that stands in *text* from *start*, and where it ends, or None."""
    begin = start
    while text[begin : begin + 1] in {" ", "\t", "("}:
        begin += 1
    zone: tzinfo | None
    if (offset := _OFFSET.match(text, begin)) is not None:
        zone, end = _offset(offset[1], offset[2]), offset.end()
    elif (word := _WORD.match(text, begin)) is not None:
        zone, end = _named(word[0]), word.end()
    else:
        return None
    for _ in range(text.count("(", start, begin)):
        end += text.startswith(")", end)
    return None if zone is None else (zone, end)


def offset_zone(seconds: int) -> tzinfo | None:
    """Return the zone *seconds* east of UTC, named by its offset; None for a day and more."""
    if abs(seconds) >= _DAY:
        return None  # no datetime can be that far from UTC
    hours, rest = divmod(abs(seconds), 3600)
    name = f"{'-' if seconds < 0 else '+'}{hours:02}:{rest // 60:02}"
    return timezone(timedelta(seconds=seconds), f"{name}:{rest % 60:02}" if rest % 60 else name)


def _offset(sign: str, digits: str) -> tzinfo | None:
    for form in _OFFSET_FORMS:
        if (found := form.fullmatch(digits)) is not None:
            hours, minutes, seconds = (*(int(part) for part in found.groups()), 0, 0)[:3]
            total = hours * 3600 + minutes * 60 + seconds
            return offset_zone(-total if sign == "-" else total)
    return None


def _named(word: str) -> tzinfo | None:
    lower = word.lower()
    if lower == "utc":
        return UTC
    if len(word) <= _LONGEST_ABBREVIATION and (minutes := _MINUTES_EAST.get(lower)) is not None:
        return timezone(timedelta(minutes=minutes), word.upper())
    name = _names().get(lower)
    return None if name is None else ZoneInfo(name)


@cache
def _names() -> dict[str, str]:
    """Return the names of all zones by their small letters: PHP reads them in either case."""
    return {name.lower(): name for name in available_timezones() if name != "localtime"}
