"""HiddenNames: the hidden values by the long names that Laravel has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar, overload

from securely.context.values import Values

__all__ = ["HiddenNames"]

T = TypeVar("T")


class HiddenNames:
    """Methods that do to the hidden values what those without the word do to the visible ones.

    Attributes:
        hidden: The hidden values.
    """

    hidden: Values

    def all_hidden(self) -> dict[str, object]:
        """Return all hidden values by their names."""
        return self.hidden.all()

    def has_hidden(self, key: str) -> bool:
        """Tell whether there is a hidden value of that name; None is one."""
        return self.hidden.has(key)

    def missing_hidden(self, key: str) -> bool:
        """Tell whether there is no hidden value of that name."""
        return self.hidden.missing(key)

    def get_hidden(self, key: str, default: object = None) -> object:
        """Return a hidden value; see :meth:`Values.get`."""
        return self.hidden.get(key, default)

    def only_hidden(self, *keys: str) -> dict[str, object]:
        """Return the hidden values of these names, as far as there are any."""
        return self.hidden.only(*keys)

    def except_hidden(self, *keys: str) -> dict[str, object]:
        """Return all hidden values but those of these names."""
        return self.hidden.except_(*keys)

    @overload
    def add_hidden(self, key: str, value: object, /, **values: object) -> Self: ...

    @overload
    def add_hidden(self, key: Mapping[str, object] = ..., /, **values: object) -> Self: ...

    def add_hidden(self, key: Any = (), value: object = None, /, **values: object) -> Self:
        """Add hidden values; see :meth:`Values.add`."""
        more = {key: value} if isinstance(key, str) else dict(key)
        self.hidden.add({**more, **values})
        return self

    def add_hidden_if(self, key: str, value: object) -> Self:
        """Add a hidden value where there is none of that name."""
        self.hidden.add_if(key, value)
        return self

    def remember_hidden(self, key: str, value: Callable[[], T] | T) -> T:
        """Return a hidden value, or add it; see :meth:`Values.remember`."""
        return self.hidden.remember(key, value)

    def forget_hidden(self, *keys: str) -> Self:
        """Take the hidden values of these names away."""
        self.hidden.forget(*keys)
        return self

    def pull_hidden(self, key: str, default: object = None) -> object:
        """Return a hidden value and take it away."""
        return self.hidden.pull(key, default)

    def push_hidden(self, key: str, *values: object) -> Self:
        """Put *values* on top of a hidden stack.

        Raises:
            NotAStack: The value of that name is no list.
        """
        self.hidden.push(key, *values)
        return self

    def pop_hidden(self, key: str) -> object:
        """Take the topmost value of a hidden stack, and return it.

        Raises:
            EmptyStack: There is none.
            NotAStack: The value of that name is no list.
        """
        return self.hidden.pop(key)

    def hidden_stack_contains(self, key: str, value: object) -> bool:
        """Tell whether a hidden stack holds *value*, or one that a function says yes to.

        Raises:
            NotAStack: The value of that name is no list.
        """
        return self.hidden.stack_contains(key, value)
