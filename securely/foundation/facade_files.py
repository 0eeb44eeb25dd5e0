"""Files of facades: what they declare, read without importing them; and how one is added."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from securely.foundation.exceptions import FacadeExists

__all__ = ["DeclaredFacade", "add_facade", "declared_facades"]

_EMPTY = '''"""Short names for the services of this application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from securely.container import facade

if TYPE_CHECKING:
    pass

__all__: list[str] = []
'''


class DeclaredFacade(NamedTuple):
    """A line such as `Cache: CacheManager = facade("cache")`.

    Args:
        name: The facade's name.
        service: The name of the service it stands for.
        annotation: The class that checkers know it by, as it is written.
        cls: The dotted path of that class; what is written where nothing imports it.
        line: Where it stands, counted from 1.
    """

    name: str
    service: str
    annotation: str
    cls: str
    line: int


def declared_facades(path: Path) -> list[DeclaredFacade]:
    """Return the facades that the file at *path* declares, in its order; none without a file.

    Raises:
        SyntaxError: It is no Python.
    """
    if not path.is_file():
        return []
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    imported = dict(_imported(tree))
    found: dict[str, DeclaredFacade] = {}
    for node in tree.body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        written = ast.unparse(node.annotation)
        service = _service(node.value, found)
        if service is not None:
            name = node.target.id
            cls = imported.get(written, written)
            found[name] = DeclaredFacade(name, service, written, cls, node.lineno)
    return list(found.values())


def add_facade(path: Path, name: str, cls: str, service: str) -> None:
    """Declare one more facade in the file at *path*, which is made where it is not there.

    What stands in the file already stays as it is.

    Args:
        path: The file, such as `app/facades.py`.
        name: The facade's name.
        cls: Where its class is imported from: "app.payments.gateway:Gateway".
        service: The name of the service.

    Raises:
        FacadeExists: There is one of that name.
        SyntaxError: The file is no Python.
    """
    known = next((each for each in declared_facades(path) if each.name == name), None)
    if known is not None:
        raise FacadeExists(name, f"{path.name}:{known.line}")
    text = path.read_text(encoding="utf-8") if path.is_file() else _EMPTY
    module, _, class_name = cls.partition(":")
    rows = _with_import(text.splitlines(keepends=True), f"    from {module} import {class_name}\n")
    text = "".join(_with_export(rows, name))
    line = f'{name}: {class_name} = facade("{service}")\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text.rstrip()}\n{_gap(text)}{line}", encoding="utf-8")


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _service(value: ast.expr | None, found: dict[str, DeclaredFacade]) -> str | None:
    match value:
        case ast.Call(func=ast.Name(id="facade"), args=[ast.Constant(value=str(service))]):
            return service
        case ast.Name(id=other) if other in found:  # a second name for one that is there
            return found[other].service
        case _:
            return None


def _with_import(rows: list[str], line: str) -> list[str]:
    for node in ast.parse("".join(rows)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            last = node.body[-1]
            end = last.end_lineno or last.lineno
            if line in rows[node.lineno : end]:
                return rows
            kept = rows[: end - 1] if isinstance(last, ast.Pass) else rows[:end]
            return [*kept, line, *rows[end:]]
    place = _after_imports(rows)
    checking = ["from typing import TYPE_CHECKING\n", "\n", "if TYPE_CHECKING:\n", line]
    return [*rows[:place], *checking, *rows[place:]]


def _with_export(rows: list[str], name: str) -> list[str]:
    for node in ast.parse("".join(rows)).body:
        target = getattr(node, "target", None) or getattr(node, "targets", [None])[0]
        if not (isinstance(target, ast.Name) and target.id == "__all__"):
            continue
        value = getattr(node, "value", None)
        if isinstance(value, ast.List):
            names = sorted({*map(str, map(ast.literal_eval, value.elts)), name})
            written = [f'    "{each}",\n' for each in names]
            return [
                *rows[: node.lineno - 1],
                "__all__ = [\n",
                *written,
                "]\n",
                *rows[node.end_lineno or node.lineno :],
            ]
    return rows


def _after_imports(rows: list[str]) -> int:
    ends = [
        node.end_lineno or node.lineno
        for node in ast.parse("".join(rows)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return max(ends, default=0)


def _gap(text: str) -> str:
    """Return the empty line that the first facade needs before it."""
    last = text.rstrip().rpartition("\n")[2]
    return "" if " = facade(" in last else "\n"
