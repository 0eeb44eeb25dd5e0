"""Names and descriptions of commands, read from syntax trees: what there is without importing it.

Files: ``reading.py`` reads the manifest that is kept; where it is stale, ``scan.py`` makes a new
one of the framework's and the application's modules, and ``named.py`` of what providers and
``bootstrap/app.py`` name.
"""

from __future__ import annotations

from securely.console.manifest.reading import (
    application_commands,
    current,
    unread_commands,
)

__all__ = ["application_commands", "current", "unread_commands"]
