"""One file per hour, old ones removed after N hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from securely.log.drivers.daily import DailyHandler

__all__ = ["HourlyHandler"]


class HourlyHandler(DailyHandler):
    """Appends to a file whose name ends with the record's hour: ``app-2026-11-26-14.log``.

    In the hour that comes twice in autumn, both go to one file.
    """

    pattern: ClassVar[str] = "%Y-%m-%d-%H"
    digits: ClassVar[str] = r"\d{4}-\d{2}-\d{2}-\d{2}"

    def bounds(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return when the hour of *moment* begins and when the next one does."""
        begin = moment.replace(minute=0, second=0, microsecond=0)
        return begin, (begin.astimezone(UTC) + timedelta(hours=1)).astimezone(moment.tzinfo)
