"""The package as its source says: modules, components, docstrings, public names. Nothing is run.

The other tools and the tests in ``tests/architecture`` read the package through this module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

__all__ = ["COMPONENTS_NOT", "PACKAGE", "ROOT", "Module", "components", "drivers", "modules"]

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "securely"

# Packages with rules of their own: a shelf, a composition, tools for tests, and data.
COMPONENTS_NOT: Final = frozenset({"support", "strings", "foundation", "testing", "skeleton"})


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    path: Path

    @property
    def relative(self) -> str:
        """The path from the root of the repository, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        """The dotted name it is imported by."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def component(self) -> str:
        """The package or module directly under ``securely`` it belongs to; empty for the root."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""

    @property
    def is_package(self) -> bool:
        """Whether it is an ``__init__.py``."""
        return self.path.name == "__init__.py"

    @cached_property
    def text(self) -> str:
        """The source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def docstring(self) -> str:
        """The module's docstring, or an empty string."""
        return ast.get_docstring(self.tree) or ""

    @property
    def purpose(self) -> str:
        """The first line of the docstring: this file's line in the tree."""
        return self.docstring.partition("\n")[0].strip().removesuffix(".")

    @cached_property
    def exports(self) -> list[str] | None:
        """What ``__all__`` lists, or None when there is none."""
        for node in self.tree.body:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List() as value)
                    | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.List() as value)
                ):
                    return [str(ast.literal_eval(element)) for element in value.elts]
                case _:
                    pass
        return None

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All functions and methods, nested ones included."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def classes(self) -> Iterator[ast.ClassDef]:
        """All classes of the top level."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef):
                yield node

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of everything it imports, wherever the statement stands."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        yield node.lineno, alias.name
                case ast.ImportFrom(module=str(module), level=0):
                    yield node.lineno, module
                case _:
                    pass


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the package, in the order of its path; skeleton and lines are data."""
    data = {PACKAGE / "skeleton", PACKAGE / "translation" / "lang"}
    return tuple(
        Module(path) for path in sorted(PACKAGE.rglob("*.py")) if data.isdisjoint(path.parents)
    )


def components() -> tuple[str, ...]:
    """Return the names of the packages that must have the anatomy of a component."""
    found = {
        module.component
        for module in modules()
        if module.path.parent != PACKAGE and module.component
    }
    return tuple(sorted(found - COMPONENTS_NOT))


def drivers(component: str) -> dict[str, Path]:
    """Return the driver files of *component* by name.

    A file that is called after a driver, such as ``sqlite_schema.py``, is a part of that driver.
    """
    files = {path.stem: path for path in (PACKAGE / component / "drivers").glob("*.py")}
    names = set(files) - {"__init__", "base"}
    return {
        name: files[name]
        for name in sorted(names)
        if not any(name.startswith(f"{other}_") for other in names)
    }
