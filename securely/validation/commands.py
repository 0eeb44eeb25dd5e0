"""make:rule."""

from __future__ import annotations

from securely.console import Generator

__all__ = ["MakeRuleCommand"]


class MakeRuleCommand(Generator):
    """Makes a rule."""

    signature = """make:rule
        {name : Its name, such as Uppercase}
        {--i|implicit : Ask it of absent and blank values, too}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make a validation rule"
    kind = "rule"
    folder = "app/rules"
    stub = "rule.stub"

    def values(self) -> dict[str, str]:
        """Return what makes the rule an implicit one, or nothing."""
        return {"implicit": _IMPLICIT if self.boolean("implicit") else ""}


_IMPLICIT = """
    implicit = True
"""
