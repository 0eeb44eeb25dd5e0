"""Translator: lines by key and locale, their placeholders filled in, their plurals chosen."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from os import PathLike
from typing import Any, Final, TypeAlias, TypeVar, cast, get_type_hints, overload

from securely.support.missing import MISSING
from securely.translation.contracts import Events, Lines, Loader
from securely.translation.events import LocaleUpdated
from securely.translation.exceptions import InvalidKey, WrongType
from securely.translation.loaders import merged
from securely.translation.locales import CurrentLocale, lineage, locale_name
from securely.translation.plurals import Number, has_rule
from securely.translation.replacing import Formatter, Replace, copied, replaced
from securely.translation.selector import MessageSelector

__all__ = ["Locale", "MissingHandler", "Translator"]

Locale: TypeAlias = str | Enum
"""The name of a locale, or a member of an Enum whose value it is."""

MissingHandler: TypeAlias = Callable[[str, Replace, str, bool], "str | None"]
"""Is told of key, placeholders, locale and whether others were looked at; may return a text."""

F = TypeVar("F", bound=Formatter)

# Bounds on what is kept: locales and keys may come from users of a site.
_KNOWN_MAX: Final = 20_000
_ABSENT_MAX: Final = 1_000
_NAME_MAX: Final = 256

_handling: ContextVar[bool] = ContextVar("securely_translation_missing", default=False)


class Translator:
    """Lines of text by key and locale.

    A key is "group.line", "namespace::group.line", or a text that is its own key. Groups are
    loaded when the first of their lines is asked for, and kept.

    Args:
        loader: Where the lines come from.
        locale: The current locale where none has been set.
        fallback: The locale whose lines are used where the current one has none.
        events: Who is told that the locale has changed.

    Source: Laravel 13, Illuminate\\Translation\\Translator.
    """

    def __init__(
        self,
        loader: Loader,
        locale: Locale = "en",
        fallback: Locale | None = "en",
        events: Events | None = None,
    ) -> None:
        self.loader: Loader = loader
        self.selector: MessageSelector = MessageSelector()
        self._current = CurrentLocale(locale_name(locale))
        self._fallback = None if fallback is None else locale_name(fallback)
        self._events = events
        self._formatters: dict[type, Formatter] = {}
        self._missing: MissingHandler | None = None
        self._determine: Callable[[list[str]], Iterable[str]] | None = None
        self._resorts: dict[str, Lines] = {}
        self._loaded: dict[tuple[str, str, str], Lines] = {}
        self._added: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._absent: set[tuple[str, str, str]] = set()
        # Text that was found for a locale and a key, with all fallbacks: the fast way of `get`.
        self._known: dict[tuple[str, str], str] = {}
        # Keys that nobody has a line for, apart: a flood of them must not push out what is known.
        self._unknown: set[tuple[str, str]] = set()

    # Lines.

    def get(
        self,
        key: str,
        replace: Replace | None = None,
        locale: Locale | None = None,
        fallback: bool = True,
    ) -> Any:
        """Return the line of *key*: text, or a dict or list where it names a group of lines.

        Looked at are: the lines that are their own keys, then the groups; each of the locale and
        of those it is a kind of, the groups of the fallback locale as well, and, for the
        framework's own lines, English. Where nobody has the line, the key is returned.

        Args:
            key: Such as "messages.welcome", "shop::cart.empty" or "I love programming.".
            replace: What stands for the placeholders; a function for a tag.
            locale: Another locale than the current one.
            fallback: Whether lines of others than the very locale will do.

        Raises:
            InvalidLocale: The locale is no name of one.
            LinesBroken: The file of the lines is malformed.

        Example:
            >>> from securely.translation import ArrayLoader
            >>> lines = {"hello": "Hello :name!", "days": {"mon": "Monday"}}
            >>> translator = Translator(ArrayLoader().add_messages("en", "messages", lines))
            >>> translator.get("messages.hello", {"name": "Ann"})
            'Hello Ann!'
            >>> translator.get("messages.days")
            {'mon': 'Monday'}
            >>> translator.get("messages.no_such")
            'messages.no_such'
        """
        try:
            if fallback:
                line = self._known[cast("str", locale) or self._current.get(), key]
                return replaced(line, replace, self._formatters) if replace else line
        except (KeyError, TypeError):  # not seen yet, or nothing that could have been
            pass
        name = self._current.get() if not locale else locale_name(locale)
        line = self._looked_up(key, name, fallback)
        if line is MISSING:
            line = self._handled(key, replace or {}, name, fallback)
        elif not isinstance(line, str):
            return copied(line, replace, self._formatters)
        return replaced(line, replace, self._formatters) if replace else line

    def string(
        self,
        key: str,
        replace: Replace | None = None,
        locale: Locale | None = None,
        fallback: bool = True,
    ) -> str:
        """Return the text of *key*; see :meth:`get`.

        Raises:
            WrongType: It names a group of lines.
        """
        line = self.get(key, replace, locale, fallback)
        if not isinstance(line, str):
            raise WrongType(key, "text", _kind(line))
        return line

    def array(
        self,
        key: str,
        replace: Replace | None = None,
        locale: Locale | None = None,
        fallback: bool = True,
    ) -> dict[str, Any] | list[Any]:
        """Return the group of lines that *key* names; see :meth:`get`.

        Raises:
            WrongType: It names one text, or none.
        """
        line = self.get(key, replace, locale, fallback)
        if isinstance(line, str):
            raise WrongType(key, "a group of lines", "text")
        return cast("dict[str, Any] | list[Any]", line)

    def choice(
        self,
        key: str,
        number: Number | Sized,
        replace: Replace | None = None,
        locale: Locale | None = None,
    ) -> str:
        """Return the form of the line of *key* for *number*; ``:count`` stands for the number.

        Args:
            key: As for :meth:`get`.
            number: How many; of a list or another collection, how many items it has.
            replace: What stands for further placeholders, or for ``:count``.
            locale: Another locale than the current one.

        Raises:
            WrongType: The key names a group of lines.

        Example:
            >>> from securely.translation import ArrayLoader
            >>> lines = {"apples": "{0} no apples|{1} one apple|[2,*] :count apples"}
            >>> translator = Translator(ArrayLoader().add_messages("en", "shop", lines))
            >>> [translator.choice("shop.apples", number) for number in (0, 2)]
            ['no apples', '2 apples']
        """
        name = self._current.get() if not locale else locale_name(locale)
        line, found = self._find_for_choice(key, name)
        if line is MISSING:
            line = self._handled(key, replace or {}, name, True)
        elif not isinstance(line, str):
            raise WrongType(key, "text", _kind(line))
        count = len(number) if isinstance(number, Sized) else number
        given = dict(replace or {})
        if given.get("count") is None:
            given["count"] = count
        chosen = self.selector.choose(line, count, self._plural_locale(found))
        return replaced(chosen, given, self._formatters)

    def has(self, key: str, locale: Locale | None = None, fallback: bool = True) -> bool:
        """Tell whether there is a line of *key*."""
        name = self._current.get() if not locale else locale_name(locale)
        return self._find(key, name, fallback)[0] is not MISSING

    def has_for_locale(self, key: str, locale: Locale | None = None) -> bool:
        """Tell whether the very locale has a line of *key*, and no other that stands behind it."""
        return self.has(key, locale, fallback=False)

    # Locales.

    @property
    def locale(self) -> str:
        """The locale that is current in this task, thread or block."""
        return self._current.get()

    def set_locale(self, locale: Locale) -> None:
        """Make *locale* the current one, in this request, job, command, task or block.

        Others that run at the same time keep theirs.

        Raises:
            InvalidLocale: It is no name of a locale.
        """
        before = self._current.get()
        self._current.set(locale_name(locale))
        self._tell(before)

    @contextmanager
    def with_locale(self, locale: Locale) -> Generator[Translator]:
        """Make *locale* the current one within the block.

        Raises:
            InvalidLocale: It is no name of a locale.

        Example:
            >>> from securely.translation import ArrayLoader
            >>> translator = Translator(ArrayLoader(), "en")
            >>> with translator.with_locale("fr"):
            ...     translator.locale
            'fr'
            >>> translator.locale
            'en'
        """
        choice = self._current.choice()
        self.set_locale(locale)
        try:
            yield self
        finally:
            before = self._current.get()
            self._current.restore(choice)
            self._tell(before)

    @property
    def fallback(self) -> str | None:
        """The locale whose lines are used where the current one has none."""
        return self._fallback

    def set_fallback(self, fallback: Locale | None) -> None:
        """Use the lines of *fallback* where the current locale has none; for the whole process.

        Raises:
            InvalidLocale: It is no name of a locale.
        """
        self._fallback = None if fallback is None else locale_name(fallback)
        self._known.clear()
        self._unknown.clear()

    def determine_locales_using(
        self, callback: Callable[[list[str]], Iterable[str]] | None
    ) -> None:
        """Have *callback* say which locales are looked at, in which order.

        Args:
            callback: Is given those that would be; None to look at these again.
        """
        self._determine = callback
        self._known.clear()
        self._unknown.clear()

    # Where lines come from.

    def add_lines(self, lines: Mapping[str, Any], locale: Locale, namespace: str = "*") -> None:
        """Add *lines* to those that are loaded, and over them.

        Args:
            lines: Key -> line: {"messages.welcome": "Welcome"}. Of lines that are their own keys,
                the group is "*".
            locale: Whose they are.
            namespace: The package that they belong to; "*" for the application.

        Raises:
            InvalidKey: A key names no group.
        """
        name = locale_name(locale)
        for key, line in lines.items():
            group, dot, item = key.partition(".")
            if not dot:
                raise InvalidKey(key)
            place = (namespace, group, name)
            added = self._added.setdefault(place, {})
            for part in reversed([item] if group == "*" else item.split(".")):
                line = {part: line}  # noqa: PLW2901
            self._added[place] = dict(merged(added, line))
        self._forget()

    def add_namespace(self, namespace: str, path: str | PathLike[str]) -> None:
        """Take the lines of *namespace* from the folder *path*: those of "namespace::…" keys."""
        self.loader.add_namespace(namespace, path)
        self._forget()

    def add_path(self, path: str | PathLike[str]) -> None:
        """Take groups of lines from the folder *path*, too, over those that are there."""
        self.loader.add_path(path)
        self._forget()

    def add_json_path(self, path: str | PathLike[str]) -> None:
        """Take lines that are their own keys from the folder *path*, too."""
        self.loader.add_json_path(path)
        self._forget()

    def load(self, namespace: str, group: str, locale: Locale) -> None:
        """Load a group, if it is not; done by itself when a line is asked for."""
        self._lines(namespace, group, locale_name(locale))

    def set_loaded(self, loaded: Mapping[str, Mapping[str, Mapping[str, Lines]]]) -> None:
        """Replace all lines that are loaded.

        Args:
            loaded: Namespace -> group -> locale -> lines, as Laravel nests them.
        """
        self._forget()
        self._added.clear()
        self._loaded = {
            (namespace, group, locale): lines
            for namespace, groups in loaded.items()
            for group, locales in groups.items()
            for locale, lines in locales.items()
        }

    # What is made of lines.

    @overload
    def stringable(self, kind: type, formatter: F) -> F: ...

    @overload
    def stringable(self, kind: F) -> F: ...

    def stringable(self, kind: Any, formatter: Any = None) -> Any:
        """Have values of a class become text by *formatter*, where they stand for a placeholder.

        Args:
            kind: The class, subclasses included. Or the formatter alone, whose first parameter is
                annotated with it; so this is a decorator, too.
            formatter: Returns the text of a value.
        """
        if formatter is None:
            kind, formatter = _first_type(kind), kind
        self._formatters[kind] = formatter
        return formatter

    def handle_missing_keys_using(self, callback: MissingHandler | None) -> None:
        """Have *callback* told of keys that no locale has a line for; None for nobody.

        What it returns stands for the line; None for the key. What it looks up itself is not told.
        """
        self._missing = callback

    def parse_key(self, key: str) -> tuple[str, str, str | None]:
        """Return namespace, group and line of *key*; "*" is the application's namespace.

        Example:
            >>> from securely.translation import ArrayLoader
            >>> Translator(ArrayLoader()).parse_key("shop::cart.empty.title")
            ('shop', 'cart', 'empty.title')
        """
        namespace = "*"
        if "::" in key:
            namespace, _, key = key.partition("::")
            key = key.partition("::")[0]
        group, dot, item = key.partition(".")
        return namespace, group, item if dot else None

    # Inside.

    def _looked_up(self, key: str, locale: str, fallback: bool) -> Any:
        """Return the line of *key*, or MISSING; what is found, or is not, is kept for next time."""
        if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise InvalidKey(key)
        if fallback and (locale, key) in self._unknown:
            return MISSING
        line = self._find(key, locale, fallback)[0]
        if line is MISSING:
            if fallback:
                self._note_unknown(locale, key)
        elif isinstance(line, str) and fallback and self._determine is None:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[locale, key] = line
        return line

    def _find(self, key: str, locale: str, fallback: bool) -> tuple[Any, str | None]:
        """Return the line of *key* and the locale it was found in; MISSING where there is none."""
        line, found = self._find_json(key, locale, fallback)
        if line is not MISSING:
            return line, found
        namespace, group, item = self.parse_key(key)
        for each in self._locales(locale) if fallback else (locale,):
            line = _at(self._lines(namespace, group, each), item)
            if line is not MISSING:
                return line, each
        if fallback and namespace == "*":
            return _at(self._last_resort(group), item), "en"
        return MISSING, None

    def _find_for_choice(self, key: str, locale: str) -> tuple[Any, str | None]:
        """Return what :meth:`_find` does; of the fallback locale all lines count, as in Laravel."""
        for each in lineage(locale):
            line, found = self._find(key, each, False)
            if line is not MISSING:
                return line, found
        return self._find(key, self._fallback or locale, True)

    def _find_json(self, key: str, locale: str, fallback: bool) -> tuple[Any, str | None]:
        for each in lineage(locale) if fallback else (locale,):
            line = self._lines("*", "*", each).get(key)
            if line is not None:
                return line or key, each  # empty: somebody is yet to translate it
        return MISSING, None

    def _locales(self, locale: str) -> Iterable[str]:
        behind = () if self._fallback is None else lineage(self._fallback)
        locales = dict.fromkeys((*lineage(locale), *behind))
        return locales if self._determine is None else dict.fromkeys(self._determine([*locales]))

    def _lines(self, namespace: str, group: str, locale: str) -> Lines:
        place = (namespace, group, locale)
        lines = self._loaded.get(place)
        if lines is not None:
            return lines
        added = self._added.get(place, _NO_LINES)
        if place in self._absent:
            return added
        lines = merged(self.loader.load(locale, group, namespace), added)
        if lines:
            self._loaded[place] = lines
        elif len(group) <= _NAME_MAX and len(namespace) <= _NAME_MAX:
            if len(self._absent) >= _ABSENT_MAX:
                self._absent.clear()
            self._absent.add(place)
        return lines

    def _last_resort(self, group: str) -> Lines:
        """Return the framework's own English lines; read once, as all others."""
        lines = self._resorts.get(group)
        if lines is None:
            lines = self.loader.last_resort(group)
            if lines:  # what is not there is told at once, and may come in any number of names
                self._resorts[group] = lines
        return lines

    def _forget(self) -> None:
        """Load again what is asked for: there are other lines than were known."""
        self._loaded = {}
        self._resorts = {}
        self._absent.clear()
        self._known.clear()
        self._unknown.clear()

    def _note_unknown(self, locale: str, key: str) -> None:
        if self._determine is None and len(key) <= _NAME_MAX:
            if len(self._unknown) >= _ABSENT_MAX:
                self._unknown.clear()
            self._unknown.add((locale, key))

    def _handled(self, key: str, replace: Replace, locale: str, fallback: bool) -> str:
        if self._missing is None or _handling.get():
            return key
        token = _handling.set(True)
        try:
            line = self._missing(key, replace, locale, fallback)
        finally:
            _handling.reset(token)
        return key if line is None else line

    def _plural_locale(self, found: str | None) -> str:
        """Return the locale whose rule of plurals counts, written as the rules have it."""
        locale = found or self._fallback or self._current.get()
        written = locale.replace("-", "_")
        return next((each for each in lineage(written) if has_rule(each)), locale)

    def _tell(self, before: str) -> None:
        locale = self._current.get()
        events = self._events
        if locale != before and events is not None and events.has_listeners(LocaleUpdated):
            events.dispatch(LocaleUpdated(locale, before))


