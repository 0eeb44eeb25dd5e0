"""bootstrap/providers.py: what it lists and on which lines; adds to it and removes from it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, cast

from securely.container import Provider
from securely.foundation.exceptions import BadProviders
from securely.foundation.providers.failures import told
from securely.support.importing import dotted, run_file

__all__ = [
    "APPLICATION",
    "FRAMEWORK",
    "Listed",
    "add_to_provider_file",
    "line_of",
    "read_provider_file",
    "remove_from_provider_file",
]

APPLICATION: Final = "application"
FRAMEWORK: Final = "framework"


class Listed(NamedTuple):
    """A provider that something lists.

    Attributes:
        provider: Its class, or "package.module:Class".
        origin: Whose it is: "framework", "application", or the name and version of a package.
        where: Says what lists it, for messages; "" when that is plain.
    """

    provider: type[Provider] | str
    origin: str = APPLICATION
    where: Callable[[], str] = str

    @property
    def path(self) -> str:
        """Its dotted path, "package.module:Class"."""
        return self.provider if isinstance(self.provider, str) else dotted(self.provider)


def read_provider_file(file: Path) -> list[type[Provider] | str]:
    """Return what `bootstrap/providers.py` lists; nothing when there is no such file.

    Raises:
        BadProviders: It cannot be run, or lists something else.
    """
    if not file.is_file():
        return []
    try:
        namespace = run_file(file, "bootstrap.providers")
    except Exception as error:
        raise BadProviders(file, told(error)) from error
    listed: object = namespace.get("providers")
    if not isinstance(listed, list):
        raise BadProviders(file, "`providers` is missing, or is no list")
    return [_checked(file, each) for each in cast("list[object]", listed)]


def line_of(file: Path, provider: str) -> str:
    """Return "(listed in FILE, line N)" for a provider of the file, for messages."""
    try:
        found = _list_of(ast.parse(_read(file)))
    except (OSError, SyntaxError):
        found = None
    for node in found.elts if found is not None else ():
        if isinstance(node, ast.Constant) and node.value == provider:
            return f"(listed in {file}, line {node.lineno})"
    return f"(listed in {file})"


def add_to_provider_file(file: Path, provider: str) -> bool:
    """Add *provider* to the list in *file*, which keeps all else as it is written.

    Returns:
        Whether it is there now; False where the file has no list to add to.

    Source: Laravel 13, ServiceProvider::addProviderToBootstrapFile.
    """
    try:
        text = _read(file)
        listed = _list_of(ast.parse(text))
    except (OSError, SyntaxError):
        return False
    if listed is None:
        return False
    if any(isinstance(each, ast.Constant) and each.value == provider for each in listed.elts):
        return True
    _write(file, _Text(text).with_entry(listed, f'"{provider}"'))
    return True


def remove_from_provider_file(file: Path, provider: str) -> bool:
    """Remove *provider* from the list in *file*, which keeps all else as it is written.

    Returns:
        Whether it was there.

    Source: Laravel 13, ServiceProvider::removeProviderFromBootstrapFile.
    """
    try:
        text = _read(file)
        listed = _list_of(ast.parse(text))
    except (OSError, SyntaxError):
        return False
    for node in listed.elts if listed is not None else ():
        if isinstance(node, ast.Constant) and node.value == provider:
            _write(file, _Text(text).without(node))
            return True
    return False


class _Text:
    """A source text, and where the nodes of its tree begin and end in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [f"{line}\n" for line in text.split("\n")]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def with_entry(self, listed: ast.List, entry: str) -> str:
        """Return the text with *entry* as the last one of the list."""
        text, end = self._text, self._end(listed) - 1  # where the bracket closes
        one_line = listed.lineno == listed.end_lineno
        if not listed.elts:
            return f"{text[:end].rstrip()}\n    {entry},\n{text[end:]}"
        last = self._end(listed.elts[-1])
        if one_line:
            # A provider a line, as formatters have a list that ends in a comma.
            shown = [text[self._start(each) : self._end(each)] for each in listed.elts]
            body = "".join(f"    {each},\n" for each in [*shown, entry])
            return f"{text[: self._start(listed)]}[\n{body}]{text[end + 1 :]}"
        indent = " " * listed.elts[-1].col_offset
        if "," not in _code(text[last:end]):
            text, end = f"{text[:last]},{text[last:]}", end + 1
        line = text.rfind("\n", 0, end) + 1
        if text[line:end].strip():  # the bracket closes on the line of an entry
            return f"{text[:end]}\n{indent}{entry},\n{text[end:]}"
        return f"{text[:line]}{indent}{entry},\n{text[line:]}"

    def without(self, node: ast.expr) -> str:
        """Return the text without an entry of the list, its comma, and its line if it is alone."""
        text, start, end = self._text, self._start(node), self._end(node)
        rest = text[end:]
        if rest.lstrip().startswith(","):
            end += rest.index(",") + 1
        line, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        if not text[line:start].strip() and not _code(text[end:line_end]).strip():
            return text[:line] + text[line_end + 1 :]
        return text[:start] + text[end:].lstrip(" ")

    def _start(self, node: ast.expr) -> int:
        return self._at(node.lineno, node.col_offset)

    def _end(self, node: ast.expr) -> int:
        return self._at(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _at(self, line: int, column: int) -> int:
        # Columns of a tree count bytes.
        before = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(before)


def _code(text: str) -> str:
    """Return *text* without comments; it lies between entries, so that no string is in it."""
    return "\n".join(line.partition("#")[0] for line in text.split("\n"))


def _list_of(tree: ast.Module) -> ast.List | None:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        named = any(isinstance(each, ast.Name) and each.id == "providers" for each in targets)
        if named and isinstance(node.value, ast.List):
            return node.value
    return None


def _read(file: Path) -> str:
    """Return the text of *file*.

    Raises:
        SyntaxError: It is no UTF-8, which Python would not read either.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SyntaxError(f"{file} is not UTF-8") from error


def _write(file: Path, text: str) -> None:
    ast.parse(text)  # never leave behind what an application cannot start with
    ending = "\r\n" if b"\r\n" in file.read_bytes() else "\n"
    aside = file.with_name(f"{file.name}.new")
    aside.write_text(text, encoding="utf-8", newline=ending)
    aside.chmod(file.stat().st_mode & 0o7777)
    aside.replace(file)  # whoever reads it meanwhile sees all or nothing of the change


def _checked(file: Path, value: object) -> type[Provider] | str:
    if isinstance(value, str) or (isinstance(value, type) and issubclass(value, Provider)):
        return value
    raise BadProviders(file, f"`providers` lists {value!r}")
