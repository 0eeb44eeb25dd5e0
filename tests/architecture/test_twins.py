"""Every operation that may wait has its `a` twin, directly below, with the same parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from tools.source import Module, modules

Function = ast.FunctionDef | ast.AsyncFunctionDef

# Packages whose edges are async only: no twins there.
ASYNC_ONLY = {"server", "proxy", "dns", "http"}


def bodies(module: Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Give the top level of *module*, and each class in it, as owner and statements."""
    yield module.relative, module.tree.body
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            yield f"{module.relative} {node.name}", node.body


def shape(function: Function) -> tuple[list[str], list[str], str, str, list[str]]:
    """Return names, kinds and defaults of the parameters; annotations differ between colours."""
    arguments = function.args
    return (
        [each.arg for each in (*arguments.posonlyargs, *arguments.args)],
        [each.arg for each in arguments.kwonlyargs],
        arguments.vararg.arg if arguments.vararg else "",
        arguments.kwarg.arg if arguments.kwarg else "",
        [ast.unparse(each) for each in (*arguments.defaults, *arguments.kw_defaults) if each],
    )


def violations(owner: str, body: list[ast.stmt]) -> Iterator[str]:
    functions = [node for node in body if isinstance(node, Function)]
    sync = {node.name: node for node in functions if isinstance(node, ast.FunctionDef)}
    coroutines = [
        node
        for node in functions
        if isinstance(node, ast.AsyncFunctionDef)
        and not (node.name.startswith("_") or is_overload(node))
    ]
    paired = [node for node in coroutines if node.name[:1] == "a" and node.name[1:] in sync]
    for node in coroutines if paired else []:
        if node not in paired:
            yield f"{owner}.{node.name}: there is no sync twin"
    for node in paired:
        twin = sync[node.name[1:]]
        if shape(twin) != shape(node):
            yield f"{owner}.{node.name}: parameters differ from {twin.name}"
        others = [each for each in functions if each.name != node.name]
        above = [each for each in others if each.lineno < node.lineno]
        if not above or above[-1].name != twin.name:
            yield f"{owner}.{node.name}: it is not directly below {twin.name}"
        private = owner.rpartition(" ")[2].startswith("_")
        if not private and "Async twin of :" not in (ast.get_docstring(node) or ""):
            yield f"{owner}.{node.name}: its docstring is not `Async twin of :meth:`{twin.name}`.`"


def is_overload(node: Function) -> bool:
    return any(ast.unparse(each).endswith("overload") for each in node.decorator_list)


def test_twins_stand_together_and_take_the_same(hold: Any) -> None:
    hold(
        (
            violation
            for module in modules()
            if module.component not in ASYNC_ONLY
            for owner, body in bodies(module)
            for violation in violations(owner, body)
        ),
        "`x` and its twin `ax` are neighbours with the same parameters (write logic once, with "
        "securely.support.steps):",
    )


def test_a_twin_that_differs_is_found() -> None:
    body = ast.parse(
        "def get(key): ...\nasync def aget(key, default):\n    '''Async twin of :func:`get`.'''\n"
    ).body

    assert list(violations("here", body)) == ["here.aget: parameters differ from get"]


def test_a_twin_that_stands_elsewhere_is_found() -> None:
    body = ast.parse(
        "def get(): ...\ndef put(): ...\nasync def aget():\n    '''Async twin of :func:`get`.'''\n"
    ).body

    assert list(violations("here", body)) == ["here.aget: it is not directly below get"]
