"""Names and descriptions of commands, read from syntax trees: what there is without importing it.

Files: ``scan.py`` reads the framework's and the application's modules, ``named.py`` what providers
and ``bootstrap/app.py`` name.
"""

from __future__ import annotations

from securely.console.manifest.scan import application_commands, current, scan

__all__ = ["application_commands", "current", "scan"]
