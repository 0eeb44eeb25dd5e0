""".env files and the environment; env() with typed casts."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from securely.config.environment import current_environment
from securely.config.exceptions import InvalidVariable, MissingVariable
from securely.support.durations import InvalidDuration, seconds
from securely.support.masking import looks_secret, mask_urls
from securely.support.missing import MISSING, Missing

__all__ = ["Env", "cast_value", "env"]

T = TypeVar("T")

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
_MAY_BE_EMPTY: Final = {"text", "a list", _BOOLEAN}
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


class Env:
    """Reads environment variables: the process's own, then those of the .env file.

    Called, it does as Laravel's ``env()``: ``true``, ``false``, ``null`` and ``empty`` become
    values, numbers stay text. The typed methods read one kind each, and raise naming the
    variable. Which application's variables are meant is settled by the moment: those of the
    configuration that is loading, else of the application that is current, else the process's.

    Example:
        >>> env("NO_SUCH_VARIABLE", "default")
        'default'
        >>> env.int("NO_SUCH_VARIABLE", 5)
        5
    """

    @overload
    def __call__(self, name: str) -> str | bool | None: ...
    @overload
    def __call__(self, name: str, default: Callable[[], T]) -> str | bool | T | None: ...
    @overload
    def __call__(self, name: str, default: T) -> str | bool | T | None: ...
    def __call__(self, name: str, default: Any = None) -> Any:
        """Return the variable *name*; else *default*, called if it is callable."""
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
            raise MissingVariable(name)
        return value

    def int(self, name: str, default: builtins.int | Missing = MISSING) -> builtins.int:
        """Return the variable *name* as an integer.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is no integer.
        """
        return _typed(name, default, builtins.int, "an integer")

    def float(self, name: str, default: builtins.float | Missing = MISSING) -> builtins.float:
        """Return the variable *name* as a float.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is no number.
        """
        return _typed(name, default, builtins.float, "a number")

    def bool(self, name: str, default: builtins.bool | Missing = MISSING) -> builtins.bool:
        """Return the variable *name* as a boolean: true, 1, yes, on; false, 0, no, off, empty.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is none of these words.
        """
        return _typed(name, default, _boolean, _BOOLEAN)

    def list(
        self, name: str, default: builtins.list[str] | Missing = MISSING, separator: str = ","
    ) -> builtins.list[str]:
        """Return the variable *name* as its parts, stripped; the empty ones are left out.

        Raises:
            MissingVariable: It is not set, and there is no default.
        """
        return _typed(name, default, lambda text: _parts(text, separator), "a list")

    def json(self, name: str, default: object = MISSING) -> Any:
        """Return the variable *name* as the JSON it holds.

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is not JSON.
        """
        import json

        value: Any = _typed(name, default, json.loads, "JSON")
        return value

    def path(self, name: str, default: Path | str | Missing = MISSING) -> Path:
        """Return the variable *name* as a path; a relative one starts at the application's root.

        Raises:
            MissingVariable: It is not set, and there is no default.
        """
        return current_environment().base_path / _typed(name, default, _path, "a path")

    def duration(
        self, name: str, default: builtins.float | str | Missing = MISSING
    ) -> builtins.float:
        """Return the variable *name* in seconds: a number, or text with units ("10m").

        Raises:
            MissingVariable: It is not set, and there is no default.
            InvalidVariable: It is no duration.
        """
        return seconds(_typed(name, default, _duration, "a duration (90, 10m, 1h30m)"))

    def str(self, name: builtins.str, default: builtins.str | Missing = MISSING) -> builtins.str:
        """Return the text of the variable *name*, as it is: ``true`` stays text.

        Raises:
            MissingVariable: It is not set, and there is no default.
        """
        return _typed(name, default, builtins.str, "text")


env: Final = Env()


def _typed(name: str, default: Any, read: Callable[[str], T], wanted: str) -> T:
    value = current_environment().get(name)
    # `PORT=` in a file is a number that nobody has filled in yet; text and lists may be empty.
    if value is MISSING or (not value.strip() and wanted not in _MAY_BE_EMPTY):
        if default is MISSING:
            raise MissingVariable(name)
        return default  # type: ignore[no-any-return]  # each caller states its type
    try:
        return read(value)
    except (ValueError, InvalidDuration):
        shown = "" if looks_secret(name) else mask_urls(value)
        # Without `from`: the first error quotes the value, be it a secret or not.
        raise InvalidVariable(name, wanted, shown) from None


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def _parts(text: str, separator: str) -> list[str]:
    return [part for each in text.split(separator) if (part := each.strip())]


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _duration(text: str) -> float:
    return seconds(text)
