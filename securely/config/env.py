""".env files and the environment; env() with typed casts."""

from __future__ import annotations

import builtins
import inspect
import re
import warnings
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar, cast, overload

from securely.config.environment import (
    Source,
    current_environment,
    noted,
    outside_of_loading,
)
from securely.config.exceptions import (
    ConfigError,
    EnvOutsideConfig,
    InvalidVariable,
    MissingVariable,
)
from securely.support.durations import InvalidDuration, seconds
from securely.support.masking import looks_secret, mask_urls
from securely.support.missing import MISSING, Missing

__all__ = ["Env", "EnvOutsideConfigWarning", "cast_value", "env"]

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_WORDS: Final[dict[str, object]] = {
    "true": True,
    "(true)": True,
    "false": False,
    "(false)": False,
    "empty": "",
    "(empty)": "",
    "null": None,
    "(null)": None,
}
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "(true)", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "(false)", "0", "no", "off", ""), False),
}
_BOOLEAN: Final = "a boolean (true or false)"
_MAY_BE_EMPTY: Final = {"text", "a list", "a dict (a=1,b=2)", _BOOLEAN}
_QUOTED: Final = re.compile(r"([\"'])(.*)\1", re.DOTALL)


def cast_value(text: str) -> str | bool | None:
    """Return what Laravel's ``env()`` makes of *text*: true, false, null and empty; else text.

    Source: Laravel 13, Env::getOption.

    Example:
        >>> cast_value("(TRUE)"), cast_value("null"), cast_value("5")
        (True, None, '5')
    """
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]  # type: ignore[return-value]  # the table above holds nothing else
    quoted = _QUOTED.fullmatch(text)
    return quoted[2] if quoted else text


class EnvOutsideConfigWarning(UserWarning):
    """A variable is read outside the configuration; told once for each place."""


class Env:
    """Reads environment variables: the process's own, then those of the .env file.

    Called, it does as Laravel's ``env()``: ``true``, ``false``, ``null`` and ``empty`` become
    values, numbers stay text. The typed methods read one kind each, and raise naming the
    variable. Which application's variables are meant is settled by the moment: those of the
    configuration that is loading, else of the application that is current, else the process's.

    Example:
        >>> from securely.config import Environment, loading
        >>> with loading(Environment({"RETRIES": "5"}, {})):
        ...     env("RETRIES"), env.int("RETRIES"), env("NAME", "default")
        ('5', 5, 'default')
    """

    @overload
    def __call__(self, name: str) -> str | bool | None: ...
    @overload
    def __call__(self, name: str, default: Callable[[], T]) -> str | bool | T | None: ...
    @overload
    def __call__(self, name: str, default: T) -> str | bool | T | None: ...
    def __call__(self, name: str, default: Any = None) -> Any:
        """Return the variable *name*; else *default*, called if it is callable."""
        _remark_outside(name)
        value = current_environment().get(name)
        if value is MISSING:
            return default() if callable(default) else default
        return cast_value(value)

    def required(self, name: str) -> str:
        """Return the text of the variable *name*, which must be set and not empty.

        Raises:
            MissingVariable: It is not.
        """
        value = self.str(name, "")
        if not value:
            return _refused(MissingVariable(name), "")
        return value

    def extend(self, source: Source) -> None:
        """Ask *source*, too, for what neither the process nor the file sets: a vault, or files.

        It holds for the variables of the configuration that is loading, else of the application
        that is current. :func:`~securely.config.docker_secrets` is such a source.

        Source: Laravel 13, Env::extend.
        """
        current_environment().extend(source)

    def export(self, names: Iterable[builtins.str]) -> None:
        """Put variables of the .env file into the process, so that child processes inherit them."""
        current_environment().export(names)

    def int(self, name: str, default: builtins.int | Missing = MISSING) -> builtins.int:
        """Return the variable *name* as an integer.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is no integer.
        """
        return _typed(name, default, builtins.int, "an integer", 0)

    def float(self, name: str, default: builtins.float | Missing = MISSING) -> builtins.float:
        """Return the variable *name* as a float.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is no number.
        """
        return _typed(name, default, builtins.float, "a number", 0.0)

    def bool(self, name: str, default: builtins.bool | Missing = MISSING) -> builtins.bool:
        """Return the variable *name* as a boolean: true, 1, yes, on; false, 0, no, off, empty.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is none of these words.
        """
        return _typed(name, default, _boolean, _BOOLEAN, False)

    def list(
        self, name: str, default: builtins.list[str] | Missing = MISSING, separator: str = ","
    ) -> builtins.list[str]:
        """Return the variable *name* as its parts, stripped; the empty ones are left out.

        Raises:
            MissingVariable: It is not set, and there is no default.
        """
        return _typed(name, default, lambda text: _parts(text, separator), "a list", [])

    def dict(
        self, name: str, default: builtins.dict[str, str] | Missing = MISSING
    ) -> builtins.dict[str, str]:
        """Return the variable *name* as pairs: ``a=1,b=2``.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: A part has no ``=``.
        """
        return _typed(name, default, _pairs, "a dict (a=1,b=2)", {})

    def json(self, name: str, default: object = MISSING) -> Any:
        """Return the variable *name* as the JSON it holds.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is not JSON.
        """
        import json

        value: Any = _typed(name, default, json.loads, "JSON", None)
        return value

    def path(self, name: str, default: Path | str | Missing = MISSING) -> Path:
        """Return the variable *name* as a path; a relative one starts at the application's root.

        Raises:
            MissingVariable: It is not set, and there is no default.
        """
        return current_environment().base_path / _typed(name, default, _path, "a path", ".")

    def duration(
        self, name: str, default: builtins.float | str | Missing = MISSING
    ) -> builtins.float:
        """Return the variable *name* in seconds: a number, or text with units ("10m").

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is no duration.
        """
        return seconds(_typed(name, default, _duration, "a duration (90, 10m, 1h30m)", 0.0))

    def url(self, name: str, default: builtins.str | Missing = MISSING) -> builtins.str:
        """Return the variable *name*, which has to be a URL with a scheme and a host.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is no URL.
        """
        return _typed(name, default, _url, "a URL (https://example.com)", "")

    def bytes(
        self, name: builtins.str, default: builtins.bytes | Missing = MISSING
    ) -> builtins.bytes:
        """Return the variable *name* as bytes: ``base64:…`` decoded, other text as UTF-8.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: What follows ``base64:`` is not base64.
        """
        return _typed(name, default, _bytes, "text, or base64: and base64", b"")

    def enum(self, name: builtins.str, kind: type[E], default: E | Missing = MISSING) -> E:
        """Return the member of *kind* that the variable *name* says by its value, or by its name.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: There is no such member.

        Example:
            >>> from enum import Enum
            >>> class Suit(Enum):
            ...     HEARTS = "h"
            >>> from securely.config import Environment, loading
            >>> with loading(Environment({"SUIT": "h"}, {})):
            ...     env.enum("SUIT", Suit).name
            'HEARTS'
        """
        words = ", ".join(builtins.str(member.value) for member in kind)
        return _typed(
            name, default, lambda text: _member(kind, text), f"one of: {words}", next(iter(kind))
        )

    def str(self, name: builtins.str, default: builtins.str | Missing = MISSING) -> builtins.str:
        """Return the text of the variable *name*, as it is: ``true`` stays text.

        Raises:
            MissingVariable: It is not set, and there is no default.
        """
        return _typed(name, default, builtins.str, "text", "")


