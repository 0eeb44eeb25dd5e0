"""config:check: is the configuration in order before it is needed."""

from __future__ import annotations

from securely.config import Config
from securely.console import Command
from securely.foundation.application import Application
from securely.foundation.bootstrap import problems_of

__all__ = ["ConfigCheckCommand"]


class ConfigCheckCommand(Command):
    """Validates the whole configuration, and shows all problems."""

    signature = "config:check"
    description = "Validate the whole configuration"

    def handle(self, config: Config, app: Application) -> int:
        """Let each component, and each provider of a package or the application, check its own."""
        app.providers.load_deferred()
        problems = problems_of(config, app.providers.loaded)
        for problem in problems:
            self.error(problem)
        if problems:
            return self.FAILURE
        self.info("The configuration is valid.")
        return self.SUCCESS