_NO_LINES: Final[Lines] = {}


def _at(lines: Lines, item: str | None) -> Any:
    """Return the line at a dotted path: text, a dict or a list of some; else MISSING."""
    found: Any = lines
    if item is not None and item not in lines:
        if "." not in item:
            return MISSING
        for part in item.split("."):
            found = _within(found, part)
    elif item is not None:
        found = lines[item]
    if isinstance(found, str) or (isinstance(found, (Mapping, list)) and found):
        return cast("object", found)
    return MISSING


def _within(lines: Any, part: str) -> Any:
    if isinstance(lines, Mapping):
        return cast("Mapping[str, Any]", lines).get(part, MISSING)
    if isinstance(lines, list) and part.isascii() and part.isdigit() and len(part) < _NAME_MAX:
        return _item(cast("Sequence[Any]", lines), int(part))
    return MISSING


def _item(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else MISSING


def _kind(line: object) -> str:
    return "a list of lines" if isinstance(line, list) else "a group of lines"


def _first_type(formatter: Formatter) -> type:
    names = list(inspect.signature(formatter).parameters)
    kind = get_type_hints(formatter).get(names[0]) if names else None
    if not isinstance(kind, type):
        raise TypeError(
            "A formatter says what it is for: annotate its first parameter with a class, or give "
            "the class: stringable(Money, formatter)."
        )
    return kind
