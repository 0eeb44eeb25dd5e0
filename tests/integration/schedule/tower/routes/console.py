"""What is scheduled: the set of tasks that the test has named."""

import os

import tower_tasks

from securely.facades import Artisan, Schedule

__all__: list[str] = []


@Artisan.command("tower:mark {name} {tick}")
def mark(name: str, tick: str) -> None:
    """Write a line into the journal."""
    tower_tasks.note("start", name, tick)
    tower_tasks.note("end", name, tick)


getattr(tower_tasks, os.environ["TOWER_TASKS"])(Schedule)
