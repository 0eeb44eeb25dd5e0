"""Base of the make:… commands: stub in, file out, never over a file that is there.

A subclass names what it makes and the stub it is made from:

    class MakeJob(Generator):
        signature = "make:job {name : Its name, billing/SendInvoice} {--force : Write over a file}"
        kind = "job"
        folder = "app/jobs"
        stub = "job.stub"

Stubs lie in the folder ``stubs`` of the component that the subclass belongs to, or, first, in the
application's own ``stubs``. ``{{ class }}`` (SendInvoice), ``{{ name }}`` (send_invoice),
``{{ dashed }}`` (send-invoice) and ``{{ module }}`` (app.jobs.send_invoice) in them are replaced,
and what a subclass adds in :meth:`Generator.values`. With ``{--test}`` in the signature, a test of
what is made is written too, when it is asked for.
"""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from typing import ClassVar

from securely.console.command import Command
from securely.console.exceptions import ConsoleError, FileExists, InvalidInput
from securely.support.paths import Paths

__all__ = ["Generator"]

# Compiled when first used: every command pays for what its component compiles on import.
_WORDS = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+"
_CONSOLE = Path(__file__).parent
_PLACEHOLDER = r"\{\{\s*(\w+)\s*\}\}"


class Generator(Command):
    """Makes one module of an application from a stub.

    Attributes:
        kind: What is made, for messages.
        folder: Where it goes, below the application's base.
        stub: The stub's file name.
        suffix: What the class's name ends in, added where it is missing; "" for nothing.
    """

    kind: ClassVar[str] = "class"
    folder: ClassVar[str] = "app"
    stub: ClassVar[str] = ""
    suffix: ClassVar[str] = ""

    def handle(self, paths: Paths) -> int:
        """Write the file and say where it is."""
        module, class_name = self.module_of(self.string("name"))
        target = paths.base.joinpath(*module.split(".")).with_suffix(".py")
        name = module.rpartition(".")[2]
        known = {
            "class": class_name,
            "dashed": name.replace("_", "-"),
            "module": module,
            "name": name,
        }
        self.write(target, self.fill(self.stub_text(paths), {**known, **self.values()}), paths)
        self.info(f"{self.kind.capitalize()} {target.relative_to(paths.base).as_posix()} created.")
        if self.has_option("test") and self.boolean("test"):
            self.write_test(known, paths)
        self.made(module, class_name, paths)
        return self.SUCCESS

    def values(self) -> dict[str, str]:
        """Return what else the stub's placeholders stand for; nothing, unless overridden."""
        return {}

    def made(self, module: str, class_name: str, paths: Paths) -> None:
        """Do what is to be done once the file is there; nothing, unless overridden."""

    def module_of(self, name: str) -> tuple[str, str]:
        """Return the dotted module and the class that *name* means.

        Raises:
            InvalidInput: A part is no Python name.

        Example:
            >>> Generator().module_of("billing/SendInvoice")
            ('app.billing.send_invoice', 'SendInvoice')
        """
        folders, class_name = self.names(name)
        return ".".join([*self.folder.split("/"), *folders, _snake(class_name)]), class_name

    def names(self, name: str) -> tuple[list[str], str]:
        """Return the folders and the class that ``billing/SendInvoice`` or ``billing.x`` means.

        Raises:
            InvalidInput: A part is no Python name.
        """
        parts = re.split(r"[/\\.]", name.removesuffix(".py"))
        for part in parts:
            words = (part, _snake(part), _camel(part))
            kept = next(filter(keyword.iskeyword, words), None)
            if kept is not None or not part.isidentifier():
                reason = (
                    "use letters, digits and underscores"
                    if kept is None
                    else f'Python keeps the word "{kept}" for itself, so no module or class can be '
                    "called so. Add another word to it"
                )
                raise InvalidInput(f'"{part}" in "{name}" cannot name a {self.kind}: {reason}.')
        class_name = _camel(parts[-1])
        if self.suffix and not class_name.endswith(self.suffix):
            class_name += self.suffix
        return [_snake(part) for part in parts[:-1]], class_name

    def stub_text(self, paths: Paths, stub: str = "") -> str:
        """Return the stub: the application's own one, or else the one beside this class.

        Args:
            paths: Of the application.
            stub: Its file name; the generator's own unless given.

        Raises:
            ConsoleError: There is none.
        """
        stub = stub or self.stub
        here = Path(str(sys.modules[type(self).__module__].__file__)).parent
        # The commands of a component are a module of it, or a folder in it.
        folders = [each / "stubs" for each in (paths.base, here, here.parent, _CONSOLE)]
        for folder in folders:
            if (folder / stub).is_file():
                return (folder / stub).read_text(encoding="utf-8")
        looked = ", ".join(map(str, folders))
        raise ConsoleError(f'The stub "{stub}" is missing. Looked in: {looked}.')

    def fill(self, text: str, values: dict[str, str]) -> str:
        """Replace the placeholders in *text*; one that is not known stays.

        Example:
            >>> Generator().fill("class {{ class }}: {{ other }}", {"class": "Job"})
            'class Job: {{ other }}'
        """
        return re.sub(_PLACEHOLDER, lambda found: values.get(found[1], found[0]), text)

    def write_test(self, known: dict[str, str], paths: Paths) -> None:
        """Write a test of what was made; one that is there already is kept, even with --force."""
        folders = known["module"].split(".")[1:-1]
        target = paths.base.joinpath("tests", "feature", *folders, f"test_{known['name']}.py")
        shown = target.relative_to(paths.base).as_posix()
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(self.fill(self.stub_text(paths, "test.made.stub"), known))
        except FileExistsError:
            self.warn(f"Test {shown} exists already and was kept.")
        else:
            self.info(f"Test {shown} created.")

    def words(self, name: str, joint: str) -> str:
        """Return the words of a name in lower case, joined.

        Example:
            >>> Generator().words("SendHTMLInvoice", "-")
            'send-html-invoice'
        """
        return _snake(name).replace("_", joint)

    def view_of(self, option: str, folder: str) -> str:
        """Return the dotted name of the view that *option* asks for; empty if it was not given.

        Args:
            option: The option's name.
            folder: Where the view goes if the option was given without a value: it is called as
                what is made then.
        """
        named = str(self.option(option) or "").replace("/", ".").strip(".")
        if named or not self.input.was_given(option):
            return named
        folders, class_name = self.names(self.string("name"))
        words = (self.words(each, "-") for each in (*folders, class_name))
        return ".".join([folder, *words])

    def write(self, target: Path, text: str, paths: Paths, *, init: bool = True) -> None:
        """Write *text* to *target*.

        Args:
            target: A file below the application's base.
            text: What it shall hold.
            paths: Of the application.
            init: Whether each folder that lacks one gets an ``__init__.py``.

        Raises:
            FileExists: It is there already, and ``--force`` was not given.
        """
        force = self.has_option("force") and self.boolean("force")
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = target.parent
        while init and folder != paths.base:
            if not (folder / "__init__.py").exists():
                package = ".".join(folder.relative_to(paths.base).parts)
                said = f'"""The package {package}."""\n'
                (folder / "__init__.py").write_text(said, encoding="utf-8")
            folder = folder.parent
        try:
            with target.open("w" if force else "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise FileExists(target.relative_to(paths.base).as_posix()) from None


def _snake(name: str) -> str:
    """Return ``send_invoice`` for ``SendInvoice``."""
    return "_".join(word.lower() for word in _words(name)) or name


def _camel(name: str) -> str:
    """Return ``SendInvoice`` for ``send_invoice``."""
    return "".join(word[0].upper() + word[1:] for word in _words(name))


def _words(name: str) -> list[str]:
    return re.findall(_WORDS, name)
