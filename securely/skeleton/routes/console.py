"""Commands that are a function each."""

from securely.console import Command
from securely.facades import Artisan

__all__: list[str] = []


@Artisan.command("inspire")
def inspire(command: Command) -> None:
    """Show a good thought."""
    command.line("Make it work, make it right, make it fast.")
