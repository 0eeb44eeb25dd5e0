"""Commands as values, and the texts of `list` and `help` made from them; imports nothing heavy.

Shared by the start, which reads the values from a manifest, and by the console, which reads them
from its registry: so both print the same. The classes are written by hand because importing
``dataclasses`` costs as much as the interpreter itself.
"""

from securely.support.terminal import COMMENT, INFO, paint

__all__ = [
    "GLOBAL_OPTIONS",
    "Argument",
    "Entry",
    "Option",
    "help_text",
    "list_json",
    "list_raw",
    "list_text",
    "namespace",
    "synopsis",
    "usage",
    "wrapped",
]


# Columns of a usage line; what is longer wraps, and nobody reads it.
_USAGE_MAX = 100
# Columns of a description beside its label; with fewer it stands below, indented by these.
_TEXT_MIN = 24
_BELOW = 8


class Argument:
    """A value that a command takes by its position. *help* is another word for its description."""

    __slots__ = ("default", "description", "is_array", "name", "required")

    def __init__(
        self,
        name: str = "",
        description: str = "",
        *,
        help: str = "",  # noqa: A002  # what people write beside a parameter
        required: bool = True,
        is_array: bool = False,
        default: str | list[str] | None = None,
    ) -> None:
        self.name: str = name
        self.description: str = description or help
        self.required: bool = required
        self.is_array: bool = is_array
        self.default: str | list[str] | None = [] if is_array and default is None else default

    def __repr__(self) -> str:
        return f"Argument({self.name!r}, required={self.required}, default={self.default!r})"


class Option:
    """A value or a flag that a command takes by name.

    ``shortcut`` is one letter; several are separated by ``|``. *help* is another word for the
    description.
    """

    __slots__ = ("accepts_value", "default", "description", "is_array", "name", "shortcut")

    def __init__(
        self,
        name: str = "",
        description: str = "",
        *,
        help: str = "",  # noqa: A002  # as above
        shortcut: str | None = None,
        accepts_value: bool = False,
        is_array: bool = False,
        default: str | list[str] | bool | None = None,
    ) -> None:
        self.name: str = name
        self.description: str = description or help
        self.shortcut: str | None = shortcut
        self.accepts_value: bool = accepts_value
        self.is_array: bool = is_array
        self.default: str | list[str] | bool | None = default
        if default is None and not accepts_value:
            self.default = False
        elif default is None and is_array:
            self.default = []

    def __repr__(self) -> str:
        return f"Option({self.name!r}, shortcut={self.shortcut!r}, default={self.default!r})"


class Entry:
    """What `list` and `help` know of a command. ``target`` is the dotted path of what runs it.

    ``is_partial`` says that it may have arguments and options beside those that are known.
    """

    __slots__ = (
        "aliases",
        "arguments",
        "description",
        "help",
        "hidden",
        "is_partial",
        "name",
        "options",
        "target",
        "usages",
    )

    def __init__(
        self,
        name: str,
        description: str = "",
        *,
        help: str = "",  # noqa: A002  # Laravel's word, and the attribute's name
        hidden: bool = False,
        aliases: list[str] | None = None,
        usages: list[str] | None = None,
        target: str = "",
    ) -> None:
        self.name: str = name
        self.description: str = description
        self.help: str = help
        self.hidden: bool = hidden
        self.aliases: list[str] = aliases or []
        self.usages: list[str] = usages or []
        self.target: str = target
        self.arguments: list[Argument] = []
        self.options: list[Option] = []
        self.is_partial: bool = False

    def __repr__(self) -> str:
        return f"Entry({self.name!r})"


GLOBAL_OPTIONS = (
    Option(
        "help",
        "Display help for the given command. When no command is given display help for the list "
        "command",
        shortcut="h",
    ),
    Option("silent", "Do not output any message"),
    Option("quiet", "Only errors are displayed. All other output is suppressed", shortcut="q"),
    Option("version", "Display this application version", shortcut="V"),
    Option("ansi", "Force (or disable --no-ansi) ANSI output"),
    Option("no-interaction", "Do not ask any interactive question", shortcut="n"),
    Option("env", "The environment the command should run under", accepts_value=True),
    Option(
        "verbose",
        "Increase the verbosity of messages: 1 for normal output, 2 for more verbose output and 3 "
        "for debug",
        shortcut="v|vv|vvv",
    ),
)
"""In the order in which they are shown."""


def namespace(name: str) -> str:
    """Return what stands before the last colon of a command's *name*; "" where there is none."""
    return name.split(":", 1)[0] if ":" in name else ""


