"""One file per month, old ones removed after N months."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from securely.log.drivers.daily import DailyHandler

__all__ = ["MonthlyHandler"]

# A month has at most so many days; from its first day on, so many later it is the next one.
_LATER = 32


class MonthlyHandler(DailyHandler):
    """Appends to a file whose name ends with the record's month: ``app-2026-11.log``."""

    pattern: ClassVar[str] = "%Y-%m"
    digits: ClassVar[str] = r"\d{4}-\d{2}"

    def bounds(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return when the month of *moment* begins and when the next one does."""
        first = moment.date().replace(day=1)
        later = date.fromordinal(first.toordinal() + _LATER)
        return self._midnight(first), self._midnight(later.replace(day=1))
