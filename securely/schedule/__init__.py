"""Tasks that run at their times: once per tick, on every machine and in every time zone.

commands/        schedule:work, schedule:run, schedule:list, schedule:history …
contracts.py     Ledger: what is known of runs: which tick was started, by whom, what came of it
cron/            when something is due: cron expressions and intervals, decided from bits
definition/      how tasks are defined: what they do, when, whether, and how
drivers/         where runs are kept: in memory, in a SQLite file, on a Redis server
events.py        ScheduledTaskStarting, ScheduledTaskFinished, ScheduledTaskSkipped …
exceptions.py    What can go wrong with scheduled tasks
manager.py       ledger_for: which ledger keeps the runs
options.py       ScheduleOptions: where runs are kept, and for how long; whose clock counts
provider.py      Binds the schedule and the ledger of its runs, and names the commands
running/         how a task runs: whether it may, what it does, and what is done around it
schedule.py      Schedule: what runs when: tasks are defined here, and found
task.py          Task: one entry of the schedule: what it does, when, and how
ticking/         what looks at the clock
"""

from __future__ import annotations

from securely.schedule.contracts import Ending, Holder, Ledger, OutputMailer, Pinger, Run, State
from securely.schedule.definition.frequencies import Day
from securely.schedule.events import (
    ScheduledBackgroundTaskFinished,
    ScheduledTaskFailed,
    ScheduledTaskFinished,
    ScheduledTaskSkipped,
    ScheduledTaskStarting,
    SchedulePaused,
    ScheduleResumed,
)
from securely.schedule.exceptions import (
    InvalidExpression,
    InvalidTask,
    LedgerUnavailable,
    PingFailed,
    ScheduleError,
    TaskFailed,
    TaskLost,
    UnknownTask,
)
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task

__all__ = [
    "Day",
    "Ending",
    "Holder",
    "InvalidExpression",
    "InvalidTask",
    "Ledger",
    "LedgerUnavailable",
    "OutputMailer",
    "PingFailed",
    "Pinger",
    "Run",
    "Schedule",
    "ScheduleError",
    "SchedulePaused",
    "ScheduleResumed",
    "ScheduledBackgroundTaskFinished",
    "ScheduledTaskFailed",
    "ScheduledTaskFinished",
    "ScheduledTaskSkipped",
    "ScheduledTaskStarting",
    "State",
    "Task",
    "TaskFailed",
    "TaskLost",
    "UnknownTask",
]
