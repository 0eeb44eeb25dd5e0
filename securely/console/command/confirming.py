"""ConfirmToProceed: a command that asks before it runs in production, unless --force is given."""

from __future__ import annotations

from typing import ClassVar

from securely.console.contracts import Runner
from securely.console.input import Input
from securely.console.output import Output
from securely.console.prompts import Prompts
from securely.support.listing import Option

__all__ = ["ConfirmToProceed"]


class ConfirmToProceed:
    """A mixin for commands that destroy: `if not self.confirm_to_proceed(): return self.FAILURE`.

    It adds the option ``--force`` where the signature has none.

    Source: Laravel 13, Illuminate\\Console\\ConfirmableTrait.
    """

    added_options: ClassVar[tuple[Option, ...]] = (
        Option("force", "Force the operation to run when in production"),
    )

    input: Input
    output: Output
    prompts: Prompts
    artisan: Runner

    def confirm_to_proceed(
        self, warning: str = "Application in production.", when: bool | None = None
    ) -> bool:
        """Return whether to go on: yes outside of production, with --force, or when asked.

        Where nobody is there to be asked, the answer is no.

        Args:
            warning: What is shown before the question.
            when: Whether to ask; in production unless given.
        """
        ask = self.artisan.is_production if when is None else when
        if not ask or self.input.boolean("force"):
            return True
        self.output.alert(warning)
        if self.prompts.confirm("Are you sure you want to run this command?", default=False):
            return True
        self.output.warn("Command cancelled.")
        return False
