"""Maintenance: the application is down for now, and says so."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, cast

from securely.foundation.exceptions import NotInMaintenance
from securely.support.paths import Paths

__all__ = ["Maintenance", "guard"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

FILE = "framework/down"
_REFUSED: Final = ("http", "websocket")
_FOUND: Final = 302  # HTTP: look there this time
_UNAVAILABLE: Final = 503  # HTTP: come back later
_TRY_LATER: Final = 1013  # RFC 6455, registry of close codes


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
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)  # there may be a secret in it
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
    except (OSError, ValueError):
        return {"status": _UNAVAILABLE}
    if not isinstance(content, dict):
        return {"status": _UNAVAILABLE}
    return cast("dict[str, object]", content)


def guard(load: Callable[[], AsgiApplication], file: Path) -> AsgiApplication:
    """Answer from the down file while it exists, without importing the application.

    Requests are told to come back, as JSON where they accept that, or sent to the path that
    `redirect` names, which alone is let through; websockets are closed.

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
        if scope["type"] in _REFUSED and file.exists():  # noqa: ASYNC240  # one stat
            data = _read(file)
            if data.get("redirect") is None or data["redirect"] != scope.get("path"):
                await _refuse(scope, data, send)
                return
        if not loaded:
            loaded.append(load())
        await loaded[0](scope, receive, send)

    return guarded


async def _refuse(scope: Scope, data: Mapping[str, object], send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _TRY_LATER})
        return
    status, kind, body = _answer(scope, data)
    headers = [(b"content-type", kind)]
    for key, name in (("retry", b"retry-after"), ("refresh", b"refresh")):
        if data.get(key) is not None:
            headers.append((name, _header(data[key])))
    if data.get("redirect") is not None:
        status = _FOUND
        headers.append((b"location", _header(data["redirect"])))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _answer(scope: Scope, data: Mapping[str, object]) -> tuple[int, bytes, bytes]:
    """Return status, content type and body: JSON, the page that was given, or plain words."""
    status = data.get("status")
    if not isinstance(status, int):
        status = _UNAVAILABLE
    accepted = next((value for name, value in scope["headers"] if name.lower() == b"accept"), b"")
    if b"json" in accepted:
        return status, b"application/json", b'{"message": "Service Unavailable"}'
    if isinstance(data.get("template"), str):
        return status, b"text/html; charset=utf-8", str(data["template"]).encode()
    return status, b"text/plain; charset=utf-8", b"Service Unavailable\n"


def _header(value: object) -> bytes:
    # Only what is visible: a line break would begin another header.
    return "".join(each for each in str(value) if each.isprintable()).encode()
