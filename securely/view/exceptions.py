"""What can go wrong with views.

ViewError               the root
├── InvalidView         a name is none of a view, or leads out of the folders (also a ValueError)
├── ViewFailed          a view is malformed, lacks a variable, or raised something
└── ViewNotFound        no folder has a view of that name (also a LookupError)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from securely.exceptions import SecurelyError

__all__ = ["InvalidView", "ViewError", "ViewFailed", "ViewNotFound"]

_SHOWN: Final = 80  # letters of a name, which may come from anybody and be a megabyte


class ViewError(SecurelyError):
    """The root of every error of views."""


class InvalidView(ViewError, ValueError):
    """A name is none of a view: it would lead out of the folders of the views, for instance.

    Attributes:
        name: What was asked for.
        reason: What is wrong with it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name: str = name
        self.reason: str = reason
        super().__init__(
            f"{_quoted(name)} names no view: {reason}. A name is made of words with dots or "
            'slashes between them, such as "mail.invoice" or "shop::cart".'
        )

    def __reduce__(self) -> tuple[type[InvalidView], tuple[str, str]]:
        return type(self), (self.name, self.reason)


class ViewNotFound(ViewError, LookupError):
    """No folder has a view of that name.

    Attributes:
        names: What was asked for: one name, or several of which one would have done.
        looked: The files that were looked for, in this order.
        near: What was probably meant; empty where nothing is near.
        hint: What else may be the matter; empty where nothing is known.
    """

    def __init__(
        self, names: Sequence[str], looked: Sequence[Path], near: str = "", hint: str = ""
    ) -> None:
        self.names: tuple[str, ...] = tuple(names)
        self.looked: tuple[Path, ...] = tuple(looked)
        self.near: str = near
        self.hint: str = hint
        shown = ", ".join(map(_quoted, self.names))
        text = f"The view {shown} is not there."
        if len(self.names) != 1:
            text = f"None of the views {shown} is there." if shown else "No view was named."
        if self.looked:
            text += f" Looked for: {', '.join(map(_plain, self.looked))}."
        if hint:
            text += f" {hint}"
        if near:
            text += f' Did you mean "{_plain(near)}"?'
        super().__init__(text)

    def __reduce__(
        self,
    ) -> tuple[type[ViewNotFound], tuple[tuple[str, ...], tuple[Path, ...], str, str]]:
        return type(self), (self.names, self.looked, self.near, self.hint)


class ViewFailed(ViewError):
    """A view is malformed, lacks a variable, or something that it called raised.

    The message never shows data; what was raised is the error's ``__cause__``.

    Attributes:
        view: What was rendered; empty where it was given as text.
        file: Where it failed: the view's own file, or one that it extends or includes.
        line: The line of that, or of the text; None where it is not known.
        reason: What is wrong there.
    """

    def __init__(self, view: str, file: Path | None, line: int | None, reason: str) -> None:
        self.view: str = view
        self.file: Path | None = file
        self.line: int | None = line
        self.reason: str = reason
        what = f"The view {_quoted(view)}" if view else "A view that was given as text"
        where = [f" in {_plain(file)}"] if file else []
        if line:
            where.append(f":{line}" if file else f" in line {line}")
        super().__init__(f"{what} failed{''.join(where)}: {reason}")

    def __reduce__(
        self,
    ) -> tuple[type[ViewFailed], tuple[str, Path | None, int | None, str]]:
        return type(self), (self.view, self.file, self.line, self.reason)


def _quoted(name: str) -> str:
    return f'"{_plain(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")}"'


def _plain(text: object) -> str:
    """Return *text* with the signs that nobody sees as Python writes them: it may go into a log."""
    shown = str(text)
    return shown if shown.isprintable() else repr(shown)[1:-1]
