"""For containers whose output is collected."""

from __future__ import annotations

import sys
from typing import TextIO

from securely.log.drivers.stderr import StderrHandler

__all__ = ["StdoutHandler"]


class StdoutHandler(StderrHandler):
    """Writes to the standard output of the moment, in one piece per record."""

    @staticmethod
    def stream() -> TextIO:
        """Return where it writes."""
        return sys.stdout
