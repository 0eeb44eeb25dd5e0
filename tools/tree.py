"""Print the package as a tree, each file with the first line of its docstring.

``python -m tools.tree --write`` writes it into ARCHITECTURE.md, between its two markers;
``tests/architecture/test_docstrings.py`` fails when it is stale.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from tools.source import PACKAGE, ROOT, Module, modules

__all__ = ["BEGIN", "END", "main", "page", "render"]

BEGIN: Final = "<!-- tree:begin -->"
END: Final = "<!-- tree:end -->"

# Where the purposes start; one column beyond the longest usual name.
COLUMN: Final = 30
# Folders that are data: named in the tree, not listed.
DATA: Final = {
    "lang": "lines in several languages, as data",
    "skeleton": "the files of a new application, as data",
    "stubs": "templates, as data",
}


def render() -> str:
    """Return the tree as text."""
    lines: list[str] = []
    draw(PACKAGE, 0, {module.path: module for module in modules()}, lines)
    return "\n".join(lines) + "\n"


def draw(folder: Path, depth: int, known: dict[Path, Module], lines: list[str]) -> None:
    """Add the lines of *folder*: itself, its files, then its folders."""
    indent = "  " * depth
    if folder.name in DATA:
        lines.append(line(f"{indent}{folder.name}/", DATA[folder.name]))
        return
    lines.append(f"{indent}{folder.name}/")
    lines += [
        line(f"{indent}  {path.name}", known[path].purpose) for path in sorted(folder.glob("*.py"))
    ]
    for path in sorted(folder.iterdir()):
        if path.is_dir() and (any(path.rglob("*.py")) or path.name in DATA):
            draw(path, depth + 1, known, lines)


def line(name: str, purpose: str) -> str:
    """Return *name* and *purpose* in their columns."""
    return f"{name:<{COLUMN}} {purpose}".rstrip()


def page(text: str) -> str:
    """Return *text*, a page with the two markers, with the current tree between them."""
    block = f"{BEGIN}\n```\n{render()}```\n{END}"
    return re.sub(f"{BEGIN}.*{END}", lambda _: block, text, count=1, flags=re.DOTALL)


def main(arguments: list[str]) -> int:
    """Print the tree; with ``--write``, write it into ARCHITECTURE.md as well."""
    sys.stdout.write(render())
    if "--write" in arguments:
        path = ROOT / "ARCHITECTURE.md"
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
