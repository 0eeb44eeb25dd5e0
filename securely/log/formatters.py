"""Lines for people, JSON and logfmt for machines, colour for terminals."""

from __future__ import annotations

import re
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import PurePath
from typing import Any, ClassVar, Final, TypeAlias, cast
from zoneinfo import ZoneInfo

import msgspec

from securely.log.contracts import Formatter
from securely.log.levels import level_name
from securely.log.masking import Masker
from securely.log.record import Record
from securely.support.importing import import_object

__all__ = [
    "ConsoleFormatter",
    "JsonFormatter",
    "LineFormatter",
    "LogfmtFormatter",
    "MessageFormatter",
    "Note",
    "formatter",
]

_UPPER: Final = {number: level_name(number).upper() for number in (10, 20, 25, 30, 40, 50, 55, 60)}
_COLOURS: Final = {10: "2", 20: "32", 25: "36", 30: "33", 40: "31", 50: "1;31", 55: "1;31"}
# What has no colour of its own is an emergency.
_LOUDEST: Final = "1;37;41"
# Characters that would begin a line of their own, or tell a terminal what to do.
_CONTROL: Final = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) != "\t"
} | {ord("\n"): "\\n", ord("\r"): "\\r", 0x2028: "\\u2028", 0x2029: "\\u2029"}


# Microseconds.
_SECOND: Final = 1_000_000
# Deeper data than that is nobody's log field.
_DEPTH_MAX: Final = 10
# What logfmt writes without quotes.
_BARE: Final = re.compile(r'[^\s"=\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+')
_NOT_BARE: Final = re.compile(r'[\s"=\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+')
# What JSON's integers may hold, with and without a sign.
_INTEGERS: Final = range(-(2**63), 2**64)


Note: TypeAlias = Callable[[str], None]
"""Is told, once per kind, of values that could not be written as they are."""


def _quiet(note: str) -> None:
    """Tell nobody."""


def _simple(value: object, depth: int, said: Callable[[object], str]) -> object:
    """Return *value* in parts that JSON surely has words for; *said* puts the rest into text."""
    if value is None or isinstance(value, bool | float):
        return value
    # Of its own kind: a range is walked through for what is no plain int, 2 ** 64 numbers of it.
    if isinstance(value, int) and (number := int.__index__(value)) in _INTEGERS:
        return number
    if depth < _DEPTH_MAX:
        if isinstance(value, Mapping):
            items = cast("Mapping[object, object]", value).items()
            return {_text(key, said): _simple(each, depth + 1, said) for key, each in items}
        if isinstance(value, list | tuple | set | frozenset):
            return [_simple(each, depth + 1, said) for each in cast("list[object]", value)]
    return _text(value, said)


def _text(value: object, said: Callable[[object], str]) -> str:
    text = value if isinstance(value, str) else said(value)
    return text.encode("utf-8", "backslashreplace").decode()


class _Dated(ABC):
    """What formatters share: the time zone, and the story of an exception."""

    pattern: ClassVar[str] = "%Y-%m-%d %H:%M:%S"

    def __init__(
        self, *, timezone: str = "UTC", masker: Masker | None = None, note: Note = _quiet
    ) -> None:
        self._zone: tzinfo = ZoneInfo(timezone)
        self._masker: Masker = masker or Masker()
        self._note = note
        self._encode: Callable[[object], bytes] = msgspec.json.Encoder(enc_hook=self.said).encode
        # Second and its text, kept together: threads replace the pair, and never half of it.
        self._last: tuple[int, str] = (-1, "")
        self._dated: tuple[int, str, str] = (-1, "", "")

    def stamp(self, timestamp: float) -> str:
        """Return the date of *timestamp* in the channel's time zone; made once per second."""
        second = int(timestamp)
        last = self._last
        if last[0] != second:
            moment = datetime.fromtimestamp(second, self._zone)
            last = self._last = (second, moment.strftime(self.pattern))
        return last[1]

    def said(self, value: object) -> str:
        """Say *value* in text, masked; what cannot say itself is named by its class."""
        kind = type(value).__qualname__
        try:
            if isinstance(value, PurePath):
                text = str(value)
            elif isinstance(value, BaseException):
                text = f"{kind}: {value}"
            else:
                text = repr(value)
                # By Python's convention that is nothing one could write down and read again.
                if text[:1] == "<":
                    self._note(f"A value of type {kind} in a log record is written as its repr.")
        except Exception as error:  # a log line must not depend on the values in it
            raised = type(error).__name__
            self._note(f"A value of type {kind} in a log record cannot say itself: {raised}.")
            return f"<{kind}>"
        return self._masker.text(text)

    def json(self, value: object) -> str:
        """Return *value* as compact JSON; what JSON has no word for is written as text."""
        return self._json(value).decode()

    def _json(self, value: object) -> bytes:
        try:
            return self._encode(value)
        except Exception:  # keys that are no text, text that is no Unicode, deep data
            return self._encode(self.plain(value))

    @abstractmethod
    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""

    def encoded(self, record: Record) -> bytes:
        """Return *record* as :meth:`format` does, in UTF-8."""
        return self.format(record).encode("utf-8", "backslashreplace")

    def plain(self, value: object) -> object:
        """Return *value* with what JSON has no word for as text, masked, at every depth."""
        return _simple(value, 0, self.said)

    def story(self, error: BaseException) -> str:
        """Return the traceback of *error* with those of its causes."""
        try:
            text = "".join(traceback.format_exception(error)).rstrip()
        except Exception:  # an exception that cannot print itself
            return f"<{type(error).__qualname__}>"
        return self._masker.text(text)


