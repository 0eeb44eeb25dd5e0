"""Isolatable: a command of which one run at a time is enough."""

from __future__ import annotations

from typing import ClassVar

from securely.console.input import Input
from securely.support.durations import Duration
from securely.support.listing import Option

__all__ = ["Isolatable"]


class Isolatable:
    """A mixin for commands of which a second run, started with ``--isolated``, does nothing.

    The lock is free again when the command ends, however it ends: returning, raising, by SIGTERM
    or by SIGKILL.

    Attributes:
        isolated: Whether each run is isolated, with or without the option.
        isolated_exit_code: What a run exits with that found another one; ``--isolated=12`` wins.

    Source: Laravel 13, Illuminate\\Contracts\\Console\\Isolatable.
    """

    added_options: ClassVar[tuple[Option, ...]] = (
        Option(
            "isolated",
            "Do not run the command if another instance of the command is already running",
            accepts_value=True,
        ),
    )
    isolated: ClassVar[bool] = False
    isolated_exit_code: ClassVar[int] = 0

    input: Input

    def isolatable_id(self) -> str:
        """Return what tells runs apart that may overlap, such as an argument; "" for none."""
        return ""

    def isolation_lock_expires_at(self) -> Duration:
        """Return how long a lock that ends by time is held without being renewed."""
        return "1h"

    def is_isolated(self) -> bool:
        """Return whether this run is."""
        return self.isolated or self.input.was_given("isolated")

    def isolated_code(self) -> int:
        """Return what to exit with where another run is on its way."""
        value = self.input.option("isolated")
        return self.input.integer("isolated", 0, 255) if value else self.isolated_exit_code

    def mutex_name(self) -> str:
        """Return what the lock is called: the command's name, and the isolatable id."""
        name = self.input.signature.name
        own = self.isolatable_id()
        return f"{name}-{own}" if own else name
