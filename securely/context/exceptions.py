"""What can go wrong with the context. Values stand in no message: they may be hidden ones.

ContextError                the root
├── ContextTooLarge         there is more of it than may travel (also a ValueError)
├── ContextUnreadable       what has travelled is not ours, or was changed (also a ValueError)
├── EmptyStack              there is nothing to pop (also a LookupError)
├── MissingValue            there is no value of that name (also a KeyError)
├── NotAStack               a value is no list (also a TypeError)
├── NotNumeric              a value that is no number was to be counted (also a TypeError)
└── ValueNotCarried         a value has no written form (also a TypeError)
"""

from __future__ import annotations

from collections.abc import Iterable

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "ContextError",
    "ContextTooLarge",
    "ContextUnreadable",
    "EmptyStack",
    "MissingValue",
    "NotAStack",
    "NotNumeric",
    "ValueNotCarried",
]


class ContextError(SecurelyError):
    """Something is wrong with the context."""


class ContextTooLarge(ContextError, ValueError):
    """There is more of it than may travel.

    Args:
        size: How large it is when it is written, in bytes.
        limit: How large it may be.
        largest: The name of the value that takes most of that.
    """

    def __init__(self, size: int, limit: int, largest: str) -> None:
        self.size = size
        self.limit = limit
        self.largest = largest
        super().__init__(
            f"The context has {size} bytes, and {limit} may travel with a job or into a process. "
            f'Most of them are those of "{largest}": store it elsewhere and add its key.'
        )

    def __reduce__(self) -> tuple[type[ContextTooLarge], tuple[int, int, str]]:
        return type(self), (self.size, self.limit, self.largest)


class ContextUnreadable(ContextError, ValueError):
    """What has travelled is not ours, or was changed; it is left out.

    Args:
        part: What cannot be read.
        reason: Why.
    """

    def __init__(self, part: str, reason: str) -> None:
        self.part = part
        self.reason = reason
        super().__init__(
            f"{part[:1].upper()}{part[1:]} cannot be read, and will be left out: {reason}. "
            "Has the application's key changed? Keep the old one in APP_PREVIOUS_KEYS."
        )

    def __reduce__(self) -> tuple[type[ContextUnreadable], tuple[str, str]]:
        return type(self), (self.part, self.reason)


class EmptyStack(ContextError, LookupError):
    """There is nothing to pop.

    Args:
        name: The name of the stack.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f'The stack "{name}" of the context is empty: push a value first.')

    def __reduce__(self) -> tuple[type[EmptyStack], tuple[str]]:
        return type(self), (self.name,)


class MissingValue(ContextError, KeyError):
    """There is no value of that name.

    Args:
        name: What was asked for.
        names: What there is.
    """

    def __init__(self, name: str, names: Iterable[str]) -> None:
        self.name = name
        self.names: tuple[str, ...] = tuple(names)
        near = did_you_mean(name, self.names)
        hint = f' Did you mean "{near}"?' if near else ""
        super().__init__(
            f'The context has no value "{name}".{hint} '
            "Add it, or ask with get(), which has a default."
        )

    def __str__(self) -> str:  # a KeyError would show it in quotes
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[MissingValue], tuple[str, tuple[str, ...]]]:
        return type(self), (self.name, self.names)


class NotAStack(ContextError, TypeError):
    """A value is no list.

    Args:
        name: Its name.
        kind: The type that it has.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        super().__init__(
            f'"{name}" of the context is of type {kind}, and no stack: '
            "only a list can be pushed to, popped from or looked through."
        )

    def __reduce__(self) -> tuple[type[NotAStack], tuple[str, str]]:
        return type(self), (self.name, self.kind)


class NotNumeric(ContextError, TypeError):
    """A value that is no number was to be counted up or down.

    Args:
        name: Its name.
        kind: The type that it has.
    """

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        super().__init__(
            f'"{name}" of the context is of type {kind}, and no whole number: '
            "it cannot be counted up or down."
        )

    def __reduce__(self) -> tuple[type[NotNumeric], tuple[str, str]]:
        return type(self), (self.name, self.kind)


class ValueNotCarried(ContextError, TypeError):
    """A value has no written form, so it cannot travel with a job or into a process.

    Args:
        name: Its name, and where in it.
        reason: What of it cannot be written.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(
            f'"{name}" of the context cannot travel with a job or into a process: {reason} '
            "Or take it out in `Context.dehydrating(…)`."
        )

    def __reduce__(self) -> tuple[type[ValueNotCarried], tuple[str, str]]:
        return type(self), (self.name, self.reason)
