"""env, env:check: where the application runs, where variables come from, which are missing."""

from __future__ import annotations

from securely.config import Environment
from securely.config.exceptions import EnvironmentFileBroken
from securely.config.files.places import Places
from securely.config.files.variables import compare
from securely.console import Command
from securely.console.output.style import escape
from securely.foundation.application import Application
from securely.foundation.configuration import files_of
from securely.support.masking import HIDDEN, looks_secret, mask_urls

__all__ = ["EnvironmentCheckCommand", "EnvironmentCommand"]


class EnvironmentCommand(Command):
    """Shows where the application runs, or where one variable comes from."""

    signature = """env
        {--why= : Show where this variable is set and what it is, secrets masked}"""
    description = "Show the environment the application runs in"

    def handle(self, app: Application, environment: Environment) -> int:
        """Show the environment, or one variable."""
        name = self.option("why")
        if name:
            self._explain(str(name), app, environment)
            return self.SUCCESS
        self.info(f"The application runs in the environment [{app.env}].")
        return self.SUCCESS

    def _explain(self, name: str, app: Application, environment: Environment) -> None:
        origin = environment.why(name)
        reads = Places(files_of(app)).reads(name)
        is_set = environment.has(name)
        self.line(escape(f"{name}={origin.shown}" if is_set else name))
        self.line(escape(f"  from {origin.source}"))
        for place in origin.shadows:
            self.line(escape(f"  shadows {place}"))
        for read in reads:
            default = ""
            if read.default is not None:
                shown = HIDDEN if looks_secret(name) else mask_urls(read.default)
                default = f", default {shown}"
            self.line(escape(f"  read in {read.path}:{read.line}{default}"))


class EnvironmentCheckCommand(Command):
    """Compares the variables that are set with `.env.example` and with what `config/` reads."""

    signature = """env:check
        {--example=.env.example : The file that names what is to be set}"""
    description = "Compare the variables that are set with those that are wanted"

    def handle(self, app: Application, environment: Environment) -> int:
        """Name what is missing, which is a failure, and what nobody reads, which is none."""
        example = app.paths.base / self.string("example")
        reads = Places(files_of(app)).reads()
        try:
            found = compare(environment, example, reads)
        except EnvironmentFileBroken as error:
            self.fail(str(error))
        for name, places in found.missing.items():
            self.error(f"{name} is not set, and has no default: {', '.join(places)}.")
        for name in found.unset:
            self.warn(f"{name} is in {example.name}, and is not set.")
        for name in found.unlisted:
            self.warn(f"{name} is set in the .env file, and is not in {example.name}.")
        for name in found.unread:
            self.warn(f"{name} is set in the .env file, and no file of the configuration reads it.")
        if found.missing:
            return self.FAILURE
        if not (found.unset or found.unlisted or found.unread):
            self.info("The variables are in order.")
        return self.SUCCESS
