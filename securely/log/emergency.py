"""Emergency: where messages go when their own way is broken."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from securely.log.contracts import Formatter
from securely.log.levels import level_name
from securely.log.masking import Masker
from securely.log.record import Record
from securely.support import clock

__all__ = ["Emergency", "EmergencyHandler", "words_of"]

# Reasons contain data at times; their number must not grow with it.
_REASONS_MAX = 256


def words_of(error: BaseException) -> str:
    """Return *error* as its repr; its class where it, or what it holds, cannot say itself.

    Example:
        >>> words_of(OSError(28, "No space left on device"))
        "OSError(28, 'No space left on device')"
    """
    try:
        return repr(error)
    except Exception:  # of somebody's own: what is wrong with logging must be told all the same
        return type(error).__qualname__


class Emergency:
    """Keeps what cannot be written elsewhere in a file, says why once, and never raises.

    The reason goes to the standard error output as well, in one line with the first message that
    it concerns, and once per process: what is broken for every message must not fill the terminal
    or the journal with every message.

    Args:
        path: The file; its folder is made if need be.
        masker: Hides what is secret.
        timezone: Of dates; UTC where there is no such zone.

    Attributes:
        lost: How many messages even the file did not take.
    """

    def __init__(self, path: Path, masker: Masker, timezone: str = "UTC") -> None:
        self.path = path
        self._timezone = timezone
        self.lost: int = 0
        self._masker = masker
        self._told: set[str] = set()

    def report(self, reason: str, record: Record | None = None, *, kind: str | None = None) -> None:
        """Say *reason*, once per process, and keep *record* if there is one.

        Args:
            reason: What is wrong.
            record: The message that could not be written.
            kind: What is told once, where the reason's text differs each time; else the text.
        """
        if self._is_new(kind or reason):
            reason = self._masker.text(reason)
            said = Record(clock.timestamp(), 60, "emergency", reason, {}, {})
            self._keep(self._format(said))
            if record is not None:
                said = said._replace(message=f"{reason} First message: {self._short(record)}")
            self._tell(self._format(said))
        if record is not None:
            self.write(record)

    def write(self, record: Record) -> None:
        """Keep *record* in the file; count it as lost if that cannot be written either."""
        if not self._keep(self._format(record)):
            self.lost += 1

    def _is_new(self, kind: str) -> bool:
        if kind in self._told:
            return False
        if len(self._told) >= _REASONS_MAX:
            self._told.clear()
        self._told.add(kind)
        return True

    def _short(self, record: Record) -> str:
        """Return *record* in one line, without its date and its traceback."""
        line = self._format(record._replace(exception=None)).rstrip("\n")
        return line.partition("] ")[2] if line.startswith("[") else line

    def _format(self, record: Record) -> str:
        try:
            return self._formatter().format(record)
        except Exception:  # a formatter that fails must not hide the message
            return f"{record.channel}.{level_name(record.level).upper()}: {record.message}\n"

    def _formatter(self) -> Formatter:
        from securely.log.formatters import LineFormatter  # not before something is broken

        try:
            return LineFormatter(timezone=self._timezone, masker=self._masker)
        except (LookupError, ValueError, OSError):  # no such zone, which may be what is broken
            return LineFormatter(masker=self._masker)

    def _keep(self, text: str) -> bool:
        """Append *text* to the file; tell whether that worked."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                data = text.encode("utf-8", "backslashreplace")
                return os.write(descriptor, data) == len(data)
            finally:
                os.close(descriptor)
        except Exception:  # the caller counts it; there is nobody left to tell
            return False

    def _tell(self, text: str) -> None:
        try:
            stream = sys.stderr
            if stream is not None:  # pyright: ignore[reportUnnecessaryComparison]  # it is None under pythonw
                stream.write(text.encode("utf-8", "backslashreplace").decode())
                stream.flush()
        except Exception:  # there is nobody left to tell
            return


class EmergencyHandler:
    """The handler of a channel that could not be made: its messages go to the emergency log.

    Args:
        emergency: The log.
        reason: Why the channel could not be made; said with its first message.
    """

    def __init__(self, emergency: Emergency, reason: str = "") -> None:
        self.level = 0
        self._emergency = emergency
        self._reason = reason

    def handle(self, record: Record) -> None:
        """Write *record* to the emergency log."""
        if self._reason:
            self._emergency.report(self._reason, record)
        else:
            self._emergency.write(record)

    def close(self) -> None:
        """Do nothing: nothing stays open."""
