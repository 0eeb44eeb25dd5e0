"""`__all__` is sorted, complete, and the same to a reader, a checker and the running program."""

from __future__ import annotations

import ast
import importlib
import re
from typing import Any

import pytest

from tools.source import Module, modules


def order(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Return the key ruff sorts by: CONSTANTS, then Classes, then functions; 2 before 10."""
    rank = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return rank, [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts]


def defined(module: Module) -> set[str]:
    """Return the public names that *module* itself defines; type variables are nobody's API."""
    names: set[str] = set()
    for node in module.tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if not is_type_variable(value):
                    names.add(name)
            case _:
                pass
    return {name for name in names if not name.startswith("_")} - {"TYPE_CHECKING"}


def is_type_variable(value: ast.expr) -> bool:
    makers = {"TypeVar", "ParamSpec", "TypeVarTuple"}
    return (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in makers
    )


def imported(module: Module) -> set[str]:
    """Return the public names that a package's `__init__` imports from its own modules."""
    return {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("securely")
        for alias in node.names
        if not (alias.asname or alias.name).startswith("_")
    }


def test_every_module_with_public_names_has_all(hold: Any) -> None:
    hold(
        (
            module.relative
            for module in modules()
            if module.exports is None
            and (defined(module) or (module.is_package and imported(module)))
        ),
        "Add `__all__`, a literal list:",
    )


def test_all_is_sorted(hold: Any) -> None:
    hold(
        (
            module.relative
            for module in modules()
            if module.exports is not None and module.exports != sorted(module.exports, key=order)
        ),
        "Run `make fix`: constants, then classes, then functions:",
    )


def taken_by_others() -> dict[str, set[str]]:
    """Return module -> names that other modules of the package import from it."""
    taken: dict[str, set[str]] = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = {alias.name for alias in node.names if not alias.name.startswith("_")}
                taken.setdefault(node.module, set()).update(names)
    return taken


def test_all_is_complete(hold: Any) -> None:
    """Constants and type aliases may stay at home; what another module takes may not."""
    found = []
    taken = taken_by_others()
    for module in modules():
        own = defined(module)
        public = {name for name in own if is_class_or_function(module, name)}
        public |= own & taken.get(module.name, set())
        public |= imported(module) if module.is_package else set()
        hidden = public - set(module.exports or public)
        found += [f"{module.relative}: {name}" for name in hidden]

    hold(found, "Export the name in `__all__`, or give it a leading underscore:")


def is_class_or_function(module: Module, name: str) -> bool:
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return any(isinstance(node, kinds) and node.name == name for node in module.tree.body)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_all_names_exist(module: Module) -> None:
    if module.path.name == "__main__.py":
        pytest.skip("running it is its purpose")
    loaded = importlib.import_module(module.name)

    absent = [name for name in module.exports or () if not hasattr(loaded, name)]

    assert not absent, f"{module.relative} exports what it does not have: {absent}. Remove them."
    assert not [n for n in module.exports or () if module.exports.count(n) > 1], "named twice"


def test_the_front_door_says_the_same_three_times() -> None:
    """For checkers under TYPE_CHECKING, for the running program in a table, and in `__all__`."""
    door = next(module for module in modules() if module.name == "securely")
    table = importlib.import_module("securely")._HOMES
    checked = {
        alias.name: node.module
        for block in door.tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert table == checked, "Name each export of securely/__init__.py in both places."
    assert set(door.exports or ()) == {*table, "__version__"}, "Name each export in `__all__` too."
