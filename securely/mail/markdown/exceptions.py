"""What can go wrong with markdown mail.

MarkdownError           the root, an error of mail
├── MisplacedValue      a view prints a value where none is safe: in a script, or bare in a tag
├── UnknownChoice       a component is given a word that it does not know (also a ValueError)
├── UnknownTheme        there is no theme of that name (also a LookupError)
└── UnsafeLink          an address is none that a mail may lead to (also a ValueError)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from securely.mail.exceptions import MailError
from securely.support.masking import mask_urls
from securely.support.suggest import did_you_mean

__all__ = ["MarkdownError", "MisplacedValue", "UnknownChoice", "UnknownTheme", "UnsafeLink"]

_SHOWN: Final = 80  # letters of a value, which may come from anybody and be a megabyte


_SECRETS: Final = re.compile(r"(?<=[?#])")  # behind one, links to a password's reset have a key


class MarkdownError(MailError):
    """The root of every error of markdown mail."""


class MisplacedValue(MarkdownError):
    """A view prints a value where no escaping makes it safe.

    Attributes:
        where: Where: in a tag outside quotes, in ``<script>`` or in ``<style>``.
    """

    def __init__(self, where: str) -> None:
        self.where: str = where
        super().__init__(
            f"A value is printed {where}, where it could become anything. "
            "Print values between tags or in quoted attributes."
        )

    def __reduce__(self) -> tuple[type[MisplacedValue], tuple[str]]:
        return type(self), (self.where,)


class UnknownChoice(MarkdownError, ValueError):
    """A component is given a word that it does not know.

    Attributes:
        word: The word.
        choices: Those it knows.
    """

    def __init__(self, word: str, choices: Sequence[str]) -> None:
        self.word: str = word
        self.choices: tuple[str, ...] = tuple(choices)
        super().__init__(
            f'"{_cut(word)}" is none of: {", ".join(self.choices)}.{_hint(word, self.choices)}'
        )

    def __reduce__(self) -> tuple[type[UnknownChoice], tuple[str, tuple[str, ...]]]:
        return type(self), (self.word, self.choices)


class UnknownTheme(MarkdownError, LookupError):
    """There is no theme of that name.

    Attributes:
        theme: The name.
        themes: Those that are there.
        folder: Where the application keeps its own; empty where it has no folder for views.
    """

    def __init__(self, theme: str, themes: Sequence[str], folder: str = "") -> None:
        self.theme: str = theme
        self.themes: tuple[str, ...] = tuple(themes)
        self.folder: str = folder
        own = f" Themes of your own lie in {folder}, as NAME.css." if folder else ""
        super().__init__(
            f'The theme "{_cut(theme)}" is not there. Themes: {", ".join(self.themes) or "none"}.'
            f"{own}{_hint(theme, self.themes)}"
        )

    def __reduce__(self) -> tuple[type[UnknownTheme], tuple[str, tuple[str, ...], str]]:
        return type(self), (self.theme, self.themes, self.folder)


class UnsafeLink(MarkdownError, ValueError):
    """An address is none that a mail may lead to.

    Attributes:
        address: The address, cut where it is long, and before what may be secret: passwords, and
            what follows a question mark or a hash.
    """

    def __init__(self, address: str) -> None:
        bare = mask_urls(_SECRETS.split(address, maxsplit=1)[0])
        self.address: str = _cut(bare)
        super().__init__(
            f"A mail does not lead to {self.address!r}. "
            "Give a whole address that begins with https:, http:, mailto: or tel:."
        )

    def __reduce__(self) -> tuple[type[UnsafeLink], tuple[str]]:
        return type(self), (self.address,)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _hint(word: str, choices: Sequence[str]) -> str:
    near = did_you_mean(word, choices)
    return f' Did you mean "{near}"?' if near else ""
