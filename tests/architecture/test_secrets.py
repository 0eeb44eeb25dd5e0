"""Secrets are compared in constant time: never by ``==``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from tools.source import modules

# What would tell, by how long it takes to compare, how much of it was guessed right.
SECRET = re.compile(r"mac|digest|signature|\btag\b|sealed|password|hashed", re.IGNORECASE)
COMPONENTS = {"encryption", "hashing"}


def compared(tree: ast.AST) -> Iterator[ast.Compare]:
    """Give what compares a name that sounds like a secret by ``==`` or ``!=``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        if not any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
            continue
        sides = [node.left, *node.comparators]
        # Neither whether there is any is a secret, nor what stands between the parts.
        if any(
            (isinstance(side, ast.Constant) and side.value in ("", "0"))
            or (isinstance(side, ast.Name) and side.id.isupper())
            for side in sides
        ):
            continue
        if any(
            isinstance(side, ast.Name | ast.Attribute | ast.Subscript)
            and SECRET.search(ast.unparse(side))
            for side in sides
        ):
            yield node


def test_secrets_are_compared_by_compare_digest(hold: Any) -> None:
    hold(
        (
            f"{module.relative}:{node.lineno} {ast.unparse(node)}"
            for module in modules()
            if module.component in COMPONENTS
            for node in compared(module.tree)
        ),
        "Compare by hmac.compare_digest, which takes as long whatever it is given:",
    )


def test_a_mac_that_is_compared_by_equality_is_found() -> None:
    tree = ast.parse("if payload.mac == expected: pass\nif payload.tag == '0': pass\n")

    assert [node.lineno for node in compared(tree)] == [1]
