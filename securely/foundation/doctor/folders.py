"""Checks of folders: storage and bootstrap/cache are there, ours to write, and have room."""

from __future__ import annotations

import os
import shutil
import stat
from functools import partial
from pathlib import Path
from typing import Final

from securely.foundation.application import Application
from securely.foundation.doctor.finding import Finding
from securely.support import entropy

__all__ = ["bootstrap_cache", "space", "storage"]

MIB: Final = 2**20  # bytes
# Below the first a busy log fills the disk within days, below the second SQLite within hours.
FREE_BYTES_WARN: Final = 512 * MIB
FREE_BYTES_MIN: Final = 64 * MIB
FREE_SHARE_MIN: Final = 0.01


def storage(app: Application) -> Finding:
    """Look whether the application can write to its storage, and nobody else."""
    return _folder(app.paths.storage)


def bootstrap_cache(app: Application) -> Finding:
    """Look whether `optimize` and boots can keep what they know."""
    return _folder(app.paths.cache)


def space(app: Application) -> Finding:
    """Look whether there is room under storage."""
    folder = app.paths.storage
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    seen = f"{usage.free / MIB:,.0f} MiB free of {usage.total / MIB:,.0f}"
    remedy = f"Free some space on the disk of {folder}: `cache:prune`, old logs, `queue:flush`."
    if usage.free < FREE_BYTES_MIN:
        return Finding.error(seen, remedy)
    if usage.free < FREE_BYTES_WARN or usage.free < usage.total * FREE_SHARE_MIN:
        return Finding.warn(seen, remedy)
    return Finding.ok(seen)


def _folder(folder: Path) -> Finding:
    if not folder.exists():
        make = partial(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        return Finding.error(f"{folder} does not exist", f"Run: mkdir -p {folder}", make)
    if not folder.is_dir():
        return Finding.error(f"{folder} is no folder", "Move it away, and make a folder there.")
    probe = folder / f".doctor-{entropy.token_hex(4)}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        user = f" (user {os.getuid()})" if hasattr(os, "getuid") else ""
        return Finding.error(
            f"{folder} cannot be written to: {error.strerror}",
            f"Let the user that runs the application{user} write to it, as with chown or chmod.",
        )
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & stat.S_IWOTH:
        return Finding.warn(
            f"{folder} can be written to by anybody ({mode:04o})",
            f"Run: chmod o-w {folder}",
            partial(folder.chmod, mode & ~stat.S_IWOTH),
        )
    return Finding.ok(f"{folder} ({mode:04o})")
