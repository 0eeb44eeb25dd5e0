"""What the server runs as one: the Lua scripts of the arq connection, by name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["Script", "script"]

_FOLDER: Final = Path(__file__).parent / "lua"

# Each begins with what it stands on.
_PARTS: Final = {
    "admin": ("base", "batch", "settle", "admin"),
    "leave": ("base", "batch", "settle", "leave"),
    "push": ("base", "push"),
    "reap": ("base", "batch", "settle", "reap"),
    "renew": ("base", "batch", "settle", "renew"),
    "tick": ("base", "tick"),
    "turn": ("base", "batch", "settle", "turn"),
}


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text, and the digest by which a server knows it."""

    text: str
    digest: str


@cache
def script(name: str) -> Script:
    """Return the script *name*.

    Example:
        >>> script("push").text.splitlines()[0]
        '-- What every script of the arq connection stands on: keys, numbers, places, acceptance.'
    """
    text = "\n".join((_FOLDER / f"{part}.lua").read_text("utf-8") for part in _PARTS[name])
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
