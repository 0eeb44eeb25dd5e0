"""guard: an ASGI application that answers while the other is down, without importing it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from fnmatch import fnmatchcase
from hmac import compare_digest
from importlib import import_module
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final, TypeGuard

from securely.foundation.maintenance.bypass import is_bearer, new_cookie
from securely.foundation.maintenance.modes import DOWN_FILE, read_down_file

__all__ = ["HEALTH", "guard"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH: Final = "/up"
_REFUSED: Final = ("http", "websocket")
_FOUND: Final = 302  # HTTP: look there this time
_UNAVAILABLE: Final = 503  # HTTP: come back later
_TRY_LATER: Final = 1013  # RFC 6455, registry of close codes
_DOWN_FILE: Final = Path("storage") / DOWN_FILE


def guard(load: Callable[[], AsgiApplication] | str, file: Path = _DOWN_FILE) -> AsgiApplication:
    """Answer from the down file while it exists, without importing the application.

    Requests are told to come back, as JSON where they accept that, or sent to the path that
    `redirect` names, which alone is let through; websockets are closed. Who asks for the path
    that is the secret gets a cookie, with which the application answers for 12 hours.

    Args:
        load: Gives the ASGI application, or names it, as in "bootstrap.app:asgi"; called or
            imported at the first request that is let through.
        file: The down file.

    Example:
        >>> served = guard("bootstrap.app:asgi", Path("/srv/blog/storage/framework/down"))
    """
    loaded: list[AsgiApplication] = []

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in _REFUSED and file.exists():  # noqa: ASYNC240  # one stat
            data = read_down_file(file)
            if not _lets_in(scope, data):
                await _refuse(scope, data, send)
                return
        if not loaded:
            loaded.append(_imported(load) if isinstance(load, str) else load())
        await loaded[0](scope, receive, send)

    return guarded


def _imported(path: str) -> AsgiApplication:
    module, _, name = path.partition(":")
    found: AsgiApplication = getattr(import_module(module), name or "asgi")
    return found


def _lets_in(scope: Scope, data: Mapping[str, object]) -> bool:
    path = str(scope.get("path", "/"))
    if data.get("redirect") == path:
        return True
    if any(fnmatchcase(path, str(each)) for each in _listed(data.get("except", [HEALTH]))):
        return True
    client = scope.get("client")
    if client and _is_allowed(str(client[0]), _listed(data.get("allow", []))):
        return True
    secret = data.get("secret")
    return isinstance(secret, str) and bool(secret) and is_bearer(scope["headers"], secret)


def _listed(value: object) -> Iterable[Any]:
    return value if _is_list(value) else ()


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_allowed(client: str, allowed: Iterable[Any]) -> bool:
    for each in allowed:
        try:
            if ip_address(client) in ip_network(str(each), strict=False):
                return True
        except ValueError:  # a socket file has no address
            continue
    return False


async def _refuse(scope: Scope, data: Mapping[str, object], send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _TRY_LATER})
        return
    secret = data.get("secret")
    path = str(scope.get("path", "/")).strip("/")
    # By bytes, because compare_digest takes no text beyond ASCII.
    if isinstance(secret, str) and secret and compare_digest(path.encode(), secret.encode()):
        cookie = new_cookie(secret, is_secure=scope.get("scheme") == "https")
        headers = [(b"location", b"/"), (b"set-cookie", cookie.encode())]
        await _send(send, _FOUND, headers, b"")
        return
    status, kind, body = _answer(scope, data)
    headers = [(b"content-type", kind)]
    for key, name in (("retry", b"retry-after"), ("refresh", b"refresh")):
        if data.get(key) is not None:
            headers.append((name, _header(data[key])))
    if data.get("redirect") is not None:
        status = _FOUND
        headers.append((b"location", _header(data["redirect"])))
    await _send(send, status, headers, body)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
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
