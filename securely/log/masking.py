"""Masker: what is secret by its name, its type, its place in a URL or its value is not written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from itertools import pairwise
from typing import Any, Final, cast

from securely.support.masking import HIDDEN, mask_urls

__all__ = ["Masker", "is_sensitive", "secrets_in"]

_WORDS: Final = frozenset(
    {"password", "passwd", "passphrase", "pwd", "secret", "token", "authorization", "cookie"}
    | {"apikey", "credential", "credentials"}
)
_PAIRS: Final = frozenset(
    {("api", "key"), ("app", "key"), ("private", "key"), ("secret", "key"), ("access", "key")}
    | {("encryption", "key"), ("signing", "key"), ("previous", "keys"), ("card", "number")}
)
# What counts or describes a secret is none: token_count, password_changed_at, cookie_names.
_HARMLESS: Final = frozenset(
    {"count", "counts", "length", "size", "name", "names", "type", "id", "at", "on", "expired"}
    | {"expires", "ttl", "seconds", "limit", "valid", "changed", "used", "age", "is", "has"}
)
_SPLIT: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_URL_PASSWORD: Final = re.compile(r"://[^/\s:@]*:(\S+)@")

# Shorter values are too common in ordinary text to be looked for in it.
_SECRET_CHARACTERS_MIN: Final = 8
# Names of fields are few; names made from data must not fill the memory.
_REMEMBERED_MAX: Final = 2048
# Deeper data than that is nobody's log field; it also ends what contains itself.
_DEPTH_MAX: Final = 8
_PLAIN: Final = (int, float, bool, type(None))

_remembered: dict[str, bool] = {}


def is_sensitive(name: str) -> bool:
    """Tell whether the value of a field called *name* must not be written.

    Example:
        >>> [is_sensitive(name) for name in ("db_password", "X-Api-Key", "accessToken", "key")]
        [True, True, True, False]
    """
    known = _remembered.get(name)
    if known is None:
        if len(_remembered) >= _REMEMBERED_MAX:
            _remembered.clear()
        known = _remembered[name] = _judge(name)
    return known


def _judge(name: str) -> bool:
    words = [word.lower() for word in _SPLIT.findall(name)]
    if not words or words[-1] in _HARMLESS:
        return False
    singular = [word.removesuffix("s") if word != "credentials" else word for word in words]
    if any(word in _WORDS for word in (*words, *singular)):
        return True
    return any(pair in _PAIRS for pair in pairwise(words))


def secrets_in(data: object, name: str = "") -> Iterator[str]:
    """Give the values of configuration *data* that are secret by the name they stand at.

    Passwords within URLs are given too, and a key that says ``base64:`` also without that.

    Example:
        >>> list(secrets_in({"app": {"key": "base64:c2VjcmV0", "name": "Blog"}}))
        ['base64:c2VjcmV0', 'c2VjcmV0']
    """
    if isinstance(data, Mapping):
        for key, value in cast("Mapping[object, object]", data).items():
            yield from secrets_in(value, str(key))
    elif isinstance(data, list | tuple):
        for value in cast("list[object]", data):
            yield from secrets_in(value, name)
    elif isinstance(data, str):
        if name == "key" or is_sensitive(name):
            yield data
            if data.startswith("base64:"):
                yield data.removeprefix("base64:")
        elif (found := _URL_PASSWORD.search(data)) is not None:
            yield found[1]


class Masker:
    """Hides what is secret in messages and fields.

    Args:
        secrets: Values that are hidden wherever they appear, such as the application's key.

    Example:
        >>> Masker().fields({"user": "ann", "login": {"password": "hunter2"}})
        {'user': 'ann', 'login': {'password': '********'}}
        >>> Masker(["s3cret-value"]).text("it is s3cret-value")
        'it is ********'
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Hide these values too; ones of less than eight characters are not looked for."""
        wanted = {each for each in secrets if len(each) >= _SECRET_CHARACTERS_MIN}
        # Longest first, so that no part of one is left over from another.
        self._secrets = tuple(sorted({*self._secrets, *wanted}, key=lambda each: -len(each)))

    def text(self, text: str) -> str:
        """Return *text* without known secrets and without the passwords of URLs."""
        if "://" in text and "@" in text:
            text = mask_urls(text)
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return a copy of *fields* with what is secret hidden, at every depth."""
        return self._mapping(fields, 0)

    def value(self, value: object, depth: int = 0) -> object:
        """Return *value*, or a copy of it with what is secret hidden."""
        if type(value) in _PLAIN:
            return value
        if isinstance(value, str):
            return self.text(value)
        if hasattr(value, "get_secret_value"):
            return HIDDEN
        parts = _parts(value)
        if parts is not None and depth >= _DEPTH_MAX:
            return "…"
        if isinstance(parts, Mapping):
            return self._mapping(cast("Mapping[object, object]", parts), depth + 1)
        return value if parts is None else [self.value(part, depth + 1) for part in parts]

    def _mapping(self, items: Mapping[Any, object], depth: int) -> dict[str, object]:
        masked: dict[str, object] = {}
        for key, value in items.items():
            name = key if type(key) is str else str(key)
            # That a password is absent may be said, and True is none.
            if value is not None and value is not True and value is not False:
                value = HIDDEN if is_sensitive(name) else self.value(value, depth)  # noqa: PLW2901  # what is kept
            masked[name] = value
        return masked


def _parts(value: object) -> Mapping[Any, object] | list[object] | None:
    """Return what *value* is made of, if a formatter would write it in parts."""
    if isinstance(value, Mapping):
        return cast("Mapping[Any, object]", value)
    if isinstance(value, list | tuple | set | frozenset):
        return list(cast("Iterable[object]", value))
    if isinstance(value, type):
        return None
    if is_dataclass(value):
        return {each.name: getattr(value, each.name, None) for each in dataclass_fields(value)}
    # Models of pydantic and structs of msgspec, without importing either.
    names = getattr(type(value), "model_fields", None) or getattr(value, "__struct_fields__", None)
    if isinstance(names, Mapping | tuple):
        return {str(name): getattr(value, str(name), None) for name in cast("Iterable[Any]", names)}
    return None
