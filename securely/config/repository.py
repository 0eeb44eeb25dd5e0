"""Config: get, set, has, section; string(), integer() … say what they expect."""

from __future__ import annotations

import builtins
import inspect
import os
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar, cast, overload

from securely.config.exceptions import InvalidValue, MissingKey
from securely.config.secret import Secret
from securely.support import dot
from securely.support.durations import InvalidDuration, seconds
from securely.support.missing import MISSING, Missing
from securely.support.suggest import did_you_mean

__all__ = ["Config", "MissingKeyWarning", "Section"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
E = TypeVar("E", bound=Enum)

# Frames of these are not who asked: this module, and the facade that stands for it.
_OURS: Final = (__file__, f"{os.sep}securely{os.sep}container{os.sep}")


class _Parsable(Protocol[T_co]):
    """A class that makes typed options of plain data: ``support.options.Options`` and its kin.

    It is told by shape, so that reading a string from the configuration imports no pydantic.
    """

    def parse(self, data: object, key: str) -> T_co: ...


class MissingKeyWarning(UserWarning):
    """A key of the configuration is read that is not there, and no default is given."""


class Config:
    """The configuration of an application: nested plain data, read by dotted keys.

    Args:
        items: The data, by section. It is copied, so that setting a key changes nobody else's.

    Example:
        >>> config = Config({"cache": {"default": "disk", "stores": {"disk": {"path": "x"}}}})
        >>> config.get("cache.default")
        'disk'
        >>> config.get("cache.prefix", "none")
        'none'
        >>> config.string("cache.stores.disk.path")
        'x'
    """

    _always: ClassVar[builtins.list[Callable[[], Mapping[str, object]]]] = []

    def __init__(self, items: Mapping[str, object] | None = None) -> None:
        self.strict = False
        """Whether a read of a missing key without a default warns, and changes are noted."""
        self._changes: dict[str, list[str]] = {}
        self._remarked: set[tuple[str, str, int]] = set()
        self._items: dict[str, Any] = dot.copied(dict(items or {}))
        self._overridden: ContextVar[dict[str, Any] | None] = ContextVar("config", default=None)

    @classmethod
    def always_use(cls, make: Callable[[], Mapping[str, object]] | None) -> None:
        """Have every application of this process boot with what *make* returns; None ends that.

        For tests that boot many applications: no file of the configuration is run.

        Source: Laravel 13, LoadConfiguration::alwaysUse.
        """
        Config._always[:] = [] if make is None else [make]

    @classmethod
    def always(cls) -> Mapping[str, object] | None:
        """Return what every application is to boot with, if :meth:`always_use` says so."""
        return Config._always[0]() if Config._always else None

    @overload
    def get(self, key: str, default: object = MISSING) -> Any: ...
    @overload
    def get(
        self, key: builtins.list[str] | Mapping[str, object], default: object = MISSING
    ) -> builtins.dict[str, Any]: ...
    def get(
        self,
        key: str | builtins.list[str] | Mapping[str, object],
        default: object = MISSING,
    ) -> Any:
        """Return what stands at *key*, None included; else *default*, called if it is callable.

        Several keys, in a list or as a mapping with their defaults, are answered by a dict.
        A missing key without a default is None; with :attr:`strict`, that warns.

        Source: Laravel 13, Repository::get.
        """
        if not isinstance(key, str):
            return self.get_many(key)
        found = dot.get(self._data(), key)
        if found is not MISSING:
            return found
        if default is MISSING:
            if self.strict:
                self._remark(key)
            return None
        return default() if callable(default) else default

    def get_many(self, keys: Iterable[str] | Mapping[str, object]) -> builtins.dict[str, Any]:
        """Return the values of *keys*; a mapping gives each key its default."""
        if isinstance(keys, Mapping):
            defaults = cast("Mapping[str, object]", keys)
            return {key: self.get(key, default) for key, default in defaults.items()}
        return {key: self.get(key, None) for key in keys}

    def has(self, key: str) -> bool:
        """Tell whether something, be it None, stands at *key*."""
        return dot.has(self._data(), key)

    def all(self) -> builtins.dict[str, Any]:
        """Return a copy of the whole configuration."""
        return cast("builtins.dict[str, Any]", dot.copied(self._data()))

    def require(self, key: str) -> Any:
        """Return what stands at *key*.

        Raises:
            MissingKey: Nothing does; the nearest key is suggested.
        """
        found = dot.get(self._data(), key)
        if found is MISSING:
            raise MissingKey(key, self._nearest(key))
        return found

    def section(self, key: str) -> Section:
        """Return the part of the configuration at *key*, for a provider to parse.

        The section may be absent: then it is empty, and its options take their defaults.
        """
        return Section(key, self.get(key, dict))

    def string(self, key: str, default: str | Missing = MISSING) -> str:
        """Return the text at *key*.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        return self._typed(key, default, str, "a string")

    def integer(self, key: str, default: int | Missing = MISSING) -> int:
        """Return the integer at *key*; True is none, and neither is "5".

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        return self._typed(key, default, int, "an integer")

    def boolean(self, key: str, default: bool | Missing = MISSING) -> bool:
        """Return the boolean at *key*.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        return self._typed(key, default, bool, "a boolean")

    def path(self, key: str, default: Path | Missing = MISSING) -> Path:
        """Return the path at *key*, written as a path or as text.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        value = self._found(key, default)
        if isinstance(value, (str, Path)):
            return Path(value)
        raise InvalidValue(key, "a path", _kind(value))

    def duration(self, key: str, default: builtins.float | Missing = MISSING) -> builtins.float:
        """Return the seconds at *key*, written as a number, as text ("10m") or as a timedelta.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        value = self._found(key, default)
        try:
            return seconds(cast("builtins.float", value))
        except InvalidDuration:
            raise InvalidValue(key, "a duration", _kind(value)) from None

    def float(self, key: str, default: builtins.float | Missing = MISSING) -> builtins.float:
        """Return the float at *key*; an integer is none.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        return self._typed(key, default, builtins.float, "a float")

    def list(self, key: str, default: builtins.list[Any] | Missing = MISSING) -> builtins.list[Any]:
        """Return the list at *key*.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        return cast("builtins.list[object]", self._typed(key, default, builtins.list, "a list"))

    def enum(self, key: str, kind: type[E], default: E | Missing = MISSING) -> E:
        """Return the member of *kind* at *key*: a member, its value, or its name.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        value = self._found(key, default)
        for member in kind:
            if value is member or value in (member.value, member.name):
                return member
        words = ", ".join(str(member.value) for member in kind)
        raise InvalidValue(key, f"one of {words}", _kind(value))

    def secret(self, key: str, default: str | Secret | Missing = MISSING) -> Secret:
        """Return the text at *key* as something that does not show itself in logs and errors.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        value = self._found(key, default)
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return Secret(value)
        raise InvalidValue(key, "a string", _kind(value))

    def model(self, kind: _Parsable[T], key: str) -> T:
        """Check the section at *key* and return it as *kind*: an ``Options`` class, as a rule.

        Raises:
            InvalidOptions: It does not fit; each problem names its dotted key.
        """
        return self.section(key).parse(kind)

    def dict(
        self, key: str, default: builtins.dict[str, Any] | Missing = MISSING
    ) -> builtins.dict[str, Any]:
        """Return the mapping at *key*.

        Raises:
            MissingKey: Nothing is there, and there is no default.
            InvalidValue: Something else is there.
        """
        return cast("builtins.dict[str, Any]", self._typed(key, default, builtins.dict, "a dict"))

    def set(self, key: str | Mapping[str, object], value: object = None) -> None:
        """Set *key*, or each key of a mapping; parents that are missing are made.

        Source: Laravel 13, Repository::set.
        """
        changes = key if isinstance(key, Mapping) else {key: value}
        data = self._data()
        for path, item in changes.items():
            dot.put(data, path, item)
            if self.strict:
                place = _caller()
                self._changes.setdefault(path, []).append(f"{place[0]}:{place[1]}")

    def sources(self, key: str) -> builtins.list[str]:
        """Return which places of the code have set *key* or a part of it, the latest last.

        Only what happens while :attr:`strict` is true is noted: when the application is local,
        is being tested, or debugs.

        Example:
            >>> config = Config({"app": {"name": "Blog"}})
            >>> config.sources("app.name")
            []
        """
        return [
            place
            for path, places in self._changes.items()
            if path == key or path.startswith(f"{key}.") or key.startswith(f"{path}.")
            for place in places
        ]

    def push(self, key: str, value: object) -> None:
        """Append *value* to the list at *key*; where nothing or None is, a list begins.

        Raises:
            InvalidValue: Something else is there.
        """
        self.set(key, [*self._list_at(key), value])

    def prepend(self, key: str, value: object) -> None:
        """Put *value* before the list at *key*; where nothing or None is, a list begins.

        Raises:
            InvalidValue: Something else is there.
        """
        self.set(key, [value, *self._list_at(key)])

    def forget(self, key: str) -> None:
        """Remove *key*, if it is there."""
        dot.forget(self._data(), key)

    @contextmanager
    def override(self, changes: Mapping[str, object]) -> Generator[Config]:
        """Set *changes* within the block, for this task or thread only.

        Example:
            >>> config = Config({"app": {"debug": False}})
            >>> with config.override({"app.debug": True}):
            ...     config.get("app.debug")
            True
            >>> config.get("app.debug")
            False
        """
        data = self.all()
        for path, item in changes.items():
            dot.put(data, path, item)
        token = self._overridden.set(data)
        try:
            yield self
        finally:
            self._overridden.reset(token)

    def __getitem__(self, key: str) -> Any:
        return self.require(key)

    def __setitem__(self, key: str, value: object) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        if not dot.forget(self._data(), key):
            raise MissingKey(key, self._nearest(key))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.has(key)

    def __repr__(self) -> str:
        # Values may be secrets.
        return f"Config({', '.join(self._data())})"

    def _data(self) -> builtins.dict[str, Any]:
        overridden = self._overridden.get()
        return self._items if overridden is None else overridden

    def _remark(self, key: str) -> None:
        """Warn, once for each place, that *key* is missing and nobody says what then."""
        file, line = _caller()
        if (key, file, line) not in self._remarked:
            self._remarked.add((key, file, line))
            message = f"{MissingKey(key, self._nearest(key))} Give a default if it may be missing."
            warnings.warn_explicit(message, MissingKeyWarning, file, line)

    def _found(self, key: str, default: object) -> object:
        found = dot.get(self._data(), key)
        if found is not MISSING:
            return found
        if default is MISSING:
            raise MissingKey(key, self._nearest(key))
        return default

    def _typed(self, key: str, default: object, wanted: type[T], name: str) -> T:
        value = self._found(key, default)
        # Exactly: True is an int to isinstance, and a mistake here.
        if type(value) is not wanted:
            raise InvalidValue(key, name, _kind(value))
        return value

    def _list_at(self, key: str) -> builtins.list[Any]:
        value = self.get(key, None)
        if value is None:
            return []
        if not isinstance(value, builtins.list):
            raise InvalidValue(key, "a list", _kind(value))
        return cast("builtins.list[object]", value)

    def _nearest(self, key: str) -> str | None:
        """Return the key that *key* may have been meant as: a neighbour, if it has any."""
        parent, _, last = key.rpartition(".")
        siblings = self.get(parent, None) if parent else self._data()
        if isinstance(siblings, Mapping):
            near = did_you_mean(last, list(cast("Mapping[str, object]", siblings)))
            return f"{parent}.{near}" if near and parent else near
        return did_you_mean(key, [path for path, _ in dot.flattened(self._data())])


class Section:
    """A component's part of the configuration, and the key where it stands.

    Example:
        >>> Config({"cache": {"default": "disk"}}).section("cache").get("default")
        'disk'
    """

    def __init__(self, key: str, data: object) -> None:
        self.key = key
        self.data = data

    def get(self, key: str, default: object = None) -> Any:
        """Return what stands at *key* of this section, else *default*."""
        found = dot.get(self.data, key)
        return default if found is MISSING else found

    def has(self, key: str) -> bool:
        """Tell whether something stands at *key* of this section."""
        return dot.has(self.data, key)

    def section(self, key: str) -> Section:
        """Return the part at *key* of this section; empty where it is absent."""
        return Section(f"{self.key}.{key}", self.get(key, {}))

    def parse(self, options: _Parsable[T]) -> T:
        """Check this section and return it as *options*.

        Raises:
            InvalidOptions: It does not fit; each problem names its dotted key.
        """
        return options.parse(self.data, self.key)


def _caller() -> tuple[str, int]:
    """Return file and line of whoever asked the configuration."""
    frame = inspect.currentframe()
    while frame is not None and any(part in frame.f_code.co_filename for part in _OURS):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)


def _kind(value: object) -> str:
    names: dict[type, str] = {
        bool: "boolean",
        int: "integer",
        float: "float",
        str: "string",
        type(None): "None",
    }
    return names.get(type(value), type(value).__name__)
