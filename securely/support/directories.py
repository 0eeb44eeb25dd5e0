"""Whether others could put files of their own into a directory of ours."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["why_unsafe"]


def why_unsafe(directory: Path) -> str | None:
    """Return why *directory* must not hold a database, with the remedy; None if it may.

    Whoever may write there can replace a file before it is opened, or while it is. It must belong
    to the user of this process or to root, and not everyone may write to it. A group may: with an
    umask of 002 each new directory has that, and its members are chosen by whoever runs the
    machine. Where users have no numbers (Windows) nothing can be said.

    Example:
        >>> import tempfile
        >>> why_unsafe(Path(tempfile.mkdtemp())) is None
        True
    """
    if not hasattr(os, "geteuid"):
        return None
    found = directory.stat()
    mode, me = stat.S_IMODE(found.st_mode), os.geteuid()
    if found.st_uid not in {0, me}:
        return (
            f"its directory {directory} belongs to another user (uid {found.st_uid}, mode "
            f"{mode:04o}), who could replace what lies there. "
            f"Give it to uid {me}, as whom this process runs, or use another directory."
        )
    if mode & stat.S_IWOTH:
        return (
            f"everyone may write to its directory {directory} (mode {mode:04o}), and could replace "
            f"what lies there. Run `chmod o-w {directory}`, or use another directory."
        )
    return None
