"""The manifest of commands: what `list` and `help` show, and whether it is still true.

A text of lines whose fields are separated by tabs, because reading JSON imports ``re``:

    securely-commands  3  <version of Securely>  <version of Python>
    P  <what :func:`installed` says>                               the packages it was made with
    S  <path>  <time of change in ns, or ->  <size, or ->          a file or folder it was made from
    C  <name>  <description>  <help>  <h and p or empty>  <aliases>  <usages>  <dotted path>
    A  <name>  <description>  <r and * or empty>  <default>        an argument of the command above
    O  <name>  <description>  <v and * or empty>  <default>  <shortcut>
    W  <warning>

Lists are separated by the unit separator (U+001F); a default begins with its kind. The path of
what lies in the application is relative to it: a copy of an application is told from the original.
"""

import os
import sys

from securely.support.listing import Argument, Entry, Option

__all__ = ["Manifest", "Source", "installed", "manifest_path"]

_FORMAT = "3"
_SEPARATOR = "\x1f"
_ABSENT = "-"
# The parts of a mode that S_IFMT and S_IFDIR of the module stat name.
_KIND = 0o170000
_FOLDER = 0o040000

_Default = str | list[str] | bool | None


class Source:
    """A file or folder that a manifest was made from, and its state at that time."""

    __slots__ = ("path", "state")

    def __init__(self, path: str, state: str | None = None) -> None:
        self.path: str = path
        self.state: str = state if state is not None else self.current()

    def current(self) -> str:
        """Return the state now: time of change and, of a file, the size; both may be absent."""
        try:
            found = os.stat(self.path)  # noqa: PTH116  # pathlib costs more than the rest
        except OSError:
            return f"{_ABSENT}\t{_ABSENT}"
        is_folder = found.st_mode & _KIND == _FOLDER
        return f"{found.st_mtime_ns}\t{_ABSENT if is_folder else found.st_size}"


class Manifest:
    """The commands of an application, as far as their sources show them.

    Attributes:
        entries: The commands.
        sources: What they were read from.
        warnings: What could not be read, one line each.
        packages: What was installed then.
    """

    __slots__ = ("entries", "packages", "sources", "warnings")

    def __init__(self) -> None:
        self.packages: str = installed()
        self.entries: list[Entry] = []
        self.sources: list[Source] = []
        self.warnings: list[str] = []

    @classmethod
    def read(cls, path: str, version: str, *, brief: bool = False) -> "Manifest | None":
        """Return the manifest at *path*; ``None`` where it is absent, damaged or no longer true.

        Args:
            path: As of :func:`manifest_path`.
            version: Of Securely; a manifest of another one is not true.
            brief: Leave out arguments and options, which are most of it.
        """
        try:
            with open(path, encoding="utf-8", newline="\n") as file:  # noqa: PTH123  # as above
                lines = file.read().split("\n")
            if lines[0] != _head(version) or lines[-2] != "E":
                return None
            found = cls()
            if lines[1] != _line("P", found.packages):
                return None
            return found._filled(lines[2:-2], _base(path), brief)
        except (OSError, ValueError, IndexError):
            return None

    def write(self, path: str, version: str) -> bool:
        """Write the manifest aside and put it in place; say whether that could be done."""
        aside = f"{path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(handle, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
                file.write(self._text(version, _base(path)))
            os.replace(aside, path)  # noqa: PTH105  # as above
        except OSError:
            return False
        return True

    def _filled(self, lines: list[str], base: str, brief: bool) -> "Manifest | None":
        join = os.path.join
        entry = Entry("")
        for line in lines:
            if brief and line.startswith(("A\t", "O\t")):
                continue
            kind, *fields = line.split("\t")
            if kind == "S":
                source = Source(join(base, fields[0]), f"{fields[1]}\t{fields[2]}")
                if source.current() != source.state:
                    return None
                self.sources.append(source)
                continue
            if "\\" in line:
                fields = [_opened(field) for field in fields]
            if kind == "C":
                entry = _entry(fields)
                self.entries.append(entry)
            elif kind == "A":
                entry.arguments.append(_argument(fields))
            elif kind == "O":
                entry.options.append(_option(fields))
            elif kind == "W":
                self.warnings.append(fields[0])
        return self

    def _text(self, version: str, base: str) -> str:
        lines = [_head(version), _line("P", self.packages)]
        inside = os.path.join(base, "")  # noqa: PTH118  # as above
        lines += [f"S\t{each.path.removeprefix(inside)}\t{each.state}" for each in self.sources]
        for entry in self.entries:
            flags = ("h" if entry.hidden else "") + ("p" if entry.is_partial else "")
            aliases, usages = _SEPARATOR.join(entry.aliases), _SEPARATOR.join(entry.usages)
            known = (entry.name, entry.description, entry.help, flags, aliases, usages)
            lines.append(_line("C", *known, entry.target))
            for argument in entry.arguments:
                flags = ("r" if argument.required else "") + ("*" if argument.is_array else "")
                default = _kept(argument.default)
                lines.append(_line("A", argument.name, argument.description, flags, default))
            for option in entry.options:
                flags = ("v" if option.accepts_value else "") + ("*" if option.is_array else "")
                texts = (option.name, option.description, flags, _kept(option.default))
                lines.append(_line("O", *texts, option.shortcut or ""))
        lines += [_line("W", warning) for warning in self.warnings]
        return "\n".join([*lines, "E", ""])


