"""Values: named values of one task: added, read, stacked, counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Self, TypeVar, cast, overload

from securely.context.exceptions import EmptyStack, MissingValue, NotAStack, NotNumeric
from securely.context.state import Cell, State

__all__ = ["Values"]

T = TypeVar("T")
Side = Literal["data", "hidden"]

_NAMED: Final[Mapping[str, object]] = {}


class Values:
    """The visible values of a context, or its hidden ones.

    None is a value: `has` finds it, and no default takes its place. Values that are lists or dicts
    are those that were added, not copies: put another one in their place rather than change them.

    Args:
        cell: Where they lie.
        side: Which of the two they are.
    """

    def __init__(self, cell: Cell, side: Side) -> None:
        self._cell = cell
        self._side: Side = side

    # Reading

    def all(self) -> dict[str, object]:
        """Return all values by their names."""
        return dict(self._items())

    def has(self, key: str) -> bool:
        """Tell whether there is a value of that name; None is one."""
        return key in self._items()

    def missing(self, key: str) -> bool:
        """Tell whether there is no value of that name."""
        return key not in self._items()

    def get(self, key: str, default: object = None) -> object:
        """Return a value.

        Args:
            key: Its name.
            default: What is returned where there is none; a function is called.
        """
        items = self._items()
        if key in items:
            return items[key]
        return cast("Callable[[], object]", default)() if callable(default) else default

    def only(self, *keys: str) -> dict[str, object]:
        """Return the values of these names, as far as there are any."""
        items = self._items()
        return {key: items[key] for key in keys if key in items}

    def except_(self, *keys: str) -> dict[str, object]:
        """Return all values but those of these names."""
        return {key: value for key, value in self._items().items() if key not in keys}

    def __getitem__(self, key: str) -> object:
        """Return a value.

        Raises:
            MissingValue: There is none of that name.
        """
        items = self._items()
        if key not in items:
            raise MissingValue(key, items)
        return items[key]

    def __contains__(self, key: object) -> bool:
        """Tell whether there is a value of that name."""
        return key in self._items()

    # Writing

    @overload
    def add(self, key: str, value: object, /, **values: object) -> Self: ...

    @overload
    def add(self, key: Mapping[str, object] = ..., /, **values: object) -> Self: ...

    def add(
        self, key: str | Mapping[str, object] = _NAMED, value: object = None, /, **values: object
    ) -> Self:
        """Add values, in the place of those that had their names.

        Args:
            key: A name, with its value behind it; or several in a mapping.
            value: The value of that name.
            values: More of them, by their names.

        Source: Laravel 13, Context::add.
        """
        more = {key: value} if isinstance(key, str) else key
        self._put({**self._items(), **more, **values})
        return self

    def add_if(self, key: str, value: object) -> Self:
        """Add a value where there is none of that name."""
        return self if key in self._items() else self.add(key, value)

    def __setitem__(self, key: str, value: object) -> None:
        """Add a value."""
        self.add(key, value)

    def remember(self, key: str, value: Callable[[], T] | T) -> T:
        """Return the value of that name; where there is none, add *value* and return that.

        Args:
            key: The name.
            value: A value, or a function that is called for it.
        """
        items = self._items()
        if key not in items:
            made: Any = value
            self.add(key, made() if callable(made) else made)
        return cast("T", self._items()[key])

    def forget(self, *keys: str) -> Self:
        """Take the values of these names away."""
        self._put(self.except_(*keys))
        return self

    def __delitem__(self, key: str) -> None:
        """Take a value away.

        Raises:
            MissingValue: There is none of that name.
        """
        self[key]  # to say so where it is missing
        self.forget(key)

    def pull(self, key: str, default: object = None) -> object:
        """Return a value and take it away; see :meth:`get`."""
        found = self.get(key, default)
        self.forget(key)
        return found

    # Stacks and counters

    def push(self, key: str, *values: object) -> Self:
        """Put *values* on top of a stack, which begins where there is none.

        Raises:
            NotAStack: The value of that name is no list.
        """
        return self.add(key, [*self._stack(key), *values])

    def pop(self, key: str) -> object:
        """Take the topmost value of a stack, and return it.

        Raises:
            EmptyStack: There is none.
            NotAStack: The value of that name is no list.
        """
        stack = self._stack(key)
        if not stack:
            raise EmptyStack(key)
        self.add(key, stack[:-1])
        return stack[-1]

    def stack_contains(self, key: str, value: object) -> bool:
        """Tell whether a stack holds *value*, or one that a function says yes to.

        Raises:
            NotAStack: The value of that name is no list.
        """
        stack = self._stack(key)
        if callable(value):
            fits = cast("Callable[[object], object]", value)
            return any(fits(each) for each in stack)
        return value in stack

    def increment(self, key: str, amount: int = 1) -> Self:
        """Count up; from 0 where there is no value of that name.

        Raises:
            NotNumeric: The value of that name is no whole number.
        """
        count = self._items().get(key, 0)
        if not isinstance(count, int) or isinstance(count, bool):
            raise NotNumeric(key, type(count).__qualname__)
        return self.add(key, count + amount)

    def decrement(self, key: str, amount: int = 1) -> Self:
        """Count down; see :meth:`increment`."""
        return self.increment(key, -amount)

    # Inside

    def _items(self) -> Mapping[str, object]:
        state = self._cell.load()
        return state.data if self._side == "data" else state.hidden

    def _put(self, items: Mapping[str, object]) -> None:
        state = self._cell.load()
        if self._side == "data":
            self._cell.store(State(items, state.hidden, state.trace))
        else:
            self._cell.store(State(state.data, items, state.trace))

    def _stack(self, key: str) -> list[object]:
        found = self._items().get(key, [])
        if not isinstance(found, list):
            raise NotAStack(key, type(found).__qualname__)
        return cast("list[object]", found)
