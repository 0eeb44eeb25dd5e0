"""Locales: what is a name of one, which stand behind it, and which one is current where."""

from __future__ import annotations

import re
from contextvars import ContextVar
from enum import Enum
from typing import Final, NamedTuple

from securely.container.scope import Scope, current_scope
from securely.translation.exceptions import InvalidLocale

__all__ = ["CurrentLocale", "lineage", "locale_name"]

_NAME: Final = re.compile(r"[A-Za-z0-9]+(?:[_.@-][A-Za-z0-9]+)*")
_LENGTH_MAX: Final = 64  # letters; the longest names that are in use have half of them


def locale_name(locale: str | Enum) -> str:
    """Return *locale* as text, once it is sure that it names one.

    Raises:
        InvalidLocale: It does not: it would lead out of the folder of the lines, for instance.

    Example:
        >>> locale_name("pt_BR")
        'pt_BR'
        >>> locale_name("../../etc")
        Traceback (most recent call last):
        securely.translation.exceptions.InvalidLocale: '../../etc' is no locale. ...
    """
    name: object = locale.value if isinstance(locale, Enum) else locale
    if not isinstance(name, str) or len(name) > _LENGTH_MAX or not _NAME.fullmatch(name):
        raise InvalidLocale(name)
    return name


def lineage(locale: str) -> tuple[str, ...]:
    """Return *locale* and those it is a kind of, the nearest first.

    Example:
        >>> lineage("zh_Hant_TW")
        ('zh_Hant_TW', 'zh_Hant', 'zh')
        >>> lineage("de-AT"), lineage("en")
        (('de-AT', 'de'), ('en',))
    """
    found = [locale]
    while True:
        base = re.sub(r"[_.@-][^_.@-]*$", "", found[-1])
        if base in ("", found[-1]):
            return tuple(found)
        found.append(base)


class _Choice(NamedTuple):
    locale: str
    scope: Scope | None
    before: _Choice | None


class CurrentLocale:
    """Which locale is current, here and now: the one that was set in this context, or the default.

    It is set for the task, the thread or the block that sets it, and for what that begins later.
    What a request, a job or a command sets ends with it, though its thread goes on.
    """

    def __init__(self, default: str) -> None:
        self.default: str = default
        self._choice: ContextVar[_Choice | None] = ContextVar("securely_locale", default=None)

    def get(self) -> str:
        """Return the current locale."""
        choice = self._choice.get()
        if choice is None:
            return self.default
        valid = _valid(choice)
        return self.default if valid is None else valid.locale

    def set(self, locale: str) -> None:
        """Make *locale* the current one."""
        scope = current_scope.get()
        before = _valid(self._choice.get())
        if before is not None and before.scope is scope:
            before = before.before
        self._choice.set(_Choice(locale, scope, before))

    def choice(self) -> _Choice | None:
        """Return what was chosen, for :meth:`restore`."""
        return self._choice.get()

    def restore(self, choice: _Choice | None) -> None:
        """Go back to what :meth:`choice` has told."""
        self._choice.set(choice)


def _valid(choice: _Choice | None) -> _Choice | None:
    """Return the last choice that was made out of any scope, or in one that is still around."""
    while choice is not None and choice.scope is not None and not _is_around(choice.scope):
        choice = choice.before
    return choice


def _is_around(scope: Scope) -> bool:
    each = current_scope.get()
    while each is not None:
        if each is scope:
            return True
        each = each.outer
    return False
