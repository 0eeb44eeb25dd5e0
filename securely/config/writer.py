"""Changes one variable of an .env file, and nothing else in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from securely.support.replacing import replace

__all__ = ["EnvFile", "create_file", "quoted", "with_variable", "write_variable"]

# Only the owner reads it: there are keys in it.
_PRIVATE: Final = 0o600
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@,+=-]*")


class EnvFile:
    """One .env file, whose variables can be set.

    Args:
        path: The file; it is made by the first :meth:`set` if it is not there.

    Source: Laravel 13, Env::writeVariables.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, name: str, value: str, overwrite: bool = False) -> bool:
        """Set the variable *name*, quoted where it has to be, and tell whether the file changed.

        A variable that is there keeps its place, and its value too unless *overwrite* is given. A
        new one joins those with the same prefix (``MAIL_``), or comes last. The file is replaced
        at once, and keeps its mode.

        Raises:
            ValueError: The name is none, or the value holds what no line can.
        """
        text = self.path.read_bytes().decode() if self.path.exists() else None
        if text is None:
            create_file(self.path, with_variable("", name, value))
            return True
        if not overwrite and _has(text, name):
            return False
        replace(self.path, with_variable(text, name, value).encode())
        return True


def with_variable(text: str, name: str, value: str) -> str:
    r"""Return the text of an .env file with the variable *name* set, as :meth:`EnvFile.set` does.

    Raises:
        ValueError: The name is none, or the value holds what no line can.

    Example:
        >>> with_variable("APP_ENV=local\n", "APP_NAME", "My shop")
        'APP_ENV=local\nAPP_NAME="My shop"\n'
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a variable: use letters, digits and _.")
    line = quoted(value)
    if _has(text, name):
        found = _with_line(text, name, line)
        return text if found is None else found
    return _with_new(text, name, line)


def _has(text: str, name: str) -> bool:
    return re.search(rf"^\s*(?:export\s+)?{re.escape(name)}\s*=", text, re.MULTILINE) is not None


def _with_new(text: str, name: str, value: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    prefix = f"{name.partition('_')[0]}_"
    near = [at for at, line in enumerate(lines) if line.startswith(prefix)]
    if lines[-1] == "":
        lines.pop()
    at = near[-1] + 1 if near else len(lines)
    # Not into a value that goes over several lines.
    if '"' in "".join(lines[at - 1 : at]) and lines[at - 1].count('"') % 2:
        at = len(lines)
    lines.insert(at, f"{name}={value}")
    return end.join(lines) + end


def quoted(value: str) -> str:
    r"""Return *value* as an .env file writes it: in double quotes, unless it is one plain word.

    Example:
        >>> quoted("plain"), quoted("two words"), quoted('say "$x"')
        ('plain', '"two words"', '"say \\"$x\\""')
    """
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("\r", "\\r").replace("${", "\\${")
    return f'"{escaped}"'


def write_variable(file: Path, name: str, value: str) -> bool:
    """Set the line of *name* in *file* to *value*, and tell whether there is such a line.

    The file is replaced at once, with its mode and owner kept, so nobody ever reads half of it.
    Comments are no such line; when there are several, the last one counts, as for readers.

    Args:
        file: The .env file; a symbolic link is followed.
        name: The variable.
        value: What it is to be, written as it stands.
    """
    text = _with_line(file.read_bytes().decode(), name, value)
    if text is None:
        return False
    replace(file, text.encode())
    return True


def _with_line(text: str, name: str, value: str) -> str | None:
    line = re.compile(
        rf"^([^\S\r\n]*(?:export[^\S\r\n]+)?{re.escape(name)}[^\S\r\n]*=)[^\r\n]*", re.MULTILINE
    )
    found = list(line.finditer(text))
    if not found:
        return None
    last = found[-1]
    # The line is written without blanks around "=": a value that follows a blank and begins
    # with "#" would be read as a comment.
    start = last[1].rstrip("= \t") + "="
    return f"{text[: last.start()]}{start}{value}{text[last.end() :]}"


def create_file(file: Path, text: str) -> None:
    """Write a new .env file that only its owner may read.

    Raises:
        FileExistsError: There is one.
    """
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "wb") as stream:
        stream.write(text.encode())
