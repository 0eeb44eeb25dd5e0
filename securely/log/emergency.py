"""Emergency: where messages go when their own way is broken."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from securely.log.masking import Masker
from securely.log.record import Record
from securely.support import clock

__all__ = ["Emergency", "EmergencyHandler"]

# Reasons contain data at times; their number must not grow with it.
_REASONS_MAX = 256


class Emergency:
    """Writes to a file and to the standard error output, and never raises.

    Args:
        path: The file; its folder is made if need be.
        masker: Hides what is secret.
    """

    def __init__(self, path: Path, masker: Masker) -> None:
        self.path = path
        self._masker = masker
        self._told: set[str] = set()

    def report(self, reason: str, record: Record | None = None) -> None:
        """Write *reason*, once per process, and *record* if there is one."""
        if reason not in self._told:
            if len(self._told) >= _REASONS_MAX:
                self._told.clear()
            self._told.add(reason)
            now = clock.timestamp()
            self.write(Record(now, 60, "emergency", self._masker.text(reason), {}, {}))
        if record is not None:
            self.write(record)

    def write(self, record: Record) -> None:
        """Write *record*, to the file and to the standard error output, as far as they take it."""
        text = self._format(record)
        for out in (self._to_file, self._to_stderr):
            try:
                out(text)
            except Exception:  # noqa: S112  # there is nobody left to tell
                continue

    def _format(self, record: Record) -> str:
        try:
            from securely.log.formatters import LineFormatter

            return LineFormatter(masker=self._masker).format(record)
        except Exception:  # a formatter that fails must not hide the message
            return f"{record.channel}.{record.level}: {record.message}\n"

    def _to_file(self, text: str) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)

    def _to_stderr(self, text: str) -> None:
        stream = sys.stderr
        if stream is not None:  # pyright: ignore[reportUnnecessaryComparison]  # it is None under pythonw
            stream.write(text)
            stream.flush()


class EmergencyHandler:
    """The handler of a channel that could not be made: its messages go to the emergency log."""

    def __init__(self, emergency: Emergency) -> None:
        self.level = 0
        self._emergency = emergency

    def handle(self, record: Record) -> None:
        """Write *record* to the emergency log."""
        self._emergency.write(record)

    def close(self) -> None:
        """Do nothing: nothing stays open."""
