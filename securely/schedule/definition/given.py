"""What methods are given: read, or refused with the name and the place of the task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from inspect import Parameter, iscoroutine, iscoroutinefunction, signature
from itertools import islice
from os import PathLike, fspath
from typing import Final, Protocol, TypeGuard, cast

from securely.schedule.exceptions import InvalidTask
from securely.support.durations import Duration
from securely.support.durations import seconds as seconds_of

__all__ = [
    "LONGEST_SECONDS",
    "Target",
    "are_facts",
    "asks_for_output",
    "duration",
    "is_definer",
    "is_function",
    "is_invoked",
    "is_sendable",
    "is_several",
    "needs_nothing",
    "path",
    "plain",
    "shown",
    "text",
    "texts",
    "truth",
    "url",
]

LONGEST_SECONDS: Final = 3_660 * 86_400
"""Ten years: who writes more has meant something else, and calendars come to an end."""

_SHOWN_MAX: Final = 80  # characters of a value that a message repeats
_SEVERAL_MAX: Final = 1_000  # texts in a list; what goes on longer has no end


class Target(Protocol):
    """What a method changes: it tells what it is called, and where it was defined."""

    def wrong(self, error: InvalidTask, /) -> InvalidTask:
        """Return *error*, with the name and the place of what it is about."""
        ...


def shown(value: object) -> str:
    """Return *value* as a message shows it: in one line, and not too long."""
    try:
        told = " ".join(repr(value).split())
    except Exception:  # somebody's own class, or a number beyond what is written out
        told = f"an object of {type(value).__qualname__}"
    return told if len(told) <= _SHOWN_MAX else f"{told[:_SHOWN_MAX]}…"


def plain(value: object) -> object:
    """Return the value of a member of an Enum; others as they are."""
    return value.value if isinstance(value, Enum) else value


def is_sendable(value: str) -> bool:
    """Return whether a text can be stored, and handed to a process."""
    return "\0" not in value and value.encode(errors="replace").decode() == value


def is_invoked(kind: type) -> bool:
    """Return whether objects of a class can be called."""
    return any("__call__" in each.__dict__ for each in kind.__mro__)


def is_several(value: object) -> TypeGuard[Iterable[object]]:
    """Return whether *value* is a list of some kind; what texts and dicts hold is not meant."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))


def is_definer(value: object) -> bool:
    """Return whether *value* is a function that can define tasks; nobody awaits an async one."""
    return callable(value) and not iscoroutinefunction(value)


def is_function(value: object) -> bool:
    """Return whether *value* can be called, or is a class whose objects can be."""
    return is_invoked(value) if isinstance(value, type) else callable(value)


def are_facts(value: object) -> bool:
    """Return whether *value* is a dict by names."""
    if not isinstance(value, Mapping):
        return False
    return all(isinstance(name, str) for name in cast("Mapping[object, object]", value))


def needs_nothing(call: Callable[..., object]) -> bool:
    """Return whether *call* can be called without arguments."""
    try:
        signature(call).bind()
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return True
    return True


def text(target: Target, method: str, value: object) -> str:
    """Return a text of one line that is not blank.

    Raises:
        InvalidTask: It is none.
    """
    value = plain(value)
    if not isinstance(value, str) or not value.strip():
        raise target.wrong(InvalidTask(f"{method}({shown(value)}): give a text"))
    if not is_sendable(value) or any(sign < " " or sign == "\x7f" for sign in value):
        raise target.wrong(
            InvalidTask(f"{method}({shown(value)}): give a text of one line that can be printed")
        )
    return value


def texts(target: Target, method: str, values: Iterable[object]) -> list[str]:
    """Return the texts among *values*, and in lists of them; at least one.

    Raises:
        InvalidTask: One is none, or there is none.
    """
    found: list[str] = []
    for value in values:
        several = islice(value, _SEVERAL_MAX) if is_several(value) else [value]
        found += [text(target, method, each) for each in several]
    if not found:
        raise target.wrong(InvalidTask(f"{method}(): none is named; name one, or leave it away"))
    return found


def duration(target: Target, method: str, value: Duration) -> float:
    """Return a duration in seconds.

    Raises:
        InvalidTask: It is none, not above 0, or longer than ten years.
    """
    try:
        found = seconds_of(value)
    except ValueError:
        raise target.wrong(
            InvalidTask(
                f"{method}({shown(value)}): that is no duration; write seconds, a timedelta, or"
                ' a text as "1h30m"'
            )
        ) from None
    if not 0 < found <= LONGEST_SECONDS:
        raise target.wrong(
            InvalidTask(f"{method}({shown(value)}): give more than 0 seconds, and at most 10 years")
        )
    return found


def path(target: Target, method: str, value: str | PathLike[str]) -> str:
    """Return the path of a file.

    Raises:
        InvalidTask: It is none.
    """
    try:
        return text(target, method, fspath(value))
    except TypeError:
        raise target.wrong(InvalidTask(f"{method}({shown(value)}): give a path")) from None


def url(target: Target, method: str, value: object) -> str:
    """Return the URL of a monitor.

    Raises:
        InvalidTask: It is none; the message does not repeat it, as there may be a token in it.
    """
    from urllib.parse import urlsplit

    value = plain(value)
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
            is_one = parts.scheme in {"http", "https"} and bool(parts.hostname)
            is_one = is_one and (parts.port is None or parts.port > 0)
        except ValueError:
            is_one = False
        if is_one and value.split() == [value] and is_sendable(value) and value.isprintable():
            return value
    told = "a text" if isinstance(value, str) else shown(value)
    raise target.wrong(
        InvalidTask(f'{method}: {told} is no URL; write one as "https://example.com/ping"')
    )


def truth(target: Target, method: str, value: object) -> bool:
    """Return whether a condition that is no function is true.

    Raises:
        InvalidTask: It is an awaitable, which is always true, or can not say.
    """
    if hasattr(value, "__await__"):
        if iscoroutine(value):
            value.close()  # nobody will await it, and Python would say so
        raise target.wrong(
            InvalidTask(f"{method}({shown(value)}): give the function itself, and do not call it")
        )
    try:
        return bool(value)
    except Exception as error:  # somebody's own class
        raise target.wrong(
            InvalidTask(f"{method}({shown(value)}): it is neither true nor false: {error}")
        ) from None


def asks_for_output(call: Callable[..., object]) -> bool:
    """Return whether a hook has a parameter `output`, for a text."""
    try:
        asked = signature(call).parameters.get("output")
    except (TypeError, ValueError):  # written in C, without a signature
        return False
    return asked is not None and asked.annotation in {Parameter.empty, str, "str"}
