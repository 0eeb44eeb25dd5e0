"""When building X, give Y."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from securely.container.binding import Key, is_factory, is_list
from securely.support.missing import MISSING

__all__ = ["Context", "Contextual", "Given", "Need", "ParameterName"]


@dataclass(frozen=True)
class ParameterName:
    """A need that is named by its parameter, because its type says too little."""

    name: str


@dataclass(frozen=True)
class Given:
    """What a consumer gets instead of what everybody gets.

    Attributes:
        value: A key, a factory or a value, as *is_value* says.
        is_value: Whether it is passed on as it is.
        place: File and line that gave it.
    """

    value: Any
    is_value: bool
    place: str


class Contextual:
    """All that has been said with `when`: consumer -> need -> what is given."""

    def __init__(self) -> None:
        self.given: dict[Key, dict[Key, Given]] = {}

    def add(self, consumer: Key, need: Key, given: Given) -> None:
        """Give *given* to *consumer* for *need*."""
        self.given.setdefault(consumer, {})[need] = given


class Context:
    """What `when` returns; ends with `needs(...).give(...)`."""

    def __init__(self, add: Callable[[Key, Given], None], place: str) -> None:
        self._add = add
        self._place = place

    def needs(self, key: Key) -> Need:
        """Name what is needed by its class or key."""
        return Need(self._add, key, self._place)

    def needs_param(self, name: str) -> Need:
        """Name what is needed by its parameter, for numbers, strings and the like."""
        return Need(self._add, ParameterName(name), self._place)


class Need:
    """One need of a consumer."""

    def __init__(self, add: Callable[[Key, Given], None], key: Key, place: str) -> None:
        self._add = add
        self._key = key
        self._place = place

    def give(self, value: object) -> None:
        """Give *value*: a key that is resolved, a function that is called injected, or an object.

        For a need named by its parameter, a class or a string is an object, too. A list gives
        one of each, to a parameter that takes several.
        """
        named = isinstance(self._key, ParameterName)
        is_key = (isinstance(value, str | type) or is_list(value)) and not named
        self._add(self._key, Given(value, not (is_factory(value) or is_key), self._place))

    def give_tagged(self, tag: str) -> None:
        """Give everything that bears *tag*, as a list."""
        from securely.container.markers import Tagged

        self._add(self._key, Given(Tagged(tag), True, self._place))

    def give_config(self, key: str, default: object = MISSING) -> None:
        """Give the setting *key*, read when the consumer is built.

        Raises:
            LookupError: At building, when there is no such setting and no *default*.
        """
        from securely.container.markers import Setting

        self._add(self._key, Given(Setting(key, default), True, self._place))
