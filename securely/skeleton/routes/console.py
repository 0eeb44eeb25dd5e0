"""Commands that are a function each, and what is scheduled.

A task is a line here: ``Schedule.command("inspire").weekdays().at("8:00")``, with ``Schedule`` of
``securely.facades``; `schedule:work` runs it, and `schedule:list` shows when.
"""

from securely.console import Command
from securely.facades import Artisan

__all__: list[str] = []


@Artisan.command("inspire")
def inspire(command: Command) -> None:
    """Show a good thought."""
    command.line("Make it work, make it right, make it fast.")
