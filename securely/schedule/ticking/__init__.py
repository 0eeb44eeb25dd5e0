"""What looks at the clock: which ticks are due, and in which thread each of them runs.

clockwork.py    Clockwork: which ticks are due since the last look, and which were missed
duty.py         Duty: this process as one of those who run tasks: its ledger, its runner
lanes.py        Lanes: the threads that tasks run in: those of a minute in order, others at once
loop.py         Loop: looks at the clock, and hands what is due to the lanes
"""

from __future__ import annotations
