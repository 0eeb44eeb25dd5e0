"""Whether others could put files into a directory of ours, and why one can not be used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["why_unsafe", "why_unusable"]


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


def why_unusable(directory: Path, error: OSError) -> str:
    """Return why *directory* could not be made or written to, with what helps against *error*.

    Example:
        >>> why_unusable(Path("/"), PermissionError(13, "Permission denied"))
        'Permission denied. Make / writable for the user that runs this process.'
    """
    reason = error.strerror or str(error)
    there = next(each for each in (directory, *directory.absolute().parents) if each.exists())
    if not there.is_dir():
        return f"{there} is a file, where a directory should be. Move it away, or use another path."
    if isinstance(error, PermissionError):
        return f"{reason}. Make {there} writable for the user that runs this process."
    if there != directory:
        return f"{reason}: no directory can be made in {there}. Use another path."
    return f"{reason}. Use another path, or make {there} one that can be written to."
