"""Reads .env files with python-dotenv's parser; a malformed line is an error, not a warning."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import IO, Final, Protocol, cast

from securely.config.exceptions import EnvironmentFileBroken

__all__ = ["Binding", "Original", "bindings", "line_of", "parse_dotenv", "read_dotenv"]


class Original(Protocol):
    """The text of a binding as it stands in its file, and the line it begins in."""

    string: str
    line: int


class Binding(Protocol):
    """One statement of an .env file: a variable, or without a key a comment or blank lines."""

    key: str | None
    value: str | None
    original: Original
    error: bool


class _Parser(Protocol):
    """What we use of python-dotenv's parser."""

    def parse_stream(self, stream: IO[str]) -> Iterator[Binding]: ...


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_REFERENCE: Final = re.compile(r"(\\?)\$\{([^}:]*)(?::-([^}]*))?\}")
_START: Final = re.compile(r"\s*(?:export[^\S\r\n]+)?")


def read_dotenv(file: Path, process: Mapping[str, str]) -> dict[str, str]:
    """Return what *file* says, ``${NAME}`` and ``${NAME:-default}`` filled in.

    Text in single quotes is taken as it stands, and ``\\${`` in any other is no reference.
    A reference finds the process's variables first, then earlier ones of the file.

    Raises:
        EnvironmentFileBroken: A line is malformed, or the file is not UTF-8.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise EnvironmentFileBroken(file, line, 1, "…", "This is not UTF-8.") from None
    return parse_dotenv(text, file, process)


def parse_dotenv(text: str, file: Path, process: Mapping[str, str]) -> dict[str, str]:
    """Return what *text* says, as :func:`read_dotenv` does of a file that holds it.

    Args:
        text: The content.
        file: Which file it is of, or is to become; for errors.
        process: The process's variables, for references.

    Raises:
        EnvironmentFileBroken: A line is malformed.

    Example:
        >>> parse_dotenv("A=1\\nB='${A}'\\nC=${A}", Path(".env"), {})
        {'A': '1', 'B': '${A}', 'C': '1'}
    """
    values: dict[str, str] = {}
    for binding in bindings(text):
        source: str = binding.original.string
        if binding.key is None and not binding.error:
            continue  # a comment, or blank lines at the end
        name, value = binding.key, binding.value
        if name is None or value is None or not _NAME.fullmatch(name):
            raise _broken(file, source, binding.original.line)
        if not _is_single_quoted(source):
            value = _filled(value, values, process)
        values[name] = value
    return values


def bindings(text: str) -> Iterator[Binding]:
    """Give the statements of *text* in their order; together, their texts are *text*.

    Example:
        >>> [each.key for each in bindings("# a comment\\nexport A=1\\n")]
        [None, 'A']
    """
    return _parser().parse_stream(io.StringIO(text, newline=""))


def line_of(file: Path, name: str) -> int | None:
    """Return the line of *file* that sets the variable *name*, the last one if there are several.

    Example:
        >>> line_of(Path("/no/such/.env"), "APP_NAME") is None
        True
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    found: int | None = None
    for binding in bindings(text):
        if binding.key == name:
            start = _START.match(binding.original.string)
            # What precedes the name, blank lines, belongs to the binding.
            before = start[0] if start else ""
            found = binding.original.line + len(re.findall(r"\r\n|\n|\r", before))
    return found


def _parser() -> _Parser:
    """Return python-dotenv's parser without the rest of python-dotenv.

    Its package imports logging, tempfile and shutil, for a command line that we do not use; at
    every start that would be the larger half of reading an .env file.
    """
    if "dotenv.parser" in sys.modules:
        return cast("_Parser", sys.modules["dotenv.parser"])
    package = PathFinder.find_spec("dotenv")
    if package is None or package.submodule_search_locations is None:
        raise ModuleNotFoundError("No module named 'dotenv'", name="dotenv")
    spec = PathFinder.find_spec("dotenv.parser", package.submodule_search_locations)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("No module named 'dotenv.parser'", name="dotenv.parser")
    module: ModuleType = module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("_Parser", module)


def _filled(value: str, earlier: Mapping[str, str], process: Mapping[str, str]) -> str:
    def replaced(match: re.Match[str]) -> str:
        escaped, name, default = match.groups()
        if escaped:
            return match[0][1:]
        found = process.get(name, earlier.get(name))
        return (default or "") if found is None else found

    return _REFERENCE.sub(replaced, value) if "${" in value else value


def _is_single_quoted(source: str) -> bool:
    return source.partition("=")[2].lstrip().startswith("'")


def _broken(file: Path, source: str, line: int) -> EnvironmentFileBroken:
    """Find where the line goes wrong, and how much of it may be shown.

    What stands before ``=`` is shown, for it should be a name. Where there is none, the line may
    be the rest of a secret that was pasted over several lines: then only what is written as
    names are, in capitals, is shown.
    """
    start = _START.match(source)
    assert start is not None  # noqa: S101  # the pattern matches the empty text
    line += len(re.findall(r"\r\n|\n|\r", start[0]))
    indent = re.split(r"[\r\n]", source[: start.end()])[-1]
    rest = re.split(r"[\r\n]", source[start.end() :])[0]
    name = _NAME.match(rest)
    before, equals, value = rest.partition("=")
    if not equals:
        shown = name[0] if name and re.fullmatch(r"[A-Z][A-Z0-9_]{0,39}", name[0]) else ""
        column = len(shown)
        reason = 'Expected "=" after the name.' if shown else 'Expected NAME="value".'
        excerpt = f"{shown}{' …' if shown else '…'}" if shown != rest else shown
        return _error(file, line, indent, column, excerpt, reason)
    safe = re.fullmatch(r"[\w .'\"\-]{0,60}", before) is not None
    shown = f"{before}=…" if safe else "…=…"
    if name is None or before.strip() != name[0]:
        column = (name.end() if name else 0) if safe else 0
        reason = "A name has letters, digits and underscores only, and does not begin with a digit."
        return _error(file, line, indent, column, shown, reason)
    column = len(before) + 1 + len(value) - len(value.lstrip())
    quote = value.lstrip()[:1]
    if quote and quote in "\"'" and not _closes(source[start.end() :].partition("=")[2].lstrip()):
        return _error(file, line, indent, column, shown, f"This quote ({quote}) is never closed.")
    return _error(file, line, indent, column, shown, "There is text after the closing quote.")


def _closes(value: str) -> bool:
    return re.match(r"(['\"])(?:\\.|(?!\1).)*\1", value, re.DOTALL) is not None


def _error(
    file: Path, line: int, indent: str, column: int, excerpt: str, reason: str
) -> EnvironmentFileBroken:
    offset = len(indent) + min(column, len(excerpt))
    return EnvironmentFileBroken(file, line, offset + 1, f"{indent}{excerpt}", reason)
