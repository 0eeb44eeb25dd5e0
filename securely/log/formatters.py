"""Lines for people, JSON for machines, colour for terminals."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import PurePath
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import msgspec

from securely.log.contracts import Formatter
from securely.log.levels import level_name
from securely.log.masking import Masker
from securely.log.record import Record
from securely.support.importing import import_object

__all__ = ["ConsoleFormatter", "JsonFormatter", "LineFormatter", "formatter"]

_UPPER: Final = {number: level_name(number).upper() for number in (10, 20, 25, 30, 40, 50, 55, 60)}
_COLOURS: Final = {10: "2", 20: "32", 25: "36", 30: "33", 40: "31", 50: "1;31", 55: "1;31"}
# What has no colour of its own is an emergency.
_LOUDEST: Final = "1;37;41"
# Characters that would begin a line of their own, or tell a terminal what to do.
_CONTROL: Final = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) != "\t"
} | {ord("\n"): "\\n", ord("\r"): "\\r", 0x2028: "\\u2028", 0x2029: "\\u2029"}


# Deeper data than that is nobody's log field.
_DEPTH_MAX: Final = 10
# What JSON's integers may hold, with and without a sign.
_INTEGERS: Final = range(-(2**63), 2**64)


def _plain(value: object) -> str:
    """Say *value* in text, whatever it is; what cannot say itself is named by its class."""
    try:
        if isinstance(value, PurePath):
            return str(value)
        return _summary(value) if isinstance(value, BaseException) else repr(value)
    except Exception:  # a log line must not depend on the values in it
        return f"<{type(value).__qualname__}>"


def _simple(value: object, depth: int) -> object:
    """Return *value* in parts that JSON surely has words for."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and value in _INTEGERS:
        return int(value)
    if depth < _DEPTH_MAX:
        if isinstance(value, Mapping):
            items = cast("Mapping[object, object]", value).items()
            return {_text(key): _simple(each, depth + 1) for key, each in items}
        if isinstance(value, list | tuple | set | frozenset):
            return [_simple(each, depth + 1) for each in cast("list[object]", value)]
    return _text(value)


def _text(value: object) -> str:
    text = value if isinstance(value, str) else _plain(value)
    return text.encode("utf-8", "backslashreplace").decode()


def _summary(error: BaseException) -> str:
    return f"{type(error).__qualname__}: {error}"


class _Dated:
    """What formatters share: the time zone, and the story of an exception."""

    def __init__(self, *, timezone: str = "UTC", masker: Masker | None = None) -> None:
        self._zone: tzinfo = ZoneInfo(timezone)
        self._masker = masker or Masker()
        # What says itself only in text may say a secret.
        self._encoder = msgspec.json.Encoder(
            enc_hook=lambda value: self._masker.text(_plain(value))
        )
        # Second and its text, kept together: threads replace the pair, and never half of it.
        self._last: tuple[int, str] = (-1, "")

    pattern = "%Y-%m-%d %H:%M:%S"

    def stamp(self, timestamp: float) -> str:
        """Return the date of *timestamp* in the channel's time zone; made once per second."""
        second = int(timestamp)
        last = self._last
        if last[0] != second:
            moment = datetime.fromtimestamp(second, self._zone)
            last = self._last = (second, moment.strftime(self.pattern))
        return last[1]

    def json(self, value: object) -> str:
        """Return *value* as compact JSON; what JSON has no word for is written as text."""
        try:
            return self._encoder.encode(value).decode()
        except Exception:  # keys that are no text, text that is no Unicode, deep data
            return self._masker.text(self._encoder.encode(_simple(value, 0)).decode())

    def story(self, error: BaseException) -> str:
        """Return the traceback of *error* with those of its causes."""
        try:
            return self._masker.text("".join(traceback.format_exception(error)).rstrip())
        except Exception:  # an exception that cannot print itself
            return f"<{type(error).__qualname__}>"


