"""Everything public says what it is for, and the map in ARCHITECTURE.md is drawn from it."""

from __future__ import annotations

import ast
import difflib
from typing import Any

from tools.source import ROOT, Module, modules
from tools.tree import page

PURPOSE_CHARACTERS = 120


def test_every_module_starts_with_its_purpose(hold: Any) -> None:
    hold(
        (
            module.relative
            for module in modules()
            if module.text.strip() and not 0 < len(module.purpose) <= PURPOSE_CHARACTERS
        ),
        "Open the module with a docstring whose first line is its line in the tree, "
        f"at most {PURPOSE_CHARACTERS} characters:",
    )


def test_every_package_lists_its_files(hold: Any) -> None:
    found = []
    for module in modules():
        if not module.is_package or module.component in {"", "support"}:
            continue
        if module.path.parent.parent.name != "securely":
            continue
        siblings = {path.stem for path in module.path.parent.glob("*.py")} - {"__init__"}
        missing = sorted(name for name in siblings if name not in module.docstring)
        if missing:
            found.append(f"{module.relative}: {', '.join(missing)}")

    hold(found, "Name these files in the docstring of the package, with what they are for:")


def undocumented(module: Module) -> list[str]:
    """Return the public classes, functions and methods of *module* that have no docstring."""
    found = []

    def visit(body: list[ast.stmt], owner: str) -> None:
        for node in body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            overload = any("overload" in ast.dump(each) for each in node.decorator_list)
            # A test's name is its docstring, in the suites that ship too.
            if node.name.startswith(("_", "test_")) or overload:
                continue
            if ast.get_docstring(node) is None:
                found.append(f"{module.relative}:{node.lineno} {owner}{node.name}")
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{owner}{node.name}.")

    visit(module.tree.body, "")
    return found


def test_everything_public_has_a_docstring(hold: Any) -> None:
    hold(
        (each for module in modules() for each in undocumented(module)),
        "Say in one sentence what the name does not say:",
    )


def unreasoned(module: Module) -> list[str]:
    """Return the limits in *module*, constant numbers, with no comment or docstring to them."""
    found = []
    lines = module.text.splitlines()
    body = module.tree.body
    for index, node in enumerate(body):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ) if name.lstrip("_").isupper():
                pass
            case _:
                continue
        if not is_limit(value):
            continue
        following = body[index + 1] if index + 1 < len(body) else None
        documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        beside = any("#" in line for line in lines[node.lineno - 1 : node.end_lineno])
        if not (documented or beside or commented_above(lines, node.lineno)):
            found.append(f"{module.relative}:{node.lineno} {name}")
    return found


def is_limit(value: ast.expr | None) -> bool:
    """Tell whether *value* is a number, written or calculated; up to 2 it is a code or a flag."""
    parts = ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop
    if value is None or not all(isinstance(node, parts) for node in ast.walk(value)):
        return False
    number = eval(ast.unparse(value))  # noqa: S307  # arithmetic on literals, checked above
    return type(number) in {int, float} and abs(number) > 2


def commented_above(lines: list[str], line: int) -> bool:
    """Tell whether a comment heads the block of assignments that *line* is in."""
    while line >= 2 and lines[line - 2].strip():
        line -= 1
        if lines[line - 1].startswith("#"):
            return True
    return False


def test_every_constant_has_a_reason(hold: Any) -> None:
    hold(
        (each for module in modules() for each in unreasoned(module)),
        "Say in a comment beside or above why the number is what it is, and its unit:",
    )


def test_the_tree_in_architecture_is_fresh(hold: Any) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    changes = difflib.ndiff(text.splitlines(), page(text).splitlines())

    hold(
        (line for line in changes if line.startswith(("- ", "+ "))),
        "Run `make tree` and commit ARCHITECTURE.md:",
    )
