"""One file per day, old ones removed after N days."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from securely.log.contracts import Formatter
from securely.log.drivers.base import AppendFile, formatter_for
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import DailyChannel
from securely.log.record import Record
from securely.support.forking import renew_after_fork

__all__ = ["DailyHandler"]


class DailyHandler:
    """Appends to a file whose name ends with the record's date: ``app-2026-11-26.log``.

    When a day begins, files of the same name and older dates are removed, but for the newest;
    nothing else in the folder is touched, and any number of processes may do so at once.

    Args:
        path: The file without the date.
        formatter: Makes the text.
        level: The lowest level that is written.
        days: How many files are kept; 0 keeps all.
        timezone: Whose midnight it is.
        permission: The mode of a new file.
        locking: Take a lock of the file per record.
    """

    def __init__(  # each is a setting of the channel
        self,
        path: Path,
        formatter: Formatter,
        level: int = 10,
        *,
        days: int = 14,
        timezone: str = "UTC",
        permission: int = 0o600,
        locking: bool = False,
    ) -> None:
        self.level = level
        self._path = path
        self._formatter = formatter
        self._days = days
        self._zone = ZoneInfo(timezone)
        self._permission = permission
        self._locking = locking
        # First and last second of the day whose file is open, and the file.
        self._day: tuple[float, float, AppendFile] | None = None
        self._turning = threading.Lock()
        renew_after_fork(self, "_turning", threading.Lock)

    @classmethod
    def configured(cls, options: DailyChannel, hub: Hub) -> Self:
        """Build it as the configuration says."""
        return cls(
            hub.paths.resolve(options.path),
            formatter_for(options.formatter, "line", hub),
            level_number(options.level),
            days=options.days,
            timezone=hub.timezone,
            permission=options.permission,
            locking=options.locking,
        )

    def handle(self, record: Record) -> None:
        """Append *record* to the file of its day."""
        day = self._day
        if day is None or not day[0] <= record.timestamp < day[1]:
            day = self._turn(record.timestamp)
        day[2].append(self._formatter.format(record))

    def close(self) -> None:
        """Close the file; the next record opens it again."""
        if self._day is not None:
            self._day[2].close()

    def _turn(self, timestamp: float) -> tuple[float, float, AppendFile]:
        """Open the file of the day of *timestamp*, and remove what is too old."""
        with self._turning:
            day = self._day
            if day is not None and day[0] <= timestamp < day[1]:
                return day  # another thread was faster
            date = datetime.fromtimestamp(timestamp, self._zone).date()
            file = AppendFile(
                self._path.with_name(f"{self._path.stem}-{date.isoformat()}{self._path.suffix}"),
                permission=self._permission,
                locking=self._locking,
            )
            # The file of yesterday is not closed here: a thread may be writing to it. It closes
            # itself when the last of them lets go.
            self._day = day = (self._midnight(date), self._midnight(date + timedelta(days=1)), file)
            self._remove_old(file.path.name)
            return day

    def _midnight(self, day: date) -> float:
        """Return when *day* begins; a day need not have 24 hours."""
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()

    def _remove_old(self, current: str) -> None:
        if self._days == 0:
            return
        name = re.compile(
            rf"{re.escape(self._path.stem)}-\d{{4}}-\d{{2}}-\d{{2}}{re.escape(self._path.suffix)}"
        )
        with suppress(FileNotFoundError):
            there = {each.name for each in self._path.parent.iterdir() if name.fullmatch(each.name)}
            for old in sorted({*there, current})[: -self._days]:
                # Another process may have removed it already.
                if old != current:
                    self._path.with_name(old).unlink(missing_ok=True)
