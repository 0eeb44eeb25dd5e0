"""What can go wrong with translations.

TranslationError        the root
├── InvalidKey          a line is to be added under a key that names none (also a ValueError)
├── InvalidLocale       a locale is no name of one (also a ValueError)
├── LinesBroken         a file of lines is malformed, fails, or holds something else
└── WrongType           a line is not of the kind that was asked for (also a TypeError)
"""

from __future__ import annotations

from pathlib import Path

from securely.exceptions import SecurelyError

__all__ = ["InvalidKey", "InvalidLocale", "LinesBroken", "TranslationError", "WrongType"]


class TranslationError(SecurelyError):
    """The root of every error of translations."""


class InvalidKey(TranslationError, ValueError):
    """A line is to be added under a key that names none, or a key is no text."""

    def __init__(self, key: object) -> None:
        self.key = key
        if isinstance(key, str):
            message = (
                f'"{_short(key)}" names no line: it lacks a group. Write "messages.{_short(key)}", '
                f'or "*.{_short(key)}" for a line that is its own key.'
            )
        else:
            message = f"The key of a line is text, not {type(key).__name__}."
        super().__init__(message)

    def __reduce__(self) -> tuple[type[InvalidKey], tuple[object]]:
        return type(self), (self.key,)


class InvalidLocale(TranslationError, ValueError):
    """A locale is no name of one. Locales become names of folders, so nothing else may do."""

    def __init__(self, locale: object) -> None:
        self.locale = locale
        shown = repr(_short(locale)) if isinstance(locale, str) else type(locale).__name__
        super().__init__(
            f"{shown} is no locale. Invalid characters present in locale: a name has letters and "
            'digits with "_", "-", "." or "@" between them, such as "de", "pt_BR" or "zh-Hans", '
            "and at most 64 of them. Check what a browser or a user says against a list."
        )

    def __reduce__(self) -> tuple[type[InvalidLocale], tuple[object]]:
        return type(self), (self.locale,)


class LinesBroken(TranslationError):
    """A file of lines is malformed, fails while it runs, or holds something else than lines."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}{f':{line}' if line else ''}: {reason}")

    def __reduce__(self) -> tuple[type[LinesBroken], tuple[Path, int | None, str]]:
        return type(self), (self.path, self.line, self.reason)


class WrongType(TranslationError, TypeError):
    """A line is not of the kind that was asked for: a group of lines, where text is wanted."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        self.key = key
        self.expected = expected
        self.found = found
        hint = (
            f'Name a line within it: "{_short(key)}.…".'
            if expected == "text"
            else f'Read it as text: get("{_short(key)}").'
        )
        super().__init__(f'"{_short(key)}" is {found}, not {expected}. {hint}')

    def __reduce__(self) -> tuple[type[WrongType], tuple[str, str, str]]:
        return type(self), (self.key, self.expected, self.found)


_SHOWN = 80  # of a name that may be a megabyte


def _short(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return shown.encode("utf-8", "backslashreplace").decode()
