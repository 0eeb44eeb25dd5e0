"""The tree of settings:all: sections and settings, with values, origins and what is special."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from securely.console.output.style import clipped, escape, plain_width, safe
from securely.settings.display import forms
from securely.settings.schema import Setting
from securely.support.masking import HIDDEN

__all__ = ["lines"]

_WIDTH: Final = 100  # columns, where lines go to no terminal
# So that name and value stay apart where the name is long.
_DOTS_MIN: Final = 3
_NAME_COLUMNS: Final = 24  # so that values begin in one column, where names are not longer
# What is left of a value where nothing has room: enough to recognise it.
_VALUE_COLUMNS_MIN: Final = 8
_MASK: Final = "●●●●●●●●"
# How a change arrives; most are followed by a reload, which is not told.
_RELOADS: Final = {"live": "● live", "restart": "⟳ restart", "upgrade": "⏻ upgrade"}
_PLAIN_RELOADS: Final = {"live": "[live]", "restart": "[restart]", "upgrade": "[upgrade]"}


@dataclass(slots=True)
class _Branch:
    branches: dict[str, _Branch] = field(default_factory=dict)
    leaf: tuple[Setting, object] | None = None


@dataclass(frozen=True, slots=True)
class _Columns:
    """How many there are, and in which one origins begin where values leave room."""

    all: int
    ends: int


@dataclass(frozen=True, slots=True)
class _Signs:
    """What the tree is drawn with."""

    entry: str
    last: str
    bar: str
    lock: str
    mask: str
    between: str


_DRAWN: Final = _Signs("├─ ", "└─ ", "│  ", "🔒", _MASK, " · ")
_PLAIN: Final = _Signs("|- ", "`- ", "|  ", "[secret]", HIDDEN, " - ")


def lines(
    pairs: Sequence[tuple[Setting, object]], environment: str, width: int | None, *, plain: bool
) -> Iterator[str]:
    """Give the lines of the tree, tags of the console included.

    Args:
        pairs: Settings, each with its value as it is to be shown.
        environment: What is told at the top.
        width: The columns there are; 100 if None.
        plain: ASCII signs only.
    """
    signs = _PLAIN if plain else _DRAWN
    root = _Branch()
    for setting, value in pairs:
        branch = root
        for name in setting.key.split("."):
            branch = branch.branches.setdefault(name, _Branch())
        branch.leaf = (setting, value)
    secret = sum(each.secret for each, _ in pairs)
    changed = sum(each.is_changed for each, _ in pairs)
    counts = f"{len(pairs)} keys, {secret} secret, {changed} overridden"
    head = ["Settings", f"environment: {environment}", counts]
    yield escape(_clipped(signs.between.join(head), width or _WIDTH, signs))
    ends = max((plain_width(_end(each, signs)) for each, _ in pairs), default=0)
    yield from _below(root, "", _Columns(width or _WIDTH, (width or _WIDTH) - ends), signs)


def _below(branch: _Branch, before: str, columns: _Columns, signs: _Signs) -> Iterator[str]:
    entries = list(branch.branches.items())
    for number, (name, child) in enumerate(entries):
        is_last = number == len(entries) - 1
        start = f"{before}{signs.last if is_last else signs.entry}"
        if child.leaf is None:
            yield f"{start}<info>{safe(name)}</info>"
        else:
            yield _line(start, name, child.leaf, columns, signs)
        yield from _below(child, before + ("   " if is_last else signs.bar), columns, signs)


def _line(
    start: str, name: str, leaf: tuple[Setting, object], columns: _Columns, signs: _Signs
) -> str:
    setting, value = leaf
    end = _end(setting, signs)
    head = plain_width(start) + plain_width(name) + 2
    room = columns.all - head - plain_width(end)
    dots = max(_DOTS_MIN, _NAME_COLUMNS - plain_width(name))
    text, was = safe(_value(setting, value, signs)), safe(_was(setting))
    wanted = plain_width(text)
    if wanted + plain_width(was) <= room - dots:
        text += was
    else:
        # The value first: what it was by default goes, then dots, and then its own end.
        dots = max(_DOTS_MIN, min(dots, room - wanted))
    shown = _clipped(text, max(room - dots, _VALUE_COLUMNS_MIN), signs)
    gap = " " * max(0, columns.ends - head - dots - plain_width(shown))
    return (
        f"{start}{safe(name)} <fg=gray>{'.' * dots}</> {shown}{gap}<comment>{safe(end)}</comment>"
    )


def _clipped(text: str, columns: int, signs: _Signs) -> str:
    """Cut *text*; where only ASCII may be drawn, what is cut ends in three dots."""
    if plain_width(text) <= columns or signs is not _PLAIN:
        return clipped(text, columns)
    return clipped(text, columns - 2).removesuffix("…") + "..."


def _end(setting: Setting, signs: _Signs) -> str:
    """Return what stands behind the value: where it came from, and what is special."""
    marks = " ".join(_marks(setting, signs))
    return f"  {setting.origin}{f'  {marks}' if marks else ''}"


def _value(setting: Setting, value: object, signs: _Signs) -> str:
    if setting.secret and isinstance(value, str) and value.startswith(HIDDEN):
        return value.replace(HIDDEN, signs.mask)  # a fingerprint may stand behind
    unit = f" {setting.field.unit}" if setting.field.unit and value is not None else ""
    return f"{_text(value)}{unit}"


def _was(setting: Setting) -> str:
    """Return what stands behind a value that is not the default one."""
    default = setting.field.default
    if setting.secret or not setting.is_changed or default in (setting.value, None):
        return ""
    return f"   (was {_text(default)} by default)"


def _text(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else forms.text(value)


def _marks(setting: Setting, signs: _Signs) -> Iterable[str]:
    if setting.secret:
        yield signs.lock
    reloads = _PLAIN_RELOADS if signs is _PLAIN else _RELOADS
    if setting.field.reload in reloads:
        yield reloads[setting.field.reload]
