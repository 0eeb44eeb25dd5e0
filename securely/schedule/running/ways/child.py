"""ChildWay: an artisan command, or a command of the system, runs in a process of its own."""

from __future__ import annotations

import sys
from typing import Final

from securely.schedule.definition.actions import CommandAction, ExecAction
from securely.schedule.running.output import Sink
from securely.schedule.running.processes.children import Children, Shell

__all__ = ["ARTISAN", "ChildWay"]

# The script of every application, in the folder that children run in.
ARTISAN: Final = "artisan.py"


class ChildWay:
    """Runs processes.

    Args:
        children: Starts them.
    """

    def __init__(self, children: Children) -> None:
        self._children = children

    def run(self, action: CommandAction | ExecAction, sink: Sink, user: str | None = None) -> int:
        """Run a command to its end, and return its exit code; what it prints goes to *sink*.

        Raises:
            OSError: It cannot be started.
            InvalidTask: It cannot be run on behalf of *user*.
        """
        return self._children.run(Shell(_command_of(action), user), sink)


def _command_of(action: CommandAction | ExecAction) -> list[str] | str:
    if isinstance(action, CommandAction):
        return [sys.executable, ARTISAN, action.name, *action.args]
    command = action.command
    return command if isinstance(command, str) else list(command)