def _level(number: int) -> str:
    return _UPPER.get(number) or level_name(number).upper()


class LineFormatter(_Dated):
    """One line per record, in Laravel's shape; the traceback follows, indented.

    Line breaks in a message are written as ``\\n``, so that nobody can forge a record.

    Example:
        >>> LineFormatter().format(Record(1793872800.0, 20, "local", "shipped", {"order": 5}, {}))
        '[2026-11-05 10:00:00] local.INFO: shipped {"order":5}\\n'
    """

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        return self.encoded(record).decode()

    def encoded(self, record: Record) -> bytes:
        """Return *record* as :meth:`format` does, in UTF-8; the fields are bytes as they come."""
        timestamp, level, channel, message, fields, extra, exception = record
        last = self._last
        stamp = last[1] if last[0] == int(timestamp) else self.stamp(timestamp)
        if not message.isprintable():
            message = message.translate(_CONTROL)
        word = _UPPER.get(level) or _level(level)
        line = f"[{stamp}] {channel}.{word}: {message}".encode("utf-8", "backslashreplace")
        if fields:
            line = b"%b %b" % (line, self._json(fields))
        if extra:
            line = b"%b %b" % (line, self._json(extra))
        if exception is not None:
            story = _indented(self.story(exception))
            line = b"%b\n%b" % (line, story.encode("utf-8", "backslashreplace"))
        return line + b"\n"


class MessageFormatter(_Dated):
    """The message and its fields alone, where something else has date and level: syslog, Slack.

    Example:
        >>> MessageFormatter().format(Record(0.0, 20, "local", "shipped", {"order": 5}, {}))
        'shipped {"order":5}\\n'
    """

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        line = record.message.translate(_CONTROL)
        for fields in (record.fields, record.extra):
            if fields:
                line = f"{line} {self.json(fields)}"
        if record.exception is not None:
            line = f"{line}\n{_indented(self.story(record.exception))}"
        return line + "\n"


class JsonFormatter(_Dated):
    """One JSON object per line, with Monolog's keys; `level` is the number of `logging`.

    Example:
        >>> JsonFormatter().format(Record(0.0, 20, "local", "shipped", {"order": 5}, {}))[:69]
        '{"message":"shipped","context":{"order":5},"level":20,"level_name":"I'
    """

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        return self.encoded(record).decode()

    def encoded(self, record: Record) -> bytes:
        """Return *record* as :meth:`format` does, in UTF-8."""
        timestamp, level, channel, message, fields, extra, exception = record
        entry: dict[str, Any] = {
            "message": message,
            "context": fields,
            "level": level,
            "level_name": _UPPER.get(level) or _level(level),
            "channel": channel,
            "datetime": self.date(timestamp),
            "extra": extra,
        }
        if exception is not None:
            entry["exception"] = self._chain(exception)
        try:
            return self._encode(entry) + b"\n"
        except Exception:  # see json()
            return self._encode(self.plain(entry)) + b"\n"

    def date(self, timestamp: float) -> str:
        """Return the date of *timestamp* with microseconds and the distance from UTC."""
        second = int(timestamp)
        last = self._dated
        if last[0] != second:
            date = datetime.fromtimestamp(second, self._zone).isoformat()
            # The distance is the last six characters: +01:00.
            last = self._dated = (second, date[:-6], date[-6:])
        parts = int((timestamp - second) * 1e6 + 0.5)
        return f"{last[1]}.{parts if parts < _SECOND else _SECOND - 1:06}{last[2]}"

    def _chain(self, error: BaseException) -> dict[str, object]:
        """Return class, message and traceback of *error*, and its causes below."""
        causes: list[str] = []
        seen = {id(error)}
        cause = error.__cause__ or error.__context__
        while cause is not None and id(cause) not in seen:
            seen.add(id(cause))
            causes.append(self.said(cause))
            cause = cause.__cause__ or cause.__context__
        return {
            "class": f"{type(error).__module__}.{type(error).__qualname__}",
            "message": self.said(error).partition(": ")[2],
            "trace": self.story(error),
            "previous": causes,
        }


