"""What lies behind an error: its causes, and the members of groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

__all__ = ["behind", "leaves"]

# Deeper stories are those of loops.
_STORY_MAX: Final = 20


def behind(error: BaseException) -> Iterator[BaseException]:
    """Give the errors behind *error*, each once: members of a group, causes, and what they hide.

    Example:
        >>> try:
        ...     raise ValueError("outer") from KeyError("inner")
        ... except ValueError as error:
        ...     [type(each).__name__ for each in behind(error)]
        ['KeyError']
    """
    seen = {id(error)}
    waiting = [error]
    while waiting and len(seen) <= _STORY_MAX:
        for each in _next(waiting.pop(0)):
            if id(each) not in seen:
                seen.add(id(each))
                waiting.append(each)
                yield each


def leaves(error: BaseException) -> list[BaseException]:
    """Return the members of a group that are no groups themselves; of anything else, itself.

    Example:
        >>> leaves(ExceptionGroup("two", [KeyError("a"), ExceptionGroup("b", [OSError("c")])]))
        [KeyError('a'), OSError('c')]
    """
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    members = cast("tuple[BaseException, ...]", cast(Any, error).exceptions)
    return [leaf for member in members for leaf in leaves(member)]


def _next(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        yield from cast("tuple[BaseException, ...]", cast(Any, error).exceptions)
    if error.__cause__ is not None:
        yield error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        yield error.__context__
