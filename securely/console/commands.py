"""list, help, completion."""

from __future__ import annotations

from typing import Final

from securely.console.artisan import Artisan
from securely.console.artisan.markdown import help_markdown, list_markdown
from securely.console.command import Command
from securely.console.generator import Generator
from securely.console.output import Verbosity
from securely.support import completion, listing

__all__ = ["CompletionCommand", "HelpCommand", "ListCommand", "MakeCommandCommand"]

_FORMATS: Final = ("txt", "json", "md")


class ListCommand(Command):
    """Shows all commands; the start answers it from the manifest where it can."""

    signature = """list
        {namespace? : Show the commands of this namespace only}
        {--raw : Names and descriptions only, for other programs}
        {--format=txt : How to print: txt, json or md}
        {--json : The same as --format=json}
        {--short : Leave arguments and options out of json and md}"""
    description = "List commands"

    def handle(self, artisan: Artisan) -> int:
        """Print what is known."""
        entries = artisan.entries()
        within = self.string("namespace") if self.argument("namespace") is not None else ""
        known = {listing.namespace(entry.name) for entry in entries} - {""}
        if within and within not in known and not artisan.has(within):
            spaces = ", ".join(sorted(known))
            self.fail(f'There are no commands in the "{within}" namespace. Namespaces: {spaces}.')
        chosen = "json" if self.boolean("json") else self.choice("format", _FORMATS)
        short = self.boolean("short")
        if chosen == "json":
            text = listing.list_json(artisan.name, artisan.version, entries, within, short=short)
            self.output.write(text + "\n", raw=True)
        elif chosen == "md":
            text = list_markdown(artisan.title, entries, within, short=short)
            self.output.write(text, raw=True)
        elif self.boolean("raw"):
            self.output.write(listing.list_raw(entries, within), raw=True)
        else:
            colour = self.output.is_decorated
            text = listing.list_text(artisan.title, entries, within, colour=colour)
            self.output.write(text, raw=True)
        for warning in artisan.warnings:
            self.warn(warning)
        return self.SUCCESS


class HelpCommand(Command):
    """Shows one command; `x --help` comes here too."""

    signature = """help
        {command_name=help : The command}
        {--format=txt : How to print: txt, json or md}"""
    description = "Display help for a command"

    def handle(self, artisan: Artisan) -> int:
        """Print usage, arguments and options of the command."""
        entry = artisan.find(self.string("command_name")).entry()
        chosen = self.choice("format", _FORMATS)
        if chosen == "json":
            text = listing.list_json(artisan.name, artisan.version, [entry])
            self.output.write(text + "\n", raw=True)
        elif chosen == "md":
            self.output.write(help_markdown(entry), raw=True)
        else:
            text = listing.help_text(entry, colour=self.output.is_decorated)
            self.output.write(text, raw=True)
        return self.SUCCESS


class CompletionCommand(Command):
    """Prints what a shell loads to complete names and options."""

    signature = "completion {shell=bash : bash, zsh or fish}"
    description = "Dump the shell completion script"

    def handle(self) -> int:
        """Print the script."""
        shell = self.choice("shell", tuple(completion.SHELLS))
        self.output.write(completion.script(shell) or "", Verbosity.NORMAL, raw=True)
        return self.SUCCESS


class MakeCommandCommand(Generator):
    """Makes a console command."""

    signature = """make:command
        {name : Its name, such as SendReports or billing/SendReports}
        {--force : Write over a file that is there}"""
    description = "Make a console command"
    kind = "command"
    folder = "app/console/commands"
    stub = "command.stub"
