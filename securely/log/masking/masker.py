"""Masker: what is secret by its name, type, shape, place or value is not written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, Final, cast

from securely.log.masking.names import NAME_CHARACTERS_MAX, PASS, Judge, is_sensitive, judge_of
from securely.log.masking.text import (
    SHAPE_CHARACTERS_MIN,
    without_elements,
    without_logins,
    without_options,
    without_pairs,
    without_shapes,
)
from securely.support.masking import HIDDEN, mask_urls

__all__ = ["Masker", "parts_of", "secrets_in", "shortened"]


_URL_PASSWORD: Final = re.compile(r"://[^/\s:@]*:(\S+)@")


# Shorter values are too common in ordinary text to be looked for in it.
_SECRET_CHARACTERS_MIN: Final = 8
# Names of fields are few; names made from data must not fill the memory. Nor must messages.
_REMEMBERED_MAX: Final = 2048
_CLEAN_CHARACTERS_MAX: Final = 200
# Deeper data than that is nobody's log field; it also ends what contains itself.
_DEPTH_MAX: Final = 8
# Characters: longer texts are attachments, not log fields; a record holds a few of them.
_TEXT_CHARACTERS_MAX: Final = 65_536
_FIELDS_CHARACTERS_MAX: Final = 262_144
# What an item of a list or mapping counts for, beside the text in it.
_ITEM_CHARACTERS: Final = 8
_LOGIN_OPTIONS: Final = frozenset({"-u", "-U", "--user", "--proxy-user"})
# Headers are lists of pairs at times.
_PAIR_ITEMS: Final = 2
# A word at the place where a text is cut is left out: half a secret is not found by its value.
_WORD_CHARACTERS_MAX: Final = 256
# Where no secret is known, no text is long enough to be searched.
_NEVER: Final = 2**62
_PLAIN: Final = frozenset({int, float, bool, type(None)})


def secrets_in(data: object, name: str = "", judge: Judge = is_sensitive) -> Iterator[str]:
    """Give the values of configuration *data* that are secret by the name they stand at.

    Passwords within URLs are given too, and a key that says ``base64:`` also without that.

    Example:
        >>> list(secrets_in({"app": {"key": "base64:c2VjcmV0", "name": "Blog"}}))
        ['base64:c2VjcmV0', 'c2VjcmV0']
    """
    if isinstance(data, Mapping):
        for key, value in cast("Mapping[object, object]", data).items():
            yield from secrets_in(value, str(key), judge)
    elif isinstance(data, list | tuple):
        for value in cast("list[object]", data):
            yield from secrets_in(value, name, judge)
    elif isinstance(data, str):
        if name == "key" or judge(name):
            yield data
            if data.startswith("base64:"):
                yield data.removeprefix("base64:")
        elif (found := _URL_PASSWORD.search(data)) is not None:
            yield found[1]


def shortened(text: str, characters_max: int = _FIELDS_CHARACTERS_MAX) -> str:
    """Return *text*, or its beginning with a note of how long it was.

    Example:
        >>> shortened("a b c d", 4)
        'a b… (7 characters)'
    """
    if len(text) <= characters_max:
        return text
    head = text[:characters_max]
    end = len(head)
    while end and len(head) - end < _WORD_CHARACTERS_MAX and not head[end - 1].isspace():
        end -= 1
    return f"{head[:end].rstrip()}… ({len(text)} characters)"


def _quiet(note: str, *, kind: str | None = None) -> None:
    """Tell nobody."""


class Masker:
    """Hides what is secret in messages and fields.

    Args:
        secrets: Values that are hidden wherever they appear, such as the application's key.
        names: Names whose values are hidden, beside those that say so themselves.

    Attributes:
        is_sensitive: Tells whether the value of a field of that name is hidden.
        note: Is told of what had to be cut because of its size.

    Example:
        >>> Masker().fields({"user": "ann", "login": {"password": "hunter2"}})
        {'user': 'ann', 'login': {'password': '********'}}
        >>> Masker(["s3cret-value"]).text("it is s3cret-value")
        'it is ********'
        >>> Masker().text("GET /?access_token=abc, Authorization: Bearer abcdef")
        'GET /?access_token=********, Authorization: ********'
    """

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self.note: Callable[..., None] = _quiet
        self.is_sensitive: Judge = is_sensitive
        self._own: tuple[str, ...] = ()
        self._secrets: tuple[str, ...] = ()
        # Short texts in which nothing had to be hidden: messages are mostly constant.
        self._clean: set[str] = set()
        # Names of fields in which nothing is secret, and behind which nothing need be.
        self._names: set[str] = set()
        # Id of fields that come again -> they, and what is shown of them.
        self._lasting: dict[int, tuple[Mapping[str, object], Mapping[str, object]]] = {}
        self.hide(*secrets)
        self.hide_fields(*names)

    def hide(self, *secrets: str) -> None:
        """Hide these values too; ones of less than eight characters are not looked for."""
        wanted = {
            form for each in secrets if len(each) >= _SECRET_CHARACTERS_MIN for form in _forms(each)
        }
        # Longest first, so that no part of one is left over from another.
        self._secrets = tuple(sorted({*self._secrets, *wanted}, key=lambda each: -len(each)))
        self._shortest: int = min(map(len, self._secrets), default=_NEVER)
        self._forget()

    def hide_fields(self, *names: str) -> None:
        """Hide the values of what has one of these names too, in fields and in text.

        Example:
            >>> masker = Masker()
            >>> masker.hide_fields("iban")
            >>> masker.fields({"iban": "DE02"}), masker.text("customerIban=DE02")
            ({'iban': '********'}, 'customerIban=********')
        """
        self._own = (*self._own, *names)
        self.is_sensitive = judge_of(self._own)
        self._forget()

    def _forget(self) -> None:
        """Look anew at what has been found to be plain."""
        self._clean = set()
        self._names = set()
        self._lasting = {}

    def text(self, text: str) -> str:
        """Return *text* without what is secret: known values, passwords, tokens, headers, keys."""
        clean = self._clean
        if text in clean:
            return text
        masked = self.hidden(text)
        if masked is text and len(text) <= _CLEAN_CHARACTERS_MAX:
            if len(clean) >= _REMEMBERED_MAX:
                clean.clear()
            clean.add(text)
        return masked

    def fields(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Return *fields* with what is secret hidden, at every depth: a copy, if anything is."""
        names = self._names
        try:
            for name, value in fields.items():
                # What is sure to be plain is most of it, and cheap to tell.
                if type(value) not in _PLAIN and (
                    type(value) is not str or self.hidden(value) is not value
                ):
                    break
                if name not in names:
                    break
            else:
                return fields
            masked = _Walk(self).mapping(fields, 0)
        except Exception as error:  # a log line must not depend on the values in it
            self.note(f"The fields of a log record could not be read: {type(error).__name__}.")
            return {"fields": f"<{type(fields).__qualname__}>"}
        if len(names) >= _REMEMBERED_MAX:
            names.clear()
        names.update(
            name
            for name in fields
            if name in masked and len(name) <= NAME_CHARACTERS_MAX and not self.is_sensitive(name)
        )
        return masked

    def lasting(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Do what :meth:`fields` does, for an object that nobody changes and that comes again.

        What follows a request is the same for all its lines, and looked through once.
        """
        known = self._lasting.get(id(fields))
        if known is not None and known[0] is fields:
            return known[1]
        masked = self.fields(fields)
        # A list in it could be changed by whoever has added it.
        if all(type(value) is str or type(value) in _PLAIN for value in fields.values()):
            if len(self._lasting) >= _REMEMBERED_MAX:
                self._lasting.clear()
            self._lasting[id(fields)] = (fields, masked)
        return masked

    def value(self, value: object) -> object:
        """Return *value*, or a copy of it with what is secret hidden."""
        return _Walk(self).value(value, 0)

    def hidden(self, text: str) -> str:
        """Do what :meth:`text` does, and remember nothing: for texts that differ each time.

        Returns the same object where there is nothing to hide.
        """
        length = len(text)
        if length < _SECRET_CHARACTERS_MIN and (
            # Only a name with its value may be one: pwd=abc, and not 10:00.
            ("=" not in text and ":" not in text) or text[0].isdigit()
        ):
            return text
        if length < SHAPE_CHARACTERS_MIN and length < self._shortest:
            # As below, where nothing could be found: most fields are short, and come often.
            if "=" not in text and ":" not in text and "-" not in text and "<" not in text:
                return text
        elif length > _TEXT_CHARACTERS_MAX:
            text = self.cut(text, _TEXT_CHARACTERS_MAX)
        return self.unbounded(text)

    def cut(self, text: str, characters_max: int) -> str:
        """Return the beginning of *text*, and say that it was cut."""
        self.note(f"A log record was cut: a text in it has {len(text)} characters.", kind="cut")
        return shortened(text, characters_max)

    def unbounded(self, text: str) -> str:
        """Do what :meth:`text` does, for a text that is as long as it should be."""
        length = len(text)
        if length >= self._shortest:
            for secret in self._secrets:
                if secret in text:
                    text = text.replace(secret, HIDDEN)
        if "=" in text or ":" in text:
            if "://" in text and "@" in text:
                text = mask_urls(text)
            text = without_pairs(text, self.is_sensitive)
        if "--" in text:
            text = without_options(text, self.is_sensitive)
        if "</" in text:
            text = without_elements(text, self.is_sensitive)
        return text if length < SHAPE_CHARACTERS_MIN else without_shapes(text)


class _Walk:
    """One walk through the fields of one record."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._is_sensitive = masker.is_sensitive
        self._left = _FIELDS_CHARACTERS_MAX

    def value(self, value: object, depth: int) -> object:
        """Return *value* masked; what fails to be read is named by its class."""
        self._left -= _ITEM_CHARACTERS
        if type(value) in _PLAIN:
            return value
        try:
            return self._taken_apart(value, depth)
        except Exception as error:  # a log line must not depend on the values in it
            kind, raised = type(value).__qualname__, type(error).__name__
            self._masker.note(f"A value of type {kind} in a log record cannot be read: {raised}.")
            return f"<{kind}>"

    def _taken_apart(self, value: object, depth: int) -> object:
        if isinstance(value, bytes | bytearray):
            value = bytes(value[:_TEXT_CHARACTERS_MAX]).decode("utf-8", "backslashreplace")
        elif isinstance(value, Enum):
            value = value.value
        if isinstance(value, str):
            return self._text(str(value))
        if not isinstance(value, type) and hasattr(value, "get_secret_value"):
            return HIDDEN
        parts = parts_of(value)
        if parts is not None and depth >= _DEPTH_MAX:
            return "…"
        if isinstance(parts, Mapping):
            return self.mapping(cast("Mapping[object, object]", parts), depth + 1)
        return value if parts is None else self._items(parts, depth + 1)

    def _text(self, text: str) -> str:
        if self._left <= 0:
            return self._cut()
        if len(text) > self._left:
            text = self._masker.cut(text, min(self._left, _TEXT_CHARACTERS_MAX))
        text = self._masker.hidden(text)
        self._left -= len(text)
        return text

    def _items(self, parts: Iterable[object], depth: int) -> list[object]:
        if isinstance(parts, list | tuple) and len(parts) == _PAIR_ITEMS:
            name, value = cast("Sequence[object]", parts)
            if value is not None and isinstance(name, str | bytes) and self._heads(_said(name)):
                return [_said(name), HIDDEN]
        items: list[object] = []
        is_named = False
        before = ""
        for part in parts:
            if self._left <= 0:
                items.append(self._cut())
                break
            if not isinstance(part, str):
                is_named, before = False, ""
                items.append(self.value(part, depth))
                continue
            # Behind an option of a command line stands its value.
            is_option = part.startswith("--")
            if before in _LOGIN_OPTIONS:
                part = without_logins(f"-u {part}").removeprefix("-u ")  # noqa: PLW2901  # what is kept
            items.append(HIDDEN if is_named and not is_option else self.value(part, depth))
            is_named = is_option and "=" not in part and self._is_sensitive(part)
            before = part
        return items

    def _heads(self, name: str) -> bool:
        """Tell whether the second of two items is secret by the first, *name*.

        ["pass", "fail"] are answers.
        """
        return self._is_sensitive(name) and name.lower() != PASS

    def mapping(self, items: Mapping[Any, object], depth: int) -> dict[str, object]:
        """Return a copy of *items* in which what is secret is hidden."""
        masked: dict[str, object] = {}
        for key, value in items.items():
            name = key if type(key) is str else self._name(key)
            if self._left <= 0:
                masked["…"] = self._cut()
                break
            # That a password is absent may be said, and True is none.
            if value is not None and value is not True and value is not False:
                value = HIDDEN if self._is_sensitive(name) else self.value(value, depth)  # noqa: PLW2901  # what is kept
            masked[self._text(name)] = value
        return masked

    def _name(self, key: object) -> str:
        if isinstance(key, bytes):
            return _said(key)
        try:
            return str(key)
        except Exception:  # as in value()
            return f"<{type(key).__qualname__}>"

    def _cut(self) -> str:
        most = _FIELDS_CHARACTERS_MAX
        self._masker.note(
            f"A log record was cut: its fields hold more than {most} characters.", kind="cut"
        )
        return "…"


def _said(name: str | bytes) -> str:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name


def _forms(secret: str) -> Iterator[str]:
    """Give *secret* as it is, as URLs and as JSON and Python's repr write it."""
    from urllib.parse import quote, quote_plus

    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield quote(secret)
    yield repr(secret)[1:-1]
    yield secret.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def parts_of(value: object) -> Mapping[Any, object] | Iterable[object] | None:
    """Return what *value* is made of, if a formatter would write it in parts."""
    if isinstance(value, Mapping):
        return cast("Mapping[Any, object]", value)
    titles: object = getattr(value, "_fields", None)
    if isinstance(titles, tuple) and isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return dict(zip(cast("tuple[str, ...]", titles), items, strict=False))
    if isinstance(value, list | tuple | set | frozenset):
        return cast("Iterable[object]", value)
    names = _attributes(value)
    return None if names is None else {name: getattr(value, name, None) for name in names}


def _attributes(value: object) -> list[str] | None:
    """Return the names of what *value* is made of, if its class says so."""
    kind = type(value)
    if is_dataclass(kind):
        return [each.name for each in dataclass_fields(kind)]
    # Classes of attrs, models of pydantic and structs of msgspec, without importing any of them.
    if (attributes := getattr(kind, "__attrs_attrs__", None)) is not None:
        return [str(each.name) for each in attributes]
    names = getattr(kind, "model_fields", None) or getattr(kind, "__struct_fields__", None)
    if isinstance(names, Mapping | tuple):
        return [str(name) for name in cast("Iterable[Any]", names)]
    return None
