"""Runs a worker that stops when its master is gone: `python -m … NICE artisan.py queue:work`.

The master holds the other end of standard input. Its end, however the master died, tells the
worker to stop: it finishes what runs, as after any SIGTERM.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from typing import Final

__all__ = ["main"]

_STDIN: Final = 0


def main(arguments: list[str]) -> None:
    """Run the script that *arguments* name behind how nice it is to be."""
    tether = os.dup(_STDIN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STDIN)  # for jobs: to read from it does not wait
    os.close(nothing)
    if nice := int(arguments[0]):
        os.nice(nice)
    threading.Thread(target=_watch, args=(tether,), name="tether", daemon=True).start()
    sys.argv = arguments[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


def _watch(tether: int) -> None:
    while os.read(tether, 512):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
