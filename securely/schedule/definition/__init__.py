"""How tasks are defined: what they do, when, whether, and how.

actions.py        What a task does: one class per kind
conduct.py        Conduct: whether and how a task runs: when, skip, without_overlapping, hooks …
frequencies.py    Frequencies: when a task is due: every_minute, daily_at, weekdays, cron, every …
given.py          What methods are given: texts, durations, URLs; read, or refused
kinds.py          Kinds: command, call, job, exec, event
lines.py          Command lines: what commands and programs are started with, as lists of words
manners.py        Manners: when and how a task runs; what tasks take over from their group
pending.py        Pending: when and how tasks run that are yet to be named
values.py         What frequencies are given: values of a field, periods, zones; or refused
windows.py        Window: a time of the day, over midnight too, within which a task runs, or not
"""

from __future__ import annotations
