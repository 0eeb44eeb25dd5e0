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
and what a subclass adds in :meth:`Generator.values`.
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
        self.info(f"{self.kind.capitalize()} {target.relative_to(paths.base)} created.")
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
            if not part.isidentifier() or keyword.iskeyword(_snake(part)):
                raise InvalidInput(
                    f'"{part}" in "{name}" cannot name a {self.kind}: use letters, digits and '
                    f"underscores, and no word that Python keeps for itself."
                )
        class_name = _camel(parts[-1])
        if self.suffix and not class_name.endswith(self.suffix):
            class_name += self.suffix
        return [_snake(part) for part in parts[:-1]], class_name

    def stub_text(self, paths: Paths) -> str:
        """Return the stub: the application's own one, or else the one beside this class.

        Raises:
            ConsoleError: There is none.
        """
        here = Path(str(sys.modules[type(self).__module__].__file__)).parent
        # The commands of a component are a module of it, or a folder in it.
        folders = [each / "stubs" for each in (paths.base, here, here.parent)]
        for folder in folders:
            if (folder / self.stub).is_file():
                return (folder / self.stub).read_text(encoding="utf-8")
        looked = ", ".join(map(str, folders))
        raise ConsoleError(f'The stub "{self.stub}" is missing. Looked in: {looked}.')

    def fill(self, text: str, values: dict[str, str]) -> str:
        """Replace the placeholders in *text*; one that is not known stays.

        Example:
            >>> Generator().fill("class {{ class }}: {{ other }}", {"class": "Job"})
            'class Job: {{ other }}'
        """
        return re.sub(_PLACEHOLDER, lambda found: values.get(found[1], found[0]), text)

    def write(self, target: Path, text: str, paths: Paths) -> None:
        """Write *text* to *target*, and an ``__init__.py`` into each folder that lacks one.

        Raises:
            FileExists: It is there already, and ``--force`` was not given.
        """
        force = self.has_option("force") and self.boolean("force")
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = target.parent
        while folder != paths.base:
            if not (folder / "__init__.py").exists():
                package = ".".join(folder.relative_to(paths.base).parts)
                said = f'"""The package {package}."""\n'
                (folder / "__init__.py").write_text(said, encoding="utf-8")
            folder = folder.parent
        try:
            with target.open("w" if force else "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise FileExists(str(target.relative_to(paths.base))) from None


def _snake(name: str) -> str:
    """Return ``send_invoice`` for ``SendInvoice``."""
    return "_".join(word.lower() for word in _words(name)) or name


def _camel(name: str) -> str:
    """Return ``SendInvoice`` for ``send_invoice``."""
    return "".join(word[0].upper() + word[1:] for word in _words(name))


def _words(name: str) -> list[str]:
    return re.findall(_WORDS, name)
