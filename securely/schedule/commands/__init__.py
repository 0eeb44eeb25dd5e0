"""The commands of the schedule.

base.py       OfSchedule: what they share: which tasks, and the lines about them
control.py    schedule:pause, schedule:resume, schedule:interrupt, schedule:clear-cache
finish.py     schedule:finish
history.py    schedule:history
list.py       schedule:list
run.py        schedule:run
sheet.py      Sheet: the tables of tasks and runs, however narrow the terminal is
test.py       schedule:test, schedule:trigger
work.py       schedule:work
"""

from __future__ import annotations
