"""Entry: a record as it stands in a file, in any of our forms; Filter: which are wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from securely.log.levels import level_number

__all__ = ["Entry", "Filter", "begins", "entries"]

# [2026-11-05 10:00:00] local.INFO: shipped …
_LINE: Final = re.compile(r"\[(?P<time>[^]]+)\] (?P<channel>\S+)\.(?P<level>[A-Z]+): (?P<rest>.*)")
# time=… level=info channel=local msg=… ; 10:00:00 INFO  shipped …
_LOGFMT: Final = re.compile(r"(?:time=\S+ )?level=[a-z]+ ")
# A name, and its value in quotes or bare.
_PAIR: Final = re.compile(r'([^\s="]+)=(?:(")((?:[^"\\]|\\.)*)"|([^\s"]*))')
_ESCAPED: Final = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))")
_BREAKS: Final = {"n": "\n", "r": "\r", "t": "\t"}
_CONSOLE: Final = re.compile(r"(?P<time>\d\d:\d\d:\d\d) (?P<level>[A-Z]+) +(?P<rest>.*)")
_TRACE: Final = re.compile(r'\btrace_id"?[=:]\s*"?([\w-]+)')
_REQUEST: Final = re.compile(r'\brequest_id"?[=:]\s*"?([\w-]+)')
_USER: Final = re.compile(r'\buser(?:_id)?"?[=:]\s*"?([^\s",}]+)')
# Where the fields of a line begin, as lines and the console have them.
_FIELDS: Final = re.compile(r' (?:\{"|[\w.-]+=)')
# What belongs to the record above it.
_INDENT: Final = "  "
# A line is looked through, not a book: what others have written may have no end.
_LOOKED_AT_CHARACTERS: Final = 1_000_000


class Entry(NamedTuple):
    """A record as it stands in a file.

    Attributes:
        text: All of its lines, without the last line break.
        level: Its level in lower case; "" where none can be read.
        time: When it was written, as it stands there.
        message: What stands behind the level, in its first line; of JSON and logfmt, the message
            alone.
        data: The object, where it is written as JSON.
        fields: What logfmt has beside: all values as text, as it has no other.
    """

    text: str
    level: str = ""
    time: str = ""
    message: str = ""
    data: Mapping[str, object] | None = None
    fields: Mapping[str, str] | None = None

    @property
    def trace(self) -> str:
        """The trace id that it was written under; "" for none."""
        found = _TRACE.search(self.text[:_LOOKED_AT_CHARACTERS])
        return "" if found is None else found[1]

    @property
    def said(self) -> str:
        """Its message, without the fields that a line has behind it."""
        if self.data is not None or self.fields is not None:
            return self.message
        found = _FIELDS.search(self.message)
        return self.message if found is None else self.message[: found.start()]

    def is_of_user(self, user: str) -> bool:
        """Tell whether a field of it says that it is of *user*."""
        return user in _USER.findall(self.text[:_LOOKED_AT_CHARACTERS])

    def is_of_request(self, beginning: str) -> bool:
        """Tell whether the id of its request, or its trace id, begins so."""
        found = _REQUEST.search(self.text[:_LOOKED_AT_CHARACTERS])
        ids = (self.trace, "" if found is None else found[1])
        return any(each.startswith(beginning) for each in ids if each)

    @classmethod
    def read(cls, text: str) -> Entry:
        """Read what *text*, a line with what belongs to it, says.

        Example:
            >>> entry = Entry.read("[2026-11-05 10:00:00] local.INFO: shipped")
            >>> entry.level, entry.message
            ('info', 'shipped')
        """
        first = text.partition("\n")[0]
        if first.startswith("{"):
            return cls._of_json(text)
        if _LOGFMT.match(first) is not None:
            return cls._of_logfmt(text, first)
        for form in (_LINE, _CONSOLE):
            if (found := form.match(first)) is not None:
                return cls(text, found["level"].lower(), found["time"] or "", found["rest"])
        return cls(text, message=first)

    @classmethod
    def _of_logfmt(cls, text: str, line: str) -> Entry:
        pairs = {
            name: _unescaped(quoted) if mark else bare
            for name, mark, quoted, bare in _PAIR.findall(line[:_LOOKED_AT_CHARACTERS])
        }
        level, time = pairs.pop("level", ""), pairs.pop("time", "")
        return cls(text, level, time, pairs.pop("msg", ""), fields=pairs)

    @classmethod
    def _of_json(cls, text: str) -> Entry:
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError):
            return cls(text, message=text)
        if not isinstance(data, dict):
            return cls(text, message=text)
        named = cast("dict[str, object]", data)
        level = named.get("level_name", named.get("level", ""))
        return cls(
            text,
            str(level).lower(),
            str(named.get("datetime", "")),
            str(named.get("message", "")),
            named,
        )


class Filter(NamedTuple):
    """Which records are wanted; all that is named must hold.

    Attributes:
        level: The lowest level; 0 for every one.
        pattern: What is to be found in it; None for anything.
        trace: How its trace id begins; "" for any, and for none.
        message: What is to be found in its message; None for anything.
        user: Of whom it is; "" for anybody, and for nobody.
        request: How the id of its request, or its trace id, begins; "" for any.
    """

    level: int = 0
    pattern: re.Pattern[str] | None = None
    trace: str = ""
    message: re.Pattern[str] | None = None
    user: str = ""
    request: str = ""

    def wants(self, entry: Entry) -> bool:
        """Tell whether *entry* is wanted."""
        if self.level and _number(entry.level) < self.level:
            return False
        if self.trace and not (entry.trace and entry.trace.startswith(self.trace)):
            return False
        if self.message is not None and self.message.search(entry.said) is None:
            return False
        if self.user and not entry.is_of_user(self.user):
            return False
        if self.request and not entry.is_of_request(self.request):
            return False
        text = entry.text[:_LOOKED_AT_CHARACTERS]
        return self.pattern is None or self.pattern.search(text) is not None


def begins(line: str) -> bool:
    """Tell whether *line* is the first of a record, and not one of its traceback."""
    return not line.startswith(_INDENT)


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Give the records that *lines* are made of."""
    gathered: list[str] = []
    for line in lines:
        if begins(line) and gathered:
            yield Entry.read("\n".join(gathered))
            gathered = []
        gathered.append(line)
    if gathered:
        yield Entry.read("\n".join(gathered))


def _unescaped(text: str) -> str:
    """Return what stands in the quotes of logfmt."""
    return _ESCAPED.sub(_letter, text)


def _letter(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _BREAKS.get(match[3], match[3])


def _number(level: str) -> int:
    try:
        return level_number(level) if level else 0
    except ValueError:  # a word that is no level of ours
        return 0
