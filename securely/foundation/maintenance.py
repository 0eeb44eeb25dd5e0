"""Maintenance: the application is down for now, and says so."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

from securely.foundation.exceptions import NotInMaintenance
from securely.support.paths import Paths

__all__ = ["Maintenance", "guard"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

FILE = "framework/down"


class Maintenance:
    """Whether the application is down, kept in a file so that every process of the machine sees it.

    Args:
        paths: Of the application; the file is `storage/framework/down`.
    """

    def __init__(self, paths: Paths) -> None:
        self.file = paths.storage / FILE

    @property
    def is_active(self) -> bool:
        """Whether the application is down; one look at the file system."""
        return self.file.exists()

    def activate(self, payload: Mapping[str, object]) -> None:
        """Take the application down, or change how it is down.

        Args:
            payload: `status` (HTTP), `retry` and `refresh` (seconds), `redirect` (a path),
                `secret` (lets its bearer in), `template` (a page); all optional.

        Raises:
            OSError: `storage/framework` cannot be written to.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(dict(payload), indent=2), encoding="utf-8")
        os.replace(draft, self.file)  # noqa: PTH105  # readers see the old file or the new one

    def deactivate(self) -> None:
        """Bring the application up.

        Raises:
            NotInMaintenance: It is not down.
        """
        try:
            self.file.unlink()
        except FileNotFoundError:
            raise NotInMaintenance from None

    def data(self) -> dict[str, object]:
        """Return what `activate` was given; empty when the application is up."""
        return _read(self.file)


def _read(file: Path) -> dict[str, object]:
    """Return the content of a down file; one that cannot be parsed means down, without details."""
    try:
        content: object = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        return {"status": 503}
    return cast("dict[str, object]", content) if isinstance(content, dict) else {"status": 503}


def guard(load: Callable[[], AsgiApplication], file: Path) -> AsgiApplication:
    """Answer from the down file while it exists, without importing the application.

    Args:
        load: Gives the ASGI application; called at the first request that is let through.
        file: The down file, `storage/framework/down`.

    Example:
        >>> from pathlib import Path
        >>> def load():
        ...     from bootstrap.app import app
        ...     return app
        >>> served = guard(load, Path("storage/framework/down"))
    """
    loaded: list[AsgiApplication] = []

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and file.exists():  # noqa: ASYNC240  # one stat
            await _refuse(_read(file), send)
            return
        if not loaded:
            loaded.append(load())
        await loaded[0](scope, receive, send)

    return guarded


async def _refuse(data: Mapping[str, object], send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    for key, name in (("retry", b"retry-after"), ("refresh", b"refresh")):
        if data.get(key) is not None:
            headers.append((name, str(data[key]).encode()))
    status = data.get("status", 503)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"Service Unavailable\n"})
