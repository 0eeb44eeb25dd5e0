"""Translations: lines of text by key and locale, plural forms among them.

``Lang.get("messages.welcome", {"name": "Ann"})`` is the line of the current locale, and
``Lang.choice("messages.apples", 5)`` its form for a number. The framework's own lines, of the
validation for instance, are in ``lang/``, in English, German, French and Spanish.

    translator.py   Translator: get, choice, has; the current locale, the fallback, missing keys
    selector.py     MessageSelector: of the forms of a line, the one for a number
    plurals.py      which form of the plural a number takes, for each language
    replacing.py    placeholders and what stands there
    locales.py      names of locales, which stand behind them, and which one is current
    loaders.py      FileLoader and ArrayLoader
    files.py        files of lines: Python, YAML and JSON
    lang/           the framework's own lines, as data
    contracts.py    Loader: where lines come from
    events.py       LocaleUpdated
    exceptions.py   TranslationError and its tree
    provider.py     binds the translator to the configuration
    commands.py     lang:publish
    publishing.py   copies of the framework's own lines, for an application to change
    publishing.py   copies the framework's own lines to where an application changes them
    commands.py     lang:publish
    provider.py     binds the translator
"""

from __future__ import annotations

from securely.translation.contracts import Lines, Loader
from securely.translation.events import LocaleUpdated
from securely.translation.exceptions import (
    InvalidKey,
    InvalidLocale,
    LinesBroken,
    TranslationError,
    WrongType,
)
from securely.translation.loaders import ArrayLoader, FileLoader
from securely.translation.selector import MessageSelector
from securely.translation.translator import Translator

__all__ = [
    "ArrayLoader",
    "FileLoader",
    "InvalidKey",
    "InvalidLocale",
    "Lines",
    "LinesBroken",
    "Loader",
    "LocaleUpdated",
    "MessageSelector",
    "TranslationError",
    "Translator",
    "WrongType",
]
