"""Replaces files at once: whoever reads one finds the old content or the new; locks folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from securely.support import entropy

fcntl: Any = None
if sys.platform != "win32":
    import fcntl as _fcntl

    fcntl = _fcntl

__all__ = ["hold_folder", "replace", "replacing"]

# Only the owner reads what is new: there may be keys in it.
_PRIVATE: Final = 0o600
# Never for everyone to write, whatever the old file allowed.
_MODE: Final = 0o7775
# Where there is no flock (Windows), the file that stands for the lock.
_LOCK_FILE: Final = ".securely.lock"


def _nothing(step: str) -> None:
    del step


@contextmanager
def replacing(
    file: Path, *, is_private: bool = True, reached: Callable[[str], object] = _nothing
) -> Generator[IO[bytes]]:
    """Give a file to write to, which takes the place of *file* when all of it is written.

    It lies beside, is flushed to the disk, and renamed; then the folder is flushed. After an error
    there is what there was before. A symbolic link is followed.

    Args:
        file: The file; it may be absent.
        is_private: It is its owner's alone; else mode and owner stay as they were, and only a new
            one is its owner's alone.
        reached: Told of each step that is done; tests end the process there.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "rates.json"
        >>> with replacing(file) as beside:
        ...     _ = beside.write(b"{}")
        >>> file.read_bytes()
        b'{}'
    """
    target = file.resolve()
    before = target.stat() if target.exists() and not is_private else None
    beside = target.with_name(f".{target.name}.{entropy.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        reached("made")
        with os.fdopen(handle, "wb") as stream:
            yield stream
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
        with suppress(OSError):
            beside.unlink()
        raise
    _flush_folder(target.parent)
    reached("done")


def replace(file: Path, data: bytes, reached: Callable[[str], object] = _nothing) -> None:
    """Make *data* the content of *file*, at once; mode and owner stay as they are.

    Args:
        file: The file; a new one is its owner's alone.
        data: All of its new content.
        reached: As of :func:`replacing`.
    """
    with replacing(file, is_private=False, reached=reached) as beside:
        beside.write(data)


def hold_folder(folder: Path) -> Callable[[], None] | None:
    """Take the lock of *folder*; return what gives it back, None if another holds it.

    It is a lock of the kernel on the folder itself: it ends with the process that holds it,
    however that ends, and leaves no file behind.
    """
    if fcntl is None:
        return _hold_by_file(folder / _LOCK_FILE)
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


def _hold_by_file(file: Path) -> Callable[[], None] | None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError:
        return None
    os.close(handle)
    return lambda: file.unlink(missing_ok=True)


def _as_before(file: Path, before: os.stat_result) -> None:
    if hasattr(os, "chown"):
        # Only root may give a file away, and only root needs to.
        with suppress(PermissionError):
            os.chown(file, before.st_uid, before.st_gid)
    # After chown, which clears bits.
    file.chmod(before.st_mode & _MODE)


def _flush_folder(folder: Path) -> None:
    if fcntl is None:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Some file systems cannot; the rename stands nevertheless.
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
