"""One file per day, old ones removed after N days."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from securely.log.contracts import Formatter
from securely.log.drivers.base import AppendFile, Written, formatter_for
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import DailyChannel, DatedChannel
from securely.log.record import Record
from securely.support.forking import renew_after_fork

__all__ = ["DailyHandler"]


def _quiet(reason: str) -> None:
    """Tell nobody."""


class DailyHandler(Written):
    """Appends to a file whose name ends with the record's date: ``app-2026-11-26.log``.

    When a day begins, files of the same name and older dates are removed, but for the newest;
    nothing else in the folder is touched. A record's file follows from its own date alone and
    nothing is renamed, so any number of processes may turn the day at once.

    Args:
        path: The file without the date.
        formatter: Makes the text.
        options: The channel's other settings.
        timezone: Whose midnight it is.
        report: Is told of old files that cannot be removed.

    Attributes:
        pattern: What stands for the date in names of files.
        digits: The form of such a date.
    """

    pattern: ClassVar[str] = "%Y-%m-%d"
    digits: ClassVar[str] = r"\d{4}-\d{2}-\d{2}"

    def __init__(
        self,
        path: Path,
        formatter: Formatter,
        options: DatedChannel | None = None,
        *,
        timezone: str = "UTC",
        report: Callable[[str], object] = _quiet,
    ) -> None:
        options = options or DailyChannel.parse({"driver": "daily"}, "log.channels.daily")
        self.level: int = level_number(options.level)
        self.formatter = formatter
        self._options = options
        self._path = path
        self._zone = ZoneInfo(timezone)
        self._report = report
        # First and last second of the period whose file is open, and the file.
        self._period: tuple[float, float, AppendFile] | None = None
        self._turning = threading.Lock()
        renew_after_fork(self, "_turning", threading.Lock)

    @classmethod
    def configured(cls, options: DatedChannel, hub: Hub) -> Self:
        """Build it as the configuration says."""
        return cls(
            hub.paths.resolve(options.path),
            formatter_for(options.formatter, "line", hub, options.formatter_with),
            options,
            timezone=hub.timezone,
            report=hub.emergency.report,
        )

    def handle(self, record: Record) -> None:
        """Append *record* to the file of its date."""
        period = self._period
        timestamp = record.timestamp
        if period is None or not period[0] <= timestamp < period[1]:
            period = self._turn(timestamp)
        period[2].append(self.encoded(record), timestamp)

    def close(self) -> None:
        """Close the file; the next record opens it again."""
        if self._period is not None:
            self._period[2].close()

    def bounds(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return when the period of *moment* begins and when the next one does."""
        day = moment.date()
        return self._midnight(day), self._midnight(day + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        """Return when *day* begins; a day need not have 24 hours."""
        return datetime(day.year, day.month, day.day, tzinfo=self._zone)

    def _turn(self, timestamp: float) -> tuple[float, float, AppendFile]:
        """Open the file of the date of *timestamp*, and remove what is too old."""
        with self._turning:
            period = self._period
            if period is not None and period[0] <= timestamp < period[1]:
                return period  # another thread was faster
            moment = datetime.fromtimestamp(timestamp, self._zone)
            begin, end = self.bounds(moment)
            file = AppendFile(
                self._path.with_name(self._name(begin.strftime(self.pattern))),
                permission=self._options.permission,
                locking=self._options.locking,
            )
            # The file of yesterday is not closed here: a thread may be writing to it. It closes
            # itself when the last of them lets go.
            newest = period is None or timestamp >= period[1]
            self._period = period = (begin.timestamp(), end.timestamp(), file)
            self._remove_old(file.path.name)
            if newest:
                self._point_to(file.path.name)
            return period

    def _name(self, date: str) -> str:
        """Return the name of the file of *date*."""
        return f"{self._named(self._options.file_name, date)}{self._path.suffix}"

    def _named(self, form: str, date: str) -> str:
        return form.replace("{name}", self._path.stem).replace("{date}", date)

    def _remove_old(self, current: str) -> None:
        kept = self._options.kept
        if kept == 0:
            return
        marked = self._named(self._options.file_name.replace("{date}", "\0"), "")
        before, _, after = marked.partition("\0")
        name = re.compile(f"{re.escape(before)}{self.digits}{re.escape(after + self._path.suffix)}")
        folder = self._path.parent
        there: set[str] = set()
        try:
            there = {each.name for each in folder.iterdir() if name.fullmatch(each.name)}
        except FileNotFoundError:
            return
        except OSError as error:  # a folder that may be written to need not be one to be read
            self._report(f"Old log files in {folder} cannot be removed: {error!r}")
        for old in sorted({*there, current})[:-kept]:
            if old != current:
                self._remove(folder / old)

    def _remove(self, old: Path) -> None:
        try:
            # Another process may have removed it already.
            old.unlink(missing_ok=True)
        except OSError as error:  # somebody else's; what is logged today is written all the same
            self._report(f"The old log file {old} cannot be removed: {error!r}")

    def _point_to(self, name: str) -> None:
        """Let the link with the constant name lead to the file that is written now."""
        if self._options.current is None:
            return
        link = self._path.with_name(self._named(self._options.current, "current"))
        if link.exists() and not link.is_symlink():
            return  # somebody's file: it is not ours to replace
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made under another name and moved into place, so that it is there at every moment, and
        # that processes which turn the day at once do not stumble over each other.
        made = link.with_name(f".{link.name}.{os.getpid()}.{threading.get_ident()}")
        with suppress(OSError):  # a file system without links has the dated files all the same
            made.unlink(missing_ok=True)
            made.symlink_to(name)
            made.replace(link)