def installed() -> str:
    """Return what tells one set of installed packages from another.

    It names the folders of `sys.path` that hold packages, and when something last came or went
    there: a package that is installed, removed or exchanged changes it. The folders without
    packages do not count, so that it is the same however a process was started.
    """
    library = os.path.dirname(os.__file__)  # noqa: PTH120  # as above
    found: list[str] = []
    for folder in dict.fromkeys(sys.path):
        if folder == library or folder.endswith(("lib-dynload", ".zip")):
            continue
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208  # as above
            if any(name.endswith((".dist-info", ".egg-info")) for name in names):
                changed = os.stat(folder or ".").st_mtime_ns  # noqa: PTH116  # as above
                found.append(f"{folder}{_SEPARATOR}{changed}")
        except OSError:
            continue  # no folder: nothing is installed there
    return _SEPARATOR.join(sorted(found))


def manifest_path(base: str) -> str:
    """Return where the manifest of the application in the folder *base* lies."""
    return os.path.join(base, "bootstrap", "cache", "commands.txt")  # noqa: PTH118  # as above


def _base(path: str) -> str:
    """Return the folder of the application whose manifest lies at *path*."""
    up = os.path.dirname
    return up(up(up(path)))


def _head(version: str) -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    return f"securely-commands\t{_FORMAT}\t{version}\t{python}"


def _line(*fields: str) -> str:
    return "\t".join([_closed(field) for field in fields])


def _closed(text: str) -> str:
    """Escape what would end a field or a line."""
    text = text.replace("\\", "\\\\").replace("\t", "\\t")
    return text.replace("\n", "\\n").replace("\r", "\\r")


def _opened(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.split("\\\\")
    plain = [p.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r") for p in parts]
    return "\\".join(plain)


def _kept(value: _Default) -> str:
    if value is None or isinstance(value, bool):
        return "n"
    return "s" + value if isinstance(value, str) else "l" + _SEPARATOR.join(value)


def _given(text: str) -> str | list[str] | None:
    if text.startswith("s"):
        return text[1:]
    return _list(text[1:]) if text.startswith("l") else None


def _list(text: str) -> list[str]:
    return text.split(_SEPARATOR) if text else []


def _entry(fields: list[str]) -> Entry:
    name, description, help_, flags, aliases, usages, target = fields
    entry = Entry(
        name,
        description,
        help=help_,
        hidden="h" in flags,
        aliases=_list(aliases),
        usages=_list(usages),
        target=target,
    )
    entry.is_partial = "p" in flags
    return entry


def _argument(fields: list[str]) -> Argument:
    name, description, flags, default = fields
    return Argument(
        name,
        description,
        required="r" in flags,
        is_array="*" in flags,
        default=_given(default),
    )


def _option(fields: list[str]) -> Option:
    name, description, flags, default, shortcut = fields
    return Option(
        name,
        description,
        shortcut=shortcut or None,
        accepts_value="v" in flags,
        is_array="*" in flags,
        default=_given(default),
    )
