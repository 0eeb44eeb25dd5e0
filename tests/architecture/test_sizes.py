"""Files and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

import pytest

from tools.source import Module, modules

FUNCTION_LINES = 60
FUNCTION_BRANCHES = 10
FUNCTION_PARAMETERS = 7
MODULE_LINES = 400
MODULE_LINES_WITH_REASON = 500
REASON = "long because"

BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.match_case,
)


def lines_of_strings(tree: ast.AST) -> set[int]:
    """Return the lines that belong to docstrings and other strings that stand alone."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def lines_of_code(module: Module) -> int:
    """Count the lines that hold code: no docstrings, no blank lines, no comments."""
    empty = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in empty and token.type != tokenize.ENDMARKER:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - lines_of_strings(module.tree))


def own_nodes(function: ast.AST) -> list[ast.AST]:
    """Return the nodes of *function* without those of functions defined in it."""
    nodes: list[ast.AST] = []
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            nodes.append(node)
            waiting.extend(ast.iter_child_nodes(node))
    return nodes


def test_functions_have_at_most_60_lines(hold: Any) -> None:
    found = []
    for module in modules():
        for function in module.functions():
            last = function.end_lineno or function.lineno
            size = len(set(range(function.lineno, last + 1)) - lines_of_strings(function))
            if size > FUNCTION_LINES:
                found.append(f"{module.relative}:{function.lineno} {function.name}: {size} lines")

    hold(found, "Let the parent decide and leaves compute: at most 60 lines without docstrings:")


def test_functions_have_at_most_10_branches(hold: Any) -> None:
    found = []
    for module in modules():
        for function in module.functions():
            count = sum(isinstance(node, BRANCHES) for node in own_nodes(function))
            if count > FUNCTION_BRANCHES:
                found.append(f"{module.relative}:{function.lineno} {function.name}: {count}")

    hold(found, "Use a table, or a function per case: at most 10 branches:")


def test_functions_have_at_most_7_parameters(hold: Any) -> None:
    found = []
    for module in modules():
        for function in module.functions():
            arguments = function.args
            names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            names = [each for each in names if each.arg not in {"self", "cls"}]
            if len(names) > FUNCTION_PARAMETERS:
                found.append(f"{module.relative}:{function.lineno} {function.name}: {len(names)}")

    hold(found, "Put what belongs together into a frozen dataclass: at most 7 parameters:")


def test_modules_have_at_most_400_lines_of_code(hold: Any) -> None:
    found = []
    for module in modules():
        if "# Written by `make " in module.text:
            continue  # a table that a tool writes, and nobody reads from top to bottom
        size = lines_of_code(module)
        limit = MODULE_LINES_WITH_REASON if REASON in module.docstring else MODULE_LINES
        if size > limit:
            found.append(f"{module.relative}: {size} of {limit}")

    hold(
        found,
        "Split by noun. Up to 500 lines are allowed where the module's docstring says why "
        f'("It is {REASON} …"):',
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [('"""Doc."""\n\n# why\nx = 1\n', 1), ("x = (\n    1,\n)\n", 3), ('x = """a\nb\n"""\n', 3)],
)
def test_lines_are_counted_without_docstrings_blanks_and_comments(
    source: str, expected: int, tmp_path: Any
) -> None:
    path = tmp_path / "example.py"
    path.write_text(source, encoding="utf-8")

    assert lines_of_code(Module(path)) == expected
