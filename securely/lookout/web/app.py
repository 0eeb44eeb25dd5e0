"""LookoutApp: routes, the gate before them, and the headers of every answer."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from securely.lookout.contracts import Report
from securely.lookout.gate import Gate
from securely.lookout.web.form import BODY_BYTES_MAX, read_body
from securely.lookout.web.pages import Pages
from securely.queue.exceptions import ConnectionUndefined, QueueUnavailable

__all__ = ["HEADERS", "Door", "LookoutApp"]

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: with it, browsers send forms from the origin "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""What every answer has, whatever it is."""


@dataclass(frozen=True, slots=True)
class Door:
    """The gate, and whether its callback is asked in the local environment, too."""

    gate: Gate
    asks_always: bool = False

    async def allows(self, request: Request) -> bool:
        """Return whether *request* may be answered."""
        return await self.gate.allows(request, asks_always=self.asks_always)


class LookoutApp(Starlette):
    """The dashboard; `Mount("/lookout", app)` puts it anywhere, and any server of ASGI serves it.

    Nothing of it is answered before the door has let the request in, not even that there is no
    such page.

    Args:
        pages: What is shown.
        door: Who may look.
        report: Told of what goes wrong here, which is answered with 500.
    """

    def __init__(self, pages: Pages, door: Door, report: Report) -> None:
        self._report = report
        self._pages = pages
        self._door = door
        super().__init__(
            routes=[
                Route("/", pages.overview),
                Route("/failed", pages.failed),
                Route("/failed/{id}", pages.failure),
                Route("/batches", pages.batches),
                Route("/batches/{id}", pages.batch),
                Route("/metrics", pages.metrics),
                Route("/jobs", pages.jobs),
                Route("/supervisors", pages.supervisors),
                Route("/stream/{page}", pages.stream, methods=["GET"]),
                Route("/assets/{name}", pages.asset),
                Route("/{kind}/{id}/{verb}", pages.act, methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: self._refused,
                ConnectionUndefined: self._unknown,
                QueueUnavailable: self._unavailable,
                Exception: self._broken,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of ASGI."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _with_headers(message)
            await send(message)

        scope = {**scope, "root_path": _root(scope)}
        if scope["method"] == "POST":
            body = await read_body(receive)
            if body is None:
                text = f"A form has at most {BODY_BYTES_MAX} bytes."
                await Response(text, 413)(scope, receive, guarded)
                return
            receive = body
        if not await self._door.allows(Request(scope, receive)):
            await self._pages.refusal(Request(scope), 403)(scope, receive, guarded)
            return
        try:
            await super().__call__(scope, receive, guarded)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except Exception as error:
            # It was answered. A server would write it to its log, where nothing is masked.
            self._report(error)

    async def _refused(self, request: Request, error: Exception) -> Response:
        status: Any = getattr(error, "status_code", 500)
        headers: Any = getattr(error, "headers", None)
        response = self._pages.refusal(request, status)
        response.headers.update(headers or {})
        return response

    async def _unknown(self, request: Request, error: Exception) -> Response:
        return self._pages.refusal(request, 404)

    async def _unavailable(self, request: Request, error: Exception) -> Response:
        return self._pages.refusal(request, 503, str(error))

    async def _broken(self, request: Request, error: Exception) -> Response:
        return self._pages.refusal(request, 500)


def _with_headers(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers[name] = value


def _root(scope: Scope) -> str:
    """Return where the dashboard is mounted; with one slash, since links begin with it."""
    root = str(scope.get("root_path", "")).strip("/\\")
    return f"/{root}" if root else ""