env: Final = Env()


def _typed(name: str, default: Any, read: Callable[[str], T], wanted: str, blank: Any) -> T:
    _remark_outside(name)
    value = current_environment().get(name)
    # `PORT=` in a file is a number that nobody has filled in yet; text and lists may be empty.
    if value is MISSING or (not value.strip() and wanted not in _MAY_BE_EMPTY):
        if default is MISSING:
            return cast("T", _refused(MissingVariable(name), blank))
        return default  # type: ignore[no-any-return]  # each caller states its type
    try:
        return read(value)
    except (ValueError, InvalidDuration):
        shown = "" if looks_secret(name) else mask_urls(value)
        stand_in = blank if default is MISSING else default
        # Without a cause: the first error quotes the value, be it a secret or not.
        return cast("T", _refused(InvalidVariable(name, wanted, shown), stand_in))


def _refused(problem: ConfigError, stand_in: T) -> T:
    """Raise *problem*, or note it where all problems are collected, and go on with a stand-in."""
    problem.place = _line_outside()
    if noted(problem):
        return stand_in
    raise problem from None


def _line_outside() -> tuple[str, int] | None:
    """Return file and line of whoever called this module."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)


_remarked: Final[set[tuple[str, int]]] = set()


def _remark_outside(name: str) -> None:
    """Warn, once for each place, that a variable is read where configuration should be."""
    environment = outside_of_loading()
    if environment is None:
        return
    place = _line_outside()
    if environment.strict:
        raise EnvOutsideConfig(name, place)
    if place is None or place in _remarked:
        return
    _remarked.add(place)
    message = str(EnvOutsideConfig(name, place))
    warnings.warn_explicit(message, EnvOutsideConfigWarning, *place)


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def _parts(text: str, separator: str) -> list[str]:
    return [part for each in text.split(separator) if (part := each.strip())]


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in _parts(text, ","):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(text)
        pairs[name.strip()] = value.strip()
    return pairs


def _url(text: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(text)
    if not parts.scheme or not parts.hostname:
        raise ValueError(text)
    _ = parts.port  # raises if it is no number
    return text


def _bytes(text: str) -> bytes:
    if not text.startswith("base64:"):
        return text.encode()
    from base64 import b64decode

    return b64decode(text.removeprefix("base64:"), validate=True)


def _member(kind: type[E], text: str) -> E:
    for member in kind:
        if text in {str(member.value), member.name}:
            return member
    raise ValueError(text)


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _duration(text: str) -> float:
    return seconds(text)
