"""Trees: nested names with lines between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, cast

__all__ = ["Tree", "tree_lines"]

Tree: TypeAlias = "Mapping[str, Tree] | Iterable[Tree] | str | None"
"""What is drawn: names with what lies below them, or a list of such."""


def tree_lines(tree: Tree, before: str = "") -> Iterator[str]:
    """Give the lines of *tree*, tags included.

    Example:
        >>> from securely.console.output import style
        >>> for line in tree_lines({"app": {"jobs": ["a.py", "b.py"]}, "config": None}):
        ...     print(style.strip(line))
        ├── app
        │   └── jobs
        │       ├── a.py
        │       └── b.py
        └── config
    """
    entries = list(_entries(tree))
    for number, (name, below) in enumerate(entries):
        is_last = number == len(entries) - 1
        yield f"{before}<fg=gray>{'└──' if is_last else '├──'}</> {name}"
        yield from tree_lines(below, f"{before}{'    ' if is_last else '<fg=gray>│</>   '}")


def _entries(tree: Tree) -> Iterator[tuple[str, Tree]]:
    if tree is None:
        return
    if isinstance(tree, str):
        yield tree, None
    elif isinstance(tree, Mapping):
        yield from cast("Mapping[str, Tree]", tree).items()
    else:
        for item in tree:
            yield from _entries(item)
