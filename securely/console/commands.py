"""list, help, completion; make:command, make:class, make:enum, make:exception, make:test …"""

from __future__ import annotations

from typing import Final

from securely.console.artisan import Artisan
from securely.console.artisan.markdown import help_markdown, list_markdown
from securely.console.command import Command
from securely.console.generator import Generator
from securely.console.output import Verbosity
from securely.console.output.style import escape
from securely.console.signature import parse
from securely.support import completion, listing
from securely.support.paths import Paths

__all__ = [
    "CompletionCommand",
    "HelpCommand",
    "ListCommand",
    "MakeClassCommand",
    "MakeCommandCommand",
    "MakeEnumCommand",
    "MakeExceptionCommand",
    "MakeInterfaceCommand",
    "MakeTestCommand",
]

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
            width = self.output.wrapping_width
            text = listing.list_text(artisan.title, entries, within, colour=colour, width=width)
            self.output.write(text, raw=True)
        self.output.flush()  # so that what follows stands below, where both go to one place
        for warning in [*artisan.warnings, *artisan.unread()]:
            self.warn(escape(warning))
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
            colour, width = self.output.is_decorated, self.output.wrapping_width
            text = listing.help_text(entry, colour=colour, width=width)
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
        {--command= : What it is called on the command line, such as reports:send}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make a console command"
    kind = "command"
    folder = "app/console/commands"
    stub = "command.stub"

    def values(self) -> dict[str, str]:
        """Return what the command is called: what was asked for, or the name behind `app:`."""
        if self.option("command") is not None:
            return {"command": parse(self.string("command")).name}
        _, class_name = self.module_of(self.string("name"))
        return {"command": f"app:{self.words(class_name, '-')}"}


class MakeClassCommand(Generator):
    """Makes a class."""

    signature = """make:class
        {name : Its name, such as Basket or shop/Basket}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make a class"
    stub = "class.stub"


class MakeEnumCommand(Generator):
    """Makes an enumeration."""

    signature = """make:enum
        {name : Its name, such as Size}
        {--s|string : Its members are texts}
        {--i|int : Its members are integers}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make an enumeration"
    kind = "enum"
    folder = "app/enums"
    stub = "enum.stub"

    def values(self) -> dict[str, str]:
        """Return the base class, and the value of the first member."""
        if self.boolean("int"):
            return {"base": "IntEnum", "value": "1"}
        base = "StrEnum" if self.boolean("string") else "Enum"
        return {"base": base, "value": '"first"'}


class MakeInterfaceCommand(Generator):
    """Makes a protocol: what others have to offer."""

    signature = """make:interface
        {name : Its name, such as Gateway}
        {--force : Write over a file that is there}"""
    description = "Make a protocol"
    kind = "interface"
    folder = "app/contracts"
    stub = "interface.stub"


class MakeExceptionCommand(Generator):
    """Makes an exception."""

    signature = """make:exception
        {name : Its name, such as CardRefused}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make an exception"
    kind = "exception"
    folder = "app/exceptions"
    stub = "exception.stub"


class MakeTestCommand(Generator):
    """Makes a test."""

    signature = """make:test
        {name : What is tested, such as Basket or shop/Basket}
        {--unit : A test without an application}
        {--force : Write over a file that is there}"""
    description = "Make a test"
    kind = "test"

    def handle(self, paths: Paths) -> int:
        """Write the file and say where it is."""
        unit = self.boolean("unit")
        folders, class_name = self.names(self.string("name"))
        name = self.words(class_name, "_").removeprefix("test_").removesuffix("_test")
        folder = paths.base.joinpath("tests", "unit" if unit else "feature", *folders)
        text = self.stub_text(paths, "test.unit.stub" if unit else "test.stub")
        target = folder / f"test_{name}.py"
        self.write(target, self.fill(text, {"name": name, "class": class_name}), paths, init=False)
        self.info(f"Test {target.relative_to(paths.base).as_posix()} created.")
        return self.SUCCESS
