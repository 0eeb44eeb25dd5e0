"""Runs a script that ends with its parent: `python -m … PARENT artisan.py queue:work`."""

from __future__ import annotations

import runpy
import sys

from securely.queue.crew.system import die_with
from securely.support import control

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Run the script that *arguments* name behind the parent's process id."""
    die_with(int(arguments[0]))
    control.attach(int(arguments[0]))
    sys.argv = arguments[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
