"""Lets `import app` find the code of an application."""

from __future__ import annotations

import sys

from securely.support.paths import Paths

__all__ = ["reachable"]


def reachable(paths: Paths) -> None:
    """Let `import app` find the application, whichever folder the process started in."""
    base = str(paths.base)
    if base not in sys.path:
        sys.path.insert(0, base)
