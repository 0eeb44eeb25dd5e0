"""queue:doctor."""

from __future__ import annotations

from typing import ClassVar

from securely.console import Command

__all__ = ["DoctorCommand"]


class DoctorCommand(Command):
    """Looks at the stores of the queue: the part of `doctor` that is about them."""

    signature: ClassVar[str] = """queue:doctor
        {--json : Print JSON}"""
    description: ClassVar[str] = "Check the stores of the queue, and say what to do"

    def handle(self) -> int:
        """Run the checks; 1 when there is an error among the findings."""
        return self.call("doctor", {"--only": "queue,failed jobs", "--json": self.boolean("json")})
