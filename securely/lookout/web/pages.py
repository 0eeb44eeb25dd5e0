"""Pages: what each address shows, and what the forms on it do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from securely.lookout.actions import SAID, Actions
from securely.lookout.archive import Archive
from securely.lookout.readings import SPANS, Readings
from securely.lookout.tokens import Tokens
from securely.lookout.web.form import COOKIE, fields_of, is_ours
from securely.lookout.web.stream import Streams
from securely.lookout.web.wording import FILTERS, title_of
from securely.queue.exceptions import QueueUnavailable
from securely.queue.upkeep.failures import Wanted
from securely.support import clock
from securely.view import ViewFactory

__all__ = ["Pages"]

_HERE: Final = Path(__file__).parents[1]
_ASSETS: Final = {
    "lookout.css": "text/css; charset=utf-8",
    "lookout.js": "text/javascript; charset=utf-8",
    "lookout.svg": "image/svg+xml",
}
_DIGITS_MAX: Final = 19  # of a number in an address that is read, and its largest: stores have
_NUMBER_MAX: Final = 2**63 - 1  # eight bytes for one
_WORD_MAX: Final = 255  # characters of a word in an address that is looked for

_Data = Mapping[str, object]


class Pages:
    """The pages of the dashboard. Stores are read, and pages are rendered, in threads.

    Args:
        views: Renders them.
        readings: What is shown of connections.
        archive: What is shown of failed jobs and batches.
        actions: What their buttons do.
        tokens: Prove that a form is ours.
        app_name: The application's, for titles.
        is_stopping: Tells whether the server stops.
    """

    def __init__(
        self,
        views: ViewFactory,
        readings: Readings,
        archive: Archive,
        actions: Actions,
        tokens: Tokens,
        *,
        app_name: str = "",
        is_stopping: Callable[[], bool] = bool,
    ) -> None:
        views.add_namespace("lookout", _HERE / "views")
        self._views = views
        self._readings = readings
        self._archive = archive
        self._actions = actions
        self._tokens = tokens
        self._app_name = app_name
        self._streams = Streams(is_stopping)
        # The parts of pages that are kept up to date, and what is read for them.
        self._live: Mapping[str, Callable[[Request], _Data | None]] = {
            "overview": self._read_overview,
            "supervisors": self._read_supervisors,
            "batch": self._read_batch,
        }

    async def overview(self, request: Request) -> Response:
        """Show how all connections are doing."""
        return await self._page(request, "overview", self._read_overview)

    async def supervisors(self, request: Request) -> Response:
        """Show the supervisors of this machine."""
        return await self._page(request, "supervisors", self._read_supervisors)

    async def failed(self, request: Request) -> Response:
        """List failed jobs."""
        return await self._page(request, "failed", self._read_failed)

    async def failure(self, request: Request) -> Response:
        """Show one failed job."""
        return await self._page(request, "failure", self._read_failure)

    async def batches(self, request: Request) -> Response:
        """List batches."""
        return await self._page(request, "batches", self._read_batches)

    async def batch(self, request: Request) -> Response:
        """Show one batch."""
        return await self._page(request, "batch", self._read_batch)

    async def metrics(self, request: Request) -> Response:
        """Show what workers have measured."""
        return await self._page(request, "metrics", self._read_metrics)

    async def jobs(self, request: Request) -> Response:
        """List jobs that have not ended."""
        return await self._page(request, "jobs", self._read_jobs)

    async def stream(self, request: Request) -> Response:
        """Keep a part of a page up to date."""
        name = request.path_params["page"]
        read = self._live.get(name)
        if read is None:
            raise HTTPException(404)
        if self._streams.is_full:
            return Response("Too many pages are kept up to date.", 503)

        async def render() -> str | None:
            try:
                return await run_in_threadpool(self._render, request, name, read, "parts.")
            except QueueUnavailable:
                return None  # the page says it, when it is loaded anew

        first = await run_in_threadpool(read, request)  # an error is an answer, and no stream
        if first is None:
            raise HTTPException(404)
        return StreamingResponse(
            self._streams.run(render, request.is_disconnected), media_type="text/event-stream"
        )

    async def asset(self, request: Request) -> Response:
        """Give a file that pages need."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            raise HTTPException(404)
        content = await run_in_threadpool((_HERE / "assets" / name).read_bytes)
        return Response(content, media_type=_ASSETS[name])

    async def act(self, request: Request) -> Response:
        """Do what a button says, and lead to the page that shows what became of it."""
        kind, key = request.path_params["kind"], request.path_params["id"]
        action = self._actions.named(kind, request.path_params["verb"])
        if action is None:
            raise HTTPException(404)
        fields = await fields_of(request)
        if not is_ours(request, fields.get("token", ""), self._tokens):
            return self.refusal(request, 403, "This form is out of date. Load the page anew.")
        connection = await run_in_threadpool(self._readings.known, fields.get("connection", ""))
        said = await run_in_threadpool(action, connection, key)
        query = urlencode({"connection": connection, "said": said})
        stays = kind == "batches" and said != "gone"
        place = f"{kind}/{key}" if stays else kind
        return RedirectResponse(f"{_root(request)}/{place}?{query}", 303)

    def refusal(self, request: Request, status: int, text: str = "") -> Response:
        """Return the page that says why there is no other; nothing is read for it."""
        title, usual = title_of(status)
        data = {"status": status, "title": title, "text": text or usual}
        page = self._views.render("lookout::refusal", {**data, "root": _root(request)})
        return _html(page, status)

    # What is read for each page; None where there is no such thing.

    def _read_overview(self, request: Request) -> _Data:
        return {"rows": self._readings.overview(), "masters": self._readings.masters()}

    def _read_supervisors(self, request: Request) -> _Data:
        return {"masters": self._readings.masters()}

    def _read_failed(self, request: Request) -> _Data:
        wanted = Wanted(
            keys=tuple(filter(None, [_word(request, "id")])),
            queue=_word(request, "queue") or None,
            job=_word(request, "class") or None,
            tag=_word(request, "tag") or None,
        )
        found = self._archive.failed(self._connection(request), wanted, _number(request, "page", 1))
        names = ("id", "queue", "class", "tag")
        return {"found": found, "asked": {name: _word(request, name) for name in names}}

    def _read_failure(self, request: Request) -> _Data | None:
        row = self._archive.failure(self._connection(request), request.path_params["id"])
        return None if row is None else {"row": row}

    def _read_batches(self, request: Request) -> _Data | None:
        found = self._archive.batches(self._connection(request), _word(request, "before"))
        return None if found is None else {"found": found}

    def _read_batch(self, request: Request) -> _Data | None:
        key = request.path_params.get("id") or _word(request, "id")
        row = self._archive.batch_in_full(self._connection(request), key)
        return None if row is None else {"row": row}

    def _read_metrics(self, request: Request) -> _Data:
        span = _word(request, "since")
        span = span if span in SPANS else "1h"
        return {"found": self._readings.metrics(self._connection(request), span), "spans": SPANS}

    def _read_jobs(self, request: Request) -> _Data:
        return {
            "found": self._readings.jobs(
                self._connection(request),
                _word(request, "queue"),
                _word(request, "state"),
                _number(request, "after", 0),
            )
        }

    def _connection(self, request: Request) -> str:
        name = _word(request, "connection")
        return self._readings.known(name) if name else self._readings.default

    # How all of them are shown.

    async def _page(
        self, request: Request, name: str, read: Callable[[Request], _Data | None]
    ) -> Response:
        page = await run_in_threadpool(self._render, request, name, read)
        if page is None:
            raise HTTPException(404)
        response = _html(page)
        sent = request.cookies.get(COOKIE)
        cookie = _cookie(request, self._tokens)
        if cookie != sent:
            response.set_cookie(
                COOKIE,
                cookie,
                path=_root(request) or "/",
                secure=request.url.scheme == "https",
                httponly=True,
                samesite="strict",
            )
        return response

    def _render(
        self,
        request: Request,
        name: str,
        read: Callable[[Request], _Data | None],
        folder: str = "",
    ) -> str | None:
        """Read what page *name* shows, and render it; None where there is no such thing."""
        data = read(request)
        if data is None:
            return None
        host = request.headers.get("host", "")
        common: dict[str, Any] = {
            "root": _root(request),
            "page": name,
            "app_name": self._app_name,
            "connection": self._connection(request),
            "connections": self._readings.connections(),
            "token": self._tokens.token(_cookie(request, self._tokens), host),
            "said": SAID.get(_word(request, "said"), ""),
            "now": clock.timestamp(),
            "live": name in self._live,
            **FILTERS,
        }
        return self._views.render(f"lookout::{folder}{name}", {**common, **data})


def _cookie(request: Request, tokens: Tokens) -> str:
    """Return the cookie of a visitor: what was sent, or a new one for all of this answer."""
    kept = request.scope.setdefault("securely.lookout", {})
    cookie: str = kept.setdefault("cookie", tokens.cookie(request.cookies.get(COOKIE)))
    return cookie


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root


def _word(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()[:_WORD_MAX]


def _number(request: Request, name: str, otherwise: int) -> int:
    """Return a number of the address; *otherwise* of what is none."""
    text = _word(request, name)
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    return min(int(text), _NUMBER_MAX) if is_number else otherwise


def _html(page: str, status: int = 200) -> Response:
    return Response(page.encode("utf-8", "replace"), status, media_type="text/html; charset=utf-8")
