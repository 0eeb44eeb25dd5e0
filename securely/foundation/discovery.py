"""What the folders of an application offer: listeners, commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from securely.support.paths import Paths

__all__ = ["modules_in", "reachable"]


def modules_in(paths: Paths, folder: Path) -> Iterator[str]:
    """Yield the dotted names of the modules under *folder*, in the order of their paths."""
    for file in sorted(folder.rglob("*.py")):
        if file.name != "__init__.py":
            yield ".".join(file.relative_to(paths.base).with_suffix("").parts)


def reachable(paths: Paths) -> None:
    """Let `import app` find the application, whichever folder the process started in."""
    base = str(paths.base)
    if base not in sys.path:
        sys.path.insert(0, base)