class LogfmtFormatter(_Dated):
    """One line of ``name=value`` per record, as Heroku and Grafana Loki read it.

    Example:
        >>> LogfmtFormatter().format(Record(0.0, 20, "local", "it is", {"order": 5}, {}))
        'time=1970-01-01T00:00:00.000+00:00 level=info channel=local msg="it is" order=5\\n'

    Source: https://brandur.org/logfmt, and the package github.com/go-logfmt/logfmt for quoting.
    """

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        moment = datetime.fromtimestamp(record.timestamp, self._zone)
        pairs: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": level_name(record.level),
            "channel": record.channel,
            "msg": record.message,
        }
        for name, value in {**record.extra, **record.fields}.items():
            pairs[f"field.{name}" if name in pairs else name] = value
        if record.exception is not None:
            pairs["error"] = self.said(record.exception)
            pairs["trace"] = self.story(record.exception)
        return " ".join(f"{_bare(name)}={self._value(each)}" for name, each in pairs.items()) + "\n"

    def _value(self, value: object) -> str:
        text = value if isinstance(value, str) else self.json(value)
        if not isinstance(value, str) and text.startswith('"'):
            text = str(msgspec.json.decode(text))
        if text and _BARE.fullmatch(text):
            return text
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').translate(_CONTROL)
        return f'"{escaped}"'


def _bare(name: str) -> str:
    """Return *name* as logfmt can bear it."""
    return _NOT_BARE.sub("_", name) or "_"


class ConsoleFormatter(_Dated):
    """For terminals: time, coloured level, message, fields.

    Args:
        timezone: Of times.
        masker: Hides what is secret.
        note: Is told of values that could not be written as they are.
        colour: Write the terminal's colours.
    """

    pattern: ClassVar[str] = "%H:%M:%S"

    def __init__(
        self,
        *,
        timezone: str = "UTC",
        masker: Masker | None = None,
        note: Note = _quiet,
        colour: bool = False,
    ) -> None:
        super().__init__(timezone=timezone, masker=masker, note=note)
        self._colour = colour

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        word = f"{_level(record.level):<9}"
        stamp = self.stamp(record.timestamp)
        if self._colour:
            word = f"\x1b[{_COLOURS.get(record.level, _LOUDEST)}m{word}\x1b[0m"
            stamp = f"\x1b[2m{stamp}\x1b[0m"
        line = f"{stamp} {word} {record.message.translate(_CONTROL)}"
        for name, value in {**record.fields, **record.extra}.items():
            shown = value if isinstance(value, str) and value.isalnum() else self.json(value)
            line += f" {str(name).translate(_CONTROL)}={shown.translate(_CONTROL)}"
        if record.exception is not None:
            line += "\n" + _indented(self.story(record.exception))
        return line + "\n"


def _indented(text: str) -> str:
    return "\n".join("  " + line.translate(_CONTROL) for line in text.splitlines())


_NAMED: Final[Mapping[str, type[_Dated]]] = {
    "line": LineFormatter,
    "message": MessageFormatter,
    "json": JsonFormatter,
    "logfmt": LogfmtFormatter,
    "console": ConsoleFormatter,
}


def formatter(
    name: str, *, timezone: str, masker: Masker, note: Note = _quiet, **settings: Any
) -> Formatter:
    """Return the formatter called *name*, or the one of a class of which *name* is the path.

    There are line, message, json, logfmt and console. A class of the application is called with
    `timezone`, `masker` and *settings*.

    Args:
        name: Which one.
        timezone: Of dates.
        masker: Hides what is secret.
        note: Is told of values that could not be written as they are.
        settings: What else it is given.
    """
    ours = _NAMED.get(name)
    if ours is not None:
        return ours(timezone=timezone, masker=masker, note=note, **settings)
    make = cast("Callable[..., Formatter]", import_object(name))
    return make(timezone=timezone, masker=masker, **settings)
