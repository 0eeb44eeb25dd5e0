"""How the action of a task is executed: one module per way.

call.py     CallWay: a function of the application, in this process
child.py    ChildWay: an artisan command, or a command of the system, in a process of its own
event.py    EventWay: an event is dispatched
job.py      JobWay: a job is accepted by its queue, once per tick
"""

from __future__ import annotations
