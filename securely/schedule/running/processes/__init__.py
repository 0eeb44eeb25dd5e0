"""The processes that tasks run in.

background.py    Background: starts the process that runs a task while we go on
children.py      Children: the processes that tasks run in: started, heard, and ended with us
leash.py         Leash: kills what a scheduler runs when the scheduler is killed
"""

from __future__ import annotations