def list_text(
    title: str,
    entries: list[Entry],
    within: str = "",
    *,
    colour: bool = False,
    width: int | None = None,
) -> str:
    """Return what `list` prints, in Laravel's form: usage, options, commands by namespace.

    Args:
        title: The first line, such as "Securely 1.0".
        entries: All commands; hidden ones are left out.
        within: Show this namespace only; "" for all.
        colour: Whether to write the terminal's colours.
        width: Columns within which descriptions are wrapped; ``None`` leaves them whole.
    """
    shown = _visible(entries, within)
    labels = [_option_label(option) for option in GLOBAL_OPTIONS]
    widest = max([len(label) for label in labels] + [len(entry.name) for entry in shown])

    lines = [title, ""]
    lines.append(paint("Usage:", COMMENT, colour))
    lines.append("  command [options] [arguments]" if not within else f"  {within}:command")
    lines += ["", paint("Options:", COMMENT, colour)]
    for option, label in zip(GLOBAL_OPTIONS, labels, strict=True):
        lines += _row(label, option.description, widest, colour, width)
    lines.append("")
    what = f'Available commands for the "{within}" namespace:' if within else "Available commands:"
    lines.append(paint(what, COMMENT, colour))
    group = ""
    for entry in shown:
        if not within and namespace(entry.name) != group:
            group = namespace(entry.name)
            lines.append(" " + paint(group, COMMENT, colour))
        lines += _row(entry.name, _described(entry), widest, colour, width)
    return "\n".join(lines) + "\n"


def list_raw(entries: list[Entry], within: str = "") -> str:
    """Return one line per command, name and description, for other programs."""
    shown = _visible(entries, within)
    widest = max([len(entry.name) for entry in shown], default=0)
    return "".join(f"{e.name:<{widest}} {_described(e)}".rstrip() + "\n" for e in shown)


def list_json(
    name: str, version: str, entries: list[Entry], within: str = "", *, short: bool = False
) -> str:
    """Return `list --format=json`, in the schema of Laravel's; *short* leaves definitions out."""
    shown = _visible(entries, within, hidden=True)
    groups: dict[str, list[str]] = {}
    for entry in shown:
        groups.setdefault(namespace(entry.name) or "_global", []).append(entry.name)
    return _json(
        {
            "application": {"name": name, "version": version},
            "commands": [_entry_data(entry, short) for entry in shown],
            "namespaces": [{"id": key, "commands": names} for key, names in groups.items()],
        }
    )


def help_text(entry: Entry, *, colour: bool = False, width: int | None = None) -> str:
    """Return what `help` prints for *entry*; wrapped to *width* columns, or whole lines."""
    options = [*entry.options, *GLOBAL_OPTIONS]
    labels = [argument.name for argument in entry.arguments]
    labels += [_option_label(option) for option in options]
    widest = max(len(label) for label in labels)

    lines: list[str] = []
    if entry.description:
        lines.append(paint("Description:", COMMENT, colour))
        lines += [*wrapped(f"  {entry.description}", 2, width), ""]
    lines.append(paint("Usage:", COMMENT, colour))
    for usage in (synopsis(entry), *entry.aliases, *entry.usages):
        lines += wrapped(f"  {usage}", 4, width)
    if entry.arguments:
        lines += ["", paint("Arguments:", COMMENT, colour)]
        for argument in entry.arguments:
            text = argument.description + _default(argument.default, colour)
            lines += _row(argument.name, text.lstrip(), widest, colour, width)
    lines += ["", paint("Options:", COMMENT, colour)]
    for option in options:
        text = option.description + (
            _default(option.default, colour) if option.accepts_value else ""
        )
        if option.is_array:
            text += paint(" (multiple values allowed)", COMMENT, colour)
        lines += _row(_option_label(option), text.lstrip(), widest, colour, width)
    if entry.help:
        lines += ["", paint("Help:", COMMENT, colour)]
        for line in entry.help.strip().splitlines():
            lines += wrapped(f"  {line}".rstrip(), 2, width)
    return "\n".join(lines) + "\n"


def synopsis(entry: Entry, *, full: bool = False) -> str:
    """Return the usage line of *entry*; *full* spells its own options out.

    Example:
        >>> entry = Entry("mail:send")
        >>> entry.arguments = [Argument("user"), Argument("copy", required=False, is_array=True)]
        >>> synopsis(entry)
        'mail:send [options] [--] <user> [<copy>...]'
    """
    parts = [entry.name]
    if full:
        parts += [f"[{_option_usage(option)}]" for option in entry.options]
    else:
        parts.append("[options]")
    if entry.arguments:
        if len(parts) > 1:
            parts.append("[--]")
        tail = ""
        words: list[str] = []
        for argument in entry.arguments:
            word = f"<{argument.name}>" + ("..." if argument.is_array else "")
            if not argument.required:
                word = f"[{word}"
                tail += "]"
            words.append(word)
        parts.append(" ".join(words) + tail)
    return " ".join(parts)


