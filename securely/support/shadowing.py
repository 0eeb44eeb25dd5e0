"""shadowed: a field of a class that has the name of a method it inherits."""

from __future__ import annotations

from collections.abc import Mapping, Set

__all__ = ["shadowed"]


def shadowed(cls: type, methods: Set[str]) -> str | None:
    """Return the first field that *cls* itself annotates with a name of *methods*, if any.

    A dataclass would take the method as the field's default.

    Example:
        >>> class Letter:
        ...     to: str
        >>> shadowed(Letter, {"to", "cc"})
        'to'
    """
    try:
        annotated: Mapping[str, object] = cls.__annotations__
    except NameError:  # Python 3.14 looks names up now; one may be defined further below
        return None
    return min(methods & annotated.keys(), default=None)
