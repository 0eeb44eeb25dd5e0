"""MessageBag: what is wrong with each field, in the order in which it was found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NoReturn, Self

from securely.validation.plan.paths import glob

__all__ = ["MessageBag"]


class MessageBag:
    """Messages by field; a field is named by its dotted path, or by one with stars.

    Args:
        messages: What is known from the start.

    Example:
        >>> bag = MessageBag({"items.0.sku": ["Too short."], "items.1.sku": ["Missing."]})
        >>> bag.first("items.*.sku"), bag.count()
        ('Too short.', 2)
        >>> bag.get("items.*.sku")
        {'items.0.sku': ['Too short.'], 'items.1.sku': ['Missing.']}

    Source: Laravel 13, Support\\MessageBag.
    """

    __slots__ = ("_messages",)

    def __init__(self, messages: Mapping[str, str | Iterable[str]] | None = None) -> None:
        self._messages: dict[str, list[str]] = {}
        if messages:
            self.merge(messages)

    def add(self, field: str, message: str) -> Self:
        """Say *message* of *field*; what was said already is not said twice."""
        said = self._messages.get(field)
        if said is None:
            self._messages[field] = [message]
        elif message not in said:
            said.append(message)
        return self

    def add_if(self, condition: bool, field: str, message: str) -> Self:
        """Say *message* of *field* where *condition* holds."""
        return self.add(field, message) if condition else self

    def merge(self, messages: Mapping[str, str | Iterable[str]] | MessageBag) -> Self:
        """Add all of *messages*."""
        found = messages.messages() if isinstance(messages, MessageBag) else messages
        for field, said in found.items():
            for message in [said] if isinstance(said, str) else said:
                self.add(field, message)
        return self

    def forget(self, field: str) -> Self:
        """Take back what was said of *field*."""
        self._messages.pop(field, None)
        return self

    def has(self, *fields: str) -> bool:
        """Tell whether something is wrong with each of *fields*; with any, where none is named."""
        if not fields:
            return bool(self._messages)
        return all(self._matching(field) for field in fields)

    def has_any(self, *fields: str) -> bool:
        """Tell whether something is wrong with one of *fields*."""
        return any(self._matching(field) for field in fields)

    def missing(self, *fields: str) -> bool:
        """Tell whether nothing is wrong with any of *fields*."""
        return not self.has_any(*fields)

    def first(self, field: str | None = None) -> str:
        """Return the first message, of *field* or of all; nothing if there is none."""
        found = self._messages if field is None else self._matching(field)
        return next((said[0] for said in found.values() if said), "")

    def get(self, field: str) -> list[str] | dict[str, list[str]]:
        """Return the messages of *field*; by field where its name has stars."""
        if "*" in field:
            return {name: [*said] for name, said in self._matching(field).items()}
        return [*self._messages.get(field, ())]

    def all(self) -> list[str]:
        """Return all messages, in the order in which they were found."""
        return [message for said in self._messages.values() for message in said]

    def unique(self) -> list[str]:
        """Return all messages, each once."""
        return [*dict.fromkeys(self.all())]

    def keys(self) -> list[str]:
        """Return the fields with which something is wrong."""
        return [*self._messages]

    def messages(self) -> dict[str, list[str]]:
        """Return the messages by field."""
        return {field: [*said] for field, said in self._messages.items()}

    def to_dict(self) -> dict[str, list[str]]:
        """Return the messages by field."""
        return self.messages()

    def to_json(self) -> str:
        """Return the messages by field as JSON."""
        return json.dumps(self._messages, ensure_ascii=False)

    def count(self) -> int:
        """Return how many messages there are."""
        return sum(map(len, self._messages.values()))

    def is_empty(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self._messages

    def is_not_empty(self) -> bool:
        """Tell whether something is wrong."""
        return bool(self._messages)

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return bool(self._messages)

    def __contains__(self, field: object) -> bool:
        return isinstance(field, str) and self.has(field)

    def __iter__(self) -> Iterator[str]:
        return iter(self.all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MessageBag) and other._messages == self._messages

    def __hash__(self) -> NoReturn:
        raise TypeError("A bag of messages changes, and has no hash.")

    def __repr__(self) -> str:
        return f"MessageBag({self._messages!r})"

    def _matching(self, field: str) -> dict[str, list[str]]:
        if "*" not in field:
            said = self._messages.get(field)
            return {field: said} if said else {}
        fits = _pattern(field)
        return {name: said for name, said in self._messages.items() if fits.fullmatch(name)}


@lru_cache(maxsize=256)
def _pattern(field: str) -> re.Pattern[str]:
    return glob(field)
