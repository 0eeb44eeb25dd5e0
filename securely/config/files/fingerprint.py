"""Whether the configuration is still the one that was proved: a digest of all it depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from securely import __version__
from securely.config.environment import Environment

__all__ = ["fingerprint"]


def fingerprint(files: Iterable[Path], environment: Environment) -> str:
    """Return a digest of configuration *files*, the .env file, the variables read, and our version.

    Call it after the configuration has been loaded, when *environment* knows which variables
    were read. Files count by path, size and time of change, so this reads none of them.

    Args:
        files: The files that were loaded, framework defaults included.
        environment: What they were loaded with.
    """
    digest = hashlib.sha256(f"securely {__version__}\n".encode())
    every = {*files, *([environment.file] if environment.file else [])}
    for file in sorted(every):
        try:
            state = file.stat()
            line = f"{file}\0{state.st_mtime_ns}\0{state.st_size}\n"
        except OSError:
            line = f"{file}\0absent\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    for name, value in sorted(environment.reads().items()):
        digest.update(f"{name}\0{value}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
