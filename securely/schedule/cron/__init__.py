"""When tasks are due: cron expressions by the clocks of a time zone, and plain intervals.

cron.py          Cron: an expression and a time zone, as ticks
days.py          Days: which days of a month two fields of an expression mean
fields.py        Fields: the text of a cron expression, read into masks of bits
interval.py      Interval: ticks at the multiples of a number of seconds
offsets.py       Offsets: a time zone as pieces of time between which its clocks are changed
timetable.py     Timetable: which of many are due in a minute
timing.py        Timing: when a task is due
wording.py       Wording: an expression told in words
"""

from __future__ import annotations

from securely.schedule.cron.cron import Cron
from securely.schedule.cron.interval import Interval
from securely.schedule.cron.timetable import Timetable
from securely.schedule.cron.timing import Timing

__all__ = ["Cron", "Interval", "Timetable", "Timing"]
