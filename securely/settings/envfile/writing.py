"""What writers of settings share: one lock, and folders that are their owner's alone."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from securely.settings.exceptions import Locked
from securely.support import clock
from securely.support.replacing import hold_folder

__all__ = ["locked", "private_folder"]

# A change takes milliseconds; whoever needs longer asks a person, and holds no lock meanwhile.
_WAIT_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.02


def private_folder(folder: Path, ignored: str) -> None:
    """Make *folder* for its owner alone, and keep what *ignored* fits in it out of git."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / ".gitignore"
    if not file.exists():
        file.write_text(f"{ignored}\n", encoding="ascii")


@contextmanager
def locked(folder: Path, seconds: float = _WAIT_SECONDS) -> Generator[None]:
    """Hold the lock of *folder* within the block; one process or thread at a time does.

    It is that of :func:`securely.support.replacing.hold_folder`, which `key:rotate` takes, too.

    Args:
        folder: Where the files lie that are to be changed.
        seconds: How long to wait for others.

    Raises:
        Locked: They did not finish in time.
    """
    deadline = clock.monotonic() + seconds
    while (release := hold_folder(folder)) is None:
        if clock.monotonic() >= deadline:
            raise Locked(folder, seconds)
        clock.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        release()
