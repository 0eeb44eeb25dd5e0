"""The console where there is no application: it makes one."""

from __future__ import annotations

from securely import __version__
from securely.console import Artisan
from securely.console.commands import HelpCommand, ListCommand
from securely.container import Container
from securely.foundation.commands.new import NewCommand

__all__ = ["run"]


def run(argv: list[str]) -> int:
    """Run a command line with `new`, `list` and `help` only, and return its exit code."""
    container = Container()
    artisan = Artisan(container, version=__version__)
    container.instance(Artisan, artisan)
    for command in (NewCommand, ListCommand, HelpCommand):
        artisan.add(command)
    with container.active():
        return artisan.run(argv)
