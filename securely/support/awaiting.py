"""answered: what a function of either colour returns, for who does not wait in a loop."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

__all__ = ["answered"]


def answered(answer: Any) -> Any:
    """Return *answer*, or what comes of it where it is awaitable, on the portal's loop.

    Raises:
        PortalReentered: This is the portal's own thread, and the answer is awaitable.

    Example:
        >>> async def forty_two() -> int:
        ...     return 42
        >>> answered(forty_two()), answered(1)
        (42, 1)
    """
    if not hasattr(answer, "__await__"):  # inspect would say it too, and is long to import
        return answer
    from securely.support.portal import portal  # with it comes asyncio, which few need

    return portal().run(_awaited(answer))


async def _awaited(answer: Awaitable[object]) -> object:
    return await answer