def usage(entry: Entry) -> str:
    """Return the line below a wrong input: how *entry* is used, or where it is told if long."""
    line = f"Usage: {synopsis(entry, full=True)}"
    if len(line) <= _USAGE_MAX:
        return line
    return f'Run "artisan help {entry.name}" for its arguments and options.'


def _visible(entries: list[Entry], within: str, *, hidden: bool = False) -> list[Entry]:
    """Pick what is listed: ungrouped commands first, then by namespace, each in order of names."""
    shown = [
        entry
        for entry in entries
        if (hidden or not entry.hidden)
        and (not within or f"{entry.name}:".startswith(f"{within}:"))
    ]
    return sorted(shown, key=_order)


def _order(entry: Entry) -> tuple[str, str]:
    return namespace(entry.name), entry.name


def _described(entry: Entry) -> str:
    aliases = f"[{'|'.join(entry.aliases)}] " if entry.aliases else ""
    return aliases + entry.description


def _row(label: str, text: str, widest: int, colour: bool, width: int | None) -> list[str]:
    row = f"  {paint(label, INFO, colour)}{' ' * (widest - len(label))}  "
    indent = widest + 4
    if width is not None and width - indent < _TEXT_MIN:
        # No room beside the label: below it, then.
        text = text and f"{' ' * _BELOW}{text}"
        return [row.rstrip(), *(wrapped(text, _BELOW, width) if text else [])]
    lines = wrapped(f"{' ' * indent}{text}", indent, width)
    return [(row + lines[0][indent:]).rstrip(), *lines[1:]]


def wrapped(line: str, indent: int, width: int | None) -> list[str]:
    """Return *line* as lines of at most *width* columns, those after the first indented.

    Colours count for nothing; a word that is too long stays whole.

    Example:
        >>> wrapped("  Show how it is built", 4, 12)
        ['  Show how', '    it is', '    built']
    """
    if width is None or _columns(line) <= width:
        return [line]
    lead = line[: len(line) - len(line.lstrip(" "))]
    lines: list[str] = []
    for word in line.split():
        if lead and not lead.isspace() and _columns(f"{lead} {word}") > width:
            lines.append(lead)
            lead = " " * indent
        lead = f"{lead} {word}" if lead and not lead.isspace() else lead + word
    return [*lines, lead]


def _columns(text: str) -> int:
    """Return how many columns *text* takes, codes of colours not counted."""
    columns = 0
    for number, part in enumerate(text.split("\x1b[")):
        columns += len(part if number == 0 else part.partition("m")[2])
    return columns


def _default(value: str | list[str] | bool | None, colour: bool) -> str:
    if value is None or isinstance(value, bool) or value == []:
        return ""
    return paint(f" [default: {_json(value)}]", COMMENT, colour)


def _option_label(option: Option) -> str:
    if option.name == "verbose":
        return "-v|vv|vvv, --verbose"
    if option.name == "ansi":
        return "    --ansi|--no-ansi"
    shortcut = f"-{option.shortcut}, " if option.shortcut else "    "
    value = f"[={option.name.upper()}]" if option.accepts_value else ""
    return f"{shortcut}--{option.name}{value}"


def _option_usage(option: Option) -> str:
    shortcut = f"-{option.shortcut}|" if option.shortcut else ""
    value = f" [{option.name.upper()}]" if option.accepts_value else ""
    return f"{shortcut}--{option.name}{value}"


def _entry_data(entry: Entry, short: bool) -> dict[str, object]:
    data: dict[str, object] = {
        "name": entry.name,
        "description": entry.description,
        "help": entry.help,
        "hidden": entry.hidden,
        "aliases": entry.aliases,
        "usage": [synopsis(entry), *entry.aliases, *entry.usages],
    }
    if not short:
        data["definition"] = {
            "arguments": {
                argument.name: {
                    "name": argument.name,
                    "is_required": argument.required,
                    "is_array": argument.is_array,
                    "description": argument.description,
                    "default": argument.default,
                }
                for argument in entry.arguments
            },
            "options": {
                option.name: {
                    "name": f"--{option.name}",
                    "shortcut": f"-{option.shortcut}" if option.shortcut else "",
                    "accept_value": option.accepts_value,
                    "is_multiple": option.is_array,
                    "description": option.description,
                    "default": option.default,
                }
                for option in entry.options
            },
        }
    return data


def _json(value: object) -> str:
    """Encode what this module holds; the standard library's encoder would import ``re``."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "{" + ",".join([f"{_json(str(k))}:{_json(v)}" for k, v in value.items()]) + "}"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # typing.cast would import typing
    if isinstance(value, list):
        return "[" + ",".join([_json(item) for item in value]) + "]"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # as above
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join([c if c >= " " else f"\\u{ord(c):04x}" for c in text]) + '"'
