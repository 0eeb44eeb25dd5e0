"""TypedReads: string, integer, float, boolean, list, dict, model: values of the type wanted."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import Any, Final, TypeAlias, TypeVar, cast

from securely.cache.exceptions import WrongType
from securely.support.missing import MISSING, Missing
from securely.support.models import WrongFields, is_model, model_of

__all__ = ["TypedReads"]

# The methods below are called as these types are; within the class, their names mean the methods.
_List: TypeAlias = list[object]
_Dict: TypeAlias = dict[str, object]
_Float: TypeAlias = float

M = TypeVar("M")

# What PHP's filters take for a number, on which Laravel's reads stand.
_SPACE: Final = " \t\n\r\v\0"
_INTEGER: Final = re.compile(rf"[{_SPACE}]*[+-]?(0|[1-9][0-9]*)[{_SPACE}]*")
_NUMBER: Final = re.compile(
    rf"[{_SPACE}]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[{_SPACE}]*"
)


class TypedReads:
    """Reads that give back a type, and raise WrongType for a value of another.

    Absent without a default is a wrong type as well. Text that is a number is one to
    ``integer`` and ``float``: ASCII digits as people write them, with white space around.

    Source: Laravel 13, Illuminate\\Cache\\Repository, string() and its kin.
    """

    def string(self, key: str, default: str | Missing = MISSING) -> str:
        """Return the text of *key*.

        Raises:
            WrongType: It is something else, or absent and there is no default.
        """
        return _string(key, self._typed(key, default))

    async def astring(self, key: str, default: str | Missing = MISSING) -> str:
        """Async twin of :meth:`string`."""
        return _string(key, await self._atyped(key, default))

    def integer(self, key: str, default: int | Missing = MISSING) -> int:
        """Return the integer of *key*, which may be text that is one.

        Raises:
            WrongType: It is something else, or absent and there is no default.
        """
        return _integer(key, self._typed(key, default))

    async def ainteger(self, key: str, default: int | Missing = MISSING) -> int:
        """Async twin of :meth:`integer`."""
        return _integer(key, await self._atyped(key, default))

    def float(self, key: str, default: _Float | Missing = MISSING) -> _Float:
        """Return the number of *key*, which may be an integer, or text that is a number.

        Raises:
            WrongType: It is something else, or absent and there is no default.
        """
        return _float(key, self._typed(key, default))

    async def afloat(self, key: str, default: _Float | Missing = MISSING) -> _Float:
        """Async twin of :meth:`float`."""
        return _float(key, await self._atyped(key, default))

    def boolean(self, key: str, default: bool | Missing = MISSING) -> bool:
        """Return the truth value of *key*.

        Raises:
            WrongType: It is something else, or absent and there is no default.
        """
        return _boolean(key, self._typed(key, default))

    async def aboolean(self, key: str, default: bool | Missing = MISSING) -> bool:
        """Async twin of :meth:`boolean`."""
        return _boolean(key, await self._atyped(key, default))

    def list(self, key: str, default: _List | Missing = MISSING) -> _List:
        """Return the list of *key*.

        Raises:
            WrongType: It is something else, or absent and there is no default.
        """
        return _list(key, self._typed(key, default))

    async def alist(self, key: str, default: _List | Missing = MISSING) -> _List:
        """Async twin of :meth:`list`."""
        return _list(key, await self._atyped(key, default))

    def dict(self, key: str, default: _Dict | Missing = MISSING) -> _Dict:
        """Return the dict of *key*.

        Raises:
            WrongType: It is something else, or absent and there is no default.
        """
        return _dict(key, self._typed(key, default))

    async def adict(self, key: str, default: _Dict | Missing = MISSING) -> _Dict:
        """Async twin of :meth:`dict`."""
        return _dict(key, await self._atyped(key, default))

    def model(self, key: str, model: type[M], default: M | Missing = MISSING) -> M:
        """Return the data of *key* as a *model*: a pydantic model or a dataclass.

        Args:
            key: The key; it holds a dict of the fields, or a *model*, where values may be such.
            model: The class. Its fields are validated.
            default: What to return when the key is absent.

        Raises:
            WrongType: It is something else, its fields are wrong, or it is absent and there is
                no default.

        Example:
            >>> from dataclasses import dataclass
            >>> from securely.cache.drivers.array import ArrayStore
            >>> from securely.cache.repository import Repository
            >>> @dataclass
            ... class Point:
            ...     x: int
            ...     y: int
            >>> cache = Repository(ArrayStore())
            >>> cache.put("origin", {"x": 0, "y": 0})
            True
            >>> cache.model("origin", Point)
            Point(x=0, y=0)
        """
        return _model(key, model, self._typed(key, default))

    async def amodel(self, key: str, model: type[M], default: M | Missing = MISSING) -> M:
        """Async twin of :meth:`model`."""
        return _model(key, model, await self._atyped(key, default))

    def _read(self, key: str) -> object:
        """Return the value, or MISSING."""
        raise NotImplementedError

    async def _aread(self, key: str) -> object:
        """Async twin of :meth:`_read`."""
        raise NotImplementedError

    def _typed(self, key: str, default: object) -> object:
        value = self._read(key)
        return default if value is MISSING else value

    async def _atyped(self, key: str, default: object) -> object:
        value = await self._aread(key)
        return default if value is MISSING else value


def _string(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise WrongType.of(key, "text", value)


def _integer(key: str, value: object) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        with suppress(ValueError):  # more digits than Python reads
            return int(value.strip(_SPACE))
    raise WrongType.of(key, "an integer", value)


def _float(key: str, value: object) -> float:
    number = _number(value)
    if number is None:
        raise WrongType.of(key, "a number", value)
    return number


def _number(value: object) -> float | None:
    """Return *value* as a float, or None if it is no number that a float can hold."""
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        number = float(value.strip(_SPACE))
        return number if math.isfinite(number) else None
    return None


def _model(key: str, model: type[M], value: object) -> M:
    if not is_model(model):
        raise TypeError(
            f"model(…) takes pydantic models and dataclasses, not {model!r}. "
            "For plain data there are dict, list, string and their kin."
        )
    if isinstance(value, model):
        return value
    wanted = f"data for {model.__qualname__}"
    if not isinstance(value, dict):
        raise WrongType.of(key, wanted, value)
    try:
        return model_of(model, cast("dict[str, Any]", value))
    except WrongFields as error:
        raise WrongType(key, wanted, f"a dict with wrong fields: {error}") from None


def _boolean(key: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise WrongType.of(key, "true or false", value)


def _list(key: str, value: object) -> list[object]:
    if isinstance(value, list):
        return cast("list[object]", value)
    raise WrongType.of(key, "a list", value)


def _dict(key: str, value: object) -> dict[str, object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise WrongType.of(key, "a dict", value)
