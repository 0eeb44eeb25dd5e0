"""Names and descriptions of commands, read from the syntax trees of their modules.

Nothing is imported: a module that imports half the world, or that is broken, costs `list` nothing.
Read are the framework's ``commands.py`` and ``commands/*.py``, the application's
``app/console/commands/**.py``, the functions in ``routes/console.py``, and what the providers of
packages and of the application, and ``with_commands`` in ``bootstrap/app.py``, name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias, cast

from securely.console.exceptions import InvalidSignature
from securely.console.manifest.named import Named, defined, named_commands
from securely.console.signature import parse
from securely.support.listing import Entry
from securely.support.manifest import Manifest, Source

__all__ = ["scan"]

_PACKAGE = Path(__file__).parents[2]
_COMMANDS = Path("app", "console", "commands")
_ROUTES = Path("routes", "console.py")

# What brings an option of its own to a command.
_MIXINS = frozenset({"ConfirmToProceed", "Isolatable"})
_PLAIN = frozenset({"str", "int", "float", "bool", "Path", "datetime", "date"})

_Constants: TypeAlias = dict[str, object]
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def scan(base: Path) -> Manifest:
    """Read the commands of the framework and of the application in *base* from their sources."""
    manifest = Manifest()
    # States are taken before files are read: what changes in between is found the next time.
    for file in _framework_files(manifest):
        _scan_file(manifest, file, _PACKAGE.parent)
    for file in _application_files(manifest, base):
        _scan_file(manifest, file, base)
    routes = base / _ROUTES
    manifest.sources.append(Source(str(routes)))
    if routes.is_file():
        _scan_file(manifest, routes, base, functions=True)
    for named in named_commands(manifest, base):
        _scan_named(manifest, named, base)
    _warn_of_clashes(manifest)
    return manifest


def _framework_files(manifest: Manifest) -> Iterator[Path]:
    manifest.sources.append(Source(str(_PACKAGE)))
    for component in sorted(_PACKAGE.iterdir()):
        if not (component / "__init__.py").is_file():
            continue
        manifest.sources.append(Source(str(component)))
        folder = component / "commands"
        if folder.is_dir():
            manifest.sources.append(Source(str(folder)))
            yield from _sourced(manifest, sorted(folder.glob("*.py")))
        elif (component / "commands.py").is_file():
            yield from _sourced(manifest, [component / "commands.py"])


def _application_files(manifest: Manifest, base: Path) -> Iterator[Path]:
    root = base / _COMMANDS
    manifest.sources.append(Source(str(root)))
    if not root.is_dir():
        return
    for folder in sorted(path for path in root.rglob("*") if path.is_dir()):
        if folder.name != "__pycache__":
            manifest.sources.append(Source(str(folder)))
    yield from _sourced(manifest, sorted(root.rglob("*.py")))


def _sourced(manifest: Manifest, files: list[Path]) -> Iterator[Path]:
    for file in files:
        manifest.sources.append(Source(str(file)))
        yield file


def _scan_named(manifest: Manifest, named: Named, base: Path) -> None:
    """Add the one command that *named* is, wherever its module lies."""
    path, source = defined(manifest, named.target, base)
    module, _, name = path.rpartition(".")
    if any(entry.target in (path, named.target) for entry in manifest.entries):
        return  # it lies in app/console/commands, too
    found = Manifest()
    failing: dict[str, str] = {}
    if source is not None:
        failing = _scan_file(found, Path(source), Path(source).parent, module=module)
    if path in failing:
        manifest.warnings.append(f"{named.by} names {named.target}: {failing[path]}")
    entry = next((each for each in found.entries if each.target == path), None)
    if entry is not None:
        entry.target = named.target
        manifest.entries.append(entry)
    elif named.name:
        # The provider says what it is called; the rest is known once it runs.
        named_entry = Entry(named.name, target=named.target)
        named_entry.is_partial = True
        manifest.entries.append(named_entry)
    else:
        reason = found.warnings[0] if found.warnings else f'there is no class "{name}" to be read'
        manifest.warnings.append(f"{named.by} names {named.target}: {reason}")


def _scan_file(
    manifest: Manifest, file: Path, root: Path, *, functions: bool = False, module: str = ""
) -> dict[str, str]:
    """Add the commands in *file*; return what is wrong with their signatures, by target.

    One whose signature fails is not shown, but known where it has a name: who runs it is told why.
    """
    failing: dict[str, str] = {}
    shown = file.relative_to(root)
    module = module or ".".join(shown.with_suffix("").parts).removesuffix(".__init__")
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
        manifest.warnings.append(f"{shown}{line} cannot be read: {error.args[0]}.")
        return failing
    except OSError as error:
        manifest.warnings.append(f"{shown} cannot be read: {error.strerror}.")
        return failing
    found = _functions(tree, module) if functions else _classes(tree, module)
    for node, entry, signature in found:
        try:
            definition = parse(signature).check()
        except InvalidSignature as error:
            warning = f"{shown}:{node.lineno} has a signature that fails: {error}"
            manifest.warnings.append(warning)
            failing[entry.target] = warning
            entry.name = _name_before_braces(signature)
            entry.hidden = entry.is_partial = True
            if entry.name and not functions:  # those are run as one file, which tells it itself
                manifest.entries.append(entry)
            continue
        entry.name = definition.name
        entry.arguments = [*definition.arguments]
        entry.options = [*definition.options]
        manifest.entries.append(entry)
    return failing


def _name_before_braces(signature: str) -> str:
    """Return the name of a command whose signature fails; "" where it has none."""
    words = signature.partition("{")[0].split()
    return words[0] if len(words) == 1 else ""


def _classes(tree: ast.Module, module: str) -> Iterator[tuple[ast.stmt, Entry, str]]:
    """Yield the classes that have a base and, of their own, a signature that can be read."""
    constants: _Constants = {}
    origins = _Origins(tree)
    classes: dict[str, _Constants] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            constants.update(_assigned(node, constants))
        if not (isinstance(node, ast.ClassDef) and node.bases):
            continue
        inherited: _Constants = {}
        for base in reversed(node.bases):
            inherited.update(classes.get(base.id, {}) if isinstance(base, ast.Name) else {})
        own: _Constants = {}
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                own.update(_assigned(statement, {**constants, **own}))
        classes[node.name] = attributes = {**inherited, **own}
        signature = own.get("signature")
        if isinstance(signature, str) and signature.strip() and not _is_abstract(node):
            entry = _described(attributes, f"{module}.{node.name}")
            entry.is_partial = origins.adds_options(node) or origins.declares(node.body, signature)
            yield node, entry, signature


def _is_abstract(node: ast.ClassDef) -> bool:
    """Tell whether a class leaves methods to others, and so is no command itself."""
    return any(
        ast.unparse(decorator).endswith("abstractmethod")
        for method in node.body
        if isinstance(method, _Function)
        for decorator in method.decorator_list
    )


def _functions(tree: ast.Module, module: str) -> Iterator[tuple[ast.stmt, Entry, str]]:
    """Yield the functions below ``@Artisan.command("signature")``."""
    constants: _Constants = {}
    origins = _Origins(tree)
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            constants.update(_assigned(node, constants))
        if not isinstance(node, _Function):
            continue
        for decorator in node.decorator_list:
            said, call = _chained(decorator, constants)
            if call is None:
                continue
            values: list[object] = [_value(argument, constants) for argument in call.args]
            named = {word.arg: _value(word.value, constants) for word in call.keywords}
            signature = values[0] if values else named.get("signature")
            if not (isinstance(signature, str) and signature.strip()):
                continue
            given = [*values[1:2], named.get("description"), *said["purpose"], *said["describe"]]
            texts = [text for text in given if isinstance(text, str)]
            documented = (ast.get_docstring(node) or "").split("\n", 1)[0].rstrip(".")
            entry = Entry("", texts[-1] if texts else documented, target=f"{module}.{node.name}")
            entry.aliases = _texts(said["aliases"])
            entry.hidden = True in said["hidden"]
            entry.is_partial = origins.declares([node], signature, node.name)
            yield node, entry, signature


def _chained(
    decorator: ast.expr, constants: _Constants
) -> tuple[dict[str, list[object]], ast.Call | None]:
    """Return what is chained to ``@Artisan.command("…")``, such as ``.purpose("…")``, and the call.

    The call is None where the decorator is another one.
    """
    said: dict[str, list[object]] = {"purpose": [], "describe": [], "aliases": [], "hidden": []}
    while isinstance(decorator, ast.Call):
        if _is_command(decorator.func):
            return said, decorator
        if not isinstance(decorator.func, ast.Attribute):
            break
        said[decorator.func.attr] = [_value(each, constants) for each in decorator.args] or [True]
        decorator = decorator.func.value
    return said, None


class _Origins(dict[str, str]):
    """Which module each name at the top of a module is imported from."""

    def __init__(self, tree: ast.Module) -> None:
        super().__init__()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                for each in node.names:
                    self[each.asname or each.name] = node.module or "."

    def adds_options(self, node: ast.ClassDef) -> bool:
        """Tell whether a base of the class may bring options of its own."""
        names = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        return any(name in _MIXINS or self._is_foreign(name) for name in names)

    def declares(self, body: list[ast.stmt], signature: str, name: str = "handle") -> bool:
        """Tell whether parameters of a function may be the command's.

        They are where the signature is a name only; which of them are input and which are
        services is known once their types are.
        """
        if "{" in signature:
            return False
        for node in body:
            if isinstance(node, _Function) and node.name == name:
                taken = node.args
                named = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
                return any(self._may_be_input(each.annotation) for each in named)
        return False

    def _may_be_input(self, annotation: ast.expr | None) -> bool:
        if annotation is None:
            return False
        text = annotation.value if isinstance(annotation, ast.Constant) else None
        name = text if isinstance(text, str) else ast.unparse(annotation)
        # A class of the application may be an Enum; those of the framework are services.
        return name in _PLAIN or not self.get(name, "").startswith(f"{_PACKAGE.name}.")

    def _is_foreign(self, name: str) -> bool:
        return not self.get(name, _PACKAGE.name).startswith(_PACKAGE.name)


def _is_command(function: ast.expr) -> bool:
    return (isinstance(function, ast.Attribute) and function.attr == "command") or (
        isinstance(function, ast.Name) and function.id == "command"
    )


def _described(attributes: _Constants, target: str) -> Entry:
    description, help_ = attributes.get("description"), attributes.get("help")
    return Entry(
        "",
        description if isinstance(description, str) else "",
        help=help_ if isinstance(help_, str) else "",
        hidden=attributes.get("hidden") is True,
        aliases=_texts(attributes.get("aliases")),
        usages=_texts(attributes.get("usages")),
        target=target,
    )


def _assigned(node: ast.Assign | ast.AnnAssign, constants: _Constants) -> _Constants:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is None:
        return {}
    value = _value(node.value, constants)
    return {target.id: value for target in targets if isinstance(target, ast.Name)}


def _value(node: ast.expr, constants: _Constants) -> object:
    """Return what an expression is, as far as that is plain; ``None`` where it is not."""
    value: object = None
    if isinstance(node, ast.Constant):
        value = node.value
    elif isinstance(node, ast.Name):
        value = constants.get(node.id)
    elif isinstance(node, ast.Tuple | ast.List):
        value = [_value(item, constants) for item in node.elts]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        value = _joined([node.left, node.right], constants)
    elif isinstance(node, ast.JoinedStr):
        value = _joined(node.values, constants)
    elif isinstance(node, ast.FormattedValue) and node.format_spec is None and node.conversion < 0:
        inner = _value(node.value, constants)
        value = str(inner) if isinstance(inner, str | int) else None
    return value


def _joined(nodes: list[ast.expr], constants: _Constants) -> str | None:
    values = [_value(node, constants) for node in nodes]
    texts = [value for value in values if isinstance(value, str)]
    return "".join(texts) if len(texts) == len(values) else None


def _texts(value: object) -> list[str]:
    items = cast(list[object], value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str)]


def _warn_of_clashes(manifest: Manifest) -> None:
    seen: dict[str, Entry] = {}
    for entry in [*manifest.entries]:
        if entry.name in seen:
            manifest.entries.remove(entry)
            first = seen[entry.name].target
            manifest.warnings.append(
                f'Two commands are named "{entry.name}": {first} and {entry.target}. '
                f"Rename one of them."
            )
        seen.setdefault(entry.name, entry)
