"""Changes one variable of an .env file, and nothing else in it."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

from securely.support import entropy

__all__ = ["create_file", "write_variable"]

# Only the owner reads it: there are keys in it.
_PRIVATE: Final = 0o600


def write_variable(file: Path, name: str, value: str) -> bool:
    """Set the line of *name* in *file* to *value*, and tell whether there is such a line.

    The file is replaced at once, with its mode and owner kept, so nobody ever reads half of it.
    Comments are no such line; when there are several, the last one counts, as for readers.

    Args:
        file: The .env file; a symbolic link is followed.
        name: The variable.
        value: What it is to be, written as it stands.
    """
    file = file.resolve()
    text = file.read_bytes().decode()
    line = re.compile(
        rf"^([^\S\r\n]*(?:export[^\S\r\n]+)?{re.escape(name)}[^\S\r\n]*=)[^\r\n]*", re.MULTILINE
    )
    found = list(line.finditer(text))
    if not found:
        return False
    last = found[-1]
    # The line is written without blanks around "=": a value that follows a blank and begins
    # with "#" would be read as a comment.
    start = last[1].rstrip("= \t") + "="
    _replace(file, f"{text[: last.start()]}{start}{value}{text[last.end() :]}".encode())
    return True


def create_file(file: Path, text: str) -> None:
    """Write a new .env file that only its owner may read.

    Raises:
        FileExistsError: There is one.
    """
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "wb") as stream:
        stream.write(text.encode())


def _replace(file: Path, content: bytes) -> None:
    before = file.stat()
    beside = file.with_name(f"{file.name}.{entropy.token_hex(4)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.chmod(before.st_mode & 0o7777)
        if hasattr(os, "chown"):
            # Only root may give a file away, and only root needs to.
            with contextlib.suppress(PermissionError):
                os.chown(beside, before.st_uid, before.st_gid)
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
