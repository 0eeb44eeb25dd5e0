"""What a callback of the gate is, and an application of ASGI; Starlette itself comes later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

__all__ = ["AsgiApp", "AuthCallback", "Report"]

AuthCallback: TypeAlias = Callable[[Any], "bool | Awaitable[bool]"]
"""Given Starlette's `Request`, tells whether its sender may see the dashboard; of either colour."""

_Message: TypeAlias = MutableMapping[str, Any]

AsgiApp: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]
"""An application that servers of ASGI 3 run, and that others mount."""

Report: TypeAlias = Callable[[BaseException], object]
"""Is told of an error that nobody else would hear of."""
