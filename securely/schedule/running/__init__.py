"""How a scheduled task runs: whether it may, what it does, and what is done around it.

capture.py       capturing: what code of this process prints goes to a sink
conditions.py    Conditions: whether a task that is due runs, and if not, why not
hooks.py         Hooks: what is done before and after a task
life.py          Life: a run from its grant to its ending
output.py        Sink: where the output of a run goes
pings.py         UrlPinger: asks for a URL, to tell a monitor that a task has run
processes/       the processes that tasks run in
runner.py        Runner: runs ticks, each once
ways/            how an action is executed: one module per way
"""

from __future__ import annotations
