"""container:check, config:check: is everything in order before it is needed."""

from __future__ import annotations

from securely.config import Config
from securely.console import Command
from securely.foundation.application import Application
from securely.foundation.bootstrap import problems_of
from securely.foundation.catalog import SERVICES

__all__ = ["ConfigCheckCommand", "ContainerCheckCommand"]


class ContainerCheckCommand(Command):
    """Proves that every service can be built, without building any, and shows all problems."""

    signature = "container:check"
    description = "Prove that every binding can be built, without building any"

    def handle(self, app: Application) -> int:
        """Load every provider, then check the whole graph."""
        for name in SERVICES:
            app.bound(name)
        problems = app.check()
        for problem in problems:
            self.error(str(problem))
        if problems:
            return self.FAILURE
        self.info(f"All {len(app.bindings())} bindings can be built.")
        return self.SUCCESS


class ConfigCheckCommand(Command):
    """Validates the whole configuration, and shows all problems."""

    signature = "config:check"
    description = "Validate the whole configuration"

    def handle(self, config: Config) -> int:
        """Let every component parse its section."""
        problems = problems_of(config)
        for problem in problems:
            self.error(problem)
        if problems:
            return self.FAILURE
        self.info("The configuration is valid.")
        return self.SUCCESS
