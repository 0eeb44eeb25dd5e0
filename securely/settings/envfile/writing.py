"""Replaces files at once, under a lock that processes share."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from securely.settings.exceptions import Locked
from securely.support import clock, entropy

fcntl: Any = None
if sys.platform != "win32":
    import fcntl as _fcntl

    fcntl = _fcntl

__all__ = ["locked", "private_folder", "replace"]

# Only the owner reads what is new: there are keys in it.
_PRIVATE: Final = 0o600
# A change takes milliseconds; whoever needs longer asks a person, and holds no lock meanwhile.
_WAIT_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.02
# Where there is no flock (Windows), the file that stands for the lock.
_LOCK_FILE: Final = ".securely-settings.lock"


def _nothing(step: str) -> None:
    del step


def replace(file: Path, data: bytes, reached: Callable[[str], object] = _nothing) -> None:
    """Make *data* the content of *file*: whoever reads it finds the old one or the new one.

    It is written beside, flushed to the disk, and renamed; then the folder is flushed. Mode and
    owner stay as they are; a new file is its owner's alone. A symbolic link is followed.

    Args:
        file: The file; it may be absent.
        data: All of its new content.
        reached: Told of each step that is done; tests end the process there.
    """
    target = file.resolve()
    before = target.stat() if target.exists() else None
    beside = target.with_name(f".{target.name}.{entropy.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        reached("made")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            reached("written")
            os.fsync(stream.fileno())
        reached("flushed")
        if before is not None:
            _as_before(beside, before)
        reached("prepared")
        beside.replace(target)
        reached("renamed")
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _flush_folder(target.parent)
    reached("done")


def private_folder(folder: Path, ignored: str) -> None:
    """Make *folder* for its owner alone, and keep what *ignored* fits in it out of git."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / ".gitignore"
    if not file.exists():
        file.write_text(f"{ignored}\n", encoding="ascii")


@contextmanager
def locked(folder: Path, seconds: float = _WAIT_SECONDS) -> Generator[None]:
    """Hold the lock of *folder* within the block; one process or thread at a time does.

    It is a lock of the kernel on the folder itself: it ends with the process that holds it,
    however that ends, and leaves no file behind.

    Args:
        folder: Where the files lie that are to be changed.
        seconds: How long to wait for others.

    Raises:
        Locked: They did not finish in time.
    """
    deadline = clock.monotonic() + seconds
    while (release := _taken(folder)) is None:
        if clock.monotonic() >= deadline:
            raise Locked(folder, seconds)
        clock.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        release()


def _taken(folder: Path) -> Callable[[], None] | None:
    """Return what gives the lock back, None if another holds it."""
    if fcntl is None:
        return _taken_by_file(folder / _LOCK_FILE)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return lambda: os.close(handle)


def _taken_by_file(file: Path) -> Callable[[], None] | None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError:
        return None
    os.close(handle)
    return lambda: file.unlink(missing_ok=True)


def _as_before(file: Path, before: os.stat_result) -> None:
    if hasattr(os, "chown"):
        # Only root may give a file away, and only root needs to.
        with contextlib.suppress(PermissionError):
            os.chown(file, before.st_uid, before.st_gid)
    # After chown, which clears bits. Never for everyone to write, whatever the old file allowed.
    file.chmod(before.st_mode & 0o7775)


def _flush_folder(folder: Path) -> None:
    if fcntl is None:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # some file systems cannot; the rename stands nevertheless
    finally:
        os.close(handle)
