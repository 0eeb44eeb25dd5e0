"""Stream: a part of a page, sent anew whenever it has changed, as Server-Sent Events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from securely.support import clock

__all__ = ["EVERY_SECONDS", "STREAMS_MAX", "Streams", "event"]

EVERY_SECONDS: Final = 2.0
"""How long it is from one look at the stores to the next."""

STREAMS_MAX: Final = 32
"""How many pages may be kept up to date at once, by one process; others stay as they are."""

# After this time a stream ends, and browsers ask for the next one: the gate is asked again.
_LIFE_SECONDS: Final = 60.0
_STEP_SECONDS: Final = 0.25  # how soon it is noticed that the client has gone, or the server stops
_RETRY: Final = b"retry: 2000\n\n"  # milliseconds until a browser asks for the next one
_STILL: Final = b":\n\n"  # a comment: nothing has changed, and both ends know that they live


class Streams:
    """The streams of one process.

    Args:
        is_stopping: Tells whether the server stops.
    """

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping
        self._open = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another one."""
        return self._open >= STREAMS_MAX

    async def run(
        self, render: Callable[[], Awaitable[str | None]], is_gone: Callable[[], Awaitable[bool]]
    ) -> AsyncGenerator[bytes]:
        """Give the events of one stream, until its client is gone, its time over, or all stops.

        Args:
            render: Makes what is shown; None when there is nothing any more, which ends it.
            is_gone: Tells whether the client is gone.
        """
        self._open += 1
        try:
            yield _RETRY
            shown = None
            end = clock.monotonic() + _LIFE_SECONDS
            while clock.monotonic() < end:
                text = await render()
                if text is None:
                    return
                yield _STILL if text == shown else event(text)
                shown = text
                if await self._over(is_gone):
                    return
        finally:
            self._open -= 1

    async def _over(self, is_gone: Callable[[], Awaitable[bool]]) -> bool:
        """Wait for the next look; return whether there is to be none."""
        next_look = clock.monotonic() + EVERY_SECONDS
        while clock.monotonic() < next_look:
            if self._is_stopping() or await is_gone():
                return True
            await clock.asleep(_STEP_SECONDS)
        return False


def event(text: str) -> bytes:
    r"""Return *text* as an event.

    Source: HTML Living Standard, section 9.2.5, Parsing an event stream.

    Example:
        >>> event("<p>\r\na</p>")
        b'data: <p>\ndata: a</p>\n\n'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "".join(f"data: {line}\n" for line in lines).encode("utf-8", "replace") + b"\n"
