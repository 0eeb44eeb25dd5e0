"""A web server of one's own on loopback, which answers as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

__all__ = ["Asked", "WebHost", "reply"]

_SECONDS_MAX = 60


@dataclass(frozen=True)
class Asked:
    """A request that came: its target, its fields (in lower case), and its body."""

    method: str
    target: str
    fields: dict[str, str]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _serve(self) -> None:
        host = cast("_Server", self.server).web_host
        fields = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(fields.get("content-length", 0)))
        asked = Asked(self.command, self.path, fields, body)
        host.asked.append(asked)
        host.answer(asked, self)


class _Server(ThreadingHTTPServer):
    web_host: WebHost
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who asks may have hung up."""


@dataclass
class WebHost:
    """A server in a thread.

    Attributes:
        answer: Answers a request; it is given what was asked, and what writes the answer.
        asked: The requests, the first one first.
        ends: Set when the server ends: what a slow answer waits for.
    """

    answer: Callable[[Asked, Any], None] = lambda _asked, handler: reply(handler)
    asked: list[Asked] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> WebHost:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.web_host = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_SECONDS_MAX)

    def hang(self) -> None:
        """Say nothing more until the end."""
        self.ends.wait(_SECONDS_MAX)


def reply(handler: Any, body: bytes = b"", *, status: int = 200, **fields: str) -> None:
    """Answer with *body*; ``content_type="…"`` becomes a field Content-Type."""
    handler.send_response(status)
    written = {name.replace("_", "-"): value for name, value in fields.items()}
    written.setdefault("content-length", str(len(body)))
    for name, value in written.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()
    if written["content-length"] != str(len(body)):
        handler.close_connection = True
