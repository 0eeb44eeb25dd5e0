"""Caching: functions whose answers are kept: what `cached` makes of them, and under which key."""

from __future__ import annotations

import functools
import hashlib
import inspect
import string
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias, TypeVar, cast

from securely.cache.place import Ttl
from securely.support.durations import Duration

__all__ = ["CacheKey", "Remembers", "cached_function"]

F = TypeVar("F", bound=Callable[..., Any])

CacheKey: TypeAlias = str | Callable[..., str] | None
"""Under which key an answer is kept: text with the names of parameters in braces, a callable that
is given the arguments, or None for the function's name and all of its arguments."""

# 128 bits of what the arguments make together.
_DIGEST_BYTES: Final = 16


class Remembers(Protocol):
    """What answers are kept in; a repository is one."""

    def remember(
        self, key: str, ttl: Any, produce: Callable[[], Any], *, lock: Duration = 10
    ) -> Any:
        """Return the value of *key*, or store and return what *produce* returns."""
        ...

    async def aremember(
        self, key: str, ttl: Any, produce: Callable[[], Any], *, lock: Duration = 10
    ) -> Any:
        """Async twin of :meth:`remember`."""
        ...


def cached_function(
    function: F,
    cache: Callable[[], Remembers],
    ttl: Ttl | Callable[[Any], Ttl],
    key: CacheKey,
    lock: Duration,
) -> F:
    """Return *function*, whose answers are kept in what *cache* gives at each call.

    Raises:
        TypeError: It is no function.
        ValueError: The key names a parameter that the function does not have.
    """
    if not callable(function):
        raise TypeError(
            f"cached(…) stands above a function, not {function!r}: it takes the lifetime first."
        )
    key_of = _key_of(function, key)
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def akept(*args: Any, **kwargs: Any) -> Any:
            make = functools.partial(function, *args, **kwargs)
            return await cache().aremember(key_of(args, kwargs), ttl, make, lock=lock)

        return cast("F", akept)

    @functools.wraps(function)
    def kept(*args: Any, **kwargs: Any) -> Any:
        make = functools.partial(function, *args, **kwargs)
        return cache().remember(key_of(args, kwargs), ttl, make, lock=lock)

    return cast("F", kept)


def _key_of(
    function: Callable[..., Any], key: CacheKey
) -> Callable[[tuple[Any, ...], dict[str, Any]], str]:
    """Return what gives the key of a call, given its arguments."""
    if callable(key):
        make = key
        return lambda args, kwargs: make(*args, **kwargs)
    signature = inspect.signature(function)
    name = f"{function.__module__}.{function.__qualname__}"

    def arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    if key is not None:
        _check_template(name, key, signature)
        template = key
        return lambda args, kwargs: template.format(**arguments(args, kwargs))

    def named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        from securely.support.serializer import Serializer, Unserializable  # msgspec: not before

        found = arguments(args, kwargs)
        if not found:
            return name
        try:
            written = Serializer().encode(found)
        except Unserializable as error:
            error.add_note(f"Say what the key of {name} is made of: cached(…, key=…).")
            raise
        return f"{name}:{hashlib.blake2s(written, digest_size=_DIGEST_BYTES).hexdigest()}"

    return named


def _check_template(name: str, key: str, signature: inspect.Signature) -> None:
    """Raise ValueError if *key* names what is no parameter."""
    for _, field, _, _ in string.Formatter().parse(key):
        if field is None:
            continue
        parameter = field.partition(".")[0].partition("[")[0]
        if parameter not in signature.parameters:
            known = ", ".join(signature.parameters) or "none"
            raise ValueError(
                f'The key "{key}" of {name} names "{parameter}", which is no parameter of it. '
                f"Parameters: {known}."
            )
