"""Commands as Markdown: what `list --format=md` and `help NAME --format=md` print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from securely.support.listing import GLOBAL_OPTIONS, Argument, Entry, Option, namespace, synopsis

__all__ = ["help_markdown", "list_markdown"]


def list_markdown(
    title: str, entries: Iterable[Entry], within: str = "", *, short: bool = False
) -> str:
    """Return the visible commands as a page: an index by namespace, then each of them.

    Args:
        title: The heading.
        entries: The commands.
        within: A namespace, for its commands only.
        short: Whether usage, arguments and options are left out.

    Source: Symfony 7, Component\\Console\\Descriptor\\MarkdownDescriptor.
    """
    shown = [each for each in entries if not each.hidden and _is_in(each.name, within)]
    shown.sort(key=lambda each: (namespace(each.name), each.name))
    lines = [title, "=" * len(title)]
    space = None
    for entry in shown:
        if namespace(entry.name) != space:
            space = namespace(entry.name)
            lines += ["", f"**{space}:**", ""] if space else [""]
        anchor = entry.name.replace(":", "")
        lines.append(f"* [`{entry.name}`](#{anchor})")
    for entry in shown:
        lines += ["", *_described(entry, short)]
    return "\n".join(lines) + "\n"


def help_markdown(entry: Entry) -> str:
    """Return one command, with its usage, arguments and options."""
    return "\n".join(_described(entry, short=False)) + "\n"


def _described(entry: Entry, short: bool) -> Iterator[str]:
    yield f"`{entry.name}`"
    yield "-" * (len(entry.name) + 2)
    if entry.description:
        yield from ("", entry.description)
    yield from ("", "### Usage", "")
    usages: Sequence[str] = [synopsis(entry, full=True), *entry.aliases, *entry.usages]
    yield from (f"* `{usage}`" for usage in usages)
    if entry.help:
        yield from ("", entry.help.strip())
    if short:
        return
    if entry.arguments:
        yield from ("", "### Arguments")
        for argument in entry.arguments:
            yield from _argument(argument)
    yield from ("", "### Options")
    for option in (*entry.options, *GLOBAL_OPTIONS):
        yield from _option(option)


def _argument(argument: Argument) -> Iterator[str]:
    yield from ("", f"#### `{argument.name}`", "")
    if argument.description:
        yield from (argument.description, "")
    yield f"* Is required: {_yes(argument.required)}"
    yield f"* Is array: {_yes(argument.is_array)}"
    yield f"* Default: `{json.dumps(argument.default)}`"


def _option(option: Option) -> Iterator[str]:
    shortcut = f"|-{option.shortcut}" if option.shortcut else ""
    yield from ("", f"#### `--{option.name}{shortcut}`", "")
    if option.description:
        yield from (option.description, "")
    yield f"* Accept value: {_yes(option.accepts_value)}"
    yield f"* Is multiple: {_yes(option.is_array)}"
    yield f"* Default: `{json.dumps(option.default)}`"


def _is_in(name: str, within: str) -> bool:
    return not within or name == within or name.startswith(f"{within}:")


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