class LineFormatter(_Dated):
    """One line per record, in Laravel's shape; the traceback follows, indented.

    Line breaks in a message are written as ``\\n``, so that nobody can forge a record.

    Example:
        >>> LineFormatter().format(Record(1793872800.0, 20, "local", "shipped", {"order": 5}, {}))
        '[2026-11-05 10:00:00] local.INFO: shipped {"order":5}\\n'
    """

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        message = record.message
        if not message.isprintable():
            message = message.translate(_CONTROL)
        level = _UPPER.get(record.level) or level_name(record.level).upper()
        line = f"[{self.stamp(record.timestamp)}] {record.channel}.{level}: {message}"
        if record.fields:
            line += f" {self.json(record.fields)}"
        if record.extra:
            line += f" {self.json(record.extra)}"
        if record.exception is not None:
            line += "\n" + _indented(self.story(record.exception))
        return line + "\n"


class JsonFormatter(_Dated):
    """One JSON object per line, with Monolog's keys; `level` is the number of `logging`.

    Example:
        >>> JsonFormatter().format(Record(0.0, 20, "local", "shipped", {"order": 5}, {}))[:69]
        '{"message":"shipped","context":{"order":5},"level":20,"level_name":"I'
    """

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        moment = datetime.fromtimestamp(record.timestamp, self._zone)
        entry: dict[str, Any] = {
            "message": record.message,
            "context": record.fields,
            "level": record.level,
            "level_name": _UPPER.get(record.level) or level_name(record.level).upper(),
            "channel": record.channel,
            "datetime": moment.isoformat(timespec="microseconds"),
            "extra": record.extra,
        }
        if record.exception is not None:
            entry["exception"] = self._chain(record.exception)
        return self.json(entry) + "\n"

    def _chain(self, error: BaseException) -> dict[str, object]:
        """Return class, message and traceback of *error*, and its causes below."""
        causes: list[str] = []
        seen = {id(error)}
        cause = error.__cause__ or error.__context__
        while cause is not None and id(cause) not in seen:
            seen.add(id(cause))
            causes.append(self._masker.text(_plain(cause)))
            cause = cause.__cause__ or cause.__context__
        return {
            "class": f"{type(error).__module__}.{type(error).__qualname__}",
            "message": self._masker.text(_plain(error).partition(": ")[2]),
            "trace": self.story(error),
            "previous": causes,
        }


class ConsoleFormatter(_Dated):
    """For terminals: time, coloured level, message, fields.

    Args:
        colour: Write the terminal's colours.
    """

    pattern = "%H:%M:%S"

    def __init__(
        self, *, timezone: str = "UTC", masker: Masker | None = None, colour: bool = False
    ) -> None:
        super().__init__(timezone=timezone, masker=masker)
        self._colour = colour

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break."""
        level = _UPPER.get(record.level) or level_name(record.level).upper()
        word = f"{level:<9}"
        stamp = self.stamp(record.timestamp)
        if self._colour:
            word = f"\x1b[{_COLOURS.get(record.level, _LOUDEST)}m{word}\x1b[0m"
            stamp = f"\x1b[2m{stamp}\x1b[0m"
        line = f"{stamp} {word} {record.message.translate(_CONTROL)}"
        for name, value in {**record.fields, **record.extra}.items():
            shown = value if isinstance(value, str) and value.isalnum() else self.json(value)
            line += f" {name}={shown}"
        if record.exception is not None:
            line += "\n" + _indented(self.story(record.exception))
        return line + "\n"


def _indented(text: str) -> str:
    return "\n".join("  " + line.translate(_CONTROL) for line in text.splitlines())


_NAMED: Final[Mapping[str, Callable[..., Formatter]]] = {
    "line": LineFormatter,
    "json": JsonFormatter,
    "console": ConsoleFormatter,
}


def formatter(name: str, *, timezone: str, masker: Masker) -> Formatter:
    """Return the formatter called *name*: line, json, console, or the dotted path of a class.

    A class of the application is called with `timezone` and `masker`.
    """
    make = _NAMED.get(name) or cast("Callable[..., Formatter]", import_object(name))
    return make(timezone=timezone, masker=masker)
