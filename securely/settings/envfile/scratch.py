"""A file for an editor: of its owner alone, in memory where there is that, and gone afterwards."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Final

__all__ = ["scratch_file"]

# Memory, where the machine has such a folder: what is there never reaches a disk.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a folder of ours alone is made in it
_PREFIX: Final = "securely-edit-"


@contextmanager
def scratch_file(name: str, text: str) -> Generator[Path]:
    """Give a file with *text* for its owner alone; it is overwritten and removed afterwards.

    A process that is killed by SIGKILL cannot do that: what it has left is removed by the next.

    Args:
        name: How it is called; editors tell by that what it is.
        text: Its content.
    """
    base = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else _temporary()
    for each in _left(base):
        _remove(each)
    # The name of the process tells the next one whether somebody still needs it.
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base))
    try:
        file = folder / name
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
        yield file
    finally:
        _remove(folder)


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _left(base: Path) -> Iterator[Path]:
    """Give the folders of ours in *base* whose process has ended."""
    if os.name != "posix":
        return  # there is no way to ask whether a process runs that does not end it
    for folder in base.glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(FileNotFoundError):
            found = folder.lstat()
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
            if is_ours and number.isdecimal() and not _runs(int(number)):
                yield folder


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove(folder: Path) -> None:
    for each in folder.iterdir():
        # The editor's own copies, too.
        with suppress(OSError):
            each.write_bytes(bytes(each.stat().st_size))
    rmtree(folder, ignore_errors=True)
