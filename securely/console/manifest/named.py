"""Commands that something names: providers of packages and of the application, and with_commands.

Read from syntax trees, as far as these are plain: strings, and classes that are imported above.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from securely.support.manifest import Manifest, Source
from securely.support.packages import Package, announced, find_source, undiscovered, wanted

__all__ = ["Named", "defined", "listed_providers", "named_commands"]

# A name that is passed on more often than this goes in a circle.
_HOPS_MAX = 5


class Named(NamedTuple):
    """A command that something names.

    Attributes:
        target: The dotted path of its class.
        by: What names it, for messages.
        name: What it is called there; "" where only its class is named.
    """

    target: str
    by: str
    name: str = ""


class _Module:
    """The syntax tree of a module, and what the names in it stand for."""

    def __init__(self, source: str, module: str) -> None:
        self.tree = ast.parse(Path(source).read_bytes(), source)
        self.module = module
        package = module if source.endswith("__init__.py") else module.rpartition(".")[0]
        self._imported = dict(_imports(self.tree, package))

    def dotted(self, node: ast.expr) -> str:
        """Return the dotted path that an expression is or means; "" for what cannot be told."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value.replace(":", ".")
        if isinstance(node, ast.Name):
            return self._imported.get(node.id, f"{self.module}.{node.id}")
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    def imported(self, name: str) -> str | None:
        """Return the dotted path of what *name* is imported from; None if it is not imported."""
        defines = any(
            isinstance(each, ast.ClassDef) and each.name == name for each in self.tree.body
        )
        return None if defines else self._imported.get(name)

    def assigned(self, body: Iterable[ast.stmt], name: str) -> ast.expr | None:
        """Return what *name* is set to in *body*."""
        for node in body:
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            else:
                continue
            if any(isinstance(each, ast.Name) and each.id == name for each in targets):
                return node.value
        return None

    def listed(self, node: ast.expr | None) -> list[str]:
        """Return the dotted paths in a list; those that cannot be told are left out."""
        items = node.elts if isinstance(node, ast.List | ast.Tuple) else []
        return [path for path in map(self.dotted, items) if path]


def named_commands(manifest: Manifest, base: Path) -> Iterator[Named]:
    """Give what providers and ``with_commands`` name; what cannot be read becomes a warning."""
    manifest.sources.append(Source(os.path.join(base, "pyproject.toml")))  # noqa: PTH118
    for package in _packages(manifest, base):
        if package.problem:
            manifest.warnings.append(f"{package}: {package.problem}")
        for provider in package.providers:
            yield from _commands_of(manifest, provider.replace(":", "."), base, f"{package}: ")
    listed, named = listed_providers(manifest, base)
    for provider in listed:
        yield from _commands_of(manifest, provider, base, "")
    for target in named:
        yield Named(target, "bootstrap/app.py")


def _packages(manifest: Manifest, base: Path) -> list[Package]:
    try:
        return wanted(announced(), undiscovered(base))
    except ValueError as error:
        manifest.warnings.append(f"pyproject.toml cannot be read: {error}. No package is shown.")
        return []


def listed_providers(manifest: Manifest, base: Path) -> tuple[list[str], list[str]]:
    """Return the providers that files of the application name, and the commands.

    Those are ``bootstrap/providers.py``, and ``with_providers`` and ``with_commands`` in
    ``bootstrap/app.py``. They are run at every boot, so what is wrong in them is not told here.
    """
    providers: list[str] = []
    commands: list[str] = []
    for name in ("providers", "app"):
        file = base / "bootstrap" / f"{name}.py"
        manifest.sources.append(Source(str(file)))
        try:
            module = _Module(str(file), f"bootstrap.{name}")
        except (OSError, SyntaxError, ValueError):
            continue
        if name == "providers":
            providers += module.listed(module.assigned(module.tree.body, "providers"))
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                if node.func.attr == "with_providers":
                    providers += module.listed(node.args[0])
                elif node.func.attr == "with_commands":
                    commands += module.listed(node.args[0])
    return providers, commands


def _commands_of(manifest: Manifest, provider: str, base: Path, by: str) -> Iterator[Named]:
    """Give what the class *provider* has in its attribute ``commands``."""
    path, source = defined(manifest, provider, base)
    name, _, cls = path.rpartition(".")
    if source is None:
        manifest.warnings.append(f"{by}there is no module {name}, where {cls} is to be.")
        return
    try:
        module = _Module(source, name)
    except (OSError, SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
        manifest.warnings.append(f"{by}{source}{line} cannot be read: {error.args[0]}.")
        return
    found = [each for each in module.tree.body if isinstance(each, ast.ClassDef)]
    node = next((each for each in found if each.name == cls), None)
    value = module.assigned(node.body, "commands") if node is not None else None
    if node is None:
        manifest.warnings.append(f"{by}{source} has no class {cls}.")
    elif isinstance(value, ast.Dict):
        for key, item in zip(value.keys, value.values, strict=True):
            target = module.dotted(item)
            if target:
                named = key.value if isinstance(key, ast.Constant) else ""
                yield Named(target, f"{by}{cls}", str(named))
    elif value is not None:
        manifest.warnings.append(
            f"{by}{source}:{value.lineno}: the commands of {cls} are not shown, because they are "
            "computed. Write them as a dict of names and classes."
        )


def defined(manifest: Manifest, path: str, base: Path) -> tuple[str, str | None]:
    """Follow *path* through modules that only import what it names to the one that defines it.

    Returns:
        The path of the class there, and the source; None for a module that is not there.
    """
    source: str | None = None
    for _ in range(_HOPS_MAX):
        name, _, cls = path.rpartition(".")
        source = find_source(name, base)
        if source is None:
            return path, None
        manifest.sources.append(Source(source))
        try:
            onward = _Module(source, name).imported(cls)
        except (OSError, SyntaxError, ValueError):
            onward = None  # whoever reads it says what is wrong with it
        if onward is None:
            break
        path = onward
    return path, source


def _imports(tree: ast.Module, package: str) -> Iterator[tuple[str, str]]:
    """Give each name that an import at the top binds, and the dotted path that it stands for."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for each in node.names:
                yield (
                    each.asname or each.name.partition(".")[0],
                    (each.name if each.asname else each.name.partition(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")
            above = above[: len(above) - node.level + 1] if node.level else []
            owner = ".".join([*above, *([node.module] if node.module else [])])
            for each in node.names:
                yield each.asname or each.name, f"{owner}.{each.name}"
